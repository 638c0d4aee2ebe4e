//! Own metrics of rules.

use telemetry::Registry;
use telemetry::metrics::counter::Counter;
use telemetry::metrics::gauge::Gauge;
use telemetry::metrics::histogram::{Histogram, exponential_buckets};

/// What the rules tell about themselves, over all groups.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Rules evaluated.
    pub evaluations: Counter,
    /// Evaluations of rules that failed.
    pub failures: Counter,
    /// Evaluations of groups that were left out because the one before ended too late.
    pub missed: Counter,
    /// Samples written.
    pub samples: Counter,
    /// Samples that the store did not take.
    pub refused: Counter,
    /// Alerts handed on.
    pub alerts_sent: Counter,
    /// Groups that run.
    pub groups: Gauge,
    /// Rules in them.
    pub rules: Gauge,
    /// Time of evaluating a group.
    pub duration: Histogram,
}

impl Metrics {
    /// Registers the metrics.
    #[must_use]
    pub fn register(registry: &Registry) -> Self {
        let counter = |name, help| registry.register(name, help, Counter::default());
        let gauge = |name, help| registry.register(name, help, Gauge::default());
        Self {
            evaluations: counter("watchfire_rules_evaluations", "Rules evaluated"),
            failures: counter("watchfire_rules_failures", "Evaluations of rules that failed"),
            missed: counter(
                "watchfire_rules_missed",
                "Evaluations of groups that were left out because the one before ended too late",
            ),
            samples: counter("watchfire_rules_samples", "Samples written by rules"),
            refused: counter(
                "watchfire_rules_samples_refused",
                "Samples of rules that the store did not take",
            ),
            alerts_sent: counter("watchfire_rules_alerts_sent", "Alerts handed on to be notified"),
            groups: gauge("watchfire_rules_groups", "Groups of rules that run"),
            rules: gauge("watchfire_rules_rules", "Rules in these groups"),
            duration: registry.register(
                "watchfire_rules_group_duration_seconds",
                "Time of evaluating a group",
                Histogram::new(exponential_buckets(0.0005, 2.0, 16)),
            ),
        }
    }
}
