//! A group of rules as it is configured, checked.

use std::sync::Arc;

use config::Place;
use model::TimestampMs;
use promql_syntax::ast::Expr;

use crate::policy::Policies;
use crate::text::Text;

/// Rules that are evaluated together, one after another.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupConfig {
    /// File that it comes from; for groups made in the browser a name of their own.
    pub file: String,
    /// Name, unique within the file.
    pub name: String,
    /// Time between evaluations in milliseconds; `None`: the global one.
    pub interval_ms: Option<i64>,
    /// How far before the evaluation time queries look, in milliseconds; `None`: the global value.
    pub query_offset_ms: Option<i64>,
    /// Most series or alerts that a rule may make; 0: any number.
    pub limit: usize,
    /// The rules in their order.
    pub rules: Vec<Arc<RuleConfig>>,
}

/// A rule.
#[derive(Clone, Debug)]
pub struct RuleConfig {
    /// Name of the series or of the alert.
    pub name: String,
    /// What is made of the answer.
    pub kind: RuleKind,
    /// Query.
    pub expr: Arc<Expr>,
    /// Query as text, in its normal form.
    pub query: String,
    /// Labels that are set, those of the group included, by name; for alerts with templates in them.
    pub labels: Vec<(String, Text)>,
    /// Where the rule begins in its file.
    pub place: Place,
}

/// What is made of the answer to a rule's query.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleKind {
    /// Series of the rule's name.
    Recording,
    /// Alerts.
    Alerting(AlertingConfig),
}

/// What only alerting rules have.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertingConfig {
    /// How long the query must hold before the alert fires, ms.
    pub hold_ms: i64,
    /// How long the alert goes on firing when the query holds no more, ms.
    pub keep_firing_ms: i64,
    /// Annotations by name, with templates in them.
    pub annotations: Vec<(String, Text)>,
    /// What happens without data, and when the query fails.
    pub policies: Policies,
}

/// Where a rule stands makes no difference: a comment above it is no change.
impl PartialEq for RuleConfig {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.kind == other.kind
            && self.query == other.query
            && self.labels == other.labels
    }
}

impl GroupConfig {
    /// What tells the group from all others.
    #[must_use]
    pub fn key(&self) -> (String, String) {
        (self.file.clone(), self.name.clone())
    }

    /// When the group is evaluated first at or after `now_ms`, given the time between evaluations: groups
    /// are spread over the interval, each at the same offset always.
    #[must_use]
    pub fn first_due(&self, now_ms: TimestampMs, interval_ms: i64) -> TimestampMs {
        crate::schedule::first_due(&self.file, &self.name, now_ms, interval_ms)
    }
}

impl RuleConfig {
    /// What makes an alerting rule, if this is one.
    #[must_use]
    pub fn alerting(&self) -> Option<&AlertingConfig> {
        match &self.kind {
            RuleKind::Recording => None,
            RuleKind::Alerting(alerting) => Some(alerting),
        }
    }
}
