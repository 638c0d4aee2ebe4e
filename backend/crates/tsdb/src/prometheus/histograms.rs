//! Native histograms in Prometheus' records.

use model::{Histogram, ResetHint, Span};

use super::cursor::{Cursor, Malformed};

/// Decodes a histogram. With integer populations a bucket is told by its difference to the one before;
/// with `float` populations each stands for itself.
pub(super) fn decode(cursor: &mut Cursor<'_>, float: bool) -> Result<Histogram, Malformed> {
    let reset_hint = match cursor.byte()? {
        0 => ResetHint::Unknown,
        1 => ResetHint::Reset,
        2 => ResetHint::NotReset,
        3 => ResetHint::Gauge,
        _ => return Err(Malformed),
    };
    let schema = i32::try_from(cursor.int()?).map_err(|_| Malformed)?;
    let zero_threshold = cursor.float()?;
    let zero_count = population(cursor, float)?;
    let count = population(cursor, float)?;
    let sum = cursor.float()?;
    let positive_spans = spans(cursor)?;
    let negative_spans = spans(cursor)?;
    let buckets = if float { floats } else { differences };
    let positive_buckets = buckets(cursor)?;
    let negative_buckets = buckets(cursor)?;
    let custom_values = if schema == Histogram::CUSTOM_BUCKETS_SCHEMA { floats(cursor)? } else { Vec::new() };
    Ok(Histogram {
        reset_hint,
        schema,
        zero_threshold,
        zero_count,
        count,
        sum,
        positive_spans,
        negative_spans,
        positive_buckets,
        negative_buckets,
        custom_values,
    })
}

fn population(cursor: &mut Cursor<'_>, float: bool) -> Result<f64, Malformed> {
    if float { cursor.float() } else { cursor.uint().map(|count| count as f64) }
}

fn spans(cursor: &mut Cursor<'_>) -> Result<Vec<Span>, Malformed> {
    let count = cursor.count(2)?;
    (0..count)
        .map(|_| {
            let offset = i32::try_from(cursor.int()?).map_err(|_| Malformed)?;
            let length = u32::try_from(cursor.uint()?).map_err(|_| Malformed)?;
            Ok(Span { offset, length })
        })
        .collect()
}

fn floats(cursor: &mut Cursor<'_>) -> Result<Vec<f64>, Malformed> {
    let count = cursor.count(8)?;
    (0..count).map(|_| cursor.float()).collect()
}

fn differences(cursor: &mut Cursor<'_>) -> Result<Vec<f64>, Malformed> {
    let count = cursor.count(1)?;
    let mut population = 0i64;
    (0..count)
        .map(|_| {
            population = population.wrapping_add(cursor.int()?);
            Ok(population as f64)
        })
        .collect()
}
