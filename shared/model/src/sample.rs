//! Sample values.

use std::sync::Arc;

use crate::Histogram;

/// The bit pattern of the float that marks a series as stale: a signalling NaN that no arithmetic makes.
pub const STALE_NAN_BITS: u64 = 0x7ff0_0000_0000_0002;

/// The staleness marker.
#[must_use]
pub fn stale_nan() -> f64 {
    f64::from_bits(STALE_NAN_BITS)
}

/// Whether `value` is the staleness marker; other NaNs are ordinary values.
#[must_use]
pub fn is_stale_nan(value: f64) -> bool {
    value.to_bits() == STALE_NAN_BITS
}

/// What a series holds at one time.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A float; also the staleness marker of a float series.
    Float(f64),
    /// A native histogram.
    Histogram(Arc<Histogram>),
}

impl Value {
    /// Whether this is a staleness marker (a histogram says so by its sum).
    #[must_use]
    pub fn is_stale(&self) -> bool {
        match self {
            Self::Float(value) => is_stale_nan(*value),
            Self::Histogram(histogram) => is_stale_nan(histogram.sum),
        }
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}
