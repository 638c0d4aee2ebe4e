//! The registry of the server's own metrics. Each crate registers its metrics once, in its `metrics.rs`.

use std::sync::Arc;

use exposition::Format;
use parking_lot::Mutex;
use prometheus_client::collector::Collector;
use prometheus_client::registry::{Metric, Registry as Inner, Unit};

use crate::catalogue::CatalogueEntry;
use crate::text::text_from_openmetrics;

/// All metrics of the process. Cheap to clone; clones share the metrics.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    inner: Arc<Mutex<Inner>>,
    catalogue: Arc<Mutex<Vec<CatalogueEntry>>>,
}

impl Registry {
    /// An empty registry.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers `metric` and hands it back. A counter's name is given without `_total`, and a help text
    /// without a full stop at its end (both are added on output).
    pub fn register<M: Metric + Clone>(&self, name: &str, help: &str, metric: M) -> M {
        self.catalogue.lock().push(CatalogueEntry::new(name, help, None, metric.metric_type()));
        self.inner.lock().register(name, help, metric.clone());
        metric
    }

    /// As [`Registry::register`], for a metric that nobody needs to hold.
    pub(crate) fn register_owned(&self, name: &str, help: &str, metric: impl Metric) {
        self.catalogue.lock().push(CatalogueEntry::new(name, help, None, metric.metric_type()));
        self.inner.lock().register(name, help, metric);
    }

    /// As [`Registry::register`], with a unit that is appended to the name.
    pub fn register_with_unit<M: Metric + Clone>(&self, name: &str, help: &str, unit: Unit, metric: M) -> M {
        let entry = CatalogueEntry::new(name, help, Some(unit.as_str()), metric.metric_type());
        self.catalogue.lock().push(entry);
        self.inner.lock().register_with_unit(name, help, unit, metric.clone());
        metric
    }

    /// Registers metrics that are read when asked for.
    pub(crate) fn register_collector(&self, collector: Box<dyn Collector>, entries: Vec<CatalogueEntry>) {
        self.catalogue.lock().extend(entries);
        self.inner.lock().register_collector(collector);
    }

    /// Every metric that was registered, by name, whether it has a value yet or not.
    #[must_use]
    pub fn catalogue(&self) -> Vec<CatalogueEntry> {
        let mut entries = self.catalogue.lock().clone();
        entries.sort();
        entries.dedup();
        entries
    }

    /// The metrics as OpenMetrics 1.0 text, closed by `# EOF`.
    #[must_use]
    pub fn encode_openmetrics(&self) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail; a metric that cannot be encoded ends the text early, which a
        // scraper notices by the missing `# EOF`.
        if let Err(error) = prometheus_client::encoding::text::encode(&mut text, &self.inner.lock()) {
            tracing::error!(%error, "failed to encode own metrics");
        }
        text
    }

    /// The metrics for a client that sends this `Accept` header: the body and its `Content-Type`.
    #[must_use]
    pub fn encode_for(&self, accept: &str) -> (String, &'static str) {
        let openmetrics = self.encode_openmetrics();
        match Format::from_accept(accept) {
            Format::OpenMetrics => (openmetrics, Format::OpenMetrics.content_type()),
            _ => (text_from_openmetrics(&openmetrics), Format::Text.content_type()),
        }
    }
}
