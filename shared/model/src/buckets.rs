//! The buckets of a native histogram: populations by index, and the bounds that an index stands for.
//!
//! Source: the native histogram specification of the Prometheus documentation.

use crate::{Histogram, Span};

/// Populations by index, ascending.
pub type Sparse = Vec<(i32, f64)>;

/// Spans and populations as a list. Populations beyond the spans, and spans beyond the populations, are
/// left out, and so are indexes beyond 32 bits.
#[must_use]
pub fn expand(spans: &[Span], populations: &[f64]) -> Sparse {
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

/// Populations of the positive buckets.
#[must_use]
pub fn positive(h: &Histogram) -> Sparse {
    expand(&h.positive_spans, &h.positive_buckets)
}

/// Populations of the negative buckets, by the index of their mirror image.
#[must_use]
pub fn negative(h: &Histogram) -> Sparse {
    expand(&h.negative_spans, &h.negative_buckets)
}

/// Upper bound of an exponential bucket: 2^(index · 2^−schema).
#[must_use]
pub fn exponential_bound(schema: i32, index: i32) -> f64 {
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

/// Upper bound of the positive bucket at `index`.
#[must_use]
pub fn upper_bound(h: &Histogram, index: i32) -> f64 {
    if h.has_custom_buckets() {
        return usize::try_from(index)
            .ok()
            .and_then(|i| h.custom_values.get(i))
            .copied()
            .unwrap_or(if index < 0 { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    exponential_bound(h.schema, index)
}

/// Lower bound of the positive bucket at `index`.
#[must_use]
pub fn lower_bound(h: &Histogram, index: i32) -> f64 {
    upper_bound(h, index.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_grow_by_the_schema() {
        assert_eq!(exponential_bound(0, 3), 8.0);
        assert_eq!(exponential_bound(-1, 2), 16.0);
        assert!((exponential_bound(2, 1) - 2f64.powf(0.25)).abs() < 1e-15);
        assert_eq!(exponential_bound(3, -8), 0.5);
    }

    #[test]
    fn spans_and_populations_that_disagree_are_cut() {
        let spans = [Span { offset: -1, length: 2 }, Span { offset: 1, length: u32::MAX }];
        assert_eq!(expand(&spans, &[1.0, 2.0, 3.0]), [(-1, 1.0), (0, 2.0), (2, 3.0)]);
        assert_eq!(expand(&spans[..1], &[1.0, 2.0, 3.0]), [(-1, 1.0), (0, 2.0)]);
        let far = [Span { offset: i32::MAX, length: 2 }];
        assert_eq!(expand(&far, &[1.0, 2.0]), [(i32::MAX, 1.0)]);
    }
}
