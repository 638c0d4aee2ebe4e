//! `watchfire tsdb …`: chores on data directories, as promtool has them. None of them needs a server; those that
//! only look change nothing, not even the state that a crash left, and hold up no server.

mod analyze;
mod create_blocks;
mod dump;
mod flags;
mod histogram_text;
mod import_prometheus;
mod list;
mod progress;
mod table;
mod verify;

use std::io::{self, BufWriter, StdoutLock, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use model::CompiledMatcher;
use platform::{Disk, OverlayDisk, RealDisk, SystemClock, SystemEntropy};
use tsdb::block::Blocks;

pub(crate) use flags::TsdbCommand;
use flags::{Chore, CreateBlocksFrom};

/// Whether all was well; what was not has been told.
type Outcome = Result<bool>;

/// Runs a chore.
pub(crate) fn main(command: &TsdbCommand) -> ExitCode {
    let outcome = match &command.chore {
        Chore::List(flags) => list::run(flags),
        Chore::Analyze(flags) => analyze::run(flags),
        Chore::Dump(flags) => dump::run(flags),
        Chore::CreateBlocksFrom(CreateBlocksFrom::Openmetrics(flags)) => create_blocks::run(flags),
        Chore::Verify(flags) => verify::run(flags),
        Chore::ImportPrometheus(flags) => import_prometheus::run(flags),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // A reader that is gone (`| head`) is no mistake.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            note(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// The standard output.
fn output() -> BufWriter<StdoutLock<'static>> {
    BufWriter::with_capacity(1 << 16, io::stdout().lock())
}

/// Writes a line to the standard error.
fn note(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// The directory with a path that does not depend on where the program was started.
fn absolute(dir: &Path) -> Result<PathBuf> {
    std::path::absolute(dir).with_context(|| format!("{} is no path", dir.display()))
}

/// A disk on which a chore may look at `dir` and work, while `dir` stays as it is.
fn look_at(dir: &Path) -> Result<Arc<dyn Disk>> {
    RealDisk.list(dir).with_context(|| format!("cannot read the data directory {}", dir.display()))?;
    Ok(OverlayDisk::shared(RealDisk::shared()))
}

/// The blocks in `dir`, and whether all could be opened; those that could not are told.
fn open_blocks(disk: Arc<dyn Disk>, dir: &Path) -> Result<(Blocks, bool)> {
    let opened = Blocks::open(disk, dir, SystemClock::shared(), SystemEntropy::shared());
    let (blocks, loaded) = opened.with_context(|| format!("cannot open the blocks in {}", dir.display()))?;
    for block in &loaded.set_aside {
        note(&format!("block {} is left out: {}", block.name, block.error));
    }
    Ok((blocks, loaded.set_aside.is_empty()))
}

/// The matchers of a selector.
fn selector(text: &str) -> Result<Vec<CompiledMatcher>> {
    let matchers = promql_syntax::parse_selector(text).with_context(|| format!("in the selector {text}"))?;
    let compiled = matchers.into_iter().map(CompiledMatcher::new).collect::<Result<_, _>>();
    compiled.with_context(|| format!("in the selector {text}"))
}
