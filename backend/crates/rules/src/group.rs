//! A group that runs: its rules, what they wrote, and one evaluation of them all.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use model::{Labels, TimestampMs, Value, stale_nan};
use parking_lot::Mutex;
use promql::{QueryOptions, QueryValue, VectorSample};
use storage::{AppendError, Appender, SeriesRef};
use templates::{Limits, RuleData};

use crate::alerting::{AlertingState, Evaluated, Expand};
use crate::batch::stretches;
use crate::config::{GroupConfig, RuleConfig};
use crate::error::RuleError;
use crate::expand;
use crate::manager::{RuleSettings, Shared};
use crate::missing;
use crate::policy::Trouble;
use crate::recording;
use crate::status::{AlertStatus, GroupStatus, Health, LastEvaluation, RuleStatus};
use crate::text::Text;

/// What others see of a rule.
pub(crate) struct RuleView {
    pub(crate) config: Arc<RuleConfig>,
    pub(crate) alerts: Mutex<AlertingState>,
    last: Mutex<LastEvaluation>,
}

/// What others see of a group.
pub(crate) struct GroupView {
    config: Arc<GroupConfig>,
    interval_ms: i64,
    pub(crate) rules: Vec<Arc<RuleView>>,
    last: Mutex<LastEvaluation>,
    pub(crate) missed: std::sync::atomic::AtomicU64,
}

/// A series that a rule wrote, and in which evaluation last.
struct Written {
    series: SeriesRef,
    round: u64,
}

/// Series by labels.
type WrittenSeries = HashMap<Labels, Written, RandomState>;

/// A group that runs.
pub(crate) struct Group {
    pub(crate) view: Arc<GroupView>,
    shared: Arc<Shared>,
    appender: Box<dyn Appender>,
    /// Of each rule.
    written: Vec<WrittenSeries>,
    /// Series of rules that are gone, to be marked stale.
    orphaned: WrittenSeries,
    round: u64,
}

/// The outcome of a rule.
struct Outcome {
    result: Result<Evaluated, RuleError>,
    /// Why the query failed, where the rule goes on all the same.
    failure: Option<RuleError>,
    took: Duration,
}

impl GroupView {
    pub(crate) fn status(&self) -> GroupStatus {
        let last = self.last.lock().clone();
        GroupStatus {
            config: Arc::clone(&self.config),
            interval_ms: self.interval_ms,
            last_ms: last.at_ms,
            took: last.took,
            missed: self.missed.load(Ordering::Relaxed),
            rules: self.rules.iter().map(|rule| rule.status()).collect(),
        }
    }
}

impl RuleView {
    fn status(&self) -> RuleStatus {
        let last = self.last.lock().clone();
        let alerts = self.config.alerting().map(|_| {
            let active = self.alerts.lock().active();
            let state = active.iter().map(|alert| alert.state).max();
            AlertStatus { state: state.unwrap_or(crate::AlertState::Inactive), active }
        });
        RuleStatus {
            config: Arc::clone(&self.config),
            health: last.health,
            error: last.error,
            last_ms: last.at_ms,
            took: last.took,
            samples: last.samples,
            alerts,
        }
    }
}

impl Group {
    /// A group that knows nothing of before; `restored` if there is nothing to take up.
    pub(crate) fn new(
        config: Arc<GroupConfig>,
        interval_ms: i64,
        shared: Arc<Shared>,
        restored: bool,
    ) -> Self {
        let rule = |config: &Arc<RuleConfig>| {
            Arc::new(RuleView {
                config: Arc::clone(config),
                alerts: Mutex::new(AlertingState::new(restored)),
                last: Mutex::default(),
            })
        };
        let rules: Vec<Arc<RuleView>> = config.rules.iter().map(rule).collect();
        let written = rules.iter().map(|_| WrittenSeries::default()).collect();
        let view =
            GroupView { config, interval_ms, rules, last: Mutex::default(), missed: Default::default() };
        Self {
            view: Arc::new(view),
            appender: shared.deps.storage.appender(),
            shared,
            written,
            orphaned: WrittenSeries::default(),
            round: 0,
        }
    }

    /// Takes up what the same group knew under another configuration: rules of the same kind, name and labels
    /// go on where they were.
    pub(crate) fn take_up(&mut self, mut before: Self) {
        self.round = before.round;
        self.orphaned = before.orphaned;
        let mut free: Vec<usize> = (0..before.written.len()).collect();
        for (at, rule) in self.view.rules.iter().enumerate() {
            let same = |old: &RuleConfig| {
                old.name == rule.config.name
                    && old.labels == rule.config.labels
                    && old.alerting().is_some() == rule.config.alerting().is_some()
            };
            let Some(found) = free.iter().position(|old| same(&before.view.rules[*old].config)) else {
                continue;
            };
            let old = free.remove(found);
            self.written[at] = std::mem::take(&mut before.written[old]);
            let old = &before.view.rules[old];
            std::mem::swap(&mut *rule.alerts.lock(), &mut *old.alerts.lock());
            std::mem::swap(&mut *rule.last.lock(), &mut *old.last.lock());
        }
        for old in free {
            self.orphaned.extend(before.written[old].drain());
        }
    }

    /// Evaluates all rules at `t`.
    pub(crate) fn evaluate(&mut self, t: TimestampMs) {
        let (shared, view) = (Arc::clone(&self.shared), Arc::clone(&self.view));
        let settings = shared.settings.read().clone();
        let began = shared.deps.clock.monotonic();
        let offset = self.view.config.query_offset_ms.unwrap_or(settings.query_offset_ms);
        let written_at = t.saturating_sub(offset);
        self.round += 1;
        let configs: Vec<&RuleConfig> = view.rules.iter().map(|rule| &*rule.config).collect();
        for stretch in stretches(&configs) {
            let rules = &view.rules[stretch.clone()];
            let limit = view.config.limit;
            let external_labels = Arc::new(expand::by_name(&settings.external_labels));
            let round = Round {
                shared: &shared,
                settings: &settings,
                external_labels,
                limit,
                t,
                query_at: written_at,
            };
            let outcomes = at_once(rules, settings.threads, |rule| round.ask(rule));
            for (at, outcome) in stretch.zip(outcomes) {
                self.settle(at, outcome, t, written_at, &settings);
            }
            self.commit();
        }
        self.mark_orphaned(written_at);
        self.commit();
        let took = shared.deps.clock.monotonic().saturating_sub(began);
        shared.metrics.duration.observe(took.as_secs_f64());
        *view.last.lock() = LastEvaluation { at_ms: Some(t), took, ..LastEvaluation::default() };
    }

    /// Writes what a rule gave, hands its alerts on and keeps how it went.
    fn settle(
        &mut self,
        at: usize,
        outcome: Outcome,
        t: TimestampMs,
        written_at: TimestampMs,
        settings: &RuleSettings,
    ) {
        let rule = Arc::clone(&self.view.rules[at]);
        let metrics = &self.shared.metrics;
        metrics.evaluations.inc();
        let mut last = LastEvaluation { at_ms: Some(t), took: outcome.took, ..LastEvaluation::default() };
        match outcome.result {
            Ok(Evaluated { samples, transitions }) => {
                last.samples = samples.len();
                let written = self.write(at, samples, written_at);
                (last.health, last.error) = match (outcome.failure, written) {
                    (Some(error), _) => {
                        self.failed(&rule.config, &error);
                        (Health::Bad, Some(error.to_string()))
                    }
                    (None, Ok(())) => (Health::Ok, None),
                    (None, Err(error)) => (Health::Bad, Some(error.to_string())),
                };
                let sink = &self.shared.deps.sink;
                if !transitions.is_empty() {
                    sink.changed(&self.view.config, &rule.config, &transitions);
                }
                if rule.config.alerting().is_some() {
                    let valid_ms = self.view.interval_ms.max(settings.resend_delay_ms).saturating_mul(4);
                    let url = &settings.graph_url(&rule.config.query);
                    let alerts = rule.alerts.lock().take_due(t, settings.resend_delay_ms, valid_ms, url);
                    if !alerts.is_empty() {
                        self.shared.metrics.alerts_sent.inc_by(alerts.len() as u64);
                        sink.send(alerts);
                    }
                }
            }
            Err(error) => {
                self.failed(&rule.config, &error);
                (last.health, last.error) = (Health::Bad, Some(error.to_string()));
            }
        }
        *rule.last.lock() = last;
    }

    fn failed(&self, rule: &RuleConfig, error: &RuleError) {
        self.shared.metrics.failures.inc();
        let (group, file) = (&self.view.config.name, &self.view.config.file);
        tracing::warn!(%error, rule = rule.name, group, file, "evaluating a rule failed");
    }

    /// Writes samples, and the end of series that the rule gives no more.
    fn write(&mut self, at: usize, samples: Vec<(Labels, Value)>, t: TimestampMs) -> Result<(), RuleError> {
        let (written, appender, round) = (&mut self.written[at], &mut *self.appender, self.round);
        let metrics = &self.shared.metrics;
        for (labels, value) in samples {
            metrics.samples.inc();
            let series = match written.get_mut(&labels) {
                Some(known) => {
                    known.round = round;
                    known.series
                }
                None => {
                    let series = appender.resolve(&labels)?;
                    written.insert(labels.clone(), Written { series, round });
                    series
                }
            };
            let mut outcome = append(appender, series, t, &value);
            if outcome == Err(AppendError::UnknownSeries) {
                let series = appender.resolve(&labels)?;
                written.insert(labels, Written { series, round });
                outcome = append(appender, series, t, &value);
            }
            refused(outcome, &metrics.refused)?;
        }
        written.retain(|_, known| {
            let stays = known.round == round;
            if !stays {
                // One that the store refuses to mark has newer samples, or is gone.
                let _ = appender.append(known.series, t, stale_nan());
            }
            stays
        });
        Ok(())
    }

    fn mark_orphaned(&mut self, t: TimestampMs) {
        for (_, gone) in self.orphaned.drain() {
            let _ = self.appender.append(gone.series, t, stale_nan());
        }
    }

    /// The group is gone: marks all its series stale.
    pub(crate) fn end(&mut self, t: TimestampMs) {
        let all = self.written.iter_mut().flat_map(WrittenSeries::drain);
        self.orphaned.extend(all);
        self.mark_orphaned(t);
        self.commit();
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    fn commit(&mut self) {
        if let Err(error) = self.appender.commit() {
            let (group, file) = (&self.view.config.name, &self.view.config.file);
            tracing::error!(%error, group, file, "what the rules gave cannot be stored");
        }
    }
}

fn append(
    appender: &mut dyn Appender,
    series: SeriesRef,
    t: TimestampMs,
    value: &Value,
) -> Result<(), AppendError> {
    match value {
        Value::Float(value) => appender.append(series, t, *value),
        Value::Histogram(histogram) => appender.append_histogram(series, t, histogram),
    }
}

/// A sample that is not taken is counted; an error that concerns more fails the rule.
fn refused(
    outcome: Result<(), AppendError>,
    counter: &telemetry::metrics::counter::Counter,
) -> Result<(), RuleError> {
    match outcome {
        Ok(()) => Ok(()),
        Err(
            AppendError::OutOfOrder
            | AppendError::DuplicateTimestamp
            | AppendError::OutOfBounds
            | AppendError::TooOld
            | AppendError::InvalidHistogram(_),
        ) => {
            counter.inc();
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// Asks rules that do not depend on each other, on a few threads.
fn at_once(
    rules: &[Arc<RuleView>],
    threads: usize,
    ask: impl Fn(&RuleView) -> Outcome + Sync,
) -> Vec<Outcome> {
    if rules.len() < 2 || threads < 2 {
        return rules.iter().map(|rule| ask(rule)).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(rule) = rules.get(at) else { return done };
            done.push((at, ask(rule)));
        }
    };
    let mut all: Vec<(usize, Outcome)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads.min(rules.len())).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for other in others {
            all.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        all
    });
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, outcome)| outcome).collect()
}

/// One evaluation of a group.
struct Round<'a> {
    shared: &'a Shared,
    settings: &'a RuleSettings,
    external_labels: Arc<BTreeMap<String, String>>,
    /// Most series or alerts of a rule; 0: any number.
    limit: usize,
    t: TimestampMs,
    /// The time that queries are asked for.
    query_at: TimestampMs,
}

impl Round<'_> {
    /// Asks a rule's query and takes the answer in.
    fn ask(&self, rule: &RuleView) -> Outcome {
        let clock = &self.shared.deps.clock;
        let began = clock.monotonic();
        let result = match (self.answer(&rule.config), rule.config.alerting()) {
            (answer, None) => answer
                .and_then(|answer| recording::samples(&rule.config, self.limit, answer.samples))
                .map(|samples| Evaluated { samples, ..Evaluated::default() }),
            (Ok(answer), Some(_)) if answer.without_data => {
                let missing = missing::why(self.shared, &rule.config, self.query_at);
                Ok(self.trouble(rule, &Trouble::NoData(missing)))
            }
            (Ok(answer), Some(alerting)) => {
                let mut state = rule.alerts.lock();
                state.evaluate(&rule.config, alerting, (self.t, self.limit), answer.samples, self)
            }
            (Err(error), Some(_)) => {
                let evaluated = self.trouble(rule, &Trouble::Error(error.to_string()));
                return Outcome { result: Ok(evaluated), failure: Some(error), took: self.since(began) };
            }
        };
        Outcome { result, failure: None, took: self.since(began) }
    }

    fn since(&self, began: Duration) -> Duration {
        self.shared.deps.clock.monotonic().saturating_sub(began)
    }

    /// Takes in that there is trouble with an alerting rule.
    fn trouble(&self, rule: &RuleView, trouble: &Trouble) -> Evaluated {
        let Some(alerting) = rule.config.alerting() else { return Evaluated::default() };
        let mut state = rule.alerts.lock();
        let for_ms = state.trouble_for(trouble, self.t);
        state.evaluate_trouble(&rule.config, alerting, (self.t, for_ms), trouble, self)
    }

    fn answer(&self, rule: &RuleConfig) -> Result<Answer, RuleError> {
        let deps = &self.shared.deps;
        let options = QueryOptions::default();
        let result = deps.engine.instant_expr(&*deps.storage, &rule.expr, self.query_at, &options)?;
        let asks = rule.expr.selectors().next().is_some();
        let without_data = asks && result.statistics.samples_loaded == 0;
        let samples = vector(result.value).ok_or(RuleError::NotAVector)?;
        Ok(Answer { without_data: without_data && samples.is_empty(), samples })
    }
}

/// The answer to a rule's query.
struct Answer {
    samples: Vec<VectorSample>,
    /// Not one sample was there to be looked at.
    without_data: bool,
}

/// With queries at the time of the rule's own.
impl Expand for Round<'_> {
    fn expand(&self, text: &Text, labels: &Labels, value: &Value) -> String {
        let Some(template) = text.actions() else { return text.source().to_owned() };
        let query = |text: &str| {
            let deps = &self.shared.deps;
            let result = deps.engine.instant(&*deps.storage, text, self.query_at, &QueryOptions::default());
            let value = result.map_err(|error| error.to_string())?.value;
            let samples = vector(value).ok_or("query result is not a vector or scalar")?;
            Ok(samples.iter().map(expand::sample).collect())
        };
        let data = RuleData {
            labels: Arc::new(expand::by_name(labels)),
            external_labels: Arc::clone(&self.external_labels),
            external_url: Arc::from(&*self.settings.external_url),
            value: expand::value(value),
            now_ms: self.t,
            query: &query,
            limits: Limits::default(),
        };
        template.expand(&data).unwrap_or_else(|error| templates::failed(&error))
    }
}

/// A vector, or a scalar as one.
pub(crate) fn vector(value: QueryValue) -> Option<Vec<VectorSample>> {
    match value {
        QueryValue::Vector(samples) => Some(samples),
        QueryValue::Scalar { timestamp_ms, value } => {
            Some(vec![VectorSample { labels: Labels::empty(), timestamp_ms, value: Value::Float(value) }])
        }
        _ => None,
    }
}
