//! The schema `io.prometheus.client` (metrics.proto of client_model): families with classic and native
//! histograms.

use model::{BUCKET_LABEL, Histogram, Labels, MetricType, QUANTILE_LABEL, ResetHint, Span};

use super::Family;
use super::batch::{Batch, Exemplar, Metric, Pair, check_label, decode_timestamp};
use super::wire::{Field, Reader};
use crate::entry::ExemplarEntry;
use crate::error::ParseError;
use crate::number::{format_float, ordinary};

const COUNTER: u64 = 0;
const GAUGE: u64 = 1;
const SUMMARY: u64 = 2;
const UNTYPED: u64 = 3;
const HISTOGRAM: u64 = 4;
const GAUGE_HISTOGRAM: u64 = 5;

/// The field of a family that holds its metrics.
pub(super) const METRIC: u64 = 4;

/// Opens a `MetricFamily`: the fields that all metrics need are read first, wherever they stand.
pub(super) fn decode_family<'a>(
    message: Reader<'a>,
    batch: &mut Batch<'a>,
) -> Result<Family<'a>, ParseError> {
    let (mut name, mut help, mut unit, mut kind) = ("", "", "", COUNTER);
    let mut fields = message;
    while let Some(field) = fields.field()? {
        match field.number {
            1 => name = field.string()?,
            2 => help = field.string()?,
            3 => kind = field.uint()?,
            5 => unit = field.string()?,
            _ => {}
        }
    }
    let metric_type = match kind {
        COUNTER => MetricType::Counter,
        GAUGE => MetricType::Gauge,
        SUMMARY => MetricType::Summary,
        UNTYPED => MetricType::Unknown,
        HISTOGRAM => MetricType::Histogram,
        GAUGE_HISTOGRAM => MetricType::GaugeHistogram,
        other => return Err(message.error(format!("metric family {name:?} has the unknown type {other}"))),
    };
    batch.family(message, name, metric_type, help, unit)?;
    Ok(Family { name, metric_type, fields: message })
}

/// Decodes a `Metric`.
pub(super) fn decode_metric<'a>(
    message: Reader<'a>,
    Family { name: family, metric_type, .. }: Family<'a>,
    batch: &mut Batch<'a>,
) -> Result<(), ParseError> {
    let mut labels = Vec::new();
    let mut timestamp_ms = None;
    let mut fields = message;
    let mut value: Option<Field<'a>> = None;
    let wanted = match metric_type {
        MetricType::Gauge => 2,
        MetricType::Counter => 3,
        MetricType::Summary => 4,
        MetricType::Histogram | MetricType::GaugeHistogram => 7,
        _ => 5,
    };
    while let Some(field) = fields.field()? {
        match field.number {
            1 => labels.push(decode_label(field.message()?)?),
            6 => timestamp_ms = Some(field.int()?).filter(|t| *t != 0),
            number if number == wanted => value = Some(field),
            _ => {}
        }
    }
    let Some(value) = value else {
        return Err(
            message.error(format!("a metric of family {family:?} has no value of its type, {metric_type}"))
        );
    };
    let metric = Metric { family, labels: &labels, timestamp_ms, start_ms: None, also_native: false };
    let value = value.message()?;
    match metric_type {
        MetricType::Summary => decode_summary(value, metric, batch),
        MetricType::Histogram | MetricType::GaugeHistogram => {
            decode_histogram(value, metric, metric_type, batch)
        }
        _ => decode_simple(value, metric, metric_type == MetricType::Counter, batch),
    }
}

/// Counter, gauge or untyped: a value and, for a counter, an exemplar and when it began.
fn decode_simple<'a>(
    mut message: Reader<'a>,
    mut metric: Metric<'_, 'a>,
    is_counter: bool,
    batch: &mut Batch<'a>,
) -> Result<(), ParseError> {
    let (mut value, mut exemplar) = (0.0, None);
    while let Some(field) = message.field()? {
        match field.number {
            1 => value = field.double()?,
            2 => exemplar = Some(decode_exemplar(field.message()?)?),
            3 if is_counter => metric.start_ms = Some(decode_timestamp(field.message()?)?),
            _ => {}
        }
    }
    batch.sample(metric, "", None, ordinary(value), exemplar);
    Ok(())
}

fn decode_summary<'a>(
    message: Reader<'a>,
    mut metric: Metric<'_, 'a>,
    batch: &mut Batch<'a>,
) -> Result<(), ParseError> {
    let (mut count, mut sum, mut start_ms) = (0, 0.0, None);
    let mut fields = message;
    while let Some(field) = fields.field()? {
        match field.number {
            1 => count = field.uint()?,
            2 => sum = field.double()?,
            3 => {
                let (mut quantile, mut value) = (0.0, 0.0);
                let mut parts = field.message()?;
                while let Some(part) = parts.field()? {
                    match part.number {
                        1 => quantile = part.double()?,
                        2 => value = part.double()?,
                        _ => {}
                    }
                }
                let quantile = format_float(quantile);
                batch.sample(metric, "", Some((QUANTILE_LABEL, &quantile)), ordinary(value), None);
            }
            4 => start_ms = Some(decode_timestamp(field.message()?)?),
            _ => {}
        }
    }
    metric.start_ms = start_ms; // of what counts; quantiles do not
    batch.sample(metric, "_sum", None, ordinary(sum), None);
    batch.sample(metric, "_count", None, count as f64, None);
    Ok(())
}

/// Sides of a native histogram while they are read: spans, and buckets as deltas or as counts.
#[derive(Default)]
struct Side {
    spans: Vec<Span>,
    deltas: Vec<i64>,
    counts: Vec<f64>,
}

impl Side {
    fn buckets(self, float: bool) -> Option<(Vec<Span>, Vec<f64>)> {
        let buckets = if float {
            self.counts
        } else {
            let mut count = 0_i64;
            let mut absolute = Vec::with_capacity(self.deltas.len());
            for delta in self.deltas {
                count = count.checked_add(delta)?;
                absolute.push(count as f64);
            }
            absolute
        };
        let spanned: u64 = self.spans.iter().map(|span| u64::from(span.length)).sum();
        (spanned == buckets.len() as u64).then_some((self.spans, buckets))
    }
}

fn decode_histogram<'a>(
    message: Reader<'a>,
    mut metric: Metric<'_, 'a>,
    metric_type: MetricType,
    batch: &mut Batch<'a>,
) -> Result<(), ParseError> {
    let (mut count, mut float_count, mut sum) = (0, 0.0, 0.0);
    let (mut schema, mut zero_threshold, mut zero_count, mut float_zero_count) = (0, 0.0, 0, 0.0);
    let (mut negative, mut positive) = (Side::default(), Side::default());
    let mut exemplars = Vec::new();
    let mut buckets: Vec<(f64, f64, Option<Exemplar<'a>>)> = Vec::new();
    let mut fields = message;
    while let Some(field) = fields.field()? {
        match field.number {
            1 => count = field.uint()?,
            2 => sum = field.double()?,
            3 => buckets.push(decode_bucket(field.message()?)?),
            4 => float_count = field.double()?,
            5 => schema = field.zigzag32()?,
            6 => zero_threshold = field.double()?,
            7 => zero_count = field.uint()?,
            8 => float_zero_count = field.double()?,
            9 => negative.spans.push(decode_span(field.message()?)?),
            10 => field.append_zigzags(&mut negative.deltas)?,
            11 => field.append_doubles(&mut negative.counts)?,
            12 => positive.spans.push(decode_span(field.message()?)?),
            13 => field.append_zigzags(&mut positive.deltas)?,
            14 => field.append_doubles(&mut positive.counts)?,
            15 if metric_type == MetricType::Histogram => {
                metric.start_ms = Some(decode_timestamp(field.message()?)?);
            }
            16 => exemplars.push(decode_exemplar(field.message()?)?),
            _ => {}
        }
    }
    let float = float_count > 0.0 || float_zero_count > 0.0;
    let count = if float { float_count } else { count as f64 };
    let is_native = !positive.spans.is_empty()
        || !negative.spans.is_empty()
        || zero_threshold > 0.0
        || zero_count > 0
        || float_zero_count > 0.0;
    if is_native {
        let mismatch = || message.error("a native histogram's spans do not fit its buckets");
        let (positive_spans, positive_buckets) = positive.buckets(float).ok_or_else(mismatch)?;
        let (negative_spans, negative_buckets) = negative.buckets(float).ok_or_else(mismatch)?;
        let gauge = metric_type == MetricType::GaugeHistogram;
        let histogram = Histogram {
            reset_hint: if gauge { ResetHint::Gauge } else { ResetHint::Unknown },
            schema,
            zero_threshold,
            zero_count: if float { float_zero_count } else { zero_count as f64 },
            count,
            sum: ordinary(sum),
            positive_spans,
            negative_spans,
            positive_buckets,
            negative_buckets,
            custom_values: Vec::new(),
        };
        if exemplars.is_empty() {
            exemplars.extend(buckets.iter_mut().filter_map(|(_, _, exemplar)| exemplar.take()));
        }
        let exemplars = exemplars.into_iter().map(finished).collect();
        batch.histogram(metric, histogram, exemplars);
        if buckets.is_empty() {
            return Ok(());
        }
        metric.also_native = true;
    }
    if metric.labels.iter().any(|(name, _)| *name == BUCKET_LABEL) {
        return Err(message.error("a histogram has a label named \"le\" of its own"));
    }
    let closed = buckets.last().is_some_and(|(bound, _, _)| *bound == f64::INFINITY);
    for (bound, cumulative, exemplar) in buckets {
        batch.bucket(metric, bound, cumulative, exemplar);
    }
    if !closed {
        batch.bucket(metric, f64::INFINITY, count, None);
    }
    batch.sample(metric, "_sum", None, ordinary(sum), None);
    batch.sample(metric, "_count", None, count, None);
    Ok(())
}

fn decode_bucket<'a>(mut message: Reader<'a>) -> Result<(f64, f64, Option<Exemplar<'a>>), ParseError> {
    let (mut bound, mut count, mut float_count, mut exemplar) = (0.0, 0, 0.0, None);
    while let Some(field) = message.field()? {
        match field.number {
            1 => count = field.uint()?,
            2 => bound = field.double()?,
            3 => exemplar = Some(decode_exemplar(field.message()?)?),
            4 => float_count = field.double()?,
            _ => {}
        }
    }
    let count = if float_count > 0.0 { float_count } else { count as f64 };
    Ok((bound, count, exemplar))
}

fn decode_span(mut message: Reader<'_>) -> Result<Span, ParseError> {
    let (mut offset, mut length) = (0, 0);
    while let Some(field) = message.field()? {
        match field.number {
            1 => offset = field.zigzag32()?,
            2 => length = field.uint32()?,
            _ => {}
        }
    }
    Ok(Span { offset, length })
}

fn decode_exemplar<'a>(mut message: Reader<'a>) -> Result<Exemplar<'a>, ParseError> {
    let mut exemplar = Exemplar { labels: Vec::new(), value: 0.0, timestamp_ms: None };
    while let Some(field) = message.field()? {
        match field.number {
            1 => exemplar.labels.push(decode_label(field.message()?)?),
            2 => exemplar.value = ordinary(field.double()?),
            3 => exemplar.timestamp_ms = Some(decode_timestamp(field.message()?)?),
            _ => {}
        }
    }
    Ok(exemplar)
}

fn finished(exemplar: Exemplar<'_>) -> ExemplarEntry {
    ExemplarEntry {
        labels: Labels::from_pairs(exemplar.labels),
        value: exemplar.value,
        timestamp_ms: exemplar.timestamp_ms,
    }
}

pub(super) fn decode_label<'a>(message: Reader<'a>) -> Result<Pair<'a>, ParseError> {
    let (mut name, mut value) = ("", "");
    let mut fields = message;
    while let Some(field) = fields.field()? {
        match field.number {
            1 => name = field.string()?,
            2 => value = field.string()?,
            _ => {}
        }
    }
    check_label(message, (name, value))
}
