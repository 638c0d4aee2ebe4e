//! What a parser hands out.

use std::borrow::Cow;

use model::{Exemplar, Histogram, Labels, MetricType, TimestampMs};

use crate::error::ParseError;
use crate::labels::{LabelScratch, Notation};

/// One line of a text body, or its counterpart in a protobuf body.
#[derive(Clone, Debug)]
pub enum Entry<'a> {
    /// A sample with a float value.
    Series(Series<'a>),
    /// A native histogram (protobuf only).
    Histogram(HistogramEntry<'a>),
    /// The type of a family.
    Type {
        /// Family name as written; a counter of text 0.0.4 includes its `_total`.
        family: Cow<'a, str>,
        /// Type.
        metric_type: MetricType,
    },
    /// The help text of a family.
    Help {
        /// Family name.
        family: Cow<'a, str>,
        /// Text, unescaped.
        help: Cow<'a, str>,
    },
    /// The unit of a family (OpenMetrics and protobuf).
    Unit {
        /// Family name.
        family: Cow<'a, str>,
        /// Unit; may be empty.
        unit: Cow<'a, str>,
    },
    /// A comment of text 0.0.4, with its `#`.
    Comment(&'a [u8]),
}

/// Where the bytes of a label set come from, so that an error in them can tell its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    /// The whole text body; empty for protobuf.
    pub body: &'a [u8],
    /// Where the label set begins in the body.
    pub offset: usize,
    /// How it is written.
    pub notation: Notation,
    /// The type that was last announced; decides whether `le` and `quantile` are numbers.
    pub metric_type: MetricType,
}

impl Origin<'_> {
    pub(crate) fn decode(&self, raw: &[u8], scratch: &mut LabelScratch) -> Result<(), ParseError> {
        scratch.decode(raw, self.notation, self.metric_type).map_err(|(at, message)| match self.notation {
            Notation::Packed => ParseError::in_bytes(self.offset, message),
            _ => ParseError::in_text(self.body, self.offset + at, message),
        })
    }
}

/// A sample with a float value.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// Metric name and label set exactly as the body has them. Two equal `raw` of one target are the same
    /// series, so this is the key of a cache; in a protobuf body it is a binary form without a stable layout.
    pub raw: &'a [u8],
    /// Time of the sample, if the exposition says one.
    pub timestamp_ms: Option<TimestampMs>,
    /// Value; any NaN is the ordinary one, never the staleness marker.
    pub value: f64,
    /// When the counter began whose value this is, if the exposition says so (protobuf, and
    /// OpenMetrics text read by [`Parser::with_starts`](crate::Parser::with_starts)).
    pub start_ms: Option<TimestampMs>,
    /// Whether this is a part of a classic histogram that the body also holds as a native one.
    pub also_native: bool,
    pub(crate) exemplar: Option<RawExemplar<'a>>,
    pub(crate) origin: Origin<'a>,
}

impl Series<'_> {
    /// Decodes the labels into `scratch`, sorted and checked; `le` of a histogram and `quantile` of a
    /// summary are put in their normal form ("1" becomes "1.0").
    ///
    /// # Errors
    /// When the label set is malformed, has a name twice or no metric name, or is not UTF-8. The parser
    /// itself looks only for where the label set ends: a series whose `raw` was never decoded may be malformed.
    pub fn labels(&self, scratch: &mut LabelScratch) -> Result<(), ParseError> {
        self.origin.decode(self.raw, scratch)
    }

    /// The labels as a set of their own.
    ///
    /// # Errors
    /// As for [`Series::labels`].
    pub fn to_labels(&self) -> Result<Labels, ParseError> {
        let mut scratch = LabelScratch::default();
        self.labels(&mut scratch)?;
        Ok(scratch.to_labels())
    }

    /// An error at the place of the series, for a reader who asks for more than the format does.
    pub fn error(&self, message: impl Into<String>) -> ParseError {
        match self.origin.notation {
            Notation::Packed => ParseError::in_bytes(self.origin.offset, message),
            _ => ParseError::in_text(self.origin.body, self.origin.offset, message),
        }
    }

    /// Whether an exemplar is attached.
    #[must_use]
    pub fn has_exemplar(&self) -> bool {
        self.exemplar.is_some()
    }

    /// The exemplar attached to the sample.
    ///
    /// # Errors
    /// When its labels are malformed.
    pub fn exemplar(&self) -> Result<Option<ExemplarEntry>, ParseError> {
        self.exemplar.map(|exemplar| exemplar.decode()).transpose()
    }
}

/// A native histogram.
#[derive(Clone, Debug)]
pub struct HistogramEntry<'a> {
    /// Key of the series, as [`Series::raw`].
    pub raw: &'a [u8],
    /// Time of the sample, if the exposition says one.
    pub timestamp_ms: Option<TimestampMs>,
    /// When its counters began, if the exposition says so.
    pub start_ms: Option<TimestampMs>,
    /// The histogram.
    pub histogram: &'a Histogram,
    /// Exemplars of its buckets.
    pub exemplars: &'a [ExemplarEntry],
    pub(crate) origin: Origin<'a>,
}

impl HistogramEntry<'_> {
    /// Decodes the labels into `scratch`, as [`Series::labels`].
    ///
    /// # Errors
    /// When a name is there twice or the metric name is missing.
    pub fn labels(&self, scratch: &mut LabelScratch) -> Result<(), ParseError> {
        self.origin.decode(self.raw, scratch)
    }

    /// The labels as a set of their own.
    ///
    /// # Errors
    /// As for [`HistogramEntry::labels`].
    pub fn to_labels(&self) -> Result<Labels, ParseError> {
        let mut scratch = LabelScratch::default();
        self.labels(&mut scratch)?;
        Ok(scratch.to_labels())
    }
}

/// An exemplar whose time may be left to the scrape.
#[derive(Clone, Debug, PartialEq)]
pub struct ExemplarEntry {
    /// The exemplar's own labels.
    pub labels: Labels,
    /// Observed value.
    pub value: f64,
    /// When it was observed, if said.
    pub timestamp_ms: Option<TimestampMs>,
}

impl ExemplarEntry {
    /// The exemplar with a time: its own or else `default_ms`.
    #[must_use]
    pub fn at(self, default_ms: TimestampMs) -> Exemplar {
        Exemplar {
            labels: self.labels,
            value: self.value,
            timestamp_ms: self.timestamp_ms.unwrap_or(default_ms),
        }
    }
}

/// An exemplar whose labels are not decoded yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawExemplar<'a> {
    pub raw: &'a [u8],
    pub value: f64,
    pub timestamp_ms: Option<TimestampMs>,
    pub origin: Origin<'a>,
}

impl RawExemplar<'_> {
    fn decode(&self) -> Result<ExemplarEntry, ParseError> {
        let mut scratch = LabelScratch::default();
        self.origin.decode(self.raw, &mut scratch)?;
        Ok(ExemplarEntry { labels: scratch.to_labels(), value: self.value, timestamp_ms: self.timestamp_ms })
    }
}
