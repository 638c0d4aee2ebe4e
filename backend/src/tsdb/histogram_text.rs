//! Native histograms on one line: `{count:6, sum:12.5, [-2,-1):1, [-0.001,0.001]:2, (1,2]:3}`.

use std::fmt::Write as _;

use model::Histogram;
use model::buckets::{lower_bound, negative, positive, upper_bound};

/// A float with as few digits as it takes.
pub(super) fn float(value: f64) -> String {
    let mut text = exposition::format_float(value);
    if text.ends_with(".0") {
        text.truncate(text.len() - 2);
    }
    text
}

/// A number of observations: whole ones without an exponent.
fn population(count: f64) -> String {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    if count.fract() == 0.0 && count.abs() < EXACT { format!("{count:.0}") } else { float(count) }
}

/// The histogram with the buckets that hold something.
pub(super) fn histogram(h: &Histogram) -> String {
    let mut out = format!("{{count:{}, sum:{}", population(h.count), float(h.sum));
    let mut push = |brackets: [char; 2], lower: f64, upper: f64, count: f64| {
        if count != 0.0 {
            let [open, close] = brackets;
            // Writing into a String cannot fail.
            let _ = write!(out, ", {open}{},{}{close}:{}", float(lower), float(upper), population(count));
        }
    };
    for (index, count) in negative(h).into_iter().rev() {
        push(['[', ')'], -upper_bound(h, index), -lower_bound(h, index), count);
    }
    if !h.has_custom_buckets() {
        push(['[', ']'], -h.zero_threshold, h.zero_threshold, h.zero_count);
    }
    for (index, count) in positive(h) {
        let open = if h.has_custom_buckets() && index == 0 { '[' } else { '(' };
        push([open, ']'], lower_bound(h, index), upper_bound(h, index), count);
    }
    out.push('}');
    out
}

#[cfg(test)]
mod tests {
    use model::Span;

    use super::*;

    #[test]
    fn buckets_ascend() {
        let both = Histogram {
            count: 6.0,
            sum: 12.5,
            zero_threshold: 0.001,
            zero_count: 2.0,
            negative_spans: vec![Span { offset: 1, length: 2 }],
            negative_buckets: vec![1.0, 0.0],
            positive_spans: vec![Span { offset: 0, length: 1 }, Span { offset: 1, length: 1 }],
            positive_buckets: vec![2.5e6, 3.5],
            ..Histogram::default()
        };
        assert_eq!(
            histogram(&both),
            "{count:6, sum:12.5, [-2,-1):1, [-0.001,0.001]:2, (0.5,1]:2500000, (2,4]:3.5}"
        );
        let custom = Histogram {
            schema: Histogram::CUSTOM_BUCKETS_SCHEMA,
            count: 3.0,
            sum: 1.0,
            positive_spans: vec![Span { offset: 0, length: 3 }],
            positive_buckets: vec![1.0, 1.0, 1.0],
            custom_values: vec![0.5, 1.0],
            ..Histogram::default()
        };
        assert_eq!(histogram(&custom), "{count:3, sum:1, [-Inf,0.5]:1, (0.5,1]:1, (1,+Inf]:1}");
    }

    #[test]
    fn spans_that_promise_too_much_are_cut() {
        let lies = Histogram {
            positive_spans: vec![Span { offset: 0, length: u32::MAX }, Span { offset: 0, length: 5 }],
            positive_buckets: vec![1.0],
            ..Histogram::default()
        };
        assert_eq!(histogram(&lies), "{count:0, sum:0, (0.5,1]:1}");
    }
}
