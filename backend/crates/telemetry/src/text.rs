//! Own metrics as text 0.0.4, for clients that do not read OpenMetrics. The series lines are the same; only
//! the names in `# HELP` and `# TYPE` differ, exemplars and units are left out.

use exposition::{Entry, Format, Parser, format_float};
use model::MetricType;

/// Rewrites OpenMetrics text.
pub(crate) fn text_from_openmetrics(openmetrics: &str) -> String {
    let mut out = String::with_capacity(openmetrics.len());
    let mut parser = Parser::new(openmetrics.as_bytes(), Format::OpenMetrics);
    let mut help_of = (String::new(), String::new());
    loop {
        match parser.next_entry() {
            Ok(Some(Entry::Help { family, help })) => help_of = (family.into_owned(), help.into_owned()),
            Ok(Some(Entry::Type { family, metric_type })) => {
                let (suffix, word) = match metric_type {
                    MetricType::Counter => ("_total", "counter"),
                    MetricType::Info => ("_info", "gauge"),
                    MetricType::StateSet => ("", "gauge"),
                    MetricType::GaugeHistogram => ("", "histogram"),
                    MetricType::Unknown => ("", "untyped"),
                    MetricType::Gauge | MetricType::Histogram | MetricType::Summary => {
                        ("", metric_type.as_str())
                    }
                };
                if help_of.0 == family {
                    let help = help_of.1.replace('\\', "\\\\").replace('\n', "\\n");
                    out.push_str(&format!("# HELP {family}{suffix} {help}\n"));
                }
                out.push_str(&format!("# TYPE {family}{suffix} {word}\n"));
            }
            Ok(Some(Entry::Series(series))) => {
                out.push_str(&String::from_utf8_lossy(series.raw));
                out.push(' ');
                let value = format_float(series.value);
                out.push_str(value.strip_suffix(".0").unwrap_or(&value));
                out.push('\n');
            }
            Ok(Some(_)) => {}
            Ok(None) => return out,
            Err(error) => {
                // Our own text is well formed unless a metric has an impossible name.
                tracing::error!(%error, "failed to convert own metrics to text format");
                return out;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::metrics::family::Family;
    use prometheus_client::metrics::gauge::Gauge;
    use prometheus_client::metrics::histogram::Histogram;

    use crate::Registry;

    #[test]
    fn the_same_metrics_in_both_formats() {
        let registry = Registry::new();
        let requests = registry.register(
            "requests",
            "Requests with a \\ in it",
            Family::<Vec<(String, String)>, Counter>::default(),
        );
        requests.get_or_create(&vec![("path".into(), "/a\"b".into())]).inc_by(3);
        registry.register("temperature", "Warmth", Gauge::<i64>::default()).set(-4);
        registry.register("wait_seconds", "Wait", Histogram::new([0.5, 1.0])).observe(0.7);
        registry.register("never", "Never used", Family::<Vec<(String, String)>, Counter>::default());

        let (openmetrics, content_type) =
            registry.encode_for("application/openmetrics-text;version=1.0.0,*/*;q=0.1");
        assert!(openmetrics.ends_with("# EOF\n") && content_type.starts_with("application/openmetrics-text"));
        let (text, content_type) = registry.encode_for("text/plain");
        assert!(content_type.starts_with("text/plain; version=0.0.4"));
        let want = "# HELP requests_total Requests with a \\\\ in it.\n# TYPE requests_total counter\n\
            requests_total{path=\"/a\\\"b\"} 3\n\
            # HELP temperature Warmth.\n# TYPE temperature gauge\ntemperature -4\n\
            # HELP wait_seconds Wait.\n# TYPE wait_seconds histogram\n\
            wait_seconds_sum 0.7\nwait_seconds_count 1\nwait_seconds_bucket{le=\"0.5\"} 0\n\
            wait_seconds_bucket{le=\"1.0\"} 1\nwait_seconds_bucket{le=\"+Inf\"} 1\n";
        assert_eq!(text, want);

        let names: Vec<String> = registry.catalogue().into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, ["never_total", "requests_total", "temperature", "wait_seconds"]);
    }
}
