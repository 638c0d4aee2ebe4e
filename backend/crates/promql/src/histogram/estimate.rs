//! Estimates from native histograms: quantile, fraction, variance.

use model::Histogram;

use crate::annotations::Flags;
use crate::histogram::buckets::{Bucket, all};
use crate::kahan::Sum;

/// The φ-quantile: interpolated exponentially within exponential buckets, linearly within the zero bucket
/// and custom buckets.
pub(crate) fn quantile(phi: f64, h: &Histogram, flags: &mut Flags) -> f64 {
    if phi < 0.0 {
        return f64::NEG_INFINITY;
    }
    if phi > 1.0 {
        return f64::INFINITY;
    }
    if h.count == 0.0 || phi.is_nan() {
        return f64::NAN;
    }
    // NaN observations are in no bucket, so that the rank counts from below only.
    let forward = h.sum.is_nan() || phi < 0.5;
    let rank = if forward { phi * h.count } else { (1.0 - phi) * h.count };
    let mut buckets = all(h);
    if !forward {
        buckets.reverse();
    }
    let mut count = 0.0;
    let mut found = Bucket { lower: 0.0, upper: 0.0, count: 0.0 };
    for bucket in buckets.into_iter().filter(|b| b.count != 0.0) {
        found = bucket;
        count += bucket.count;
        if count >= rank {
            break;
        }
    }
    if !h.has_custom_buckets() {
        narrow_zero_bucket(h, &mut found);
    } else if found.lower == f64::NEG_INFINITY {
        if found.upper <= 0.0 {
            return found.upper;
        }
        found.lower = 0.0;
    } else if found.upper == f64::INFINITY {
        return found.lower;
    }
    count = count.min(h.count);
    if count < rank {
        if h.sum.is_nan() {
            flags.raise(Flags::QUANTILE_NAN);
            return f64::NAN;
        }
        return if forward { found.upper } else { found.lower };
    }
    if h.sum.is_nan() {
        flags.raise(Flags::QUANTILE_SKEWED);
    }
    let within = if forward { rank - (count - found.count) } else { count - rank };
    let fraction = within / found.count;
    if h.has_custom_buckets() || (found.lower <= 0.0 && found.upper >= 0.0) {
        return found.lower + (found.upper - found.lower) * fraction;
    }
    let (log_lower, log_upper) = (found.lower.abs().log2(), found.upper.abs().log2());
    if found.lower > 0.0 {
        (log_lower + (log_upper - log_lower) * fraction).exp2()
    } else {
        -(log_upper + (log_lower - log_upper) * (1.0 - fraction)).exp2()
    }
}

/// With observations on one side of zero only, the zero bucket is taken to lie on that side.
fn narrow_zero_bucket(h: &Histogram, bucket: &mut Bucket) {
    if bucket.lower < 0.0 && bucket.upper > 0.0 {
        match (h.negative_buckets.is_empty(), h.positive_buckets.is_empty()) {
            (true, false) => bucket.lower = 0.0,
            (false, true) => bucket.upper = 0.0,
            _ => {}
        }
    }
}

/// The share of observations between two bounds.
pub(crate) fn fraction(lower: f64, upper: f64, h: &Histogram, flags: &mut Flags) -> f64 {
    if h.count == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if h.sum.is_nan() {
        flags.raise(Flags::FRACTION_NAN);
    }
    if lower >= upper {
        return 0.0;
    }
    let mut rank = 0.0;
    let (mut lower_rank, mut upper_rank) = (None, None);
    let buckets = all(h);
    let in_buckets: f64 = buckets.iter().map(|b| b.count).sum();
    for mut bucket in buckets {
        let across_zero = bucket.lower <= 0.0 && bucket.upper >= 0.0;
        if across_zero {
            match (h.negative_buckets.is_empty(), h.positive_buckets.is_empty()) {
                (true, false) => bucket.lower = 0.0,
                (false, true) => bucket.upper = 0.0,
                _ => {}
            }
        }
        let linear = h.has_custom_buckets() || across_zero;
        for (bound, place) in [(lower, &mut lower_rank), (upper, &mut upper_rank)] {
            if place.is_some() {
                continue;
            }
            if bucket.lower >= bound {
                *place = Some(rank);
            } else if bucket.upper > bound {
                *place = Some(rank + bucket.count * share_below(bound, &bucket, linear));
            }
        }
        if lower_rank.is_some() && upper_rank.is_some() {
            break;
        }
        rank += bucket.count;
    }
    let total = if h.sum.is_nan() { in_buckets } else { h.count };
    let at = |place: Option<f64>| place.map_or(total, |r| r.min(total));
    (at(upper_rank) - at(lower_rank)) / h.count
}

fn share_below(value: f64, bucket: &Bucket, linear: bool) -> f64 {
    if linear {
        if bucket.upper == f64::INFINITY {
            return 0.0;
        }
        if bucket.lower == f64::NEG_INFINITY {
            return 1.0;
        }
        return (value - bucket.lower) / (bucket.upper - bucket.lower);
    }
    let (log_lower, log_upper) = (bucket.lower.abs().log2(), bucket.upper.abs().log2());
    let log_value = value.abs().log2();
    if value > 0.0 {
        (log_value - log_lower) / (log_upper - log_lower)
    } else {
        1.0 - (log_value - log_upper) / (log_lower - log_upper)
    }
}

/// Population variance, each observation taken to lie in the middle of its bucket.
pub(crate) fn variance(h: &Histogram) -> f64 {
    let mean = h.sum / h.count;
    let mut variance = Sum::default();
    for bucket in all(h).into_iter().filter(|b| b.count != 0.0) {
        let value = if h.has_custom_buckets() {
            f64::midpoint(bucket.lower, bucket.upper)
        } else if bucket.lower <= 0.0 && bucket.upper >= 0.0 {
            0.0
        } else {
            let middle = (bucket.lower * bucket.upper).sqrt();
            if bucket.upper < 0.0 { -middle } else { middle }
        };
        let delta = value - mean;
        variance.add(bucket.count * delta * delta);
    }
    variance.value() / h.count
}
