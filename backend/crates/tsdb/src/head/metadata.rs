//! What was said about metric families.

use std::collections::BTreeMap;

use model::{MetricMetadata, MetricType};
use parking_lot::RwLock;

/// Metadata by family name.
#[derive(Debug, Default)]
pub(crate) struct MetadataMap {
    families: RwLock<BTreeMap<String, MetricMetadata>>,
}

/// The name of the family that a series' metric belongs to: what histograms and summaries append to it
/// is taken off. A counter keeps its `_total`, as in Prometheus' metadata.
pub(crate) fn family_name(metric: &str, metric_type: MetricType) -> &str {
    let suffixes: &[&str] = match metric_type {
        MetricType::Histogram => &["_bucket", "_sum", "_count"],
        MetricType::GaugeHistogram => &["_bucket", "_gsum", "_gcount"],
        MetricType::Summary => &["_sum", "_count"],
        _ => &[],
    };
    suffixes.iter().find_map(|suffix| metric.strip_suffix(suffix)).unwrap_or(metric)
}

impl MetadataMap {
    /// Whether this would change anything.
    pub(crate) fn differs(&self, family: &str, metadata: &MetricMetadata) -> bool {
        self.families.read().get(family) != Some(metadata)
    }

    pub(crate) fn set(&self, family: String, metadata: MetricMetadata) {
        self.families.write().insert(family, metadata);
    }

    pub(crate) fn snapshot(&self) -> BTreeMap<String, MetricMetadata> {
        self.families.read().clone()
    }

    /// Drops the families for which `alive` says no.
    pub(crate) fn retain(&self, alive: impl Fn(&str, &MetricMetadata) -> bool) {
        self.families.write().retain(|family, metadata| alive(family, metadata));
    }
}
