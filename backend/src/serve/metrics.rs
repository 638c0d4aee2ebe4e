//! Metrics of the program as a whole.

use std::sync::atomic::AtomicU64;

use telemetry::Registry;
use telemetry::metrics::gauge::Gauge;

/// Whether the configuration that is there could be loaded.
#[derive(Clone, Debug)]
pub(super) struct Metrics {
    pub(super) reload_ok: Gauge,
    pub(super) reload_time: Gauge<f64, AtomicU64>,
}

impl Metrics {
    pub(super) fn register(registry: &Registry) -> Self {
        telemetry::register_process(registry);
        telemetry::register_build_info(registry, env!("CARGO_PKG_VERSION"));
        Self {
            reload_ok: registry.register(
                "watchfire_config_last_reload_successful",
                "Whether the last attempt to load the configuration worked",
                Gauge::default(),
            ),
            reload_time: registry.register(
                "watchfire_config_last_reload_success_timestamp_seconds",
                "When the configuration was last loaded, in seconds since the epoch",
                Gauge::default(),
            ),
        }
    }
}
