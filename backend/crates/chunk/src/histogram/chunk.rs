//! Writing a histogram chunk, and going on with one that was read from bytes.

use std::sync::Arc;

use model::{Histogram, Span, is_stale_nan};
use thiserror::Error;

use super::fit::{Fit, fit, header_after_cut, header_after_refusal};
use super::layout::{EXPONENTIAL_SCHEMAS, Layout, bucket_count};
use super::reader::decode_histograms;
use super::state::State;
use super::{HEADER_BYTES, HistogramKind, HistogramReader, ResetHeader};
use crate::bits::BitWriter;
use crate::{ChunkError, Encoding};

/// Why a chunk does not take a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// The chunk counts its samples in 16 bits and holds 65,535 already.
    #[error("chunk is full")]
    Full,
    /// The histogram has to begin a new chunk with this header: [`HistogramChunk::begin`].
    #[error("histogram does not continue the chunk")]
    NewChunk(ResetHeader),
    /// The chunk is one of integers, the histogram is not: it has to begin one of floats.
    #[error("histogram is not one of integers")]
    NotInteger,
    /// The histogram contradicts itself and fits no chunk.
    #[error("histogram's spans do not match its buckets")]
    Spans,
    /// The histogram's resolution is none of those that are known.
    #[error("histogram's schema {0} is unknown")]
    Schema(i32),
}

/// A chunk of native histograms that is still being written.
///
/// As long as no counter falls and resolution, zero threshold and custom bounds stay, histograms follow one
/// another in a chunk. All have the same buckets there: new ones are put into the samples before, empty,
/// and the chunk is written again.
#[derive(Clone, Debug)]
pub struct HistogramChunk {
    kind: HistogramKind,
    /// The count of samples within it is filled in when the bytes are asked for.
    out: BitWriter,
    count: u16,
    header: ResetHeader,
    layout: Layout,
    last: State,
}

impl HistogramChunk {
    /// Prometheus ends a chunk that has this size and [`Self::MIN_SAMPLES`].
    pub const TARGET_BYTES: usize = 1024;
    /// Prometheus ends no chunk for its size before.
    pub const MIN_SAMPLES: u16 = 10;

    /// An empty chunk, for when nothing is known of samples before.
    #[must_use]
    pub fn new(kind: HistogramKind) -> Self {
        Self::with_header(kind, ResetHeader::Unknown)
    }

    /// A chunk that `histogram` begins.
    ///
    /// # Errors
    /// When no chunk of this kind takes the histogram.
    pub fn begin(
        kind: HistogramKind,
        header: ResetHeader,
        t: i64,
        histogram: &Histogram,
    ) -> Result<Self, Refused> {
        let mut chunk = Self::with_header(kind, header);
        chunk.check(histogram)?;
        chunk.put(t, histogram);
        Ok(chunk)
    }

    fn with_header(kind: HistogramKind, header: ResetHeader) -> Self {
        let out = BitWriter::new(vec![0; HEADER_BYTES]);
        Self { kind, out, count: 0, header, layout: Layout::default(), last: State::new(kind, 0, 0) }
    }

    /// Takes up a chunk where its bytes end.
    ///
    /// # Errors
    /// When the bytes are not a chunk.
    pub fn from_bytes(kind: HistogramKind, data: Vec<u8>) -> Result<Self, ChunkError> {
        let mut reader = HistogramReader::new(kind, &data)?;
        while reader.advance()? {}
        let (count, header) = (reader.total(), reader.header());
        let end = reader.into_end();
        let out = BitWriter::at(data, end.bits);
        Ok(Self { kind, out, count, header, layout: end.layout, last: end.state })
    }

    /// Number of samples.
    #[must_use]
    pub fn len(&self) -> u16 {
        self.count
    }

    /// Whether there is no sample yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Number of bytes so far.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        self.out.data.len()
    }

    /// Integers or floats.
    #[must_use]
    pub fn kind(&self) -> HistogramKind {
        self.kind
    }

    /// The encoding's number goes to disk beside the bytes.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.kind.encoding()
    }

    /// What the chunk says of counter resets.
    #[must_use]
    pub fn header(&self) -> ResetHeader {
        self.header
    }

    /// Time of the last sample; 0 when there is none.
    #[must_use]
    pub fn last_t(&self) -> i64 {
        self.last.t()
    }

    /// Sum of the last sample, or `None` when there is none; the staleness marker says that it is stale.
    #[must_use]
    pub fn last_sum(&self) -> Option<f64> {
        (self.count > 0).then(|| self.last.sum())
    }

    /// A copy of the chunk as it stands.
    #[must_use]
    pub fn to_bytes(&self) -> Arc<[u8]> {
        let mut bytes: Arc<[u8]> = Arc::from(self.out.data.as_slice());
        if let Some(bytes) = Arc::get_mut(&mut bytes) {
            bytes[..HEADER_BYTES].copy_from_slice(&self.header_bytes());
        }
        bytes
    }

    /// The finished bytes.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        let header = self.header_bytes();
        let (mut data, _) = self.out.into_parts();
        data[..HEADER_BYTES].copy_from_slice(&header);
        data
    }

    /// Bytes of memory held outside of the value itself.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let spans = self.layout.positive.capacity() + self.layout.negative.capacity();
        self.out.data.capacity()
            + self.last.heap_bytes()
            + spans * size_of::<Span>()
            + self.layout.bounds.capacity() * size_of::<f64>()
    }

    /// The header for a chunk that `histogram` begins after this one was ended for its size or age.
    #[must_use]
    pub fn header_after_cut(&self, histogram: &Histogram) -> ResetHeader {
        header_after_cut(self.kind, self.header, &self.layout, &self.last, histogram)
    }

    /// Adds a sample. Times should ascend; any are encoded faithfully. Custom bounds are kept only where
    /// the schema is theirs, and a stale histogram keeps nothing but its sum.
    ///
    /// # Errors
    /// When the histogram does not continue the chunk, which is then as before.
    pub fn append(&mut self, t: i64, histogram: &Histogram) -> Result<(), Refused> {
        self.check(histogram)?;
        if self.count == 0 {
            self.header = ResetHeader::of_first(histogram);
            self.put(t, histogram);
            return Ok(());
        }
        match fit(self.header, &self.layout, &self.last, histogram) {
            Fit::Fits => {}
            Fit::Widen { positive, negative } => self.widen(positive, negative),
            Fit::NewChunk(header) => return Err(Refused::NewChunk(header_after_refusal(self.kind, header))),
        }
        self.put(t, histogram);
        Ok(())
    }

    fn header_bytes(&self) -> [u8; HEADER_BYTES] {
        let [high, low] = self.count.to_be_bytes();
        [high, low, self.header.byte()]
    }

    /// Whether the histogram can be written at all.
    fn check(&self, histogram: &Histogram) -> Result<(), Refused> {
        if self.count == u16::MAX {
            return Err(Refused::Full);
        }
        if is_stale_nan(histogram.sum) {
            return Ok(());
        }
        let schema = histogram.schema;
        if !histogram.has_custom_buckets() && !EXPONENTIAL_SCHEMAS.contains(&i64::from(schema)) {
            return Err(Refused::Schema(schema));
        }
        let matches = |spans, buckets: &[f64]| bucket_count(spans) == Some(buckets.len());
        if !matches(&histogram.positive_spans, &histogram.positive_buckets)
            || !matches(&histogram.negative_spans, &histogram.negative_buckets)
        {
            return Err(Refused::Spans);
        }
        if self.kind == HistogramKind::Integer && HistogramKind::of(histogram) == HistogramKind::Float {
            return Err(Refused::NotInteger);
        }
        Ok(())
    }

    /// Writes a sample that fits.
    fn put(&mut self, t: i64, histogram: &Histogram) {
        if self.count == 0 {
            // A chunk that begins with a stale sample has an empty layout.
            let empty = Histogram { sum: histogram.sum, ..Histogram::default() };
            let histogram = if is_stale_nan(histogram.sum) { &empty } else { histogram };
            self.layout = Layout::of(histogram);
            self.layout.put(&mut self.out);
            let (positive, negative) = (histogram.positive_buckets.len(), histogram.negative_buckets.len());
            self.last = State::new(self.kind, positive, negative);
            self.last.put_first(&mut self.out, t, histogram);
        } else if is_stale_nan(histogram.sum) || self.layout.has_spans_of(histogram) {
            self.last.put_next(&mut self.out, t, histogram);
        } else {
            let mut spread_out = histogram.clone();
            self.layout.spread_out(&mut spread_out);
            self.last.put_next(&mut self.out, t, &spread_out);
        }
        self.count += 1;
    }

    /// Writes all samples again with the buckets of these spans, among which are those of the layout.
    fn widen(&mut self, positive: Vec<Span>, negative: Vec<Span>) {
        let bytes = self.to_bytes();
        let mut wide = Self::with_header(self.kind, self.header);
        wide.out.data.reserve(bytes.len() + bytes.len() / 4);
        let layout = Layout { positive, negative, ..Layout::default() };
        let outcome = decode_histograms(self.kind, &bytes, |t, old| {
            let mut histogram = old.clone();
            layout.spread_out(&mut histogram);
            wide.put(t, &histogram);
            true
        });
        debug_assert_eq!((outcome, wide.count), (Ok(()), self.count), "own bytes are readable");
        *self = wide;
    }
}
