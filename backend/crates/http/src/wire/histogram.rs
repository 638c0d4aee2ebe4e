//! Native histograms as Prometheus' JSON has them: count, sum, and the buckets that hold something, each
//! with a number that says which of its bounds belong to it.

use model::Histogram;
use model::buckets::{lower_bound, negative, positive, upper_bound};

use super::float::{push_float, push_seconds};

/// Bounds of a bucket in the JSON: which ends are inside.
#[derive(Clone, Copy)]
enum Ends {
    Upper = 0,
    Lower = 1,
    Both = 3,
}

/// Appends `[time,{…}]`.
pub(crate) fn push_histogram_point(out: &mut Vec<u8>, t_ms: i64, histogram: &Histogram) {
    out.push(b'[');
    push_seconds(out, t_ms);
    out.extend_from_slice(b",{\"count\":\"");
    push_float(out, histogram.count);
    out.extend_from_slice(b"\",\"sum\":\"");
    push_float(out, histogram.sum);
    out.push(b'"');
    let mut buckets = Buckets { out, any: false };
    let custom = histogram.has_custom_buckets();
    for (index, count) in negative(histogram).into_iter().rev() {
        let (near, far) = (lower_bound(histogram, index), upper_bound(histogram, index));
        buckets.push(Ends::Lower, -far, -near, count);
    }
    if !custom {
        let zero = histogram.zero_threshold;
        buckets.push(Ends::Both, -zero, zero, histogram.zero_count);
    }
    for (index, count) in positive(histogram) {
        let ends = if custom && index == 0 { Ends::Both } else { Ends::Upper };
        buckets.push(ends, lower_bound(histogram, index), upper_bound(histogram, index), count);
    }
    let any = buckets.any;
    out.extend_from_slice(if any { b"]}]" } else { b"}]" });
}

struct Buckets<'a> {
    out: &'a mut Vec<u8>,
    any: bool,
}

impl Buckets<'_> {
    fn push(&mut self, ends: Ends, lower: f64, upper: f64, count: f64) {
        if count == 0.0 {
            return;
        }
        self.out.extend_from_slice(if self.any { b",[" } else { b",\"buckets\":[[" });
        self.any = true;
        self.out.push(b'0' + ends as u8);
        for number in [lower, upper, count] {
            self.out.extend_from_slice(b",\"");
            push_float(self.out, number);
            self.out.push(b'"');
        }
        self.out.push(b']');
    }
}

#[cfg(test)]
mod tests {
    use model::Span;

    use super::*;

    fn json(histogram: &Histogram) -> String {
        let mut out = Vec::new();
        push_histogram_point(&mut out, 1_000, histogram);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn buckets_ascend_from_the_negative_ones_and_empty_ones_are_left_out() {
        let histogram = Histogram {
            schema: 0,
            zero_threshold: 0.001,
            zero_count: 2.0,
            count: 9.0,
            sum: 4.5,
            positive_spans: vec![Span { offset: 0, length: 2 }, Span { offset: 1, length: 1 }],
            positive_buckets: vec![1.0, 0.0, 3.0],
            negative_spans: vec![Span { offset: 1, length: 1 }],
            negative_buckets: vec![3.0],
            ..Histogram::default()
        };
        assert_eq!(
            json(&histogram),
            r#"[1,{"count":"9","sum":"4.5","buckets":[[1,"-2","-1","3"],[3,"-0.001","0.001","2"],[0,"0.5","1","1"],[0,"4","8","3"]]}]"#
        );
    }

    #[test]
    fn custom_bounds_and_an_empty_histogram() {
        let custom = Histogram {
            schema: Histogram::CUSTOM_BUCKETS_SCHEMA,
            count: 3.0,
            sum: 1.0,
            positive_spans: vec![Span { offset: 0, length: 2 }],
            positive_buckets: vec![1.0, 2.0],
            custom_values: vec![0.5],
            ..Histogram::default()
        };
        assert_eq!(
            json(&custom),
            r#"[1,{"count":"3","sum":"1","buckets":[[3,"-Inf","0.5","1"],[0,"0.5","+Inf","2"]]}]"#
        );
        assert_eq!(json(&Histogram::default()), r#"[1,{"count":"0","sum":"0"}]"#);
    }
}
