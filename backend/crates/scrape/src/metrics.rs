//! Own metrics of scraping.

use telemetry::Registry;
use telemetry::metrics::counter::Counter;
use telemetry::metrics::family::Family;
use telemetry::metrics::gauge::Gauge;
use telemetry::metrics::histogram::{Histogram, exponential_buckets};

type Labelled = Family<[(&'static str, &'static str); 1], Counter>;

/// What scraping tells about itself, over all jobs.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Scrapes by result: `ok`, `fetch` (no usable answer), `parse` (a body that is refused), `append` (the
    /// store refuses), `forced` (too many targets).
    pub scrapes: Labelled,
    /// Samples handed to the store.
    pub samples: Counter,
    /// Samples not taken, by reason.
    pub refused: Labelled,
    /// Bytes of bodies, unpacked.
    pub body_bytes: Counter,
    /// Bytes of bodies on the wire.
    pub wire_bytes: Counter,
    /// Scrapes that did not begin at their time because the server was late.
    pub missed: Counter,
    /// Targets scraped now.
    pub targets: Gauge,
    /// Series in the caches of all loops.
    pub cached_series: Gauge,
    /// Bytes of the caches of all loops.
    pub cache_bytes: Gauge,
    /// Time of a scrape from request to commit.
    pub duration: Histogram,
    /// Time of reading a body into the store.
    pub append_duration: Histogram,
    /// Metrics of discovery.
    pub discovery: discovery::Metrics,
}

impl Metrics {
    /// Registers the metrics.
    #[must_use]
    pub fn register(registry: &Registry) -> Self {
        let durations = || Histogram::new(exponential_buckets(0.0005, 2.0, 15));
        Self {
            scrapes: registry.register("watchfire_scrape_scrapes", "Scrapes by result", Labelled::default()),
            samples: registry.register(
                "watchfire_scrape_samples_appended",
                "Samples handed to the store",
                Counter::default(),
            ),
            refused: registry.register(
                "watchfire_scrape_samples_refused",
                "Samples that the store did not take, by reason",
                Labelled::default(),
            ),
            body_bytes: registry.register(
                "watchfire_scrape_body_bytes",
                "Bytes of scraped bodies after unpacking",
                Counter::default(),
            ),
            wire_bytes: registry.register(
                "watchfire_scrape_wire_bytes",
                "Bytes of scraped bodies before unpacking",
                Counter::default(),
            ),
            missed: registry.register(
                "watchfire_scrape_missed",
                "Scrapes that were left out because the one before ended too late",
                Counter::default(),
            ),
            targets: registry.register("watchfire_scrape_targets", "Targets scraped", Gauge::default()),
            cached_series: registry.register(
                "watchfire_scrape_cached_series",
                "Series that the scrape loops recognise",
                Gauge::default(),
            ),
            cache_bytes: registry.register(
                "watchfire_scrape_cache_bytes",
                "Memory of the scrape loops' series caches",
                Gauge::default(),
            ),
            duration: registry.register(
                "watchfire_scrape_duration_seconds",
                "Time from request to commit",
                durations(),
            ),
            append_duration: registry.register(
                "watchfire_scrape_append_duration_seconds",
                "Time to read a body into the store",
                durations(),
            ),
            discovery: discovery::Metrics::register(registry),
        }
    }

    pub(crate) fn scraped(&self, result: &'static str) {
        self.scrapes.get_or_create(&[("result", result)]).inc();
    }
}
