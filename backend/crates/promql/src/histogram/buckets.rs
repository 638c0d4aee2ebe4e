//! Buckets as a list of index and population, their bounds, and the way back to spans.

use model::{Histogram, Span};

/// A bucket with its bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bucket {
    pub(crate) lower: f64,
    pub(crate) upper: f64,
    pub(crate) count: f64,
}

/// Populations by index, ascending.
pub(crate) type Sparse = Vec<(i32, f64)>;

/// Spans and populations as a list. Populations beyond the spans, and spans beyond the populations, are
/// left out, and so are indexes beyond 32 bits.
pub(crate) fn expand(spans: &[Span], populations: &[f64]) -> Sparse {
    let mut out = Vec::with_capacity(populations.len());
    let mut index = 0_i64;
    let mut rest = populations.iter();
    for span in spans {
        index += i64::from(span.offset);
        for _ in 0..span.length {
            let (Some(count), Ok(at)) = (rest.next(), i32::try_from(index)) else { return out };
            out.push((at, *count));
            index += 1;
        }
    }
    out
}

/// Spans and populations of a list, without empty buckets.
pub(crate) fn compact(buckets: &[(i32, f64)]) -> (Vec<Span>, Vec<f64>) {
    let mut spans: Vec<Span> = Vec::new();
    let mut populations = Vec::with_capacity(buckets.len());
    let mut end = 0;
    for (index, count) in buckets.iter().filter(|(_, count)| *count != 0.0) {
        match spans.last_mut() {
            Some(span) if *index == end => span.length += 1,
            _ => spans.push(Span { offset: index - end, length: 1 }),
        }
        end = index + 1;
        populations.push(*count);
    }
    (spans, populations)
}

pub(crate) fn positive(h: &Histogram) -> Sparse {
    expand(&h.positive_spans, &h.positive_buckets)
}

pub(crate) fn negative(h: &Histogram) -> Sparse {
    expand(&h.negative_spans, &h.negative_buckets)
}

pub(crate) fn set_positive(h: &mut Histogram, buckets: &[(i32, f64)]) {
    (h.positive_spans, h.positive_buckets) = compact(buckets);
}

pub(crate) fn set_negative(h: &mut Histogram, buckets: &[(i32, f64)]) {
    (h.negative_spans, h.negative_buckets) = compact(buckets);
}

/// Upper bound of an exponential bucket: 2^(index · 2^−schema).
pub(crate) fn exponential_bound(schema: i32, index: i32) -> f64 {
    if schema <= 0 {
        let exponent = i64::from(index) << (-schema).clamp(0, 16);
        return power_of_two(exponent);
    }
    let schema = schema.min(30);
    let fraction = index & ((1 << schema) - 1);
    let exponent = i64::from(index >> schema);
    (f64::from(fraction) / f64::from(1 << schema)).exp2() * power_of_two(exponent)
}

fn power_of_two(exponent: i64) -> f64 {
    // Beyond these the result is 0 or infinite anyway.
    (exponent.clamp(-2000, 2000) as f64).exp2()
}

/// Upper bound of the bucket at `index`.
pub(crate) fn upper_bound(h: &Histogram, index: i32) -> f64 {
    if h.has_custom_buckets() {
        return usize::try_from(index)
            .ok()
            .and_then(|i| h.custom_values.get(i))
            .copied()
            .unwrap_or(if index < 0 { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    exponential_bound(h.schema, index)
}

/// The index after resolution is reduced by `by` steps.
pub(crate) fn coarser_index(index: i32, by: u32) -> i32 {
    ((index - 1) >> by.min(31)) + 1
}

/// All buckets from the lowest to the highest, the zero bucket included if it is populated.
pub(crate) fn all(h: &Histogram) -> Vec<Bucket> {
    let mut out: Vec<Bucket> = negative(h)
        .into_iter()
        .rev()
        .map(|(i, count)| Bucket { lower: -upper_bound(h, i), upper: -upper_bound(h, i - 1), count })
        .collect();
    if h.zero_count > 0.0 {
        out.push(Bucket { lower: -h.zero_threshold, upper: h.zero_threshold, count: h.zero_count });
    }
    out.extend(positive(h).into_iter().map(|(i, count)| Bucket {
        lower: upper_bound(h, i - 1),
        upper: upper_bound(h, i),
        count,
    }));
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bounds_grow_by_the_schema() {
        assert_eq!(exponential_bound(0, 3), 8.0);
        assert_eq!(exponential_bound(-1, 2), 16.0);
        assert!((exponential_bound(2, 1) - 2f64.powf(0.25)).abs() < 1e-15);
        assert_eq!(exponential_bound(3, -8), 0.5);
        assert_eq!((coarser_index(3, 1), coarser_index(0, 1), coarser_index(-1, 1)), (2, 0, 0));
    }

    proptest! {
        #[test]
        fn spans_and_back(map in proptest::collection::btree_map(-50i32..50, 1.0..9.0f64, 0..20)) {
            let list: Sparse = map.into_iter().collect();
            let (spans, populations) = compact(&list);
            prop_assert_eq!(expand(&spans, &populations), list);
        }
    }
}
