//! Own metrics of discovery.

use telemetry::Registry;
use telemetry::metrics::counter::Counter;
use telemetry::metrics::gauge::Gauge;

/// What discovery tells about itself, over all jobs.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    /// Reads of files and fetches that failed.
    pub failures: Counter,
    /// Reads of files and fetches.
    pub refreshes: Counter,
    /// Target groups known now.
    pub groups: Gauge,
}

impl Metrics {
    /// Registers the metrics.
    #[must_use]
    pub fn register(registry: &Registry) -> Self {
        let new = Self::default();
        Self {
            failures: registry.register(
                "watchfire_discovery_failures",
                "Files and addresses with target groups that could not be read",
                new.failures,
            ),
            refreshes: registry.register(
                "watchfire_discovery_refreshes",
                "Times that files and addresses with target groups were read",
                new.refreshes,
            ),
            groups: registry.register("watchfire_discovery_groups", "Target groups known", new.groups),
        }
    }
}
