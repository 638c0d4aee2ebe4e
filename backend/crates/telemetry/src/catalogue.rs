//! What metrics there are: for the documentation, and for the test that dashboards use no others.

use prometheus_client::metrics::MetricType;

/// A metric of the server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CatalogueEntry {
    /// Name as it is scraped: counters with `_total`, facts with `_info`; histograms without suffix.
    pub name: String,
    /// `counter`, `gauge`, `histogram`, `info` or `unknown`.
    pub metric_type: &'static str,
    /// Help text.
    pub help: String,
}

impl CatalogueEntry {
    pub(crate) fn new(name: &str, help: &str, unit: Option<&str>, metric_type: MetricType) -> Self {
        let unit = unit.map(|unit| format!("_{unit}")).unwrap_or_default();
        let (suffix, metric_type) = match metric_type {
            MetricType::Counter => ("_total", "counter"),
            MetricType::Gauge => ("", "gauge"),
            MetricType::Histogram => ("", "histogram"),
            MetricType::Info => ("_info", "info"),
            MetricType::Unknown => ("", "unknown"),
        };
        Self { name: format!("{name}{unit}{suffix}"), metric_type, help: help.to_owned() }
    }
}

/// The catalogue as a page.
#[must_use]
pub fn markdown(entries: &[CatalogueEntry]) -> String {
    let mut page = String::from(
        "# Metrics\n\n\
         What the server tells about itself at `/metrics`. Generated from the registry by a test of the binary;\n\
         run it with `WATCHFIRE_UPDATE_DOCS=1` after a change. A histogram has the series `_bucket`, `_sum` and `_count`.\n\n\
         | name | type | what |\n|---|---|---|\n",
    );
    for entry in entries {
        let help = entry.help.replace('|', "\\|");
        page.push_str(&format!("| `{}` | {} | {help} |\n", entry.name, entry.metric_type));
    }
    page
}
