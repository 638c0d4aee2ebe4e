//! The schema of OpenMetrics 1.0 (`MetricSet`). Series get the names and labels of the text format:
//! `_total`, `_info`, `_bucket` and so on.

use model::{MetricType, QUANTILE_LABEL};

use super::Family;
use super::batch::{Batch, Exemplar, Metric, Pair, decode_timestamp};
use super::prometheus::decode_label;
use super::wire::{Field, Reader};
use crate::error::ParseError;
use crate::number::{format_float, ordinary};

const TYPES: [MetricType; 8] = [
    MetricType::Unknown,
    MetricType::Gauge,
    MetricType::Counter,
    MetricType::StateSet,
    MetricType::Info,
    MetricType::Histogram,
    MetricType::GaugeHistogram,
    MetricType::Summary,
];

/// The field of a set that holds its families.
pub(super) const FAMILY: u64 = 1;
/// The field of a family that holds its metrics.
pub(super) const METRIC: u64 = 5;

/// Opens a `MetricFamily`: the fields that all metrics need are read first, wherever they stand.
pub(super) fn decode_family<'a>(
    message: Reader<'a>,
    batch: &mut Batch<'a>,
) -> Result<Family<'a>, ParseError> {
    let (mut name, mut unit, mut help, mut kind) = ("", "", "", 0);
    let mut fields = message;
    while let Some(field) = fields.field()? {
        match field.number {
            1 => name = field.string()?,
            2 => kind = field.uint()?,
            3 => unit = field.string()?,
            4 => help = field.string()?,
            _ => {}
        }
    }
    let metric_type = usize::try_from(kind).ok().and_then(|kind| TYPES.get(kind)).copied();
    let Some(metric_type) = metric_type else {
        return Err(message.error(format!("metric family {name:?} has the unknown type {kind}")));
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
    let mut fields = message;
    while let Some(field) = fields.field()? {
        if field.number == 1 {
            labels.push(decode_label(field.message()?)?);
        }
    }
    let mut fields = message;
    while let Some(field) = fields.field()? {
        if field.number == 2 {
            decode_point(field.message()?, family, &labels, metric_type, batch)?;
        }
    }
    Ok(())
}

fn decode_point<'a>(
    message: Reader<'a>,
    family: &'a str,
    labels: &[Pair<'a>],
    metric_type: MetricType,
    batch: &mut Batch<'a>,
) -> Result<(), ParseError> {
    let wanted = match metric_type {
        MetricType::Unknown => 1,
        MetricType::Gauge => 2,
        MetricType::Counter => 3,
        MetricType::Histogram | MetricType::GaugeHistogram => 4,
        MetricType::StateSet => 5,
        MetricType::Info => 6,
        MetricType::Summary => 7,
    };
    let mut timestamp_ms = None;
    let mut value = None;
    let mut fields = message;
    while let Some(field) = fields.field()? {
        match field.number {
            8 => timestamp_ms = Some(decode_timestamp(field.message()?)?),
            number if number == wanted => value = Some(field.message()?),
            _ => {}
        }
    }
    let Some(value) = value else {
        return Err(
            message.error(format!("a point of family {family:?} has no value of its type, {metric_type}"))
        );
    };
    let metric = Metric { family, labels, timestamp_ms, start_ms: None, also_native: false };
    match metric_type {
        MetricType::Unknown | MetricType::Gauge => {
            let number = decode_number(value)?;
            batch.sample(metric, "", None, number, None);
            Ok(())
        }
        MetricType::Counter => decode_counter(value, metric, batch),
        MetricType::Histogram => decode_histogram(value, metric, ("_sum", "_count"), batch),
        MetricType::GaugeHistogram => decode_histogram(value, metric, ("_gsum", "_gcount"), batch),
        MetricType::StateSet => decode_states(value, metric, batch),
        MetricType::Info => decode_info(value, metric, batch),
        MetricType::Summary => decode_summary(value, metric, batch),
    }
}

/// A double in field 1 or a whole number in field 2.
fn decode_number(mut message: Reader<'_>) -> Result<f64, ParseError> {
    let mut value = 0.0;
    while let Some(field) = message.field()? {
        value = match field.number {
            1 => ordinary(field.double()?),
            2 => field.int()? as f64,
            _ => value,
        };
    }
    Ok(value)
}

/// `_created` as the text format has it: a sample whose value is the time in seconds.
fn created<'a>(batch: &mut Batch<'a>, metric: Metric<'_, 'a>, field: Field<'a>) -> Result<(), ParseError> {
    let milliseconds = decode_timestamp(field.message()?)?;
    batch.sample(metric, "_created", None, milliseconds as f64 / 1000.0, None);
    Ok(())
}

fn decode_counter<'a>(
    mut message: Reader<'a>,
    metric: Metric<'_, 'a>,
    batch: &mut Batch<'a>,
) -> Result<(), ParseError> {
    let (mut value, mut exemplar) = (0.0, None);
    while let Some(field) = message.field()? {
        match field.number {
            1 => value = ordinary(field.double()?),
            2 => value = field.uint()? as f64,
            3 => created(batch, metric, field)?,
            4 => exemplar = Some(decode_exemplar(field.message()?)?),
            _ => {}
        }
    }
    batch.sample(metric, "_total", None, value, exemplar);
    Ok(())
}

fn decode_histogram<'a>(
    message: Reader<'a>,
    metric: Metric<'_, 'a>,
    (sum_suffix, count_suffix): (&str, &str),
    batch: &mut Batch<'a>,
) -> Result<(), ParseError> {
    let (mut sum, mut count) = (None, 0);
    let mut fields = message;
    while let Some(field) = fields.field()? {
        match field.number {
            1 => sum = Some(ordinary(field.double()?)),
            2 => sum = Some(field.int()? as f64),
            3 => count = field.uint()?,
            4 => created(batch, metric, field)?,
            5 => {
                let (mut cumulative, mut bound, mut exemplar) = (0, 0.0, None);
                let mut parts = field.message()?;
                while let Some(part) = parts.field()? {
                    match part.number {
                        1 => cumulative = part.uint()?,
                        2 => bound = part.double()?,
                        3 => exemplar = Some(decode_exemplar(part.message()?)?),
                        _ => {}
                    }
                }
                batch.bucket(metric, bound, cumulative as f64, exemplar);
            }
            _ => {}
        }
    }
    if let Some(sum) = sum {
        batch.sample(metric, sum_suffix, None, sum, None);
    }
    batch.sample(metric, count_suffix, None, count as f64, None);
    Ok(())
}

fn decode_states<'a>(
    mut message: Reader<'a>,
    metric: Metric<'_, 'a>,
    batch: &mut Batch<'a>,
) -> Result<(), ParseError> {
    while let Some(field) = message.field()? {
        if field.number == 1 {
            let (mut enabled, mut name) = (false, "");
            let mut parts = field.message()?;
            while let Some(part) = parts.field()? {
                match part.number {
                    1 => enabled = part.uint()? != 0,
                    2 => name = part.string()?,
                    _ => {}
                }
            }
            let value = if enabled { 1.0 } else { 0.0 };
            batch.sample(metric, "", Some((metric.family, name)), value, None);
        }
    }
    Ok(())
}

fn decode_info<'a>(
    mut message: Reader<'a>,
    metric: Metric<'_, 'a>,
    batch: &mut Batch<'a>,
) -> Result<(), ParseError> {
    let mut labels = metric.labels.to_vec();
    while let Some(field) = message.field()? {
        if field.number == 1 {
            labels.push(decode_label(field.message()?)?);
        }
    }
    batch.sample(Metric { labels: &labels, ..metric }, "_info", None, 1.0, None);
    Ok(())
}

fn decode_summary<'a>(
    mut message: Reader<'a>,
    metric: Metric<'_, 'a>,
    batch: &mut Batch<'a>,
) -> Result<(), ParseError> {
    let (mut sum, mut count) = (None, 0);
    while let Some(field) = message.field()? {
        match field.number {
            1 => sum = Some(ordinary(field.double()?)),
            2 => sum = Some(field.int()? as f64),
            3 => count = field.uint()?,
            4 => created(batch, metric, field)?,
            5 => {
                let (mut quantile, mut value) = (0.0, 0.0);
                let mut parts = field.message()?;
                while let Some(part) = parts.field()? {
                    match part.number {
                        1 => quantile = part.double()?,
                        2 => value = ordinary(part.double()?),
                        _ => {}
                    }
                }
                let quantile = format_float(quantile);
                batch.sample(metric, "", Some((QUANTILE_LABEL, &quantile)), value, None);
            }
            _ => {}
        }
    }
    if let Some(sum) = sum {
        batch.sample(metric, "_sum", None, sum, None);
    }
    batch.sample(metric, "_count", None, count as f64, None);
    Ok(())
}

fn decode_exemplar<'a>(mut message: Reader<'a>) -> Result<Exemplar<'a>, ParseError> {
    let mut exemplar = Exemplar { labels: Vec::new(), value: 0.0, timestamp_ms: None };
    while let Some(field) = message.field()? {
        match field.number {
            1 => exemplar.value = ordinary(field.double()?),
            2 => exemplar.timestamp_ms = Some(decode_timestamp(field.message()?)?),
            3 => exemplar.labels.push(decode_label(field.message()?)?),
            _ => {}
        }
    }
    Ok(exemplar)
}
