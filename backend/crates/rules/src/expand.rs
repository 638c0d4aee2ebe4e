//! Labels and values as templates see them.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::buckets::{lower_bound, negative, positive, upper_bound};
use model::{Histogram, Labels, Value};
use promql::VectorSample;
use templates::{Sample, SampleValue};

/// Labels by name.
pub(crate) fn by_name(labels: &Labels) -> BTreeMap<String, String> {
    labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A sample of a query's answer.
pub(crate) fn sample(sample: &VectorSample) -> Sample {
    Sample { labels: Arc::new(by_name(&sample.labels)), value: value(&sample.value) }
}

/// A value.
pub(crate) fn value(value: &Value) -> SampleValue {
    match value {
        Value::Float(value) => SampleValue::Float(*value),
        Value::Histogram(histogram) => SampleValue::Histogram(Arc::from(describe(histogram))),
    }
}

/// A native histogram as Prometheus prints one: count, sum, and the buckets that hold something, from the lowest
/// to the highest, with a round bracket where the bound does not belong to the bucket.
fn describe(histogram: &Histogram) -> String {
    let mut parts = vec![format!("count:{}", histogram.count), format!("sum:{}", histogram.sum)];
    let mut bucket = |from: char, low: f64, high: f64, to: char, count: f64| {
        if count != 0.0 {
            parts.push(format!("{from}{low},{high}{to}:{count}"));
        }
    };
    for (index, count) in negative(histogram).into_iter().rev() {
        bucket('[', -upper_bound(histogram, index), -lower_bound(histogram, index), ')', count);
    }
    bucket('[', -histogram.zero_threshold, histogram.zero_threshold, ']', histogram.zero_count);
    for (index, count) in positive(histogram) {
        bucket('(', lower_bound(histogram, index), upper_bound(histogram, index), ']', count);
    }
    format!("{{{}}}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use model::Span;

    use super::*;

    #[test]
    fn histograms_are_told_bucket_by_bucket() {
        let histogram = Histogram {
            count: 7.0,
            sum: 3.5,
            zero_threshold: 0.001,
            zero_count: 1.0,
            positive_spans: vec![Span { offset: 0, length: 3 }],
            positive_buckets: vec![1.0, 0.0, 2.0],
            negative_spans: vec![Span { offset: 1, length: 1 }],
            negative_buckets: vec![3.0],
            ..Histogram::default()
        };
        assert_eq!(
            describe(&histogram),
            "{count:7, sum:3.5, [-2,-1):3, [-0.001,0.001]:1, (0.5,1]:1, (2,4]:2}"
        );
    }
}
