//! The state machine of an alerting rule: inactive, pending, firing, resolved.
//!
//! Pure: it is given a time and the answer to the query. Source: Prometheus' documentation, "Alerting rules".

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use model::{Labels, LabelsBuilder, METRIC_NAME, TimestampMs, Value};
use promql::VectorSample;

use crate::config::{AlertingConfig, RuleConfig};
use crate::error::RuleError;
use crate::policy::{ERROR, NO_DATA, TROUBLE_LABEL, Trouble};
use crate::sink::{OutgoingAlert, Transition};
use crate::text::Text;

/// The label that names the alert.
pub(crate) const ALERT_NAME: &str = "alertname";
/// The series of alerts that are pending or firing.
const ALERTS: &str = "ALERTS";
/// The series that tell since when.
pub(crate) const ALERTS_FOR_STATE: &str = "ALERTS_FOR_STATE";
/// The label of [`ALERTS`] that tells the state.
const ALERT_STATE: &str = "alertstate";
/// How long an alert that has resolved is told again, in case the word was lost.
const RESOLVED_RETENTION_MS: i64 = 15 * 60_000;

/// What an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AlertState {
    /// Its query holds no more.
    Inactive,
    /// Its query holds, but not for long enough.
    Pending,
    /// It fires.
    Firing,
}

impl AlertState {
    /// The word of Prometheus' API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Pending => "pending",
            Self::Firing => "firing",
        }
    }
}

/// An alert of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct ActiveAlert {
    /// Labels, the alert's name among them.
    pub labels: Labels,
    /// Annotations by name, filled in.
    pub annotations: Vec<(String, String)>,
    /// State.
    pub state: AlertState,
    /// Value of the query when it last held.
    pub value: f64,
    /// Since when the query holds.
    pub active_at_ms: TimestampMs,
    /// Since when it fires.
    pub fired_at_ms: Option<TimestampMs>,
    /// When it resolved.
    pub resolved_at_ms: Option<TimestampMs>,
    /// When it was last handed on.
    pub sent_at_ms: Option<TimestampMs>,
    /// Since when it only goes on firing because the rule says so.
    pub keep_firing_since_ms: Option<TimestampMs>,
}

/// The state of an alerting rule.
#[derive(Debug, Default)]
pub(crate) struct AlertingState {
    active: HashMap<Labels, ActiveAlert, RandomState>,
    /// Whether it is known since when alerts were pending before the start. Until then nothing is recorded.
    pub(crate) restored: bool,
    /// Since when there is trouble of a kind.
    trouble: Option<(&'static str, TimestampMs)>,
}

/// What an evaluation gave.
#[derive(Debug, Default)]
pub(crate) struct Evaluated {
    /// Samples of `ALERTS` and `ALERTS_FOR_STATE`.
    pub(crate) samples: Vec<(Labels, Value)>,
    /// Changes of state.
    pub(crate) transitions: Vec<Transition>,
}

/// What the query gives now, by the labels of the alert: annotations and value.
type Holding = HashMap<Labels, (Vec<(String, String)>, f64), RandomState>;

/// What fills in a rule's templates.
pub(crate) trait Expand {
    /// `text` with the labels and the value of a sample.
    fn expand(&self, text: &Text, labels: &Labels, value: &Value) -> String;
}

impl AlertingState {
    /// A state; `restored` if there is nothing to take up from before.
    pub(crate) fn new(restored: bool) -> Self {
        Self { active: HashMap::default(), restored, trouble: None }
    }

    /// How long there has been trouble of this kind at `t`, and that there is.
    pub(crate) fn trouble_for(&mut self, trouble: &Trouble, t: TimestampMs) -> i64 {
        let kind = trouble.label();
        let since = self.trouble.filter(|(held, _)| *held == kind).map_or(t, |(_, since)| since);
        self.trouble = Some((kind, since));
        t - since
    }

    /// Takes in at `t` that there is trouble with the rule, since `for_ms`.
    pub(crate) fn evaluate_trouble(
        &mut self,
        rule: &RuleConfig,
        alerting: &AlertingConfig,
        (t, for_ms): (TimestampMs, i64),
        trouble: &Trouble,
        expand: &dyn Expand,
    ) -> Evaluated {
        let policy = match trouble {
            Trouble::NoData(_) => alerting.policies.no_data,
            Trouble::Error(_) => alerting.policies.error,
        };
        let mut done = Evaluated::default();
        let own = policy.alerts(for_ms).then(|| {
            let mut labels = LabelsBuilder::default();
            for (name, text) in &rule.labels {
                labels.set(name, &expand.expand(text, &Labels::empty(), &Value::Float(f64::NAN)));
            }
            labels.set(ALERT_NAME, &rule.name);
            labels.set(TROUBLE_LABEL, trouble.label());
            labels.build()
        });
        for alert in self.active.values_mut() {
            let stays = match alert.labels.get(TROUBLE_LABEL) {
                Some(_) => own.as_ref() == Some(&alert.labels),
                None => policy.keeps(for_ms),
            };
            if !stays {
                ends(alert, alerting, t, &mut done.transitions);
            }
        }
        if let Some(labels) = own {
            let said = vec![("summary".to_owned(), trouble.describe(&rule.name, for_ms))];
            match self.active.get_mut(&labels).filter(|alert| alert.state != AlertState::Inactive) {
                Some(alert) => alert.annotations = said,
                None => {
                    let mut alert = begin(labels.clone(), said, f64::NAN, t);
                    (alert.state, alert.fired_at_ms) = (AlertState::Firing, Some(t));
                    done.transitions.push(transition(&alert, AlertState::Inactive, t));
                    self.active.insert(labels, alert);
                }
            }
        }
        self.forget(t);
        if self.restored {
            let active = self.active.values().filter(|alert| alert.state != AlertState::Inactive);
            done.samples = active.flat_map(samples).collect();
        }
        done
    }

    /// Forgets alerts that never fired, and those that resolved long ago.
    fn forget(&mut self, t: TimestampMs) {
        self.active.retain(|_, alert| {
            alert.state != AlertState::Inactive
                || (alert.fired_at_ms.is_some()
                    && alert.resolved_at_ms.is_none_or(|at| t - at <= RESOLVED_RETENTION_MS))
        });
    }

    /// Takes in the answer of the query at `t`.
    pub(crate) fn evaluate(
        &mut self,
        rule: &RuleConfig,
        alerting: &AlertingConfig,
        (t, limit): (TimestampMs, usize),
        answer: Vec<VectorSample>,
        expand: &dyn Expand,
    ) -> Result<Evaluated, RuleError> {
        self.trouble = None;
        let mut done = Evaluated::default();
        let mut holds = Holding::with_capacity_and_hasher(answer.len(), RandomState::default());
        for sample in answer {
            let VectorSample { labels: of_series, value, .. } = sample;
            let mut labels = LabelsBuilder::new(&of_series);
            labels.remove(METRIC_NAME);
            for (name, template) in &rule.labels {
                labels.set(name, &expand.expand(template, &of_series, &value));
            }
            labels.set(ALERT_NAME, &rule.name);
            let annotations =
                alerting.annotations.iter().filter(|(name, _)| name != NO_DATA && name != ERROR);
            let annotations = annotations
                .map(|(name, template)| (name.clone(), expand.expand(template, &of_series, &value)));
            let number = match value {
                Value::Float(number) => number,
                Value::Histogram(_) => 0.0,
            };
            if holds.insert(labels.build(), (annotations.collect(), number)).is_some() {
                return Err(RuleError::SameLabels("alert"));
            }
        }
        for alert in self.active.values_mut() {
            match holds.remove(&alert.labels) {
                Some((annotations, value)) if alert.state != AlertState::Inactive => {
                    (alert.annotations, alert.value, alert.keep_firing_since_ms) = (annotations, value, None);
                }
                Some((annotations, value)) => {
                    // It resolved and is back before that was forgotten.
                    *alert = begin(alert.labels.clone(), annotations, value, t);
                    done.transitions.push(transition(alert, AlertState::Inactive, t));
                }
                None => ends(alert, alerting, t, &mut done.transitions),
            }
        }
        self.forget(t);
        for (labels, (annotations, value)) in holds {
            let alert = begin(labels.clone(), annotations, value, t);
            done.transitions.push(transition(&alert, AlertState::Inactive, t));
            self.active.insert(labels, alert);
        }
        for alert in self.active.values_mut() {
            if alert.state == AlertState::Pending && t - alert.active_at_ms >= alerting.hold_ms {
                (alert.state, alert.fired_at_ms) = (AlertState::Firing, Some(t));
                done.transitions.push(transition(alert, AlertState::Pending, t));
            }
        }
        let active = self.active.values().filter(|alert| alert.state != AlertState::Inactive);
        let found = active.clone().count();
        if limit > 0 && found > limit {
            self.active.clear();
            return Err(RuleError::Limit { limit, found, what: "alerts" });
        }
        if self.restored {
            done.samples = active.flat_map(samples).collect();
        }
        Ok(done)
    }

    /// The alerts that are to be handed on at `t`: those that fire and those that have resolved, as long as it
    /// was not done within `resend_ms`. They count until `valid_ms` from now, unless they are told again.
    pub(crate) fn take_due(
        &mut self,
        t: TimestampMs,
        resend_ms: i64,
        valid_ms: i64,
        generator_url: &Arc<str>,
    ) -> Vec<OutgoingAlert> {
        let due = self.active.values_mut().filter(|alert| needs_sending(alert, t, resend_ms));
        let out = due.map(|alert| {
            alert.sent_at_ms = Some(t);
            OutgoingAlert {
                labels: alert.labels.clone(),
                annotations: alert.annotations.clone(),
                starts_at_ms: alert.fired_at_ms.unwrap_or(alert.active_at_ms),
                ends_at_ms: alert.resolved_at_ms.unwrap_or_else(|| t.saturating_add(valid_ms)),
                resolved: alert.resolved_at_ms.is_some(),
                generator_url: Arc::clone(generator_url),
            }
        });
        out.collect()
    }

    /// The alerts that are pending or firing, by labels.
    pub(crate) fn active(&self) -> Vec<ActiveAlert> {
        let active = self.active.values().filter(|alert| alert.state != AlertState::Inactive);
        let mut active: Vec<ActiveAlert> = active.cloned().collect();
        active.sort_by(|a, b| a.labels.cmp(&b.labels));
        active
    }

    /// Visits the alerts that are pending or firing.
    pub(crate) fn each_active(&mut self, visit: impl FnMut(&mut ActiveAlert)) {
        self.active.values_mut().filter(|alert| alert.state != AlertState::Inactive).for_each(visit);
    }

    /// How many alerts fire, and how many are pending.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let count = |state| self.active.values().filter(|alert| alert.state == state).count();
        (count(AlertState::Firing), count(AlertState::Pending))
    }
}

fn begin(labels: Labels, annotations: Vec<(String, String)>, value: f64, t: TimestampMs) -> ActiveAlert {
    ActiveAlert {
        labels,
        annotations,
        state: AlertState::Pending,
        value,
        active_at_ms: t,
        fired_at_ms: None,
        resolved_at_ms: None,
        sent_at_ms: None,
        keep_firing_since_ms: None,
    }
}

/// The query holds no more.
fn ends(
    alert: &mut ActiveAlert,
    alerting: &AlertingConfig,
    t: TimestampMs,
    transitions: &mut Vec<Transition>,
) {
    if alert.state == AlertState::Inactive {
        return;
    }
    if alert.state == AlertState::Firing && alerting.keep_firing_ms > 0 {
        let since = *alert.keep_firing_since_ms.get_or_insert(t);
        if t - since < alerting.keep_firing_ms {
            return;
        }
    }
    let before = std::mem::replace(&mut alert.state, AlertState::Inactive);
    alert.resolved_at_ms = Some(t);
    transitions.push(transition(alert, before, t));
}

fn transition(alert: &ActiveAlert, from: AlertState, t: TimestampMs) -> Transition {
    Transition { labels: alert.labels.clone(), from, to: alert.state, at_ms: t, value: alert.value }
}

fn needs_sending(alert: &ActiveAlert, t: TimestampMs, resend_ms: i64) -> bool {
    if alert.state == AlertState::Pending {
        return false;
    }
    let Some(sent) = alert.sent_at_ms else { return true };
    alert.resolved_at_ms.is_some_and(|resolved| resolved > sent) || sent.saturating_add(resend_ms) < t
}

fn samples(alert: &ActiveAlert) -> [(Labels, Value); 2] {
    let named = |name: &str, state: &str| {
        let mut labels = LabelsBuilder::new(&alert.labels);
        labels.set(METRIC_NAME, name);
        labels.set(ALERT_STATE, state);
        labels.build()
    };
    let since = (alert.active_at_ms.div_euclid(1000)) as f64;
    [
        (named(ALERTS, alert.state.as_str()), Value::Float(1.0)),
        (named(ALERTS_FOR_STATE, ""), Value::Float(since)),
    ]
}
