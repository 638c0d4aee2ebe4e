//! Writing the outcome of a compaction.

use std::ops::ControlFlow;

use super::merge::Merge;
use super::source::SeriesSource;
use crate::block::{BlockError, BlockWriter};

/// How far a compaction is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Series written.
    pub series: u64,
    /// Samples written.
    pub samples: u64,
    /// Bytes of chunks written.
    pub chunk_bytes: u64,
}

/// Called between series, and again when the index is written: the place to wait, so that others get on, or to
/// end the work.
pub(crate) type Pace<'a> = &'a mut dyn FnMut(&Progress) -> ControlFlow<()>;

/// Merges `sources` into `writer`. Of samples at the same time, that of the first source counts.
pub(crate) fn write_merged(
    writer: &mut BlockWriter,
    sources: Vec<&mut dyn SeriesSource>,
    pace: Pace<'_>,
) -> Result<Progress, BlockError> {
    let mut merge = Merge::new(sources)?;
    let mut progress = Progress::default();
    while let Some(series) = merge.next_series()? {
        if series.chunks.is_empty() {
            continue;
        }
        writer.add_series(&series.labels, &series.chunks)?;
        progress.series += 1;
        progress.samples = writer.samples();
        progress.chunk_bytes += series.chunks.iter().map(|chunk| chunk.data.len() as u64).sum::<u64>();
        if pace(&progress).is_break() {
            return Err(BlockError::Cancelled);
        }
    }
    Ok(progress)
}
