//! The rim's own metrics.

use std::time::Duration;

use telemetry::Registry;
use telemetry::metrics::counter::Counter;
use telemetry::metrics::family::Family;
use telemetry::metrics::gauge::Gauge;
use telemetry::metrics::histogram::Histogram;

type LabelSet = Vec<(&'static str, String)>;

/// Counts requests by the pattern they matched.
#[derive(Clone)]
pub(crate) struct Metrics {
    requests: Family<LabelSet, Counter>,
    duration: Family<LabelSet, Histogram, fn() -> Histogram>,
    pub(crate) connections: Gauge,
    pub(crate) panics: Counter,
}

impl Metrics {
    pub(crate) fn register(registry: &Registry) -> Self {
        Self {
            requests: registry.register(
                "watchfire_http_requests",
                "HTTP requests by handler and status code",
                Family::default(),
            ),
            duration: registry.register(
                "watchfire_http_request_duration_seconds",
                "Time from the head of an HTTP request to the head of its answer",
                Family::new_with_constructor(durations as fn() -> Histogram),
            ),
            connections: registry.register(
                "watchfire_http_connections",
                "Open HTTP connections",
                Gauge::default(),
            ),
            panics: registry.register(
                "watchfire_http_panics",
                "HTTP requests whose handler panicked",
                Counter::default(),
            ),
        }
    }

    pub(crate) fn observe(&self, handler: &str, code: u16, duration: Duration) {
        let handler = ("handler", handler.to_owned());
        self.requests.get_or_create(&vec![handler.clone(), ("code", code.to_string())]).inc();
        self.duration.get_or_create(&vec![handler]).observe(duration.as_secs_f64());
    }
}

fn durations() -> Histogram {
    Histogram::new([0.001, 0.005, 0.02, 0.1, 0.4, 1.0, 3.0, 8.0, 20.0, 60.0, 120.0])
}
