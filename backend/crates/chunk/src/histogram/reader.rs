//! Reading a histogram chunk.

use model::{Histogram, ResetHint, is_stale_nan};

use super::layout::{Layout, bucket_count};
use super::state::State;
use super::{HEADER_BYTES, HistogramKind, ResetHeader};
use crate::ChunkError;
use crate::bits::BitReader;

/// Reads the samples of a histogram chunk one by one.
#[derive(Clone, Debug)]
pub struct HistogramReader<'a> {
    bits: BitReader<'a>,
    kind: HistogramKind,
    header: ResetHeader,
    total: u16,
    read: u16,
    layout: Layout,
    state: State,
}

/// Where a chunk ends and in what state, for going on with it.
pub(super) struct End {
    pub(super) bits: usize,
    pub(super) layout: Layout,
    pub(super) state: State,
}

impl<'a> HistogramReader<'a> {
    /// A reader at the first sample.
    ///
    /// # Errors
    /// When header or layout cannot be read.
    pub fn new(kind: HistogramKind, data: &'a [u8]) -> Result<Self, ChunkError> {
        let header = data.get(..HEADER_BYTES).ok_or(ChunkError::Truncated(0))?;
        let total = u16::from_be_bytes([header[0], header[1]]);
        let mut bits = BitReader::new(data, HEADER_BYTES * 8);
        let layout = match total {
            0 => Layout::default(),
            _ => Layout::read(&mut bits, kind.first_bucket_bits())?,
        };
        let buckets = |spans| bucket_count(spans).ok_or(ChunkError::Spans);
        let state = State::new(kind, buckets(&layout.positive)?, buckets(&layout.negative)?);
        Ok(Self { bits, kind, header: ResetHeader::from_byte(header[2]), total, read: 0, layout, state })
    }

    /// Number of samples that the header counts.
    #[must_use]
    pub fn total(&self) -> u16 {
        self.total
    }

    /// What the chunk says of counter resets.
    #[must_use]
    pub fn header(&self) -> ResetHeader {
        self.header
    }

    /// Integers or floats.
    #[must_use]
    pub fn kind(&self) -> HistogramKind {
        self.kind
    }

    /// The next sample, or `None` behind the last.
    ///
    /// # Errors
    /// When the bytes do not hold it.
    #[expect(clippy::should_implement_trait, reason = "an iterator would hide the error's place")]
    pub fn next(&mut self) -> Result<Option<(i64, Histogram)>, ChunkError> {
        let mut histogram = Histogram::default();
        Ok(self.next_into(&mut histogram)?.map(|t| (t, histogram)))
    }

    /// The time of the next sample, which replaces `histogram` and uses its memory again, or `None` behind
    /// the last. A stale sample has nothing but its sum.
    ///
    /// # Errors
    /// When the bytes do not hold it.
    pub fn next_into(&mut self, histogram: &mut Histogram) -> Result<Option<i64>, ChunkError> {
        if !self.advance()? {
            return Ok(None);
        }
        let sum = self.state.sum();
        if is_stale_nan(sum) {
            *histogram = Histogram { sum, ..Histogram::default() };
            return Ok(Some(self.state.t()));
        }
        histogram.reset_hint = self.hint();
        histogram.schema = self.layout.schema;
        histogram.zero_threshold = self.layout.zero_threshold;
        histogram.zero_count = self.state.zero_count();
        histogram.count = self.state.count();
        histogram.sum = sum;
        histogram.positive_spans.clone_from(&self.layout.positive);
        histogram.negative_spans.clone_from(&self.layout.negative);
        histogram.custom_values.clone_from(&self.layout.bounds);
        self.state.buckets_into(&mut histogram.positive_buckets, &mut histogram.negative_buckets);
        Ok(Some(self.state.t()))
    }

    pub(super) fn into_end(self) -> End {
        End { bits: self.bits.position(), layout: self.layout, state: self.state }
    }

    /// Reads a sample into the state; `false` behind the last.
    pub(super) fn advance(&mut self) -> Result<bool, ChunkError> {
        if self.read == self.total {
            return Ok(false);
        }
        let whole = match self.read {
            0 => self.state.read_first(&mut self.bits),
            _ => self.state.read_next(&mut self.bits),
        };
        whole.ok_or(ChunkError::Truncated(self.read))?;
        self.read += 1;
        Ok(true)
    }

    /// Within a chunk there are no resets. What its first sample is compared with may be gone by the time
    /// it is read, so that only a reset can be told for certain.
    fn hint(&self) -> ResetHint {
        match self.header {
            ResetHeader::Gauge => ResetHint::Gauge,
            _ if self.read > 1 => ResetHint::NotReset,
            ResetHeader::Reset => ResetHint::Reset,
            ResetHeader::NotReset | ResetHeader::Unknown => ResetHint::Unknown,
        }
    }
}

/// Calls `visit` with each sample of a chunk, oldest first, until it returns `false`. The histogram is
/// overwritten by the next one.
///
/// # Errors
/// When the bytes are not a chunk; `visit` has then seen the samples before the fault.
pub fn decode_histograms(
    kind: HistogramKind,
    data: &[u8],
    mut visit: impl FnMut(i64, &Histogram) -> bool,
) -> Result<(), ChunkError> {
    let mut reader = HistogramReader::new(kind, data)?;
    let mut histogram = Histogram::default();
    while let Some(t) = reader.next_into(&mut histogram)? {
        if !visit(t, &histogram) {
            break;
        }
    }
    Ok(())
}
