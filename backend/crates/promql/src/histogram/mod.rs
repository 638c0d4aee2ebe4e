//! Native histograms: bounds, arithmetic, reset detection, estimates. Only values here, no series.

pub(crate) mod aggregate;
pub(crate) mod buckets;
pub(crate) mod estimate;
pub(crate) mod format;
pub(crate) mod ops;
pub(crate) mod rate;
pub(crate) mod reset;
pub(crate) mod trim;
