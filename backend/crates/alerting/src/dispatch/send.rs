//! What is to be sent, and what comes of it.

use std::cmp::Reverse;
use std::sync::Arc;

use model::{Labels, TimestampMs};

use super::Dispatcher;
use super::group::{GroupId, Outcome, Told};
use crate::alert::Alert;
use crate::config::{Integration, Receiver};
use crate::nflog::{LogKey, TellReason};

/// One sending, for as long as the process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SendId(pub u64);

/// An alert as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifiedAlert {
    /// The alert.
    pub alert: Arc<Alert>,
    /// Whether it is told to be resolved. If not, its end is not to be told: it was only a guess.
    pub resolved: bool,
}

/// "Send this to that receiver." To be answered with [`Dispatcher::sent`] or [`Dispatcher::failed`].
#[derive(Clone, Debug)]
pub struct Send {
    /// By which it is answered.
    pub id: SendId,
    /// The receiver.
    pub receiver: Arc<Receiver>,
    /// Which of its integrations, by place.
    pub integration: usize,
    /// The route by its unique name.
    pub route_id: Arc<str>,
    /// Key of the group.
    pub group_key: Arc<str>,
    /// Labels of the group.
    pub group_labels: Labels,
    /// Alerts, in the order in which they are told; never empty.
    pub alerts: Vec<NotifiedAlert>,
    /// Why.
    pub reason: TellReason,
    /// When it was decided.
    pub at_ms: TimestampMs,
    /// When it counts as failed without an answer.
    pub deadline_ms: TimestampMs,
}

impl Send {
    /// The integration's settings, unless the place is that of another receiver.
    #[must_use]
    pub fn settings(&self) -> Option<&Integration> {
        self.receiver.integrations.get(self.integration)
    }
}

/// What is remembered of a sending until it is answered.
#[derive(Clone, Debug)]
pub(super) struct Sending {
    /// The group that waits for the answer, if it still does.
    pub(super) group: Option<GroupId>,
    pub(super) key: LogKey,
    pub(super) reason: TellReason,
    pub(super) firing: Vec<u64>,
    pub(super) resolved: Vec<u64>,
    pub(super) repeat_interval_ms: i64,
    pub(super) at_ms: TimestampMs,
    pub(super) deadline_ms: TimestampMs,
}

impl Dispatcher {
    /// Takes note that something was sent. An answer that comes too late for its group still counts for what the
    /// receiver knows. Gives whether the sending is known.
    pub fn sent(&mut self, id: SendId, now_ms: TimestampMs) -> bool {
        let Some(sending) = self.sendings.remove(&id) else { return false };
        let (firing, resolved) = (sending.firing.clone(), sending.resolved.clone());
        self.log.note(&sending.key, id.0, firing, resolved, sending.repeat_interval_ms, sending.at_ms);
        self.answered(id, &sending, Outcome::Sent(sending.reason), now_ms);
        true
    }

    /// Takes note that something could not be sent. It is tried again at the next flush of its group. Gives
    /// whether the sending is known.
    pub fn failed(&mut self, id: SendId, error: &str, now_ms: TimestampMs) -> bool {
        let Some(sending) = self.sendings.remove(&id) else { return false };
        let error = error.chars().take(1000).collect();
        self.answered(id, &sending, Outcome::Failed { reason: sending.reason, error }, now_ms);
        true
    }

    fn answered(&mut self, send: SendId, sending: &Sending, outcome: Outcome, now_ms: TimestampMs) {
        let Some((id, group)) = sending.group.and_then(|id| Some((id, self.groups.get_mut(&id)?))) else {
            return;
        };
        let failed = matches!(outcome, Outcome::Failed { .. });
        let LogKey { integration, index, .. } = sending.key;
        group.tell(Told { integration, index, outcome, at_ms: now_ms });
        let Some(flight) = group.flight.as_mut() else { return };
        flight.failed |= failed;
        flight.waiting.retain(|other| *other != send);
        if !flight.waiting.is_empty() {
            return;
        }
        let Some(flight) = group.flight.take() else { return };
        if flight.overdue {
            group.due_ms = now_ms;
            self.timers.push(Reverse((now_ms, id)));
        }
        if !flight.failed {
            let removed = group.remove(&flight.resolved);
            self.history.note(self.config.tree.route(group.route), group, removed, now_ms);
        }
        if group.members.is_empty() {
            self.drop_group(id);
        }
    }

    /// Lets a group go that has no alert any more.
    pub(super) fn drop_group(&mut self, id: GroupId) {
        if let Some(group) = self.groups.remove(&id) {
            self.by_labels.remove(&(group.route, group.labels));
        }
    }

    /// Gives up on what a group still waits for.
    pub(super) fn give_up(&mut self, id: GroupId, now_ms: TimestampMs) {
        let late = self.groups.get_mut(&id).and_then(|group| group.flight.take());
        let late = late.map_or_else(Vec::new, |flight| flight.waiting);
        for send_id in late {
            let Some(sending) = self.sendings.get_mut(&send_id) else { continue };
            sending.group = None;
            let LogKey { integration, index, .. } = sending.key;
            let outcome = Outcome::Failed { reason: sending.reason, error: "no answer in time".to_owned() };
            if let Some(group) = self.groups.get_mut(&id) {
                group.tell(Told { integration, index, outcome, at_ms: now_ms });
            }
        }
    }
}
