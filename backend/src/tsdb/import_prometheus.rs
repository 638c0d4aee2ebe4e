//! `tsdb import-prometheus`: a data directory of our own from one of Prometheus.
//!
//! It grows under another name and gets its own when it is whole, so that no half of one is ever served.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use platform::{Disk as _, DiskLock, RealDisk, SystemClock, SystemEntropy};
use telemetry::{LogFormat, LogLevel, Registry};
use tsdb::{Options, Tsdb};

use super::flags::ImportFlags;
use super::progress::Progress;
use super::{Outcome, absolute, look_at, note, open_blocks, verify};

/// Long enough for everything.
const FOREVER_MS: i64 = i64::MAX / 4;

pub(super) fn run(flags: &ImportFlags) -> Outcome {
    // What is read and lost is told by the store's log.
    let _ = telemetry::init_logging(LogLevel::Info, LogFormat::default());
    let (source, target) = (absolute(&flags.source)?, absolute(&flags.target)?);
    let _lock = lock(&source)?;
    let growing = begin(&source, &target)?;
    let blocks = copy_blocks(&source, &growing)?;
    take_over_head(&source, &growing)?;
    let disk = RealDisk;
    let parent = target.parent().unwrap_or(&target);
    disk.rename(&growing, &target).with_context(|| format!("cannot rename {}", growing.display()))?;
    disk.sync_dir(parent).with_context(|| format!("cannot sync {}", parent.display()))?;
    note(&format!("{} is ready, with {blocks} blocks of {}", target.display(), source.display()));
    Ok(true)
}

/// Sees to it that nobody works in the source, without making a lock file there.
fn lock(source: &Path) -> Result<Box<dyn DiskLock>> {
    look_at(source)?.lock(&source.join("lock")).with_context(|| {
        format!("{} is in use: stop the Prometheus that runs on it, or import a copy", source.display())
    })
}

/// An empty directory beside the target.
fn begin(source: &Path, target: &Path) -> Result<PathBuf> {
    if RealDisk.list(&source.join("head").join("wal")).is_ok() {
        bail!("{} is a data directory of Watchfire already: serve it as it is", source.display());
    }
    if target.starts_with(source) {
        bail!("{} lies within {}", target.display(), source.display());
    }
    if RealDisk.list(target).is_ok_and(|entries| !entries.is_empty()) {
        bail!("{} is not empty", target.display());
    }
    let Some(name) = target.file_name() else { bail!("{} has no name", target.display()) };
    let mut name = name.to_owned();
    name.push(".importing");
    let growing = target.with_file_name(name);
    if RealDisk.list(&growing).is_ok() {
        note(&format!("removing {}, which an import before this one left", growing.display()));
        RealDisk.remove_dir_all(&growing).with_context(|| format!("cannot remove {}", growing.display()))?;
    }
    RealDisk.create_dir_all(&growing).with_context(|| format!("cannot make {}", growing.display()))?;
    Ok(growing)
}

/// Copies all blocks and checks the copies; their number.
fn copy_blocks(source: &Path, growing: &Path) -> Result<usize> {
    let (blocks, whole) = open_blocks(look_at(source)?, source)?;
    if !whole {
        bail!("{} has blocks that cannot be read; move them away to import the rest", source.display());
    }
    let mut progress = Progress::new();
    let (mut copied, total) = (0, blocks.size_bytes());
    let copies = blocks.copy_to(&RealDisk, growing, &mut |bytes| {
        copied += bytes;
        progress.tell("copying blocks, in bytes", copied, total);
    })?;
    drop(progress);
    let mut say = |line: String| {
        note(&line);
        Ok(())
    };
    if !verify::blocks(&RealDisk::shared(), growing, &mut say)? {
        bail!("{} has damaged blocks; move them away to import the rest", source.display());
    }
    Ok(copies.len())
}

/// Takes over what is in no block yet.
fn take_over_head(source: &Path, growing: &Path) -> Result<()> {
    let options = Options { retention_ms: FOREVER_MS, ..Options::new(growing) };
    let (clock, entropy) = (SystemClock::shared(), SystemEntropy::shared());
    let (store, _) = Tsdb::open(options, RealDisk::shared(), clock, entropy, &Registry::new())?;
    match store.import_prometheus_head(source)? {
        Some(taken) if taken.is_complete() => note(&format!("took over {taken}")),
        Some(taken) => note(&format!("took over what could be read: {taken}")),
        None => note("there is nothing besides blocks"),
    }
    store.close()?;
    Ok(())
}
