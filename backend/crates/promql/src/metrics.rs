//! The engine's own metrics.

use std::sync::atomic::AtomicU64;

use telemetry::Registry;
use telemetry::metrics::counter::Counter;
use telemetry::metrics::gauge::Gauge;
use telemetry::metrics::histogram::{Histogram, exponential_buckets};

/// What the engine counts about itself.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    pub(crate) queries: Counter,
    pub(crate) failed: Counter,
    pub(crate) running: Gauge,
    pub(crate) waiting: Gauge,
    pub(crate) samples: Counter<u64, AtomicU64>,
    pub(crate) duration: Histogram,
}

impl Metrics {
    pub(crate) fn register(registry: &Registry) -> Self {
        let register = |name: &str, help: &str| registry.register(name, help, Counter::default());
        Self {
            queries: register("watchfire_promql_queries", "Queries evaluated"),
            failed: register("watchfire_promql_queries_failed", "Queries that ended with an error"),
            running: registry.register(
                "watchfire_promql_queries_running",
                "Queries being evaluated now",
                Gauge::default(),
            ),
            waiting: registry.register(
                "watchfire_promql_queries_waiting",
                "Queries waiting for others to end",
                Gauge::default(),
            ),
            samples: register("watchfire_promql_samples_loaded", "Samples read from the store by queries"),
            duration: registry.register(
                "watchfire_promql_query_duration_seconds",
                "Time from the end of waiting to the answer",
                Histogram::new(exponential_buckets(0.001, 4.0, 9)),
            ),
        }
    }
}
