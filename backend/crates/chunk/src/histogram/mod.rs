//! Chunks of native histograms, with integer and with float populations;
//! `backend/docs/format/chunk-histogram.md` has the format.

mod chunk;
mod fit;
mod layout;
mod next;
mod reader;
mod state;
#[cfg(test)]
mod tests;
mod varbit;

pub use chunk::{HistogramChunk, Refused};
pub use next::next_histogram;
pub use reader::{HistogramReader, decode_histograms};

use model::{Histogram, ResetHint};

use crate::Encoding;

/// Length of the header: the number of samples, big-endian, and a byte with what is known of resets.
const HEADER_BYTES: usize = 3;

/// Whether a chunk's populations are integers or floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HistogramKind {
    /// Whole numbers from 0 to 2^53, in encoding 2.
    Integer,
    /// Any floats, in encoding 3.
    Float,
}

impl HistogramKind {
    /// The kind that takes less room: integers where all populations are whole numbers that a float holds
    /// exactly. A stale histogram has none and fits both.
    #[must_use]
    pub fn of(histogram: &Histogram) -> Self {
        let mut buckets = histogram.positive_buckets.iter().chain(&histogram.negative_buckets);
        let stale = model::is_stale_nan(histogram.sum);
        let whole = is_whole(histogram.count) && is_whole(histogram.zero_count);
        if stale || (whole && buckets.all(|value| is_whole(*value))) { Self::Integer } else { Self::Float }
    }

    /// The encoding of chunks of this kind.
    #[must_use]
    pub fn encoding(self) -> Encoding {
        match self {
            Self::Integer => Encoding::Histogram,
            Self::Float => Encoding::FloatHistogram,
        }
    }

    /// A bucket of the first sample takes no fewer bits.
    fn first_bucket_bits(self) -> usize {
        match self {
            Self::Integer => 1,
            Self::Float => 64,
        }
    }
}

fn is_whole(value: f64) -> bool {
    /// From here on not every integer is a float.
    const MOST: f64 = (1u64 << 53) as f64;
    (0.0..=MOST).contains(&value) && (value as u64 as f64).to_bits() == value.to_bits()
}

/// What a chunk says of counter resets between its first sample and the one before; within a chunk there
/// are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ResetHeader {
    /// Nothing is known.
    #[default]
    Unknown,
    /// There was none.
    NotReset,
    /// There was one: the chunk was begun because of it.
    Reset,
    /// Its histograms are gauges.
    Gauge,
}

impl ResetHeader {
    /// The two highest bits of the header's last byte; the others have no meaning yet.
    fn from_byte(byte: u8) -> Self {
        match byte >> 6 {
            0b00 => Self::Unknown,
            0b01 => Self::NotReset,
            0b10 => Self::Reset,
            _ => Self::Gauge,
        }
    }

    fn byte(self) -> u8 {
        let bits = match self {
            Self::Unknown => 0b00,
            Self::NotReset => 0b01,
            Self::Reset => 0b10,
            Self::Gauge => 0b11,
        };
        bits << 6
    }

    /// The header of a chunk that `histogram` begins when nothing is known of the sample before.
    fn of_first(histogram: &Histogram) -> Self {
        match histogram.reset_hint {
            ResetHint::Gauge => Self::Gauge,
            ResetHint::Reset => Self::Reset,
            ResetHint::NotReset | ResetHint::Unknown => Self::Unknown,
        }
    }
}
