//! The life of samples beyond the head: into a block, into a longer block, and away.
//!
//! All of it runs on the thread that calls [`Tsdb::maintain`], a step at a time. Between series it sees to it
//! that the log is forced onto the medium when that is due, and lets others run. An error leaves everything
//! as it was, is logged and counted, and the step is tried again later.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use model::TimeRange;

use crate::Tsdb;
use crate::block::{BlockError, Expiry, Retention, block_ranges, max_block_range};
use crate::head::{HeadSource, Part};
use crate::pacer::Pacer;

/// Milliseconds until a step that failed is tried again.
const RETRY_MS: i64 = 60_000;

impl Tsdb {
    /// Does one step of what is due: a block from the head, a longer block from several, or removing what the
    /// retention does not allow. `false` when nothing was.
    pub(crate) fn step_of_life(&self) -> bool {
        let inner = self.inner();
        if inner.clock.now_ms() < inner.retry_life_ms.load(Ordering::Relaxed) {
            return false;
        }
        let step = self.compact_head().and_then(|done| {
            Ok(done || self.compact_late()? || self.compact_blocks()? || self.remove_expired()?)
        });
        step.unwrap_or_else(|error| {
            let retry = inner.clock.now_ms().saturating_add(RETRY_MS);
            inner.retry_life_ms.store(retry, Ordering::Relaxed);
            inner.metrics.compactions_failed.inc();
            tracing::error!(%error, "compaction failed and will be tried again");
            false
        })
    }

    /// Writes the oldest stretch of the head as a block and drops it from the head, if the head has grown by
    /// half beyond the length of a block. By then no sample can come that belongs into the stretch.
    fn compact_head(&self) -> Result<bool, BlockError> {
        let inner = self.inner();
        let length = inner.options.block_range_ms.max(1);
        let (min_t, max_t) =
            (inner.head.min_t.load(Ordering::Relaxed), inner.head.max_t.load(Ordering::Relaxed));
        if min_t > max_t || max_t.saturating_sub(min_t) <= length / 2 * 3 {
            return Ok(false);
        }
        let _writing = inner.writing.lock();
        let start = min_t.div_euclid(length) * length;
        self.write_block_of_head(start, start.saturating_add(length))?;
        Ok(true)
    }

    /// Writes the times from `start` up to but not including `end` as a block and drops them from the head.
    fn write_block_of_head(&self, start: i64, end: i64) -> Result<(), BlockError> {
        let inner = self.inner();
        let started = inner.clock.monotonic();
        let mut source = HeadSource::new(&inner.head, Part::InOrder, TimeRange::new(start, end - 1));
        let mut pacer = Pacer::new(&*inner.clock);
        let block = inner.blocks.write(&mut source, (start, end), false, &mut |_| self.pace(&mut pacer))?;
        let took = inner.clock.monotonic().saturating_sub(started);
        if let Some(block) = &block {
            inner.metrics.compactions.inc();
            let meta = block.meta();
            tracing::info!(
                block = %meta.ulid, series = meta.stats.num_series, samples = meta.stats.num_samples,
                bytes = block.size_bytes(), seconds = took.as_secs_f64(), "wrote a block from the head"
            );
        }
        inner.head.release_files();
        // The log shows an error of the disk itself; until a checkpoint is written, what is in the block is
        // in the log too, and dropped when it is replayed.
        let _ = self.truncate(end).and_then(|_| self.checkpoint());
        Ok(())
    }

    /// Writes the samples that came late as blocks of their own, once they have waited for the length of a
    /// block. Compaction merges them with the blocks that they overlap.
    ///
    /// Those in times of which the head still has samples in order stay: after a restart the end of the last
    /// block tells where the head begins.
    fn compact_late(&self) -> Result<bool, BlockError> {
        let inner = self.inner();
        let length = inner.options.block_range_ms.max(1);
        let mut since = inner.late_since.lock();
        if inner.head.late_min_t.load(Ordering::Relaxed) == i64::MAX {
            *since = None;
            return Ok(false);
        }
        // By the clock, and by the times of the samples, which may be of another day.
        let now = (inner.clock.now_ms(), inner.head.max_t.load(Ordering::Relaxed));
        let (clock, newest) = *since.get_or_insert(now);
        if now.0.saturating_sub(clock) < length && now.1.saturating_sub(newest) < length {
            return Ok(false);
        }
        let _writing = inner.writing.lock();
        let begin = inner.head.min_valid_ms.load(Ordering::Relaxed);
        let Some(frozen) = inner.head.freeze_late(begin) else {
            *since = Some(now);
            return Ok(false);
        };
        let started = inner.clock.monotonic();
        let mut blocks = 0;
        let mut start = frozen.start_ms.div_euclid(length) * length;
        while start <= frozen.end_ms {
            let end = start.saturating_add(length);
            let mut source = HeadSource::new(&inner.head, Part::Frozen, TimeRange::new(start, end - 1));
            let mut pacer = Pacer::new(&*inner.clock);
            let block =
                inner.blocks.write(&mut source, (start, end), true, &mut |_| self.pace(&mut pacer))?;
            blocks += u64::from(block.is_some());
            start = end;
        }
        inner.metrics.compactions.inc_by(blocks);
        let took = inner.clock.monotonic().saturating_sub(started);
        tracing::info!(blocks, seconds = took.as_secs_f64(), "wrote blocks of samples that came late");
        inner.head.drop_frozen();
        *since = Some(now);
        drop(since);
        // As for a block from the head.
        let _ = self.checkpoint();
        Ok(true)
    }

    fn compact_blocks(&self) -> Result<bool, BlockError> {
        let inner = self.inner();
        let shortest = inner.options.block_range_ms.max(1);
        let longest = match inner.options.max_block_range_ms {
            0 => max_block_range(inner.options.retention_ms, shortest),
            longest => longest,
        };
        let Some(plan) = inner.blocks.plan(&block_ranges(shortest, longest)) else { return Ok(false) };
        let started = inner.clock.monotonic();
        let mut pacer = Pacer::new(&*inner.clock);
        let child = inner.blocks.compact(&plan.blocks, &mut |_| self.pace(&mut pacer))?;
        inner.metrics.compactions.inc();
        let took = inner.clock.monotonic().saturating_sub(started);
        tracing::info!(
            blocks = plan.blocks.len(), reason = ?plan.reason, seconds = took.as_secs_f64(),
            block = child.map(|block| block.ulid().to_string()), "compacted blocks"
        );
        Ok(true)
    }

    fn remove_expired(&self) -> Result<bool, BlockError> {
        let inner = self.inner();
        let retention =
            Retention { time_ms: inner.options.retention_ms, bytes: inner.options.retention_bytes };
        let removed = inner.blocks.apply_retention(&retention, self.log_bytes())?;
        for (block, why) in &removed {
            let why = match why {
                Expiry::Time => "older than the retention time",
                Expiry::Size => "beyond the retention size",
            };
            tracing::info!(block = %block.ulid(), why, "removed a block");
        }
        inner.metrics.blocks_expired.inc_by(removed.len() as u64);
        Ok(!removed.is_empty())
    }

    /// Between two series.
    fn pace(&self, pacer: &mut Pacer<'_>) -> ControlFlow<()> {
        // An error closes the log; the next commit tells.
        let _ = self.sync_if_due();
        if pacer.step() {
            self.publish_if_due();
        }
        if self.inner().wal.is_shut() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
