//! Whether a counter histogram was reset between two samples.

use model::{Histogram, ResetHint};

use crate::histogram::buckets::{Sparse, negative, positive, upper_bound};
use crate::histogram::ops::{coarsen, widened_zero_bucket, with_bounds};

/// Whether a reset happened before `current`, the sample after `previous`.
pub(crate) fn detect(current: &Histogram, previous: &Histogram) -> bool {
    match current.reset_hint {
        ResetHint::Reset => return true,
        ResetHint::NotReset => return false,
        ResetHint::Unknown | ResetHint::Gauge => {}
    }
    if current.count < previous.count || current.has_custom_buckets() != previous.has_custom_buckets() {
        return true;
    }
    if current.has_custom_buckets() {
        let (mut ours, mut theirs) = (positive(current), positive(previous));
        if current.custom_values != previous.custom_values {
            let common: Vec<f64> = current
                .custom_values
                .iter()
                .copied()
                .filter(|bound| previous.custom_values.contains(bound))
                .collect();
            ours = with_bounds(&ours, &current.custom_values, &common);
            theirs = with_bounds(&theirs, &previous.custom_values, &common);
        }
        return any_fell(&ours, &theirs);
    }
    if current.schema > previous.schema || current.zero_threshold < previous.zero_threshold {
        return true;
    }
    let (zero_count, threshold) = widened_zero_bucket(previous, current.zero_threshold);
    if threshold != current.zero_threshold || current.zero_count < zero_count {
        return true;
    }
    let seen = |mut buckets: Sparse| {
        buckets.retain(|(i, _)| upper_bound(previous, *i) > threshold);
        coarsen(&mut buckets, previous.schema, current.schema);
        buckets
    };
    any_fell(&positive(current), &seen(positive(previous)))
        || any_fell(&negative(current), &seen(negative(previous)))
}

fn any_fell(current: &[(i32, f64)], previous: &[(i32, f64)]) -> bool {
    previous.iter().any(|(index, before)| {
        let now = current.binary_search_by_key(index, |(i, _)| *i).map_or(0.0, |at| current[at].1);
        now < *before
    })
}
