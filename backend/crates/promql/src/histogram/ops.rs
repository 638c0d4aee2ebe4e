//! Arithmetic on native histograms.

use model::{Histogram, ResetHint};

use crate::histogram::buckets::{
    Sparse, coarser_index, negative, positive, set_negative, set_positive, upper_bound,
};

/// Exponential and custom buckets cannot be joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IncompatibleSchemas;

/// What happened on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Remarks {
    /// Custom bounds differed; only the common ones are left.
    pub(crate) reconciled: bool,
    /// One side says that it was reset, the other that it was not.
    pub(crate) reset_collision: bool,
}

/// Multiplies everything.
pub(crate) fn scale(h: &mut Histogram, factor: f64) {
    map_populations(h, |v| v * factor);
    if factor < 0.0 {
        h.reset_hint = ResetHint::Gauge;
    }
}

/// Divides everything. Division by zero leaves no buckets, as their bounds would mean nothing.
pub(crate) fn divide(h: &mut Histogram, divisor: f64) {
    map_populations(h, |v| v / divisor);
    if divisor == 0.0 {
        set_positive(h, &[]);
        set_negative(h, &[]);
    }
    if divisor < 0.0 {
        h.reset_hint = ResetHint::Gauge;
    }
}

fn map_populations(h: &mut Histogram, f: impl Fn(f64) -> f64) {
    h.count = f(h.count);
    h.sum = f(h.sum);
    h.zero_count = f(h.zero_count);
    for value in h.positive_buckets.iter_mut().chain(&mut h.negative_buckets) {
        *value = f(*value);
    }
}

/// `h += other`.
pub(crate) fn add(h: &mut Histogram, other: &Histogram) -> Result<Remarks, IncompatibleSchemas> {
    combine(h, other, 1.0)
}

/// `h -= other`.
pub(crate) fn subtract(h: &mut Histogram, other: &Histogram) -> Result<Remarks, IncompatibleSchemas> {
    combine(h, other, -1.0)
}

fn combine(h: &mut Histogram, other: &Histogram, sign: f64) -> Result<Remarks, IncompatibleSchemas> {
    if h.has_custom_buckets() != other.has_custom_buckets() {
        return Err(IncompatibleSchemas);
    }
    let mut remarks = Remarks::default();
    (h.reset_hint, remarks.reset_collision) = join_hints(h.reset_hint, other.reset_hint);
    h.count += sign * other.count;
    h.sum += sign * other.sum;
    if h.has_custom_buckets() {
        let mut theirs = positive(other);
        let mut ours = positive(h);
        if h.custom_values != other.custom_values {
            remarks.reconciled = true;
            let common: Vec<f64> =
                h.custom_values.iter().copied().filter(|b| other.custom_values.contains(b)).collect();
            ours = with_bounds(&ours, &h.custom_values, &common);
            theirs = with_bounds(&theirs, &other.custom_values, &common);
            h.custom_values = common;
        }
        set_positive(h, &joined(&ours, &theirs, sign));
        return Ok(remarks);
    }
    let other_zero = reconcile_zero_buckets(h, other);
    h.zero_count += sign * other_zero;
    let threshold = h.zero_threshold;
    let outside = |buckets: Sparse| -> Sparse {
        buckets.into_iter().filter(|(i, _)| upper_bound(other, *i) > threshold).collect()
    };
    let (mut their_positive, mut their_negative) = (outside(positive(other)), outside(negative(other)));
    let (mut our_positive, mut our_negative) = (positive(h), negative(h));
    let schema = h.schema.min(other.schema);
    coarsen(&mut our_positive, h.schema, schema);
    coarsen(&mut our_negative, h.schema, schema);
    coarsen(&mut their_positive, other.schema, schema);
    coarsen(&mut their_negative, other.schema, schema);
    h.schema = schema;
    set_positive(h, &joined(&our_positive, &their_positive, sign));
    set_negative(h, &joined(&our_negative, &their_negative, sign));
    Ok(remarks)
}

/// The hint of a result of two, and whether they contradict each other.
fn join_hints(a: ResetHint, b: ResetHint) -> (ResetHint, bool) {
    match (a, b) {
        _ if a == b => (a, false),
        (ResetHint::Gauge, _) | (_, ResetHint::Gauge) => (ResetHint::Gauge, false),
        (ResetHint::Unknown, _) | (_, ResetHint::Unknown) => (ResetHint::Unknown, false),
        _ => (ResetHint::Unknown, true),
    }
}

/// Populations under a subset of the bounds.
pub(crate) fn with_bounds(buckets: &[(i32, f64)], from: &[f64], to: &[f64]) -> Sparse {
    let mut out: Sparse = Vec::with_capacity(buckets.len());
    for (index, count) in buckets {
        let upper = usize::try_from(*index).ok().and_then(|i| from.get(i)).copied().unwrap_or(f64::INFINITY);
        let target = to.partition_point(|bound| *bound < upper) as i32;
        match out.last_mut() {
            Some((last, sum)) if *last == target => *sum += count,
            _ => out.push((target, *count)),
        }
    }
    out
}

/// Populations at a lower resolution.
pub(crate) fn coarsen(buckets: &mut Sparse, from: i32, to: i32) {
    if from <= to {
        return;
    }
    let by = from.abs_diff(to);
    let mut out: Sparse = Vec::with_capacity(buckets.len());
    for (index, count) in buckets.iter() {
        let target = coarser_index(*index, by);
        match out.last_mut() {
            Some((last, sum)) if *last == target => *sum += count,
            _ => out.push((target, *count)),
        }
    }
    *buckets = out;
}

fn joined(ours: &[(i32, f64)], theirs: &[(i32, f64)], sign: f64) -> Sparse {
    let mut out = Vec::with_capacity(ours.len() + theirs.len());
    let (mut a, mut b) = (ours.iter().peekable(), theirs.iter().peekable());
    loop {
        let next = match (a.peek(), b.peek()) {
            (None, None) => return out,
            (Some((i, _)), None) => *i,
            (None, Some((j, _))) => *j,
            (Some((i, _)), Some((j, _))) => *i.min(j),
        };
        let mut count = 0.0;
        if let Some((_, ours)) = a.next_if(|(i, _)| *i == next) {
            count += ours;
        }
        if let Some((_, theirs)) = b.next_if(|(j, _)| *j == next) {
            count += sign * theirs;
        }
        out.push((next, count));
    }
}

/// Widens the zero buckets until they are equally wide; gives the population of the other one.
fn reconcile_zero_buckets(h: &mut Histogram, other: &Histogram) -> f64 {
    let (mut count, mut threshold) = (other.zero_count, other.zero_threshold);
    // Each turn widens one of them to a bucket bound; there are only so many.
    for _ in 0..10_000 {
        if h.zero_threshold > threshold {
            (count, threshold) = widened_zero_bucket(other, h.zero_threshold);
        } else if threshold > h.zero_threshold {
            (h.zero_count, h.zero_threshold) = widened_zero_bucket(h, threshold);
            let within = h.zero_threshold;
            let outside = |h: &Histogram, buckets: Sparse| -> Sparse {
                buckets.into_iter().filter(|(i, _)| upper_bound(h, *i) > within).collect()
            };
            let (positive, negative) = (outside(h, positive(h)), outside(h, negative(h)));
            set_positive(h, &positive);
            set_negative(h, &negative);
        } else {
            break;
        }
    }
    count
}

/// Population and width of a zero bucket of at least `threshold`; it ends at a bound of a populated bucket
/// or outside of all of them.
pub(crate) fn widened_zero_bucket(h: &Histogram, mut threshold: f64) -> (f64, f64) {
    if threshold == h.zero_threshold {
        return (h.zero_count, threshold);
    }
    let sides = [positive(h), negative(h)];
    loop {
        let mut count = h.zero_count;
        let before = threshold;
        for side in &sides {
            for (index, population) in side {
                if upper_bound(h, index - 1) >= threshold {
                    break;
                }
                count += population;
                let upper = upper_bound(h, *index);
                if upper > threshold {
                    if *population != 0.0 {
                        threshold = upper;
                    }
                    break;
                }
            }
        }
        if threshold == before {
            return (count, threshold);
        }
    }
}

/// Without empty buckets.
pub(crate) fn compact(h: &mut Histogram) {
    let (positive, negative) = (positive(h), negative(h));
    set_positive(h, &positive);
    set_negative(h, &negative);
}

/// Whether two histograms are the same bit for bit, apart from reset hints and empty buckets' spans.
pub(crate) fn equal(a: &Histogram, b: &Histogram) -> bool {
    let bits = |v: &f64| v.to_bits();
    let same_buckets = |a: Sparse, b: Sparse| {
        let a = a.into_iter().filter(|(_, c)| *c != 0.0).map(|(i, c)| (i, c.to_bits()));
        a.eq(b.into_iter().filter(|(_, c)| *c != 0.0).map(|(i, c)| (i, c.to_bits())))
    };
    a.schema == b.schema
        && a.count.to_bits() == b.count.to_bits()
        && a.sum.to_bits() == b.sum.to_bits()
        && (a.has_custom_buckets()
            || (a.zero_threshold.to_bits() == b.zero_threshold.to_bits()
                && a.zero_count.to_bits() == b.zero_count.to_bits()))
        && (!a.has_custom_buckets() || a.custom_values.iter().map(bits).eq(b.custom_values.iter().map(bits)))
        && same_buckets(positive(a), positive(b))
        && same_buckets(negative(a), negative(b))
}
