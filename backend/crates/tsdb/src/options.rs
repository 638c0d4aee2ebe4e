//! How a store is set up.

use std::path::PathBuf;

use crate::{OpenProgress, SeriesLimits};

/// When the write-ahead log is forced onto the medium. Whatever is chosen, a commit has been handed to the
/// operating system before it returns, so it survives the death of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WalFsync {
    /// Before a commit returns: it survives a power cut too.
    EveryCommit,
    /// By [`Tsdb::maintain`](crate::Tsdb::maintain) when this many milliseconds have passed: a power cut
    /// loses no more than that.
    Interval(i64),
    /// When the operating system likes.
    Never,
}

/// Options of a store.
#[derive(Clone, Debug)]
pub struct Options {
    /// Directory of the store; made if it is not there.
    pub dir: PathBuf,
    /// How long samples are kept, in milliseconds.
    pub retention_ms: i64,
    /// Most bytes on disk, log and blocks together; the oldest blocks go first. 0 for no bound.
    pub retention_bytes: u64,
    /// When the write-ahead log is forced onto the medium.
    pub wal_fsync: WalFsync,
    /// Size at which a new segment of the write-ahead log is begun, in bytes.
    pub wal_segment_bytes: u64,
    /// Length of the blocks that are written from the head, in milliseconds. Chunks end at multiples of it.
    pub block_range_ms: i64,
    /// Length of the longest blocks that compaction makes, in milliseconds. 0 for a tenth of the retention,
    /// at most 31 days.
    pub max_block_range_ms: i64,
    /// A chunk ends when it has this many samples.
    pub samples_per_chunk: u16,
    /// How far behind the newest sample of the store a sample may lie, in milliseconds; for an empty store
    /// there is no limit. Prometheus takes half of the block range.
    pub max_age_ms: i64,
    /// How far behind the newest sample of the store a sample may lie that is older than the newest of its
    /// series, in milliseconds. 0 as in Prometheus: such samples are refused. Can be changed while the store
    /// is open; see [`Tsdb::set_late_window`](crate::Tsdb::set_late_window).
    pub late_window_ms: i64,
    /// Sealed chunks are moved from memory into a file when they take this many bytes.
    pub spill_bytes: u64,
    /// How many series the head may hold.
    pub series_limits: SeriesLimits,
    /// How many exemplars are kept; the oldest goes first.
    pub max_exemplars: usize,
    /// Threads that replay the write-ahead log.
    pub replay_threads: usize,
    /// The log is rewritten as a checkpoint when it has grown by this many bytes since the last one (or by
    /// that one's size, if it is more).
    pub checkpoint_bytes: u64,
    /// Where the opening of the store tells how far it is.
    pub progress: OpenProgress,
}

impl Options {
    /// The defaults, for a store in `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        let block_range_ms = 2 * 3_600_000;
        Self {
            dir: dir.into(),
            retention_ms: 15 * 86_400_000,
            retention_bytes: 0,
            wal_fsync: WalFsync::Interval(1000),
            wal_segment_bytes: 128 << 20,
            block_range_ms,
            max_block_range_ms: 0,
            samples_per_chunk: 120,
            max_age_ms: block_range_ms / 2,
            late_window_ms: 0,
            spill_bytes: 8 << 20,
            series_limits: SeriesLimits::default(),
            max_exemplars: 100_000,
            replay_threads: std::thread::available_parallelism().map_or(1, |n| n.get().min(8)),
            checkpoint_bytes: 256 << 20,
            progress: OpenProgress::default(),
        }
    }

    /// What is not in a block yet. A folder of its own, because Prometheus takes a `wal` beside the blocks
    /// for its own.
    pub(crate) fn head_dir(&self) -> PathBuf {
        self.dir.join("head")
    }

    /// Files of chunks that were sealed.
    pub(crate) fn chunk_dir(&self) -> PathBuf {
        self.head_dir().join("chunks")
    }

    /// The write-ahead log.
    pub(crate) fn wal_dir(&self) -> PathBuf {
        self.head_dir().join("wal")
    }
}
