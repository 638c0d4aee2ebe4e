//! The decoded entries of a family's head or of one metric, with the packed keys of their series.

use std::ops::Range;

use model::{BUCKET_LABEL, Histogram, METRIC_NAME, MetricType, TimestampMs};

use super::wire::Reader;
use crate::entry::{Entry, ExemplarEntry, HistogramEntry, Origin, RawExemplar, Series};
use crate::error::ParseError;
use crate::labels::{Notation, pack};
use crate::number::format_float;

/// The most bytes of keys that one metric may need: each bucket repeats the metric's labels, so that a small
/// message could ask for very many.
const MOST_KEY_BYTES: usize = 32 << 20;

/// Name and value of a label.
pub(super) type Pair<'a> = (&'a str, &'a str);

#[derive(Default)]
pub(super) struct Batch<'a> {
    keys: Vec<u8>,
    items: Vec<Item<'a>>,
    next: usize,
    offset: usize,
}

enum Item<'a> {
    Type(&'a str, MetricType),
    Help(&'a str, &'a str),
    Unit(&'a str, &'a str),
    Sample {
        key: Range<usize>,
        sample: Sample,
    },
    Histogram {
        key: Range<usize>,
        timestamp_ms: Option<TimestampMs>,
        start_ms: Option<TimestampMs>,
        value: Box<(Histogram, Vec<ExemplarEntry>)>,
    },
}

#[derive(Clone)]
struct Sample {
    timestamp_ms: Option<TimestampMs>,
    start_ms: Option<TimestampMs>,
    value: f64,
    also_native: bool,
    exemplar: Option<(Range<usize>, f64, Option<TimestampMs>)>,
}

/// An exemplar as a message has it.
pub(super) struct Exemplar<'a> {
    pub labels: Vec<Pair<'a>>,
    pub value: f64,
    pub timestamp_ms: Option<TimestampMs>,
}

/// What the samples of one metric have in common.
#[derive(Clone, Copy)]
pub(super) struct Metric<'m, 'a> {
    pub family: &'a str,
    pub labels: &'m [Pair<'a>],
    pub timestamp_ms: Option<TimestampMs>,
    /// When its counters began.
    pub start_ms: Option<TimestampMs>,
    /// Whether a native histogram of the same name goes before.
    pub also_native: bool,
}

impl<'a> Batch<'a> {
    pub(super) fn clear(&mut self) {
        self.keys.clear();
        self.items.clear();
        self.next = 0;
    }

    /// Refuses a metric whose labels times buckets grew too large.
    pub(super) fn check_size(&self, at: Reader<'_>) -> Result<(), ParseError> {
        if self.keys.len() > MOST_KEY_BYTES {
            return Err(
                at.error(format!("the labels of one metric's series take more than {MOST_KEY_BYTES} bytes"))
            );
        }
        Ok(())
    }

    pub(super) fn is_drained(&self) -> bool {
        self.next == self.items.len()
    }

    /// Opens a family: its name must be there; type, help and unit become entries.
    pub(super) fn family(
        &mut self,
        at: Reader<'_>,
        name: &'a str,
        metric_type: MetricType,
        help: &'a str,
        unit: &'a str,
    ) -> Result<(), ParseError> {
        self.offset = at.offset();
        if name.is_empty() {
            return Err(at.error("a metric family has no name"));
        }
        self.items.push(Item::Help(name, help));
        self.items.push(Item::Type(name, metric_type));
        if !unit.is_empty() {
            self.items.push(Item::Unit(name, unit));
        }
        Ok(())
    }

    /// Adds `family+suffix{labels, extra} value`.
    pub(super) fn sample(
        &mut self,
        metric: Metric<'_, 'a>,
        suffix: &str,
        extra: Option<(&str, &str)>,
        value: f64,
        exemplar: Option<Exemplar<'a>>,
    ) {
        let key = self.key(metric, suffix, extra);
        let exemplar = exemplar.map(|exemplar| {
            let start = self.keys.len();
            for (name, value) in &exemplar.labels {
                pack(&mut self.keys, name, value);
            }
            (start..self.keys.len(), exemplar.value, exemplar.timestamp_ms)
        });
        let Metric { timestamp_ms, start_ms, also_native, .. } = metric;
        let sample = Sample { timestamp_ms, start_ms, value, also_native, exemplar };
        self.items.push(Item::Sample { key, sample });
    }

    /// Adds a bucket of a classic histogram.
    pub(super) fn bucket(
        &mut self,
        metric: Metric<'_, 'a>,
        upper_bound: f64,
        count: f64,
        exemplar: Option<Exemplar<'a>>,
    ) {
        let bound = format_float(upper_bound);
        self.sample(metric, "_bucket", Some((BUCKET_LABEL, &bound)), count, exemplar);
    }

    /// Adds a native histogram.
    pub(super) fn histogram(
        &mut self,
        metric: Metric<'_, 'a>,
        histogram: Histogram,
        exemplars: Vec<ExemplarEntry>,
    ) {
        let key = self.key(metric, "", None);
        let value = Box::new((histogram, exemplars));
        let Metric { timestamp_ms, start_ms, .. } = metric;
        self.items.push(Item::Histogram { key, timestamp_ms, start_ms, value });
    }

    fn key(&mut self, metric: Metric<'_, 'a>, suffix: &str, extra: Option<(&str, &str)>) -> Range<usize> {
        let start = self.keys.len();
        if start > MOST_KEY_BYTES {
            return start..start;
        }
        if suffix.is_empty() {
            pack(&mut self.keys, METRIC_NAME, metric.family);
        } else {
            pack(&mut self.keys, METRIC_NAME, &format!("{}{suffix}", metric.family));
        }
        for (name, value) in metric.labels.iter().copied().chain(extra) {
            pack(&mut self.keys, name, value);
        }
        start..self.keys.len()
    }

    pub(super) fn next_entry(&mut self) -> Option<Entry<'_>> {
        let item = self.items.get(self.next)?;
        self.next += 1;
        // The parsers write bounds and quantiles in their normal form already.
        let origin = Origin {
            body: &[],
            offset: self.offset,
            notation: Notation::Packed,
            metric_type: MetricType::Unknown,
        };
        Some(match item {
            Item::Type(family, metric_type) => {
                Entry::Type { family: (*family).into(), metric_type: *metric_type }
            }
            Item::Help(family, help) => Entry::Help { family: (*family).into(), help: (*help).into() },
            Item::Unit(family, unit) => Entry::Unit { family: (*family).into(), unit: (*unit).into() },
            Item::Sample { key, sample } => Entry::Series(Series {
                raw: &self.keys[key.clone()],
                timestamp_ms: sample.timestamp_ms,
                start_ms: sample.start_ms,
                value: sample.value,
                also_native: sample.also_native,
                exemplar: sample.exemplar.as_ref().map(|(range, value, timestamp_ms)| RawExemplar {
                    raw: &self.keys[range.clone()],
                    value: *value,
                    timestamp_ms: *timestamp_ms,
                    origin,
                }),
                origin,
            }),
            Item::Histogram { key, timestamp_ms, start_ms, value } => Entry::Histogram(HistogramEntry {
                raw: &self.keys[key.clone()],
                timestamp_ms: *timestamp_ms,
                start_ms: *start_ms,
                histogram: &value.0,
                exemplars: &value.1,
                origin,
            }),
        })
    }
}

/// A label with a name.
pub(super) fn check_label<'a>(at: Reader<'_>, pair: Pair<'a>) -> Result<Pair<'a>, ParseError> {
    if pair.0.is_empty() { Err(at.error("a label has no name")) } else { Ok(pair) }
}

/// A `google.protobuf.Timestamp` in milliseconds.
pub(super) fn decode_timestamp(mut message: Reader<'_>) -> Result<TimestampMs, ParseError> {
    let (mut seconds, mut nanoseconds) = (0_i64, 0_i64);
    while let Some(field) = message.field()? {
        match field.number {
            1 => seconds = field.int()?,
            2 => nanoseconds = field.int()?,
            _ => {}
        }
    }
    Ok(seconds.saturating_mul(1000).saturating_add(nanoseconds / 1_000_000))
}
