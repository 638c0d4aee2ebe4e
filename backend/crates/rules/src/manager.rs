//! All groups: starts, changes and stops their tasks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::{Labels, TimestampMs};
use parking_lot::{Mutex, RwLock};
use platform::Clock;
use promql::Engine;
use storage::Storage;
use telemetry::Registry;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::GroupConfig;
use crate::group::{Group, GroupView};
use crate::metrics::Metrics;
use crate::restore;
use crate::sink::AlertSink;
use crate::status::GroupStatus;

/// By how much an evaluation may be late and still carry the time at which it was due.
const MOST_TOLERANCE_MS: i64 = 1_000;

/// What rules need of their surroundings.
#[derive(Clone)]
pub struct RuleDeps {
    /// Where queries read and results go.
    pub storage: Arc<dyn Storage>,
    /// Engine.
    pub engine: Arc<Engine>,
    /// Clock.
    pub clock: Arc<dyn Clock>,
    /// Who is told of alerts.
    pub sink: Arc<dyn AlertSink>,
}

/// What holds for all groups.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSettings {
    /// Time between evaluations of groups that name none, ms.
    pub interval_ms: i64,
    /// How far before the evaluation time queries of groups look that do not say, ms.
    pub query_offset_ms: i64,
    /// External labels, for templates.
    pub external_labels: Labels,
    /// The address under which others reach the server, for templates and links; no slash at its end.
    pub external_url: String,
    /// Least time between two words that an alert fires, ms.
    pub resend_delay_ms: i64,
    /// Longest outage after which alerts are pending again since when they were before, ms.
    pub outage_tolerance_ms: i64,
    /// Least time between the end of such an outage and the firing, ms.
    pub grace_ms: i64,
    /// Most rules of a group that are asked at a time.
    pub threads: usize,
}

impl Default for RuleSettings {
    /// Prometheus' defaults.
    fn default() -> Self {
        Self {
            interval_ms: 60_000,
            query_offset_ms: 0,
            external_labels: Labels::empty(),
            external_url: String::new(),
            resend_delay_ms: 60_000,
            outage_tolerance_ms: 3_600_000,
            grace_ms: 600_000,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

/// What all groups share.
pub(crate) struct Shared {
    pub(crate) deps: RuleDeps,
    pub(crate) settings: RwLock<Arc<RuleSettings>>,
    pub(crate) metrics: Metrics,
}

impl Shared {
    pub(crate) fn new(deps: RuleDeps, settings: RuleSettings, registry: &Registry) -> Self {
        Self { deps, settings: RwLock::new(Arc::new(settings)), metrics: Metrics::register(registry) }
    }
}

/// What a group's task is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Evaluate.
    Run,
    /// The group is gone: mark its series stale when the next evaluation is surely missed, and end.
    Gone,
    /// End and hand over what is known.
    Release,
}

struct Running {
    config: Arc<GroupConfig>,
    interval_ms: i64,
    view: Arc<GroupView>,
    phase: watch::Sender<Phase>,
    join: JoinHandle<Option<Box<Group>>>,
}

#[derive(Default)]
struct Groups {
    running: BTreeMap<(String, String), Running>,
    /// Groups that are gone, until their series are marked stale.
    retired: Vec<Running>,
    /// Whether rules were applied before: only those of the first time take up after a restart.
    begun: bool,
    stopped: bool,
}

/// Runs groups of rules. Dropping it without [`RuleManager::shutdown`] leaves tasks behind until their runtime
/// ends.
pub struct RuleManager {
    shared: Arc<Shared>,
    groups: Mutex<Groups>,
}

impl RuleManager {
    /// A manager without groups.
    #[must_use]
    pub fn new(deps: RuleDeps, registry: &Registry) -> Self {
        let shared = Shared::new(deps, RuleSettings::default(), registry);
        Self { shared: Arc::new(shared), groups: Mutex::default() }
    }

    /// Runs these groups from now on. Groups that did not change go on as if nothing happened; of those that
    /// did, the rules that stay keep their alerts. Must be called within a tokio runtime.
    pub fn apply(&self, configs: Vec<GroupConfig>, settings: RuleSettings) {
        let mut groups = self.groups.lock();
        if groups.stopped {
            return;
        }
        let default_ms = settings.interval_ms;
        *self.shared.settings.write() = Arc::new(settings);
        groups.retired.retain(|group| !group.join.is_finished());
        let mut before = std::mem::take(&mut groups.running);
        let first = !std::mem::replace(&mut groups.begun, true);
        self.shared.metrics.groups.set(configs.len() as i64);
        self.shared.metrics.rules.set(configs.iter().map(|group| group.rules.len() as i64).sum());
        for config in configs {
            let interval_ms = config.interval_ms.unwrap_or(default_ms).max(1);
            let key = config.key();
            let running = match before.remove(&key) {
                Some(same) if *same.config == config && same.interval_ms == interval_ms => same,
                other => self.start(Arc::new(config), interval_ms, first, other),
            };
            groups.running.insert(key, running);
        }
        for (_, gone) in before {
            let _ = gone.phase.send(Phase::Gone);
            groups.retired.push(gone);
        }
    }

    fn start(
        &self,
        config: Arc<GroupConfig>,
        interval_ms: i64,
        first: bool,
        before: Option<Running>,
    ) -> Running {
        let shared = Arc::clone(&self.shared);
        let group = Group::new(Arc::clone(&config), interval_ms, Arc::clone(&shared), !first);
        let view = Arc::clone(&group.view);
        let phase = watch::Sender::new(Phase::Run);
        let before = before.map(|before| {
            let _ = before.phase.send(Phase::Release);
            before.join
        });
        let due = config.first_due(shared.deps.clock.now_ms(), interval_ms);
        let task = Task { shared, config: Arc::clone(&config), interval_ms, due, phase: phase.subscribe() };
        let join = tokio::spawn(task.run(Box::new(group), before));
        Running { config, interval_ms, view, phase, join }
    }

    /// All groups, by file and name.
    #[must_use]
    pub fn groups(&self) -> Vec<GroupStatus> {
        self.groups.lock().running.values().map(|group| group.view.status()).collect()
    }

    /// Stops evaluating. Running evaluations end; nothing is marked stale, so that a restart leaves no gap.
    pub async fn shutdown(&self) {
        let groups = {
            let mut groups = self.groups.lock();
            groups.stopped = true;
            (std::mem::take(&mut groups.running), std::mem::take(&mut groups.retired))
        };
        let all: Vec<Running> = groups.0.into_values().chain(groups.1).collect();
        for group in &all {
            let _ = group.phase.send(Phase::Release);
        }
        for group in all {
            // One that panicked has stopped, too.
            let _ = group.join.await;
        }
    }
}

/// The task of a group.
struct Task {
    shared: Arc<Shared>,
    config: Arc<GroupConfig>,
    interval_ms: i64,
    /// When the group is evaluated first.
    due: TimestampMs,
    phase: watch::Receiver<Phase>,
}

impl Task {
    /// Hands the group back, unless an evaluation panicked.
    async fn run(
        mut self,
        mut group: Box<Group>,
        before: Option<JoinHandle<Option<Box<Group>>>>,
    ) -> Option<Box<Group>> {
        if let Some(before) = before
            && let Ok(Some(before)) = before.await
        {
            group.take_up(*before);
        }
        let clock = Arc::clone(&self.shared.deps.clock);
        let mut due = self.due;
        loop {
            tokio::select! {
                biased;
                _ = self.phase.wait_for(|phase| *phase != Phase::Run) => break,
                () = clock.sleep_until(due) => {}
            }
            let now = clock.now_ms();
            let tolerance = MOST_TOLERANCE_MS.min(self.interval_ms / 4);
            let t = if (now - due).abs() <= tolerance { due } else { now };
            let evaluated = tokio::task::spawn_blocking(move || {
                group.evaluate(t);
                restore::take_up(&group.view, &group.shared(), t);
                group
            });
            group = match evaluated.await {
                Ok(group) => group,
                Err(error) => {
                    let (group, file) = (&self.config.name, &self.config.file);
                    tracing::error!(%error, group, file, "evaluating a group failed; it stands still");
                    return None;
                }
            };
            due += self.interval_ms;
            let late = clock.now_ms() - due;
            if late >= self.interval_ms {
                let missed = late / self.interval_ms;
                self.shared.metrics.missed.inc_by(missed.unsigned_abs());
                group.view.missed.fetch_add(missed.unsigned_abs(), Ordering::Relaxed);
                due += missed * self.interval_ms;
            }
        }
        if *self.phase.borrow() == Phase::Gone {
            self.end(&mut group, due).await;
        }
        Some(group)
    }

    /// Waits until another group that has taken the rules over would have been evaluated, and marks what is
    /// left stale.
    async fn end(&mut self, group: &mut Group, due: TimestampMs) {
        let clock = Arc::clone(&self.shared.deps.clock);
        tokio::select! {
            _ = self.phase.wait_for(|phase| *phase == Phase::Release) => {}
            () = clock.sleep_until(due.saturating_add(self.interval_ms)) => group.end(due),
        }
    }
}

impl RuleSettings {
    /// The address of a query's graph.
    pub(crate) fn graph_url(&self, query: &str) -> Arc<str> {
        Arc::from(format!("{}/graph?g0.expr={}&g0.tab=1", self.external_url, encode(query)))
    }
}

/// As forms are encoded, which is what Prometheus does.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte as char),
            b' ' => out.push('+'),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
