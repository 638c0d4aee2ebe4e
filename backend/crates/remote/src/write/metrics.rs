//! Own metrics of remote write.

use telemetry::Registry;
use telemetry::metrics::counter::Counter;
use telemetry::metrics::family::Family;
use telemetry::metrics::gauge::Gauge;

use crate::write::{WriteMessage, WriteOutcome};

type ByReason = Family<[(&'static str, &'static str); 1], Counter>;
type ByOutcome = Family<[(&'static str, &'static str); 2], Counter>;

/// What remote write tells about itself, over all senders.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Requests by version and outcome: `written`, `partial`, `bad`, `unavailable`.
    pub requests: ByOutcome,
    /// Floats handed to the store.
    pub samples: Counter,
    /// Native histograms handed to the store.
    pub histograms: Counter,
    /// Exemplars handed to the store.
    pub exemplars: Counter,
    /// Samples, histograms and exemplars not taken, by reason.
    pub refused: ByReason,
    /// Exemplars of 1.0 not taken; their senders are not told.
    pub dropped_exemplars: Counter,
    /// Bytes of bodies as they came over the wire.
    pub wire_bytes: Counter,
    /// Series known by their label bytes.
    pub cached_series: Gauge,
    /// Memory of what is known.
    pub cache_bytes: Gauge,
}

impl Metrics {
    pub(crate) fn register(registry: &Registry) -> Self {
        let counter = |name, help| registry.register(name, help, Counter::default());
        let gauge = |name, help| registry.register(name, help, Gauge::default());
        Self {
            requests: registry.register(
                "watchfire_remote_write_requests",
                "Remote write requests received, by version and outcome",
                ByOutcome::default(),
            ),
            samples: counter("watchfire_remote_write_samples", "Float samples received and stored"),
            histograms: counter(
                "watchfire_remote_write_histograms",
                "Native histogram samples received and stored",
            ),
            exemplars: counter("watchfire_remote_write_exemplars", "Exemplars received and stored"),
            refused: registry.register(
                "watchfire_remote_write_refused",
                "Samples, histograms and exemplars received and not stored, by reason",
                ByReason::default(),
            ),
            dropped_exemplars: counter(
                "watchfire_remote_write_dropped_exemplars",
                "Exemplars of remote write 1.0 that were not stored; their senders are not told",
            ),
            wire_bytes: counter(
                "watchfire_remote_write_wire_bytes",
                "Bytes of remote write bodies, compressed",
            ),
            cached_series: gauge(
                "watchfire_remote_write_cached_series",
                "Series that remote write recognises by their label bytes",
            ),
            cache_bytes: gauge(
                "watchfire_remote_write_cache_bytes",
                "Memory of the series that remote write recognises",
            ),
        }
    }

    pub(crate) fn request(&self, version: &'static str, outcome: &'static str) {
        self.requests.get_or_create(&[("version", version), ("outcome", outcome)]).inc();
    }

    pub(crate) fn observe(&self, message: WriteMessage, outcome: &WriteOutcome, wire_bytes: usize) {
        let name = match outcome {
            WriteOutcome::Written(_) => "written",
            WriteOutcome::Partial { .. } => "partial",
            WriteOutcome::Bad(_) => "bad",
            WriteOutcome::Unavailable(_) => "unavailable",
        };
        self.request(message.version(), name);
        let written = outcome.written();
        self.samples.inc_by(written.samples);
        self.histograms.inc_by(written.histograms);
        self.exemplars.inc_by(written.exemplars);
        self.wire_bytes.inc_by(wire_bytes as u64);
        if let WriteOutcome::Partial { refused, .. } = outcome {
            for (reason, count) in refused.counts() {
                self.refused.get_or_create(&[("reason", reason.as_str())]).inc_by(count);
            }
        }
    }
}
