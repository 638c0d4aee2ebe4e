//! What an exposition says about a family, and exemplars.

use std::fmt;

use crate::{Labels, TimestampMs};

/// The type of a metric family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MetricType {
    /// Counts up; resets to zero.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Classic or native histogram.
    Histogram,
    /// Histogram of a current state.
    GaugeHistogram,
    /// Quantiles made by the client.
    Summary,
    /// Facts as labels, value 1.
    Info,
    /// One of a set of states.
    StateSet,
    /// Not said.
    #[default]
    Unknown,
}

impl MetricType {
    /// The name used by the Prometheus HTTP API and OpenMetrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::GaugeHistogram => "gaugehistogram",
            Self::Summary => "summary",
            Self::Info => "info",
            Self::StateSet => "stateset",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for MetricType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Type, help and unit of a metric family.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MetricMetadata {
    /// Type.
    pub metric_type: MetricType,
    /// Help text, unescaped.
    pub help: String,
    /// Unit (OpenMetrics), or "".
    pub unit: String,
}

/// A single observation attached to a series, mostly with a trace id.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar {
    /// The exemplar's own labels.
    pub labels: Labels,
    /// Observed value.
    pub value: f64,
    /// When it was observed.
    pub timestamp_ms: TimestampMs,
}
