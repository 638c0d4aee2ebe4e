//! What the integration tests share: groups over a store in memory, a clock that is moved by hand, a sink that
//! remembers.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses another part")]
#![allow(clippy::unwrap_used, reason = "only tests use this")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use model::{CompiledMatcher, Labels, Matcher, TimeRange, is_stale_nan};
use parking_lot::Mutex;
use platform::{Clock, SimulatedClock};
use promql::{Engine, EngineOptions};
use promql_syntax::ParseOptions;
use rules::{
    AlertSink, GroupConfig, GroupStatus, OutgoingAlert, RuleConfig, RuleDeps, RuleManager, RuleSettings,
    Transition, read_text,
};
use storage::memory::MemoryStorage;
use storage::{Samples, SelectHints, Storage};
use telemetry::Registry;

/// 2024-01-01, a multiple of all intervals used here.
pub const START_MS: i64 = 1_704_067_200_000;

/// What was handed on.
#[derive(Default)]
pub struct Sink {
    pub alerts: Mutex<Vec<OutgoingAlert>>,
    pub transitions: Mutex<Vec<Transition>>,
}

impl AlertSink for Sink {
    fn send(&self, alerts: Vec<OutgoingAlert>) {
        self.alerts.lock().extend(alerts);
    }

    fn changed(&self, _group: &GroupConfig, _rule: &RuleConfig, transitions: &[Transition]) {
        self.transitions.lock().extend_from_slice(transitions);
    }
}

pub struct World {
    pub clock: SimulatedClock,
    pub store: MemoryStorage,
    pub manager: RuleManager,
    pub sink: Arc<Sink>,
}

impl World {
    pub fn new() -> Self {
        Self::over(MemoryStorage::new(), START_MS)
    }

    /// A world that begins at `now_ms` with what is in the store.
    pub fn over(store: MemoryStorage, now_ms: i64) -> Self {
        let clock = SimulatedClock::new(now_ms);
        let registry = Registry::new();
        let monotonic = clock.clone();
        let engine =
            Engine::new(EngineOptions::default(), Arc::new(move || monotonic.monotonic()), &registry);
        let sink = Arc::new(Sink::default());
        let deps = RuleDeps {
            storage: Arc::new(store.clone()),
            engine: Arc::new(engine),
            clock: Arc::new(clock.clone()),
            sink: Arc::clone(&sink) as Arc<dyn AlertSink>,
        };
        let manager = RuleManager::new(deps, &registry);
        Self { clock, store, manager, sink }
    }

    /// Runs the groups of a rule file, with an interval of 10 s where it says none.
    pub fn apply(&self, file: &str) {
        self.apply_with(file, RuleSettings::default());
    }

    pub fn apply_with(&self, file: &str, settings: RuleSettings) {
        self.manager.apply(groups(file), RuleSettings { interval_ms: 10_000, ..settings });
    }

    /// Writes a sample at the present.
    pub fn put(&self, series: &[(&str, &str)], value: f64) {
        let mut appender = self.store.appender();
        let series = appender.resolve(&Labels::from_pairs(series.iter().copied())).unwrap();
        appender.append(series, self.clock.now_ms(), value).unwrap();
        appender.commit().unwrap();
    }

    /// Moves the clock by the interval and waits until all groups have been evaluated after that.
    pub async fn tick(&self) {
        let before = self.clock.now_ms();
        self.clock.advance(Duration::from_secs(10));
        self.wait("all groups are evaluated", || {
            self.manager.groups().iter().all(|group| group.last_ms.is_some_and(|at| at > before))
        })
        .await;
    }

    pub async fn wait(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let give_up = std::time::Instant::now() + Duration::from_secs(30);
        while !holds() {
            assert!(std::time::Instant::now() < give_up, "waited in vain until {what}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    pub fn group(&self) -> GroupStatus {
        let mut groups = self.manager.groups();
        assert_eq!(groups.len(), 1);
        groups.remove(0)
    }

    /// All series with this metric name, with their values; "stale" for markers.
    pub fn series(&self, metric: &str) -> Vec<String> {
        let matcher = CompiledMatcher::new(Matcher::equal("__name__", metric)).unwrap();
        let querier = self.store.querier(TimeRange::ALL).unwrap();
        let found = querier.select(&[matcher], &SelectHints::default()).unwrap();
        let mut lines: Vec<String> = found
            .iter()
            .map(|series| {
                let mut samples = Samples::default();
                series.read(TimeRange::ALL, &mut samples).unwrap();
                let show =
                    |value: &f64| if is_stale_nan(*value) { "stale".to_owned() } else { value.to_string() };
                let values: Vec<String> = samples.floats.iter().map(show).collect();
                format!("{} {}", series.labels(), values.join(" "))
            })
            .collect();
        lines.sort();
        lines
    }
}

pub fn groups(file: &str) -> Vec<GroupConfig> {
    read_text(Path::new("rules.yml"), file, &ParseOptions::default())
        .unwrap_or_else(|error| panic!("{error}"))
}
