//! Buckets with their bounds, and the way from indexes back to spans.

pub(crate) use model::buckets::{Sparse, negative, positive, upper_bound};
use model::{Histogram, Span};

/// A bucket with its bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bucket {
    pub(crate) lower: f64,
    pub(crate) upper: f64,
    pub(crate) count: f64,
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

pub(crate) fn set_positive(h: &mut Histogram, buckets: &[(i32, f64)]) {
    (h.positive_spans, h.positive_buckets) = compact(buckets);
}

pub(crate) fn set_negative(h: &mut Histogram, buckets: &[(i32, f64)]) {
    (h.negative_spans, h.negative_buckets) = compact(buckets);
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
    fn indexes_halve_with_the_resolution() {
        assert_eq!((coarser_index(3, 1), coarser_index(0, 1), coarser_index(-1, 1)), (2, 0, 0));
    }

    proptest! {
        #[test]
        fn spans_and_back(map in proptest::collection::btree_map(-50i32..50, 1.0..9.0f64, 0..20)) {
            let list: Sparse = map.into_iter().collect();
            let (spans, populations) = compact(&list);
            prop_assert_eq!(model::buckets::expand(&spans, &populations), list);
        }
    }
}
