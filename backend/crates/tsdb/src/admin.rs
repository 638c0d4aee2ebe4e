//! What administrators do with a store: delete series, clean up after that, make a snapshot.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::{CompiledMatcher, TimeRange};
use storage::{AppendError, QueryError};
use thiserror::Error;

use crate::Tsdb;
use crate::block::{BlockError, Blocks};
use crate::head::{HeadSource, Part};
use crate::pacer::Pacer;

/// Directory of the snapshots, in that of the store.
const SNAPSHOTS: &str = "snapshots";

/// Why a chore was not done, or not wholly.
#[derive(Debug, Error)]
pub enum AdminError {
    /// A block or its files.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// The head.
    #[error(transparent)]
    Head(#[from] QueryError),
    /// What was deleted is gone from memory, but would come back after a restart.
    #[error("the deletion could not be made to last: {0}")]
    NotLasting(#[source] AppendError),
}

impl Tsdb {
    /// Deletes the samples within `range` of all series that match one of the selectors: gone for queries at
    /// once and for good, from the disk when their blocks are compacted or cleaned. Hands back how many series
    /// of the head and of blocks lost samples.
    ///
    /// # Errors
    /// When a block or the disk fails; what was deleted until then stays so.
    pub fn delete_series(
        &self,
        selectors: &[Vec<CompiledMatcher>],
        range: TimeRange,
    ) -> Result<u64, AdminError> {
        let inner = self.inner();
        // What is on its way from the head into a block would come back with it.
        let _writing = inner.writing.lock();
        let deleted = selectors.iter().map(|matchers| inner.head.delete(matchers, range, &inner.deleted));
        let of_head = deleted.sum::<Result<u64, QueryError>>();
        // Also what an attempt before deleted from memory, and could not make last.
        if inner.deleted.load(Ordering::Relaxed) {
            self.checkpoint().map_err(AdminError::NotLasting)?;
            inner.deleted.store(false, Ordering::Relaxed);
        }
        let mut count = of_head?;
        for matchers in selectors {
            count += inner.blocks.delete_series(matchers, range)?;
        }
        tracing::info!(series = count, from = range.start_ms, to = range.end_ms, "deleted samples");
        Ok(count)
    }

    /// Rewrites the blocks that samples were deleted from, so that these are gone from the disk too; hands back
    /// how many blocks that were.
    ///
    /// # Errors
    /// When a block or the disk fails; blocks that were rewritten before stay so.
    pub fn clean_tombstones(&self) -> Result<usize, AdminError> {
        let inner = self.inner();
        let mut pacer = Pacer::new(&*inner.clock);
        Ok(inner.blocks.clean_tombstones(&mut |_| go_on(&mut pacer))?)
    }

    /// Makes a directory `snapshots/PREFIX-RANDOM` with copies of all blocks and, unless `skip_head`, with the
    /// samples of the head in further blocks. It can be opened as a data directory, by Prometheus too. Hands
    /// back the name of the directory.
    ///
    /// # Errors
    /// When a block or the disk fails; then there is no snapshot.
    pub fn snapshot(&self, prefix: &str, skip_head: bool) -> Result<String, AdminError> {
        let inner = self.inner();
        let name = format!("{prefix}-{:016x}", inner.blocks.ulid().random() as u64);
        let dir = inner.options.dir.join(SNAPSHOTS).join(&name);
        // Neither leaves out nor copies twice what goes from the head into a block meanwhile.
        let _writing = inner.writing.lock();
        let made = self.write_snapshot(&dir, skip_head);
        if made.is_err() {
            // What stays takes space and harms nobody.
            let _ = inner.disk.remove_dir_all(&dir);
        }
        made.map(|()| name)
    }

    fn write_snapshot(&self, dir: &Path, skip_head: bool) -> Result<(), AdminError> {
        let inner = self.inner();
        inner.blocks.snapshot(dir)?;
        if skip_head {
            return Ok(());
        }
        let entropy = Arc::clone(&inner.entropy);
        let (copies, _) = Blocks::open(Arc::clone(&inner.disk), dir, Arc::clone(&inner.clock), entropy)?;
        let (head, mut pacer) = (&inner.head, Pacer::new(&*inner.clock));
        for part in [Part::InOrder, Part::Late] {
            let late = part == Part::Late;
            let (min_t, max_t) =
                if late { (&head.late_min_t, &head.late_max_t) } else { (&head.min_t, &head.max_t) };
            let (min_t, max_t) = (min_t.load(Ordering::Relaxed), max_t.load(Ordering::Relaxed));
            if min_t <= max_t {
                // One block, however long: its index is paid once.
                let mut source = HeadSource::new(head, part, TimeRange::new(min_t, max_t));
                let range = (min_t, max_t.saturating_add(1));
                copies.write(&mut source, range, late, &mut |_| go_on(&mut pacer))?;
            }
        }
        Ok(())
    }
}

fn go_on(pacer: &mut Pacer<'_>) -> ControlFlow<()> {
    pacer.step();
    ControlFlow::Continue(())
}
