//! What the integration tests share: a manager over a store in memory, a clock that is moved by hand, and
//! questions to the store.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses another part")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use config::{Document, MainFile};
use model::{CompiledMatcher, Labels, Matcher, TimeRange, is_stale_nan};
use platform::http_client::RealNet;
use platform::{Clock, SimulatedClock};
use scrape::{Health, ScrapeConfigs, ScrapeDeps, ScrapeManager, TargetStatus};
use storage::memory::MemoryStorage;
use storage::{Samples, SelectHints, Storage};
use telemetry::Registry;

/// 2024-01-01, a multiple of all intervals used here.
pub const START_MS: i64 = 1_704_067_200_000;

pub struct World {
    pub clock: SimulatedClock,
    pub store: MemoryStorage,
    pub manager: ScrapeManager,
    pub registry: Registry,
}

impl World {
    pub fn new() -> Self {
        let clock = SimulatedClock::new(START_MS);
        let store = MemoryStorage::new();
        let registry = Registry::new();
        let manager = ScrapeManager::new(ScrapeDeps {
            storage: Arc::new(store.clone()),
            clock: Arc::new(clock.clone()),
            net: Arc::new(RealNet),
            registry: registry.clone(),
        });
        Self { clock, store, manager, registry }
    }

    /// A world with these jobs, under a `global` with an interval of 10 s and a timeout of 5 s.
    pub fn with_jobs(jobs: &str) -> Self {
        let world = Self::new();
        world.manager.apply(&jobs_of(jobs)).unwrap();
        world
    }

    pub fn targets(&self) -> Vec<TargetStatus> {
        self.manager.targets().into_iter().flat_map(|pool| pool.targets).collect()
    }

    /// Moves the clock by the interval and waits until all targets have been scraped after that.
    pub async fn next_scrape(&self) {
        let (count, before) = (self.targets().len(), self.clock.now_ms());
        assert!(count > 0, "there is no target");
        self.clock.advance(Duration::from_secs(10));
        self.wait("all targets are scraped", || {
            self.targets()
                .iter()
                .all(|t| t.last_scrape_ms.is_some_and(|at| at > before || at >= before + 10_000))
        })
        .await;
    }

    /// Moves the clock in small steps until the store has `count` samples of `metric`: for scrapes whose moment
    /// is not known, because a loop is just being replaced.
    pub async fn scrape_until(&self, metric: &str, count: usize) {
        self.wait(&format!("{metric} has {count} samples"), || {
            self.clock.advance(Duration::from_millis(100));
            self.values(metric).len() >= count
        })
        .await;
    }

    /// Waits until there are `count` targets.
    pub async fn wait_targets(&self, count: usize) {
        self.wait(&format!("{count} targets"), || self.targets().len() == count).await;
    }

    /// Waits until something holds.
    pub async fn wait(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let give_up = std::time::Instant::now() + Duration::from_secs(30);
        while !holds() {
            assert!(
                std::time::Instant::now() < give_up,
                "waited in vain until {what}: {:#?}",
                self.manager.targets()
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// The only target.
    pub fn target(&self) -> TargetStatus {
        let mut targets = self.targets();
        assert_eq!(targets.len(), 1);
        targets.remove(0)
    }

    /// Its last error.
    pub fn error(&self) -> String {
        let target = self.target();
        assert_eq!(target.health, Health::Down);
        target.last_error.expect("a target that is down has an error")
    }

    /// All samples of the series with this metric name.
    pub fn series(&self, metric: &str) -> Vec<(Labels, Vec<(i64, f64)>)> {
        let matcher = CompiledMatcher::new(Matcher::equal("__name__", metric)).unwrap();
        let querier = self.store.querier(TimeRange::ALL).unwrap();
        let mut found: Vec<_> = querier
            .select(&[matcher], &SelectHints::default())
            .unwrap()
            .into_iter()
            .map(|series| {
                let mut samples = Samples::default();
                series.read(TimeRange::ALL, &mut samples).unwrap();
                (
                    series.labels(),
                    samples.timestamps.iter().copied().zip(samples.floats.iter().copied()).collect(),
                )
            })
            .collect();
        found.sort_by(|a: &(Labels, _), b| a.0.cmp(&b.0));
        found
    }

    /// The values of the only series with this name; "stale" for markers.
    pub fn values(&self, metric: &str) -> Vec<String> {
        let series = self.series(metric);
        assert_eq!(series.len(), 1, "{metric}: {series:?}");
        show(&series[0].1)
    }

    /// Count and sum of the newest native histogram of the only series with this name.
    pub fn histogram(&self, metric: &str) -> (f64, f64) {
        let matcher = CompiledMatcher::new(Matcher::equal("__name__", metric)).unwrap();
        let querier = self.store.querier(TimeRange::ALL).unwrap();
        let series = querier.select(&[matcher], &SelectHints::default()).unwrap();
        let mut samples = Samples::default();
        series[0].read(TimeRange::ALL, &mut samples).unwrap();
        let (_, histogram) = samples.histograms.last().expect("a histogram");
        (histogram.count, histogram.sum)
    }

    /// The labels of all series with this name, printed.
    pub fn labels(&self, metric: &str) -> Vec<String> {
        self.series(metric).into_iter().map(|(labels, _)| labels.to_string()).collect()
    }
}

pub fn show(samples: &[(i64, f64)]) -> Vec<String> {
    let word = |value: f64| if is_stale_nan(value) { "stale".to_owned() } else { value.to_string() };
    samples.iter().map(|(_, value)| word(*value)).collect()
}

pub fn jobs_of(jobs: &str) -> ScrapeConfigs {
    load(jobs).unwrap()
}

pub fn load(jobs: &str) -> Result<ScrapeConfigs, config::ConfigError> {
    let text = format!("global:\n  scrape_interval: 10s\n  scrape_timeout: 5s\nscrape_configs:\n{jobs}");
    let main = MainFile::load(Document::parse(Path::new("test.yml"), &text)?, &|_| None)?;
    scrape::load(&main)
}

/// A job `t` with one target and more keys, each line of which begins with four blanks.
pub fn job(address: &str, more: &str) -> String {
    format!("  - job_name: t\n    static_configs: [{{targets: ['{address}']}}]\n{more}\n")
}
