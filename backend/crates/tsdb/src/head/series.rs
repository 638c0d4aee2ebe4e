//! One series: its labels as numbers, the open chunk, the sealed chunks before it, and what came late.

use chunk::{ChunkError, Encoding, HistogramChunk, HistogramKind, Refused, XorChunk, next_histogram};
use model::buckets::{Sparse, negative, positive};
use model::{Histogram, TimeRange, Value};

use super::delete::without;
use super::late::Late;
use super::{ChunkBytes, SealedChunk};
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

/// The chunk that samples go into.
#[derive(Debug)]
enum Open {
    None,
    Xor(XorChunk),
    Histograms(Box<HistogramChunk>),
}

/// What became of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is in the open chunk.
    Appended,
    /// It is in a chunk that was begun for it; so many bytes were sealed before.
    NewChunk(usize),
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
    late: Option<Box<Late>>,
}

impl MemSeries {
    pub(crate) fn new(labels: PackedLabels, hash: u64) -> Self {
        Self { labels, hash, open: Open::None, open_min_t: 0, cut_t: 0, sealed: Vec::new(), late: None }
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
        let sealed = self.begin(t, cut);
        // Most chunks of 120 samples take 60 to 300 bytes.
        let mut chunk = XorChunk::with_capacity(48);
        // A new chunk is not full.
        let _ = chunk.append(t, value);
        self.open = Open::Xor(chunk);
        Outcome::NewChunk(sealed)
    }

    /// Adds a histogram.
    ///
    /// # Errors
    /// When no chunk takes it; the series is as before then.
    pub(crate) fn append_histogram(
        &mut self,
        newest: i64,
        t: i64,
        histogram: &Histogram,
        cut: ChunkCut,
    ) -> Result<Outcome, Refused> {
        if t <= newest && newest != i64::MIN {
            return Ok(Outcome::NotNewer);
        }
        let (open, full) = match &mut self.open {
            Open::Histograms(chunk) => {
                let large = chunk.byte_len() >= HistogramChunk::TARGET_BYTES;
                let full = large && chunk.len() >= HistogramChunk::MIN_SAMPLES;
                (Some(&mut **chunk), full)
            }
            Open::Xor(_) | Open::None => (None, false),
        };
        let Some(next) = next_histogram(open, cut.samples, full || t >= self.cut_t, t, histogram)? else {
            return Ok(Outcome::Appended);
        };
        let sealed = self.begin(t, cut);
        self.open = Open::Histograms(Box::new(next));
        Ok(Outcome::NewChunk(sealed))
    }

    /// Adds a sample that is older than the newest. `false` when it is known to be there already.
    pub(crate) fn append_late(&mut self, t: i64, value: Value) -> bool {
        self.late.get_or_insert_default().insert(t, value)
    }

    fn begin(&mut self, t: i64, cut: ChunkCut) -> usize {
        let sealed = self.seal();
        self.open_min_t = t;
        self.cut_t = cut.next_block(t);
        sealed
    }

    /// Ends the open chunk; the number of its bytes.
    fn seal(&mut self) -> usize {
        let Some(chunk) = self.snapshot_open() else { return 0 };
        self.open = Open::None;
        if self.sealed.len() == self.sealed.capacity() {
            self.sealed.reserve_exact((self.sealed.len() / 2).max(1));
        }
        let bytes = chunk.data.len();
        self.sealed.push(chunk);
        bytes
    }

    /// A copy of the open chunk.
    pub(crate) fn snapshot_open(&self) -> Option<SealedChunk> {
        let (max_t, encoding, bytes) = match &self.open {
            Open::None => return None,
            Open::Xor(chunk) => (chunk.last_t(), Encoding::Xor, chunk.to_bytes()),
            Open::Histograms(chunk) => (chunk.last_t(), chunk.encoding(), chunk.to_bytes()),
        };
        Some(SealedChunk { min_t: self.open_min_t, max_t, encoding, data: ChunkBytes::Memory(bytes) })
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
        let bytes = chunk.data.to_vec();
        self.open = match chunk.encoding {
            Encoding::Xor => Open::Xor(XorChunk::from_bytes(bytes)?),
            Encoding::Histogram => {
                Open::Histograms(Box::new(HistogramChunk::from_bytes(HistogramKind::Integer, bytes)?))
            }
            Encoding::FloatHistogram => {
                Open::Histograms(Box::new(HistogramChunk::from_bytes(HistogramKind::Float, bytes)?))
            }
        };
        self.open_min_t = chunk.min_t;
        self.cut_t = cut.next_block(chunk.min_t);
        Ok(())
    }

    /// Puts back a chunk of late samples.
    pub(crate) fn restore_late(&mut self, chunk: SealedChunk) {
        self.late.get_or_insert_default().restore(chunk);
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
        let Open::Histograms(chunk) = &self.open else { return false };
        let mut newest = None;
        let outcome = chunk::decode(chunk.encoding(), &chunk.to_bytes(), |_, value| {
            newest = Some(value);
            true
        });
        outcome.is_ok() && matches!(newest, Some(Value::Histogram(held)) if same(&held, histogram))
    }

    pub(crate) fn sealed(&self) -> &[SealedChunk] {
        &self.sealed
    }

    /// Sealed chunks in order, for those who move them into a file.
    pub(crate) fn sealed_mut(&mut self) -> &mut [SealedChunk] {
        &mut self.sealed
    }

    pub(crate) fn late(&self) -> Option<&Late> {
        self.late.as_deref()
    }

    pub(crate) fn late_mut(&mut self) -> Option<&mut Late> {
        self.late.as_deref_mut()
    }

    /// Forgets the late samples that are in blocks now; hands back how many chunks went.
    pub(crate) fn drop_frozen(&mut self) -> usize {
        let gone = self.late.as_deref_mut().map_or(0, Late::drop_frozen);
        self.late.take_if(|late| late.is_empty());
        gone
    }

    pub(crate) fn chunk_count(&self) -> usize {
        let late = self.late.as_deref().map_or(0, Late::chunk_count);
        self.sealed.len() + usize::from(!matches!(self.open, Open::None)) + late
    }

    /// Whether it has no sample.
    pub(crate) fn is_empty(&self) -> bool {
        self.sealed.is_empty() && matches!(self.open, Open::None) && self.late.is_none()
    }

    /// Time of the oldest sample in order.
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
            Open::Histograms(chunk) => Some(chunk.last_t()),
        }
    }

    /// Whether a chunk meets the range.
    pub(crate) fn overlaps(&self, range: TimeRange) -> bool {
        self.overlaps_in_order(range) || self.late.as_deref().is_some_and(|late| late.overlaps(range))
    }

    /// As [`MemSeries::overlaps`], late samples aside.
    pub(crate) fn overlaps_in_order(&self, range: TimeRange) -> bool {
        let open = self.open_max_t().map(|max| TimeRange::new(self.open_min_t, max));
        open.is_some_and(|open| open.overlaps(&range))
            || self.sealed[self.first_sealed(range)..].first().is_some_and(|c| c.min_t <= range.end_ms)
    }

    /// The chunks in order that overlap the range, oldest first.
    pub(crate) fn chunks(&self, range: TimeRange, out: &mut Vec<SealedChunk>) {
        let overlapping =
            self.sealed[self.first_sealed(range)..].iter().take_while(|c| c.min_t <= range.end_ms);
        out.extend(overlapping.cloned());
        if self.open_max_t().is_some_and(|max| max >= range.start_ms) && self.open_min_t <= range.end_ms {
            out.extend(self.snapshot_open());
        }
    }

    /// The newest sample in order, if it is a float.
    pub(crate) fn newest_float(&self) -> Option<(i64, f64)> {
        match &self.open {
            Open::Xor(chunk) => Some((chunk.last_t(), chunk.last_value())),
            Open::Histograms(_) | Open::None => None,
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

    /// Deletes the samples within the range. After an error all are still there.
    pub(crate) fn delete(&mut self, range: TimeRange) -> Result<(), String> {
        self.seal();
        let sealed = without(&self.sealed, range)?;
        if let Some(late) = self.late.as_deref_mut() {
            late.delete(range)?;
        }
        self.late.take_if(|late| late.is_empty());
        self.sealed = sealed;
        Ok(())
    }

    /// Bytes of sealed chunks that are in memory.
    pub(crate) fn sealed_in_memory(&self) -> usize {
        self.sealed.iter().map(|chunk| chunk.data.heap_bytes()).sum()
    }

    /// Bytes on the heap, without the allocator's own.
    pub(crate) fn heap_bytes(&self) -> usize {
        let open = match &self.open {
            Open::None => 0,
            Open::Xor(chunk) => chunk.heap_bytes(),
            Open::Histograms(chunk) => size_of::<HistogramChunk>() + chunk.heap_bytes(),
        };
        let sealed = self.sealed.iter().map(|chunk| chunk.data.heap_bytes()).sum::<usize>();
        let late = self.late.as_deref().map_or(0, |late| size_of::<Late>() + late.heap_bytes());
        self.labels.len() + self.sealed.capacity() * size_of::<SealedChunk>() + open + sealed + late
    }
}

/// Whether both say the same: staleness markers are equal, and so are histograms that differ only in what
/// they say of resets and in buckets that are empty.
pub(crate) fn same(a: &Histogram, b: &Histogram) -> bool {
    if model::is_stale_nan(a.sum) || model::is_stale_nan(b.sum) {
        return a.sum.to_bits() == b.sum.to_bits();
    }
    let numbers = |h: &Histogram| [h.zero_threshold, h.zero_count, h.count, h.sum].map(f64::to_bits);
    a.schema == b.schema
        && numbers(a) == numbers(b)
        && a.custom_values == b.custom_values
        && filled(positive(a)).eq(filled(positive(b)))
        && filled(negative(a)).eq(filled(negative(b)))
}

/// Index and population of the buckets that are not empty.
fn filled(buckets: Sparse) -> impl Iterator<Item = (i32, u64)> {
    buckets.into_iter().map(|(index, count)| (index, count.to_bits())).filter(|(_, count)| *count != 0)
}
