//! Where alerts go.

use std::sync::Arc;

use model::{Labels, TimestampMs};

use crate::alerting::AlertState;

/// An alert that fires or has resolved, for those who notify.
#[derive(Clone, Debug, PartialEq)]
pub struct OutgoingAlert {
    /// Labels, without the external ones.
    pub labels: Labels,
    /// Annotations by name.
    pub annotations: Vec<(String, String)>,
    /// Since when it fires.
    pub starts_at_ms: TimestampMs,
    /// When it resolved; for one that fires, until when this counts unless it is told again.
    pub ends_at_ms: TimestampMs,
    /// Whether it has resolved.
    pub resolved: bool,
    /// Address of the rule's graph.
    pub generator_url: Arc<str>,
}

/// A change of an alert's state.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// Labels of the alert.
    pub labels: Labels,
    /// State before.
    pub from: AlertState,
    /// State from now on.
    pub to: AlertState,
    /// Evaluation time.
    pub at_ms: TimestampMs,
    /// Value of the query.
    pub value: f64,
}

/// Who is told of alerts. Called from the thread that evaluates: hand on and return.
pub trait AlertSink: Send + Sync {
    /// Alerts of one rule that fire or have resolved.
    fn send(&self, alerts: Vec<OutgoingAlert>);

    /// Changes of state of the alerts of one rule.
    fn changed(&self, group: &crate::GroupConfig, rule: &crate::RuleConfig, transitions: &[Transition]);
}
