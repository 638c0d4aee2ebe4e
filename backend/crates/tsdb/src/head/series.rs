//! One series: its labels as numbers, the open chunk, and the sealed chunks before it.

use std::sync::Arc;

use chunk::{ChunkError, XorChunk, decode_xor};
use model::{Histogram, TimeRange};
use storage::Samples;

use crate::index::PackedLabels;

/// Where chunks end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunkCut {
    pub(crate) block_range_ms: i64,
    pub(crate) samples: u16,
}

impl ChunkCut {
    /// The first time behind the block that `t` lies in.
    fn next_block(self, t: i64) -> i64 {
        let start = t.div_euclid(self.block_range_ms).saturating_mul(self.block_range_ms);
        start.saturating_add(self.block_range_ms)
    }
}

/// A histogram chunk in memory: no codec, whole histograms that readers share.
pub(crate) type HistogramList = Vec<(i64, Arc<Histogram>)>;

/// The chunk that samples go into.
#[derive(Debug)]
enum Open {
    None,
    Xor(XorChunk),
    Histograms(Box<HistogramList>),
}

/// The samples of a sealed chunk.
#[derive(Clone, Debug)]
pub(crate) enum ChunkData {
    Xor(Arc<[u8]>),
    Histograms(Arc<[(i64, Arc<Histogram>)]>),
}

/// A chunk that takes no more samples. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct SealedChunk {
    pub(crate) min_t: i64,
    pub(crate) max_t: i64,
    pub(crate) data: ChunkData,
}

impl SealedChunk {
    /// Appends the samples within `range`.
    pub(crate) fn read(&self, range: TimeRange, out: &mut Samples) -> Result<(), ChunkError> {
        match &self.data {
            ChunkData::Xor(bytes) => {
                if range.start_ms <= self.min_t && self.max_t <= range.end_ms {
                    return decode_xor(bytes, |t, value| {
                        out.push(t, value);
                        true
                    });
                }
                decode_xor(bytes, |t, value| {
                    if t >= range.start_ms && t <= range.end_ms {
                        out.push(t, value);
                    }
                    t <= range.end_ms
                })
            }
            ChunkData::Histograms(list) => {
                for (t, histogram) in list.iter().filter(|(t, _)| range.contains(*t)) {
                    out.push_histogram(*t, Arc::clone(histogram));
                }
                Ok(())
            }
        }
    }
}

/// What became of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is in the open chunk.
    Appended,
    /// It is in a chunk that was begun for it.
    NewChunk,
    /// There is a newer one, or one at the same time.
    NotNewer,
}

/// A series.
#[derive(Debug)]
pub(crate) struct MemSeries {
    pub(crate) labels: PackedLabels,
    pub(crate) hash: u64,
    open: Open,
    open_min_t: i64,
    /// A sample from here on begins a new chunk.
    cut_t: i64,
    sealed: Vec<SealedChunk>,
}

impl MemSeries {
    pub(crate) fn new(labels: PackedLabels, hash: u64) -> Self {
        Self { labels, hash, open: Open::None, open_min_t: 0, cut_t: 0, sealed: Vec::new() }
    }

    /// Looks at the memory that [`MemSeries::append`] will write to; see [`XorChunk::last_byte`].
    #[inline]
    pub(crate) fn warm(&self) -> u8 {
        match &self.open {
            Open::Xor(chunk) => chunk.last_byte(),
            Open::Histograms(_) | Open::None => 0,
        }
    }

    /// Adds a float. `newest` is the time of the last sample ever.
    #[inline]
    pub(crate) fn append(&mut self, newest: i64, t: i64, value: f64, cut: ChunkCut) -> Outcome {
        if t <= newest && newest != i64::MIN {
            return Outcome::NotNewer;
        }
        if let Open::Xor(chunk) = &mut self.open
            && t < self.cut_t
            && chunk.len() < cut.samples
            && chunk.append(t, value).is_ok()
        {
            return Outcome::Appended;
        }
        self.begin(t, cut);
        // Most chunks of 120 samples take 60 to 300 bytes.
        let mut chunk = XorChunk::with_capacity(48);
        // A new chunk is not full.
        let _ = chunk.append(t, value);
        self.open = Open::Xor(chunk);
        Outcome::NewChunk
    }

    /// Adds a histogram.
    pub(crate) fn append_histogram(
        &mut self,
        newest: i64,
        t: i64,
        histogram: Arc<Histogram>,
        cut: ChunkCut,
    ) -> Outcome {
        if t <= newest && newest != i64::MIN {
            return Outcome::NotNewer;
        }
        if let Open::Histograms(list) = &mut self.open
            && t < self.cut_t
            && list.len() < usize::from(cut.samples)
        {
            list.push((t, histogram));
            return Outcome::Appended;
        }
        self.begin(t, cut);
        self.open = Open::Histograms(Box::new(vec![(t, histogram)]));
        Outcome::NewChunk
    }

    fn begin(&mut self, t: i64, cut: ChunkCut) {
        self.seal();
        self.open_min_t = t;
        self.cut_t = cut.next_block(t);
    }

    fn seal(&mut self) {
        if let Some(chunk) = self.snapshot_open() {
            if self.sealed.len() == self.sealed.capacity() {
                self.sealed.reserve_exact((self.sealed.len() / 2).max(1));
            }
            self.sealed.push(chunk);
        }
        self.open = Open::None;
    }

    /// A copy of the open chunk.
    pub(crate) fn snapshot_open(&self) -> Option<SealedChunk> {
        let (max_t, data) = match &self.open {
            Open::None => return None,
            Open::Xor(chunk) => (chunk.last_t(), ChunkData::Xor(chunk.to_bytes())),
            Open::Histograms(list) => (list.last()?.0, ChunkData::Histograms(Arc::from(list.as_slice()))),
        };
        Some(SealedChunk { min_t: self.open_min_t, max_t, data })
    }

    /// Puts a chunk from a checkpoint behind those that are there; `open` makes it the open one.
    pub(crate) fn restore(
        &mut self,
        chunk: SealedChunk,
        open: bool,
        cut: ChunkCut,
    ) -> Result<(), ChunkError> {
        self.seal();
        if !open {
            self.sealed.push(chunk);
            return Ok(());
        }
        self.open = match chunk.data {
            ChunkData::Xor(bytes) => Open::Xor(XorChunk::from_bytes(bytes.to_vec())?),
            ChunkData::Histograms(list) => Open::Histograms(Box::new(list.to_vec())),
        };
        self.open_min_t = chunk.min_t;
        self.cut_t = cut.next_block(chunk.min_t);
        Ok(())
    }

    /// Whether the newest sample is this one. Only asked for a sample at the newest time.
    pub(crate) fn newest_is(&self, value: f64) -> bool {
        match &self.open {
            Open::Xor(chunk) => chunk.last_value().to_bits() == value.to_bits(),
            Open::Histograms(_) | Open::None => false,
        }
    }

    /// As [`MemSeries::newest_is`], for a histogram.
    pub(crate) fn newest_is_histogram(&self, histogram: &Histogram) -> bool {
        match &self.open {
            Open::Histograms(list) => list.last().is_some_and(|(_, held)| same(held, histogram)),
            Open::Xor(_) | Open::None => false,
        }
    }

    pub(crate) fn sealed(&self) -> &[SealedChunk] {
        &self.sealed
    }

    pub(crate) fn chunk_count(&self) -> usize {
        self.sealed.len() + usize::from(!matches!(self.open, Open::None))
    }

    /// Time of the oldest sample held.
    pub(crate) fn min_t(&self) -> Option<i64> {
        match (self.sealed.first(), &self.open) {
            (Some(first), _) => Some(first.min_t),
            (None, Open::None) => None,
            (None, _) => Some(self.open_min_t),
        }
    }

    fn open_max_t(&self) -> Option<i64> {
        match &self.open {
            Open::None => None,
            Open::Xor(chunk) => Some(chunk.last_t()),
            Open::Histograms(list) => list.last().map(|(t, _)| *t),
        }
    }

    /// Whether a chunk lies within or across the range.
    pub(crate) fn overlaps(&self, range: TimeRange) -> bool {
        let open = self.open_max_t().map(|max| TimeRange::new(self.open_min_t, max));
        open.is_some_and(|open| open.overlaps(&range))
            || self.sealed[self.first_sealed(range)..].first().is_some_and(|c| c.min_t <= range.end_ms)
    }

    /// The chunks that overlap the range, oldest first.
    pub(crate) fn chunks(&self, range: TimeRange, out: &mut Vec<SealedChunk>) {
        let overlapping =
            self.sealed[self.first_sealed(range)..].iter().take_while(|c| c.min_t <= range.end_ms);
        out.extend(overlapping.cloned());
        if self.open_max_t().is_some_and(|max| max >= range.start_ms) && self.open_min_t <= range.end_ms {
            out.extend(self.snapshot_open());
        }
    }

    fn first_sealed(&self, range: TimeRange) -> usize {
        self.sealed.partition_point(|chunk| chunk.max_t < range.start_ms)
    }

    /// Drops the chunks that end before `before_ms`; hands back how many went.
    pub(crate) fn truncate(&mut self, before_ms: i64) -> usize {
        let mut gone = self.sealed.partition_point(|chunk| chunk.max_t < before_ms);
        if gone > 0 {
            self.sealed.drain(..gone);
            if self.sealed.capacity() > self.sealed.len() * 2 {
                self.sealed.shrink_to_fit();
            }
        }
        if self.open_max_t().is_some_and(|max| max < before_ms) {
            self.open = Open::None;
            gone += 1;
        }
        gone
    }

    /// Bytes on the heap, without the allocator's own.
    pub(crate) fn heap_bytes(&self) -> usize {
        let open = match &self.open {
            Open::None => 0,
            Open::Xor(chunk) => chunk.heap_bytes(),
            Open::Histograms(list) => list.iter().map(|(_, h)| histogram_bytes(h)).sum(),
        };
        let sealed = self.sealed.iter().map(|chunk| match &chunk.data {
            ChunkData::Xor(bytes) => bytes.len() + 16,
            ChunkData::Histograms(list) => list.iter().map(|(_, h)| histogram_bytes(h)).sum(),
        });
        self.labels.len() + self.sealed.capacity() * size_of::<SealedChunk>() + open + sealed.sum::<usize>()
    }
}

fn histogram_bytes(histogram: &Histogram) -> usize {
    let floats = histogram.positive_buckets.len()
        + histogram.negative_buckets.len()
        + histogram.positive_spans.len()
        + histogram.negative_spans.len()
        + histogram.custom_values.len();
    size_of::<Histogram>() + 16 + floats * 8
}

/// Equality that takes two staleness markers for equal.
pub(crate) fn same(a: &Histogram, b: &Histogram) -> bool {
    a == b || (a.sum.to_bits() == b.sum.to_bits() && model::is_stale_nan(a.sum))
}
