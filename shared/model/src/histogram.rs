//! Native histograms: sparse, with exponential or custom bucket bounds.
//!
//! Source: the native histogram specification of the Prometheus documentation.

/// A run of consecutive buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// Buckets skipped since the end of the span before; for the first span, the index of its first bucket.
    pub offset: i32,
    /// Number of buckets in the run.
    pub length: u32,
}

/// What is known about a counter reset between this histogram and the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ResetHint {
    /// Nothing is known; compare the buckets.
    #[default]
    Unknown,
    /// A reset happened.
    Reset,
    /// No reset happened.
    NotReset,
    /// The histogram is a gauge and knows no resets.
    Gauge,
}

/// A native histogram with absolute (not delta-coded) bucket populations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Counter-reset knowledge.
    pub reset_hint: ResetHint,
    /// Resolution: −4…8 for exponential bounds of growth 2^(2^−schema); −53 for custom bounds.
    pub schema: i32,
    /// Half width of the zero bucket.
    pub zero_threshold: f64,
    /// Observations in the zero bucket.
    pub zero_count: f64,
    /// All observations.
    pub count: f64,
    /// Sum of all observed values; the staleness marker here marks the series stale.
    pub sum: f64,
    /// Runs of positive buckets.
    pub positive_spans: Vec<Span>,
    /// Runs of negative buckets.
    pub negative_spans: Vec<Span>,
    /// Populations of the positive buckets, in the order of the spans.
    pub positive_buckets: Vec<f64>,
    /// Populations of the negative buckets, in the order of the spans.
    pub negative_buckets: Vec<f64>,
    /// Upper bounds of the buckets when `schema` is −53, ascending, without +Inf.
    pub custom_values: Vec<f64>,
}

impl Histogram {
    /// The schema number that says "bounds are listed".
    pub const CUSTOM_BUCKETS_SCHEMA: i32 = -53;

    /// Whether bounds are listed rather than exponential.
    #[must_use]
    pub fn has_custom_buckets(&self) -> bool {
        self.schema == Self::CUSTOM_BUCKETS_SCHEMA
    }
}
