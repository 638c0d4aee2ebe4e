//! What reading a Prometheus head found, and how far it is.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// What reading a Prometheus head found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadReport {
    /// Files read.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Series known to the log.
    pub series: u64,
    /// Chunks of `chunks_head` that are used.
    pub chunks: u64,
    /// Samples taken from the logs: those that no chunk holds.
    pub log_samples: u64,
    /// Exemplars kept.
    pub exemplars: u64,
    /// Deletions found.
    pub tombstones: u64,
    /// Samples of the log left out because blocks hold them: before [`LoadOptions::min_valid_ms`].
    ///
    /// [`LoadOptions::min_valid_ms`]: super::LoadOptions::min_valid_ms
    pub before_min_valid: u64,
    /// Ends of the newest file of each folder that no process has finished writing, as a crash leaves them.
    pub torn_tails: Vec<HeadLoss>,
    /// What could not be read. For a file of head chunks it may still be that the log has it.
    pub damage: Vec<HeadLoss>,
    /// Records of a kind that this version does not know: their number by kind.
    pub unknown_records: BTreeMap<u8, u64>,
    /// Chunks of an encoding that this version does not know; their samples are taken from the log.
    pub unknown_chunks: u64,
    /// Samples (and exemplars, deletions, metadata) whose series is not in the log.
    pub orphaned_samples: u64,
    /// Chunks whose series is not in the log: Prometheus has forgotten the series, a block has its samples.
    pub orphaned_chunks: u64,
    /// Snapshots of the head that were not read; the log holds the same samples.
    pub ignored_snapshots: Vec<String>,
}

/// A stretch of a file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadLoss {
    /// The file.
    pub file: PathBuf,
    /// Start of the stretch in bytes.
    pub offset: u64,
    /// Length of the stretch in bytes.
    pub bytes: u64,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl HeadReport {
    /// Whether everything that Prometheus had acknowledged could be read.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.damage.is_empty() && self.unknown_records.is_empty() && self.orphaned_samples == 0
    }
}

impl fmt::Display for HeadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} series with {} chunks and {} samples from {} files ({} bytes) of Prometheus",
            self.series, self.chunks, self.log_samples, self.files, self.bytes
        )?;
        for tail in &self.torn_tails {
            write!(f, "; an unfinished write of {} bytes at the end of {}", tail.bytes, tail.file.display())?;
        }
        for loss in &self.damage {
            let HeadLoss { file, offset, bytes, reason } = loss;
            write!(f, "; LOST {bytes} bytes at offset {offset} of {}: {reason}", file.display())?;
        }
        for (kind, count) in &self.unknown_records {
            write!(f, "; LEFT OUT {count} records of the unknown kind {kind}")?;
        }
        if self.unknown_chunks > 0 {
            write!(f, "; {} chunks of an unknown encoding, read from the log instead", self.unknown_chunks)?;
        }
        if self.orphaned_samples > 0 {
            write!(f, "; LOST {} samples whose series could not be read", self.orphaned_samples)?;
        }
        for name in &self.ignored_snapshots {
            write!(f, "; {name} was not needed, the log holds its samples")?;
        }
        Ok(())
    }
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadStage {
    /// Reading files; counted in bytes.
    Reading,
    /// Handing series over; counted in series, once for each window of time.
    HandingOver,
}

/// How far the work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadProgress {
    /// What is being done.
    pub stage: HeadStage,
    /// How much of it is done.
    pub done: u64,
    /// How much of it there is.
    pub total: u64,
}
