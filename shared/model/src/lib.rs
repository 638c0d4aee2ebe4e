//! The values everything else is made of: labels, matchers, times, durations and samples.
//!
//! Nothing here does I/O, knows a format or can be serialised: wire types live in `api`, on-disk types
//! in `tsdb`. Builds for the browser; the regex engine is behind the feature `matching`.

pub mod buckets;
mod duration;
mod histogram;
mod labels;
mod matcher;
#[cfg(feature = "matching")]
mod matching;
mod metadata;
mod sample;
mod time;

pub use duration::{DurationError, format_duration, parse_duration};
pub use histogram::{Histogram, ResetHint, Span};
pub use labels::{Labels, LabelsBuilder, LabelsWriter, is_valid_label_name, is_valid_legacy_metric_name};
pub use matcher::{MatchOp, Matcher};
#[cfg(feature = "matching")]
pub use matching::{AnchoredRegex, Captures, CompiledMatcher, RegexError};
pub use metadata::{Exemplar, MetricMetadata, MetricType};
pub use sample::{STALE_NAN_BITS, Value, is_stale_nan, stale_nan};
pub use time::{TimeRange, TimestampMs};

/// The label that holds a series' metric name.
pub const METRIC_NAME: &str = "__name__";
/// The label that holds a classic histogram bucket's upper bound.
pub const BUCKET_LABEL: &str = "le";
/// The label that holds a summary's quantile.
pub const QUANTILE_LABEL: &str = "quantile";
