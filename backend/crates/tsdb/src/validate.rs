//! What a native histogram has to fulfil, as in Prometheus.

use model::{Histogram, Span};
use storage::AppendError;

/// Buckets a histogram may have on one side; far more than any client makes.
const MAX_BUCKETS: usize = 10_000;

/// Checks that spans, buckets and counts agree.
pub(crate) fn check_histogram(histogram: &Histogram) -> Result<(), AppendError> {
    problem(histogram).map_or(Ok(()), |reason| Err(AppendError::InvalidHistogram(reason)))
}

fn problem(h: &Histogram) -> Option<String> {
    if model::is_stale_nan(h.sum) {
        return None;
    }
    if h.has_custom_buckets() {
        if !h.negative_spans.is_empty() || !h.negative_buckets.is_empty() || h.zero_count != 0.0 {
            return Some("custom buckets allow neither negative buckets nor a zero bucket".to_owned());
        }
        let ascending = h.custom_values.windows(2).all(|pair| pair[0] < pair[1]);
        if !ascending || h.custom_values.iter().any(|bound| bound.is_nan() || *bound == f64::INFINITY) {
            return Some("custom bounds must ascend and be less than +Inf".to_owned());
        }
        if h.positive_buckets.len() > h.custom_values.len() + 1 {
            return Some("more buckets than custom bounds".to_owned());
        }
    } else if !(-4..=8).contains(&h.schema) {
        return Some(format!("schema {} is not within -4 to 8", h.schema));
    } else if !h.custom_values.is_empty() {
        return Some("exponential buckets allow no custom bounds".to_owned());
    }
    check_side("positive", &h.positive_spans, &h.positive_buckets)
        .or_else(|| check_side("negative", &h.negative_spans, &h.negative_buckets))
        .or_else(|| {
            let not_a_count = |count: f64| count.is_nan() || count < 0.0;
            (not_a_count(h.count) || not_a_count(h.zero_count))
                .then(|| "a count is negative or not a number".to_owned())
        })
}

fn check_side(side: &str, spans: &[Span], buckets: &[f64]) -> Option<String> {
    if buckets.len() > MAX_BUCKETS || spans.len() > MAX_BUCKETS {
        return Some(format!("more than {MAX_BUCKETS} {side} buckets"));
    }
    let length: u64 = spans.iter().map(|span| u64::from(span.length)).sum();
    if length != buckets.len() as u64 {
        return Some(format!("{side} spans have {length} buckets, but {} are given", buckets.len()));
    }
    if spans.iter().skip(1).any(|span| span.offset < 0) {
        return Some(format!("a {side} span overlaps the one before it"));
    }
    if buckets.iter().any(|count| count.is_nan() || *count < 0.0) {
        return Some(format!("a {side} bucket is negative or not a number"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradictions_are_refused() {
        let good = Histogram {
            count: 3.0,
            sum: 5.0,
            positive_spans: vec![Span { offset: 0, length: 2 }],
            positive_buckets: vec![1.0, 2.0],
            ..Histogram::default()
        };
        assert!(check_histogram(&good).is_ok());
        let check = |change: fn(&mut Histogram)| {
            let mut bad = good.clone();
            change(&mut bad);
            check_histogram(&bad).unwrap_err().to_string()
        };
        assert!(check(|h| h.positive_buckets.push(1.0)).contains("spans have 2 buckets, but 3"));
        assert!(check(|h| h.schema = 9).contains("schema 9"));
        assert!(check(|h| h.positive_buckets[0] = -1.0).contains("negative"));
        assert!(check(|h| h.count = f64::NAN).contains("not a number"));
        assert!(
            check(|h| {
                h.schema = Histogram::CUSTOM_BUCKETS_SCHEMA;
                h.custom_values = vec![2.0, 1.0];
            })
            .contains("ascend")
        );
    }
}
