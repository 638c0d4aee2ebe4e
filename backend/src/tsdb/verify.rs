//! `tsdb verify`: everything that is wrong with the blocks of a data directory.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use platform::{Disk, RealDisk};
use tsdb::block::{Block, Findings, Ulid};

use super::flags::VerifyFlags;
use super::progress::Progress;
use super::{Outcome, absolute, output};

pub(super) fn run(flags: &VerifyFlags) -> Outcome {
    let dir = absolute(&flags.dir)?;
    let mut out = output();
    let whole = blocks(&RealDisk::shared(), &dir, &mut |line| {
        writeln!(out, "{line}")?;
        Ok(out.flush()?)
    })?;
    Ok(whole)
}

/// Checks all blocks in `dir`; `say` hears of every finding, and of every block how it is.
pub(super) fn blocks(
    disk: &Arc<dyn Disk>,
    dir: &Path,
    say: &mut dyn FnMut(String) -> Result<()>,
) -> Result<bool> {
    let entries =
        disk.list(dir).with_context(|| format!("cannot read the data directory {}", dir.display()))?;
    let is_block = |name: &str| Ulid::from_string(name).is_ok_and(|ulid| ulid.to_string() == name);
    let names: Vec<String> =
        entries.into_iter().map(|entry| entry.name).filter(|name| is_block(name)).collect();
    let mut whole = true;
    for (number, name) in names.iter().enumerate() {
        let mut found: Vec<String> = Vec::new();
        let mut progress = Progress::new();
        let mut verdict = String::new();
        match Block::open(Arc::clone(disk), &dir.join(name)) {
            Err(error) => found.push(error.to_string()),
            Ok(block) => {
                let what = format!("checking block {} of {}", number + 1, names.len());
                block.check(&mut Findings {
                    found: &mut |error| found.push(error.to_string()),
                    tell: &mut |done, total| progress.tell(&what, done, total),
                });
                let stats = block.meta().stats;
                verdict = format!("ok: {} series, {} samples", stats.num_series, stats.num_samples);
            }
        }
        drop(progress);
        whole &= found.is_empty();
        if !found.is_empty() {
            verdict = format!("FAILED: {} findings", found.len());
        }
        found.into_iter().try_for_each(&mut *say)?;
        say(format!("{name}: {verdict}"))?;
    }
    say(format!("{} blocks checked", names.len()))?;
    Ok(whole)
}
