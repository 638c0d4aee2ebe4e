//! Native histograms in series notation: `{{schema:1 sum:5 count:4 buckets:[1 2 1]}}`.

use model::{Histogram, ResetHint, Span};

/// Reads what stands between the double braces.
pub(super) fn parse(text: &str) -> Result<Histogram, String> {
    let mut h = Histogram::default();
    let (mut offset, mut negative_offset) = (0, 0);
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (key, after) = rest.split_once(':').ok_or_else(|| format!("expected key:value in {rest:?}"))?;
        let after = after.trim_start();
        let (value, next) = if let Some(list) = after.strip_prefix('[') {
            list.split_once(']').ok_or_else(|| format!("the list of {key:?} is not closed"))?
        } else {
            after.split_once(char::is_whitespace).unwrap_or((after, ""))
        };
        match key.trim() {
            "schema" => h.schema = integer(value)?,
            "sum" => h.sum = float(value)?,
            "count" => h.count = float(value)?,
            "z_bucket" => h.zero_count = float(value)?,
            "z_bucket_w" => h.zero_threshold = float(value)?,
            "buckets" => h.positive_buckets = floats(value)?,
            "n_buckets" => h.negative_buckets = floats(value)?,
            "custom_values" => h.custom_values = floats(value)?,
            "offset" => offset = integer(value)?,
            "n_offset" => negative_offset = integer(value)?,
            "counter_reset_hint" => {
                h.reset_hint = match value {
                    "unknown" => ResetHint::Unknown,
                    "reset" => ResetHint::Reset,
                    "not_reset" => ResetHint::NotReset,
                    "gauge" => ResetHint::Gauge,
                    other => return Err(format!("unknown counter_reset_hint {other:?}")),
                }
            }
            other => return Err(format!("unknown key {other:?} in histogram")),
        }
        rest = next.trim_start();
    }
    h.positive_spans = spans(offset, h.positive_buckets.len());
    h.negative_spans = spans(negative_offset, h.negative_buckets.len());
    Ok(h)
}

fn spans(offset: i32, length: usize) -> Vec<Span> {
    if length == 0 { Vec::new() } else { vec![Span { offset, length: length as u32 }] }
}

fn integer(text: &str) -> Result<i32, String> {
    text.parse().map_err(|_| format!("{text:?} is not a whole number"))
}

fn floats(text: &str) -> Result<Vec<f64>, String> {
    text.split_whitespace().map(float).collect()
}

/// A float as Go reads it.
pub(super) fn float(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| format!("{text:?} is not a number"))
}
