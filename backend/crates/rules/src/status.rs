//! What people are told about rules.

use std::sync::Arc;
use std::time::Duration;

use model::TimestampMs;

use crate::alerting::{ActiveAlert, AlertState};
use crate::config::{GroupConfig, RuleConfig};

/// How the last evaluation went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Health {
    /// Not evaluated yet.
    #[default]
    Unknown,
    /// Well.
    Ok,
    /// Not; see the error.
    Bad,
}

impl Health {
    /// The word of Prometheus' API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Ok => "ok",
            Self::Bad => "err",
        }
    }
}

/// The last evaluation of a rule or of a group.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct LastEvaluation {
    pub(crate) health: Health,
    pub(crate) error: Option<String>,
    pub(crate) at_ms: Option<TimestampMs>,
    pub(crate) took: Duration,
    /// Samples it gave.
    pub(crate) samples: usize,
}

/// A group that runs.
#[derive(Clone, Debug)]
pub struct GroupStatus {
    /// Its configuration.
    pub config: Arc<GroupConfig>,
    /// Time between evaluations, ms.
    pub interval_ms: i64,
    /// When it was last evaluated.
    pub last_ms: Option<TimestampMs>,
    /// How long that took.
    pub took: Duration,
    /// Evaluations left out since it began because the one before ended too late.
    pub missed: u64,
    /// Its rules in their order.
    pub rules: Vec<RuleStatus>,
}

/// A rule of a group that runs.
#[derive(Clone, Debug)]
pub struct RuleStatus {
    /// Its configuration.
    pub config: Arc<RuleConfig>,
    /// How the last evaluation went.
    pub health: Health,
    /// Why it failed.
    pub error: Option<String>,
    /// When it was last evaluated.
    pub last_ms: Option<TimestampMs>,
    /// How long that took.
    pub took: Duration,
    /// Samples that the last evaluation gave.
    pub samples: usize,
    /// The alerts of an alerting rule.
    pub alerts: Option<AlertStatus>,
}

/// The alerts of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertStatus {
    /// The state that matters most among its alerts.
    pub state: AlertState,
    /// Those that are pending or firing, by labels.
    pub active: Vec<ActiveAlert>,
}
