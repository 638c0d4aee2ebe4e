//! One series as it is gathered: which chunks hold it, and the samples that only the logs hold.
//!
//! Of the log's samples those are kept that no readable chunk covers, compressed; with whole chunk files
//! that is about the last open chunk of each series, so that a large head fits into memory.

use chunk::XorChunk;
use model::{Labels, MetricMetadata};

/// A run of floats ends when it has this many samples.
const RUN_SAMPLES: u16 = 1024;

/// Where a chunk is.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChunkPlace {
    pub(super) min_t: i64,
    pub(super) max_t: i64,
    /// Position among the mapped files.
    pub(super) file: u32,
    /// Offset of its bytes in the file.
    pub(super) start: u32,
    pub(super) len: u32,
    pub(super) encoding: u8,
}

/// Floats of the log.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) min_t: i64,
    pub(super) max_t: i64,
    pub(super) chunk: XorChunk,
}

/// A histogram in the bytes of its record.
#[derive(Debug)]
pub(super) struct PackedHistogram {
    pub(super) t: i64,
    pub(super) float: bool,
    pub(super) bytes: Box<[u8]>,
}

/// A sample of the log of late samples.
#[derive(Debug)]
pub(super) enum LateSample {
    Float(i64, f64),
    Histogram(PackedHistogram),
}

impl LateSample {
    pub(super) fn t(&self) -> i64 {
        match self {
            Self::Float(t, _) => *t,
            Self::Histogram(histogram) => histogram.t,
        }
    }
}

/// What most series do not have.
#[derive(Debug, Default)]
pub(super) struct Rare {
    pub(super) late_chunks: Vec<ChunkPlace>,
    pub(super) late: Vec<LateSample>,
    /// The first samples of `late` that no marker to come can settle.
    kept: usize,
    /// Whether a marker was the last that came.
    marked: bool,
    /// Deleted times, first and last.
    pub(super) deleted: Vec<(i64, i64)>,
    pub(super) metadata: Option<MetricMetadata>,
    pub(super) histograms: Vec<PackedHistogram>,
}

/// A series.
#[derive(Debug)]
pub(super) struct GatheredSeries {
    pub(super) labels: Labels,
    /// Chunks in order of time.
    pub(super) chunks: Vec<ChunkPlace>,
    /// The first chunk that may cover the next sample of the log.
    next_chunk: u32,
    /// Time of the last sample of the log.
    last_t: i64,
    pub(super) runs: Vec<Run>,
    rare: Option<Box<Rare>>,
}

impl GatheredSeries {
    pub(super) fn new(labels: Labels) -> Self {
        Self { labels, chunks: Vec::new(), next_chunk: 0, last_t: i64::MIN, runs: Vec::new(), rare: None }
    }

    pub(super) fn rare(&self) -> Option<&Rare> {
        self.rare.as_deref()
    }

    pub(super) fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// Adds chunks; the same series may have had another reference before.
    pub(super) fn add_chunks(&mut self, in_order: Vec<ChunkPlace>, late: Vec<ChunkPlace>) {
        if !in_order.is_empty() {
            self.chunks.reserve_exact(in_order.len());
            self.chunks.extend(in_order);
            self.chunks.sort_by_key(|chunk| (chunk.min_t, chunk.max_t));
            self.next_chunk = 0;
        }
        if !late.is_empty() {
            self.rare_mut().late_chunks.extend(late);
        }
    }

    /// Whether a sample of the log is news. It is not when it is older than what the log had before: then
    /// it came late, and stands in the other log if it was taken at all. It is not when a chunk covers it,
    /// for a chunk holds all samples of its time that came in order.
    pub(super) fn is_news(&mut self, t: i64) -> bool {
        if t <= self.last_t && self.last_t != i64::MIN {
            return false;
        }
        self.last_t = t;
        while let Some(chunk) = self.chunks.get(self.next_chunk as usize) {
            if t <= chunk.max_t {
                return t < chunk.min_t;
            }
            self.next_chunk += 1;
        }
        true
    }

    /// Keeps a float of the log.
    pub(super) fn push(&mut self, t: i64, value: f64) {
        if let Some(run) = self.runs.last_mut().filter(|run| run.chunk.len() < RUN_SAMPLES)
            && run.chunk.append(t, value).is_ok()
        {
            run.max_t = t;
            return;
        }
        let mut chunk = XorChunk::new();
        if chunk.append(t, value).is_ok() {
            // Most series need no other run.
            self.runs.reserve_exact(1);
            self.runs.push(Run { min_t: t, max_t: t, chunk });
        }
    }

    /// Keeps a sample of the log of late samples.
    pub(super) fn push_late(&mut self, sample: LateSample) {
        let rare = self.rare_mut();
        if std::mem::take(&mut rare.marked) {
            rare.kept = rare.late.len();
        }
        rare.late.push(sample);
    }

    /// A readable chunk holds the late samples from `min_t` to `max_t` that came since the last marker.
    pub(super) fn settle(&mut self, min_t: i64, max_t: i64) {
        let rare = self.rare_mut();
        rare.marked = true;
        let open = rare.late.split_off(rare.kept);
        rare.late.extend(open.into_iter().filter(|sample| !(min_t..=max_t).contains(&sample.t())));
    }

    /// The whole series was given up at this place of the log.
    pub(super) fn delete_until_now(&mut self) {
        let newest = self.chunks.iter().map(|chunk| chunk.max_t).max().unwrap_or(i64::MIN);
        let until = newest.max(self.last_t);
        self.rare_mut().deleted.push((i64::MIN, until));
    }
}
