//! The parts of a native histogram below and above a value.

use model::Histogram;

use crate::histogram::buckets::{
    Bucket, Sparse, negative, positive, set_negative, set_positive, upper_bound,
};

/// Which part stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// `h </ v`
    Below,
    /// `h >/ v`
    Above,
}

/// What stays of a bucket: its population, and where it is taken to lie.
struct Part {
    count: f64,
    middle: f64,
}

/// Cuts `h` at `value`. A bucket that is cut in two is interpolated as for quantiles. When anything went
/// away, count and sum are estimated anew from the buckets.
pub(crate) fn trim(h: &Histogram, value: f64, keep: Keep) -> Histogram {
    let mut out = h.clone();
    let mut total = Part { count: 0.0, middle: 0.0 }; // `middle` sums up here
    let mut cut = false;
    let mut take = |bucket: Bucket, zero: bool| -> f64 {
        let part = part(h, &bucket, zero, value, keep);
        cut |= part.count != bucket.count;
        if part.count != 0.0 {
            total.count += part.count;
            total.middle += part.count * part.middle;
        }
        part.count
    };
    let mut side = |buckets: Sparse, mirrored: bool| -> Sparse {
        let bounds = |i: i32| (upper_bound(h, i - 1), upper_bound(h, i));
        let one = |(i, count): (i32, f64)| {
            let (lower, upper) = bounds(i);
            let (lower, upper) = if mirrored { (-upper, -lower) } else { (lower, upper) };
            (i, take(Bucket { lower, upper, count }, false))
        };
        buckets.into_iter().map(one).collect()
    };
    let up = side(positive(h), false);
    let down = side(negative(h), true);
    if h.zero_count != 0.0 {
        let (mut lower, mut upper) = (-h.zero_threshold, h.zero_threshold);
        match (h.negative_buckets.is_empty(), h.positive_buckets.is_empty()) {
            (true, false) => lower = 0.0,
            (false, true) => upper = 0.0,
            _ => {}
        }
        out.zero_count = take(Bucket { lower, upper, count: h.zero_count }, true);
    }
    if !cut {
        return h.clone();
    }
    set_positive(&mut out, &up);
    set_negative(&mut out, &down);
    (out.count, out.sum) = (total.count, total.middle);
    out
}

fn part(h: &Histogram, bucket: &Bucket, zero: bool, value: f64, keep: Keep) -> Part {
    let custom = h.has_custom_buckets();
    let Bucket { mut lower, upper, count } = *bucket;
    let none = Part { count: 0.0, middle: 0.0 };
    let below = keep == Keep::Below;
    // The far end of an open bucket is reached by an infinite value only.
    if (below && upper <= value) || (!below && lower >= value && value != f64::INFINITY) {
        return Part { count, middle: middle(custom || zero, lower, upper) };
    }
    if (below && lower >= value) || (!below && upper <= value) {
        return none;
    }
    match (lower == f64::NEG_INFINITY, upper == f64::INFINITY) {
        (true, true) => return none,
        (true, false) if upper > 0.0 => {
            // Without a lower bound, a bucket that ends above zero is taken to begin there.
            if (below && value <= 0.0) || (!below && value < 0.0) {
                return none;
            }
            lower = 0.0;
        }
        (true, false) => return if below { Part { count, middle: value } } else { none },
        (false, true) => return if below { none } else { Part { count, middle: value } },
        (false, false) => {}
    }
    let share_below = share_below(custom || zero, lower, upper, value);
    if below {
        Part { count: count * share_below, middle: middle(custom || zero, lower, value) }
    } else {
        Part { count: count * (1.0 - share_below), middle: middle(custom || zero, value, upper) }
    }
}

fn share_below(linear: bool, lower: f64, upper: f64, value: f64) -> f64 {
    if linear {
        return (value - lower) / (upper - lower);
    }
    let (from, to, at) = (lower.abs().log2(), upper.abs().log2(), value.abs().log2());
    (at - from) / (to - from)
}

/// Where the observations of a bucket are taken to lie.
fn middle(linear: bool, lower: f64, upper: f64) -> f64 {
    if linear {
        return match (lower == f64::NEG_INFINITY, upper == f64::INFINITY) {
            (true, _) if upper > 0.0 => upper / 2.0,
            (true, _) => upper,
            (_, true) => lower,
            _ => f64::midpoint(lower, upper),
        };
    }
    let middle = (lower * upper).sqrt();
    if upper <= 0.0 { -middle } else { middle }
}

#[cfg(test)]
mod tests {
    use model::Span;

    use super::*;

    #[test]
    fn the_two_parts_make_the_whole() {
        let h = Histogram {
            count: 7.0,
            sum: 9.0,
            zero_threshold: 0.5,
            zero_count: 1.0,
            positive_spans: vec![Span { offset: 0, length: 3 }],
            positive_buckets: vec![1.0, 2.0, 3.0],
            ..Histogram::default()
        };
        for value in [-1.0, 0.0, 0.25, 0.7, 1.0, 1.5, 3.0, 10.0] {
            let (below, above) = (trim(&h, value, Keep::Below), trim(&h, value, Keep::Above));
            assert!((below.count + above.count - 7.0).abs() < 1e-12, "{value}");
        }
    }
}
