//! What is said about metrics: 2.0 says it with each series, 1.0 apart from them and by family name, so
//! that a series of the family has to be known.

use hashbrown::HashMap;
use model::{MetricMetadata, MetricType};
use parking_lot::Mutex;
use storage::SeriesRef;

use crate::write::protocol::RawMetadata;

/// Metrics remembered; metadata of others is not kept.
const METRICS_MAX: usize = 200_000;
/// Help texts and units are cut after this many bytes.
const TEXT_BYTES_MAX: usize = 16 << 10;

/// The metadata, checked.
pub(crate) fn checked(raw: &RawMetadata<'_>) -> MetricMetadata {
    let text = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        text[..text.floor_char_boundary(TEXT_BYTES_MAX)].to_owned()
    };
    MetricMetadata { metric_type: metric_type(raw.kind), help: text(raw.help), unit: text(raw.unit) }
}

/// The numbers of the types are the same in all versions.
fn metric_type(number: u64) -> MetricType {
    match number {
        1 => MetricType::Counter,
        2 => MetricType::Gauge,
        3 => MetricType::Histogram,
        4 => MetricType::GaugeHistogram,
        5 => MetricType::Summary,
        6 => MetricType::Info,
        7 => MetricType::StateSet,
        _ => MetricType::Unknown,
    }
}

/// For each metric, a series that has it.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    series: Mutex<HashMap<String, SeriesRef>>,
}

impl Metrics {
    /// Remembers a series of `metric`; the newest one, because it lives longest.
    pub(crate) fn saw(&self, metric: &str, series: SeriesRef) {
        let mut known = self.series.lock();
        if let Some(held) = known.get_mut(metric) {
            *held = series;
        } else if known.len() < METRICS_MAX {
            known.insert(metric.to_owned(), series);
        }
    }

    /// Series of a family that has this type: one with the family's own name, or with what the type
    /// appends to it.
    pub(crate) fn of_family(&self, family: &str, metric_type: MetricType) -> Option<SeriesRef> {
        let suffixes: &[&str] = match metric_type {
            MetricType::Histogram => &["", "_bucket", "_count", "_sum"],
            MetricType::GaugeHistogram => &["", "_bucket", "_gcount", "_gsum"],
            MetricType::Summary => &["", "_count", "_sum"],
            MetricType::Counter => &["", "_total"],
            MetricType::Info => &["", "_info"],
            _ => &[""],
        };
        let known = self.series.lock();
        suffixes.iter().find_map(|suffix| known.get(&format!("{family}{suffix}"))).copied()
    }

    /// Forgets a series that the store does not know any more.
    pub(crate) fn forget(&self, series: SeriesRef) {
        self.series.lock().retain(|_, held| *held != series);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_found_by_a_series() {
        let metrics = Metrics::default();
        metrics.saw("wait_bucket", SeriesRef(1));
        metrics.saw("jobs_total", SeriesRef(2));
        assert_eq!(metrics.of_family("wait", MetricType::Histogram), Some(SeriesRef(1)));
        assert_eq!(metrics.of_family("wait", MetricType::Gauge), None);
        assert_eq!(metrics.of_family("jobs", MetricType::Counter), Some(SeriesRef(2)));
        assert_eq!(metrics.of_family("jobs_total", MetricType::Counter), Some(SeriesRef(2)));
        metrics.forget(SeriesRef(2));
        assert_eq!(metrics.of_family("jobs", MetricType::Counter), None);
    }
}
