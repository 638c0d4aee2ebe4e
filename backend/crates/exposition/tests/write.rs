//! What is written, and that it is read back as it was meant.

use exposition::write::{ExemplarRef, Totals, Writer};
use exposition::{Entry, Format, Parser, summary_strict};
use model::{Labels, MetricType};
use proptest::prelude::*;

fn sample(mut writer: Writer) -> String {
    writer
        .family_with_unit("job_seconds", MetricType::Counter, "Time \"spent\"\nin \\ jobs", "seconds")
        .sample_with(
            &[("queue", "a\"b\\c\nd")],
            1.5,
            Some(-1_500),
            Some(ExemplarRef {
                labels: &[("trace_id", "x")],
                value: 0.25,
                timestamp_ms: Some(1_700_000_000_123),
            }),
        )
        .sample(&[], 3.0);
    writer.family("up.now", MetricType::Gauge, "").sample(&[("zone é", "1")], f64::NAN).sample(&[], 1e9);
    writer.family("build", MetricType::Info, "Build").sample(&[("version", "1")], 1.0);
    let totals = Totals { sum: 2.5, count: 3 };
    writer.family("latency", MetricType::Histogram, "Latency").histogram(
        &[("path", "/")],
        &[(0.5, 1), (1.0, 2)],
        totals,
    );
    writer.family("size", MetricType::Summary, "Size").summary(&[], &[(0.5, 1.0), (1.0, 2.0)], totals);
    writer.family("odd", MetricType::Unknown, "").sample(&[], -0.5);
    writer.finish()
}

#[test]
fn text() {
    assert_eq!(
        sample(Writer::text()),
        r#"# HELP job_seconds_total Time "spent"\nin \\ jobs
# TYPE job_seconds_total counter
job_seconds_total{queue="a\"b\\c\nd"} 1.5 -1500
job_seconds_total 3
# TYPE "up.now" gauge
{"up.now","zone é"="1"} NaN
{"up.now"} 1e+09
# HELP build_info Build
# TYPE build_info gauge
build_info{version="1"} 1
# HELP latency Latency
# TYPE latency histogram
latency_bucket{path="/",le="0.5"} 1
latency_bucket{path="/",le="1.0"} 2
latency_bucket{path="/",le="+Inf"} 3
latency_sum{path="/"} 2.5
latency_count{path="/"} 3
# HELP size Size
# TYPE size summary
size{quantile="0.5"} 1
size{quantile="1.0"} 2
size_sum 2.5
size_count 3
# TYPE odd untyped
odd -0.5
"#
    );
}

#[test]
fn openmetrics() {
    assert_eq!(
        sample(Writer::openmetrics()),
        r#"# HELP job_seconds Time \"spent\"\nin \\ jobs
# TYPE job_seconds counter
# UNIT job_seconds seconds
job_seconds_total{queue="a\"b\\c\nd"} 1.5 -1.500 # {trace_id="x"} 0.25 1700000000.123
job_seconds_total 3.0
# TYPE "up.now" gauge
{"up.now","zone é"="1"} NaN
{"up.now"} 1e+09
# HELP build Build
# TYPE build info
build_info{version="1"} 1.0
# HELP latency Latency
# TYPE latency histogram
latency_bucket{path="/",le="0.5"} 1.0
latency_bucket{path="/",le="1.0"} 2.0
latency_bucket{path="/",le="+Inf"} 3.0
latency_sum{path="/"} 2.5
latency_count{path="/"} 3.0
# HELP size Size
# TYPE size summary
size{quantile="0.5"} 1.0
size{quantile="1.0"} 2.0
size_sum 2.5
size_count 3.0
# TYPE odd unknown
odd -0.5
# EOF
"#
    );
}

#[test]
fn classic_names_are_strictly_valid() {
    let mut writer = Writer::openmetrics();
    let totals = Totals { sum: 2.5, count: 3 };
    writer.family("g", MetricType::GaugeHistogram, "").histogram(&[], &[(1.0, 2)], totals);
    writer.family("h", MetricType::Histogram, "").histogram(&[("a", "1")], &[(1.0, 2)], totals);
    writer.family("c", MetricType::Counter, "").sample(&[], 1.0);
    let body = writer.finish();
    let found = summary_strict(body.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{body}"));
    assert_eq!((found.samples, found.typed_families()), (9, 3));
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z_][a-zA-Z0-9_]{0,8}", ".{1,8}"].prop_filter("not the name label", |n| n != "__name__")
}

proptest! {
    #[test]
    fn written_and_read_again(
        family in name(),
        help in any::<String>(),
        rows in proptest::collection::vec(
            (
                proptest::collection::btree_map(name(), any::<String>(), 0..4),
                any::<f64>().prop_filter("numbers", |v| !v.is_nan()),
                proptest::option::of(-1_000_000_000_000..4_000_000_000_000_i64),
            ),
            0..5,
        ),
    ) {
        for format in [Format::Text, Format::OpenMetrics] {
            let mut writer = Writer::new(format);
            let mut lines = writer.family(&family, MetricType::Gauge, &help);
            for (labels, value, timestamp) in &rows {
                let labels: Vec<(&str, &str)> = labels.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                let exemplar = ExemplarRef { labels: &labels, value: *value, timestamp_ms: *timestamp };
                lines.sample_with(&labels, *value, *timestamp, Some(exemplar));
            }
            let body = writer.finish();
            let mut parser = Parser::new(body.as_bytes(), format);
            let mut left = rows.iter();
            while let Some(entry) = parser.next_entry().map_err(|e| TestCaseError::fail(format!("{e}\n{body}")))? {
                match entry {
                    Entry::Series(series) => {
                        let (labels, value, timestamp) = left.next().unwrap();
                        let name = [("__name__", family.as_str())];
                        let pairs = labels.iter().map(|(n, v)| (n.as_str(), v.as_str()));
                        prop_assert_eq!(series.to_labels().unwrap(), Labels::from_pairs(pairs.clone().chain(name)));
                        prop_assert_eq!(series.value, *value);
                        prop_assert_eq!(series.timestamp_ms, *timestamp);
                        if format == Format::OpenMetrics {
                            let exemplar = series.exemplar().unwrap().unwrap();
                            prop_assert_eq!(exemplar.labels, Labels::from_pairs(pairs));
                        }
                    }
                    Entry::Help { family: named, help: found } => {
                        prop_assert_eq!(&named, &family);
                        prop_assert_eq!(&found, &help);
                    }
                    Entry::Type { family: named, metric_type } => {
                        prop_assert_eq!(&named, &family);
                        prop_assert_eq!(metric_type, MetricType::Gauge);
                    }
                    other => return Err(TestCaseError::fail(format!("{other:?}"))),
                }
            }
            prop_assert!(left.next().is_none());
        }
    }
}
