//! Answers: columns of values with labels, statistics and annotations.

use std::sync::Arc;
use std::time::Duration;

use model::{Histogram, Labels, TimestampMs, Value};
use storage::Samples;

use crate::annotations::Annotation;
use crate::column::{Cell, Column};

/// The answer to a query.
#[derive(Clone, Debug)]
pub struct QueryResult {
    /// The value.
    pub value: QueryValue,
    /// Warnings and infos, each once.
    pub annotations: Vec<Annotation>,
    /// What it took.
    pub statistics: Statistics,
}

/// The value of a query.
#[derive(Clone, Debug)]
pub enum QueryValue {
    /// One number.
    Scalar {
        /// Evaluation time.
        timestamp_ms: TimestampMs,
        /// The number.
        value: f64,
    },
    /// A string.
    String {
        /// Evaluation time.
        timestamp_ms: TimestampMs,
        /// The string.
        value: String,
    },
    /// Series with one sample each, in the order of the answer.
    Vector(Vec<VectorSample>),
    /// Series with values at the steps of a range query, sorted by labels.
    Matrix(Matrix),
    /// Series with samples at their own times: an instant query for a range selector or subquery.
    Ranges(Vec<SampledSeries>),
}

impl QueryValue {
    /// The name of the value's type in Prometheus' API.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Scalar { .. } => "scalar",
            Self::String { .. } => "string",
            Self::Vector(_) => "vector",
            Self::Matrix(_) | Self::Ranges(_) => "matrix",
        }
    }
}

/// A series with one sample.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorSample {
    /// Labels.
    pub labels: Labels,
    /// Evaluation time.
    pub timestamp_ms: TimestampMs,
    /// Value.
    pub value: Value,
}

/// A series with samples at its own times.
#[derive(Clone, Debug)]
pub struct SampledSeries {
    /// Labels.
    pub labels: Labels,
    /// Samples, without staleness markers.
    pub samples: Samples,
}

/// Series over common steps, `[series × steps]`.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// First step, in milliseconds since the epoch.
    pub start_ms: TimestampMs,
    /// Distance of the steps in milliseconds.
    pub step_ms: i64,
    /// Number of steps.
    pub steps: usize,
    /// The series, sorted by labels; each has a sample at one step at least.
    pub series: Vec<MatrixSeries>,
}

impl Matrix {
    /// Time of a step.
    #[must_use]
    pub fn time(&self, step: usize) -> TimestampMs {
        self.start_ms + self.step_ms * step as i64
    }
}

/// A sample of a column.
#[derive(Clone, Copy, Debug)]
pub enum Point<'a> {
    /// A float.
    Float(f64),
    /// A native histogram.
    Histogram(&'a Arc<Histogram>),
}

/// One series of a matrix.
#[derive(Clone, Debug)]
pub struct MatrixSeries {
    /// Labels.
    pub labels: Labels,
    values: Column,
}

impl MatrixSeries {
    pub(crate) fn new(labels: Labels, values: Column) -> Self {
        Self { labels, values }
    }

    /// The sample at a step, if there is one.
    #[must_use]
    pub fn point(&self, step: usize) -> Option<Point<'_>> {
        match self.values.cell(step) {
            Cell::Absent => None,
            Cell::Float(value) => Some(Point::Float(value)),
            Cell::Histogram(histogram) => Some(Point::Histogram(histogram)),
        }
    }

    /// Steps and samples where there are any.
    pub fn points(&self) -> impl Iterator<Item = (usize, Point<'_>)> {
        (0..self.values.len()).filter_map(|step| self.point(step).map(|point| (step, point)))
    }

    /// Whether there is a sample at a step.
    #[must_use]
    pub fn is_present(&self, step: usize) -> bool {
        self.values.is_present(step)
    }

    /// Whether any sample is a histogram.
    #[must_use]
    pub fn has_histograms(&self) -> bool {
        self.values.has_histograms()
    }

    /// The columns themselves: `[steps]` floats, where the staleness marker means "no sample" (other NaNs
    /// are values) and a histogram's place holds some NaN; and the histograms by step.
    #[must_use]
    pub fn into_columns(self) -> (Vec<f64>, Vec<(u32, Arc<Histogram>)>) {
        self.values.into_parts()
    }
}

/// What a query took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Samples read from the store.
    pub samples_loaded: u64,
    /// Most samples held at a time.
    pub samples_peak: u64,
    /// Series selected.
    pub series: u64,
    /// Time spent waiting for other queries.
    pub queue: Duration,
    /// Time spent parsing.
    pub parse: Duration,
    /// Time spent evaluating.
    pub evaluate: Duration,
}
