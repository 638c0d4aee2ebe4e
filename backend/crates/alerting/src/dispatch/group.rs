//! A group of alerts that are told together, and what the stages said about them.

use std::fmt;
use std::sync::Arc;

use hashbrown::HashMap;
use model::{Labels, TimestampMs};

use super::send::SendId;
use crate::alert::Alert;
use crate::fingerprint::Fingerprint;
use crate::inhibit::Inhibition;
use crate::nflog::TellReason;
use crate::route::RouteId;

/// A group, for as long as it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct GroupId(pub(super) u64);

/// How far an alert got at the last flush of its group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It came after the last flush; it waits for the next one.
    Waiting,
    /// Another alert keeps it from being told.
    Inhibited(Inhibition),
    /// None of the route's active intervals contains the time.
    OutsideActiveIntervals {
        /// Their names.
        intervals: Vec<String>,
    },
    /// A mute interval of the route contains the time.
    Muted {
        /// The names of those that do.
        intervals: Vec<String>,
    },
    /// Silences keep it from being told.
    Silenced {
        /// Their identifiers.
        silences: Vec<Arc<str>>,
    },
    /// It went on to the integrations of the receiver; see what each of them did.
    Passed,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting => f.write_str("waiting for the next flush of its group"),
            Self::Inhibited(Inhibition { rule, rule_name, source }) => {
                write!(f, "inhibited by alert {source} (rule {rule}")?;
                if rule_name.is_empty() { f.write_str(")") } else { write!(f, ", {rule_name:?})") }
            }
            Self::OutsideActiveIntervals { intervals } => {
                write!(f, "outside of the active intervals {}", intervals.join(", "))
            }
            Self::Muted { intervals } => write!(f, "muted by the interval {}", intervals.join(", ")),
            Self::Silenced { silences } => write!(f, "silenced by {}", silences.join(", ")),
            Self::Passed => f.write_str("passed to the receiver"),
        }
    }
}

/// What came of an integration at a flush.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It knows all this already.
    NothingNew {
        /// When it was told.
        told_at_ms: TimestampMs,
        /// When it is told again if nothing changes.
        repeats_at_ms: TimestampMs,
    },
    /// All is resolved, and it never knew of any of it.
    NeverKnew,
    /// All is resolved, and it is not to be told of that.
    ResolvedNotSent,
    /// It is being told.
    Sending(TellReason),
    /// It was told.
    Sent(TellReason),
    /// It could not be told.
    Failed {
        /// Why it was to be told.
        reason: TellReason,
        /// What went wrong.
        error: String,
    },
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingNew { .. } => f.write_str("knows already"),
            Self::NeverKnew => f.write_str("never knew of what is resolved"),
            Self::ResolvedNotSent => f.write_str("is not told of what is resolved"),
            Self::Sending(reason) => write!(f, "being told: {}", reason.as_str()),
            Self::Sent(reason) => write!(f, "told: {}", reason.as_str()),
            Self::Failed { reason, error } => write!(f, "not told ({}): {error}", reason.as_str()),
        }
    }
}

/// What came of an integration, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Kind of the integration.
    pub integration: &'static str,
    /// The how-manieth of its kind.
    pub index: u32,
    /// What came of it.
    pub outcome: Outcome,
    /// When.
    pub at_ms: TimestampMs,
}

/// An alert in a group.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) alert: Arc<Alert>,
    pub(super) verdict: Verdict,
}

/// A flush whose answers are not all there.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    /// What has not been answered.
    pub(super) waiting: Vec<SendId>,
    /// Whether one of them failed.
    pub(super) failed: bool,
    /// Alerts that leave the group if all of them succeed.
    pub(super) resolved: Vec<Arc<Alert>>,
    /// When those that have not answered count as failed.
    pub(super) deadline_ms: TimestampMs,
    /// Whether the next flush waits for the answers.
    pub(super) overdue: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) route: RouteId,
    pub(super) labels: Labels,
    pub(super) key: Arc<str>,
    pub(super) members: HashMap<Fingerprint, Member, foldhash::fast::RandomState>,
    pub(super) due_ms: TimestampMs,
    pub(super) flight: Option<Flight>,
    /// What came of the integrations at the last flush that got to them.
    pub(super) told: Vec<Told>,
}

impl Group {
    pub(super) fn new(route: RouteId, labels: Labels, key: Arc<str>, due_ms: TimestampMs) -> Self {
        Self { route, labels, key, members: HashMap::default(), due_ms, flight: None, told: Vec::new() }
    }

    pub(super) fn put(&mut self, alert: &Arc<Alert>) {
        let member = self.members.entry(alert.fingerprint);
        member
            .and_modify(|member| member.alert = alert.clone())
            .or_insert_with(|| Member { alert: alert.clone(), verdict: Verdict::Waiting });
    }

    /// Takes out alerts that are resolved and were dealt with, unless they were told anew since.
    pub(super) fn remove(&mut self, resolved: &[Arc<Alert>]) -> Vec<Member> {
        let mut removed = Vec::new();
        for alert in resolved {
            let same = self.members.get(&alert.fingerprint).is_some_and(|m| Arc::ptr_eq(&m.alert, alert));
            removed.extend(same.then(|| self.members.remove(&alert.fingerprint)).flatten());
        }
        removed
    }

    pub(super) fn judge(&mut self, alert: &Alert, verdict: Verdict) {
        if let Some(member) = self.members.get_mut(&alert.fingerprint) {
            member.verdict = verdict;
        }
    }

    pub(super) fn tell(&mut self, told: Told) {
        let same = |other: &&mut Told| other.integration == told.integration && other.index == told.index;
        match self.told.iter_mut().find(same) {
            Some(other) => *other = told,
            None => self.told.push(told),
        }
    }
}
