//! From alerts to "send this to that receiver now".
//!
//! A [`Dispatcher`] is a state machine: it is driven by events (alerts told, time passed, a reload, answers of
//! those who send) with the time of each, and yields what is to be sent. It waits for nothing and knows no
//! network. Alerts lie in groups; a group has a time at which it is flushed, and a flush asks stage after stage
//! whether its alerts are to be told: inhibition, active and mute intervals, silences, and for each integration
//! of the receiver the notification log. Each stage's answer is kept, so that [`Dispatcher::explain`] can tell
//! why somebody was told, or was not.

mod compiled;
mod explain;
mod flush;
mod group;
mod history;
mod send;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use model::{Labels, TimestampMs};

use crate::alert::{Alert, AlertError, AlertStore, NewAlert};
use crate::config::AlertingConfig;
use crate::fingerprint::Fingerprint;
use crate::inhibit::Inhibitor;
use crate::nflog::NotificationLog;
use crate::records::Records;
use crate::route::{RouteId, RouteTree, group_key};
use crate::silence::{SilenceError, SilenceLimits, Silences};

use compiled::Compiled;
use group::{Group, GroupId};
use history::History;
use send::Sending;

pub use explain::{Explanation, GroupView, Suppression};
pub use group::{Outcome, Told, Verdict};
pub use send::{NotifiedAlert, Send, SendId};

/// Bounds of a dispatcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DispatchLimits {
    /// Alerts; further ones are refused.
    pub alerts: usize,
    /// Groups; alerts that would need a further one are not told to its receiver.
    pub groups: usize,
    /// Silences.
    pub silences: SilenceLimits,
}

impl Default for DispatchLimits {
    fn default() -> Self {
        Self { alerts: 1_000_000, groups: 500_000, silences: SilenceLimits::default() }
    }
}

/// The state machine.
#[derive(Debug)]
pub struct Dispatcher {
    limits: DispatchLimits,
    config: Compiled,
    alerts: AlertStore,
    silences: Silences,
    inhibitor: Inhibitor,
    log: NotificationLog,
    groups: HashMap<GroupId, Group, foldhash::fast::RandomState>,
    by_labels: HashMap<(RouteId, Labels), GroupId, foldhash::fast::RandomState>,
    /// Times at which groups are due. An entry counts only if the group still says the same time.
    timers: BinaryHeap<Reverse<(TimestampMs, GroupId)>>,
    sendings: BTreeMap<SendId, Sending>,
    history: History,
    next_group: u64,
    next_send: u64,
    /// Alerts that got into no group because there were too many.
    without_group: u64,
}

impl Dispatcher {
    /// A dispatcher without any alert.
    #[must_use]
    pub fn new(config: &AlertingConfig, limits: DispatchLimits) -> Self {
        Self {
            limits,
            config: Compiled::new(config),
            alerts: AlertStore::new(limits.alerts),
            silences: Silences::new(limits.silences),
            inhibitor: Inhibitor::new(&config.inhibit_rules),
            log: NotificationLog::default(),
            groups: HashMap::default(),
            by_labels: HashMap::default(),
            timers: BinaryHeap::new(),
            sendings: BTreeMap::new(),
            history: History::default(),
            next_group: 0,
            next_send: 1,
            without_group: 0,
        }
    }

    /// Takes alerts in, and tells of each whether it was taken.
    pub fn put_alerts(
        &mut self,
        alerts: impl IntoIterator<Item = NewAlert>,
        now_ms: TimestampMs,
    ) -> Vec<Result<Fingerprint, AlertError>> {
        alerts
            .into_iter()
            .map(|new| {
                let alert = new.into_alert(now_ms, self.config.resolve_timeout_ms)?;
                let alert = self.alerts.put(alert, now_ms)?;
                self.inhibitor.put(&alert);
                self.route(&alert, now_ms);
                Ok(alert.fingerprint)
            })
            .collect()
    }

    /// Puts an alert into its groups.
    fn route(&mut self, alert: &Arc<Alert>, now_ms: TimestampMs) {
        for route_id in self.config.tree.matches(&alert.labels) {
            let route = self.config.tree.route(route_id);
            let labels = route.options.group_labels(&alert.labels);
            let known = self.by_labels.get(&(route_id, labels.clone()));
            if let Some(group) = known.and_then(|id| self.groups.get_mut(id)) {
                group.put(alert);
                continue;
            }
            if self.groups.len() >= self.limits.groups {
                self.without_group = self.without_group.saturating_add(1);
                continue;
            }
            let id = GroupId(self.next_group);
            self.next_group += 1;
            let waited_ms = alert.starts_at_ms.saturating_add(route.options.group_wait_ms);
            // An alert that is old enough has waited elsewhere, or before a restart.
            let due_ms =
                if waited_ms < now_ms { now_ms } else { now_ms.saturating_add(route.options.group_wait_ms) };
            let key = Arc::from(group_key(&route.key, &labels));
            let mut group = Group::new(route_id, labels.clone(), key, due_ms);
            group.put(alert);
            self.groups.insert(id, group);
            self.by_labels.insert((route_id, labels), id);
            self.timers.push(Reverse((due_ms, id)));
        }
    }

    /// When something is due next, if anything is.
    #[must_use]
    pub fn next_due(&self) -> Option<TimestampMs> {
        self.timers.peek().map(|Reverse((due_ms, _))| *due_ms)
    }

    /// Flushes the groups that are due, and gives what is to be sent.
    pub fn tick(&mut self, now_ms: TimestampMs) -> Vec<Send> {
        let mut sends = Vec::new();
        while let Some(Reverse((due_ms, id))) = self.timers.peek().copied().filter(|due| due.0.0 <= now_ms) {
            self.timers.pop();
            if self.groups.get(&id).is_some_and(|group| group.due_ms == due_ms) {
                self.flush(id, now_ms, &mut sends);
            }
        }
        sends
    }

    /// Takes another configuration in. Groups are made anew of all alerts; what was told stays known by the
    /// keys of groups. Gives what was being sent: it is to be stopped, but an answer is still taken.
    pub fn reload(&mut self, config: &AlertingConfig, now_ms: TimestampMs) -> Vec<SendId> {
        self.config = Compiled::new(config);
        self.inhibitor = Inhibitor::new(&config.inhibit_rules);
        let mut alerts: Vec<Arc<Alert>> = self.alerts.iter().cloned().collect();
        // Resolved alerts may be forgotten already while a group still has to tell of them.
        let mut seen: HashSet<Fingerprint> = alerts.iter().map(|alert| alert.fingerprint).collect();
        for member in self.groups.values().flat_map(|group| group.members.values()) {
            if seen.insert(member.alert.fingerprint) {
                alerts.push(member.alert.clone());
            }
        }
        self.groups.clear();
        self.by_labels.clear();
        self.timers.clear();
        // The oldest makes the group and decides how long it still waits.
        alerts.sort_by_key(|alert| (alert.starts_at_ms, alert.fingerprint));
        for alert in &alerts {
            self.inhibitor.put(alert);
            self.route(alert, now_ms);
        }
        let stopped = self.sendings.iter_mut().filter(|(_, sending)| sending.group.is_some());
        stopped
            .map(|(id, sending)| {
                sending.group = None;
                *id
            })
            .collect()
    }

    /// Forgets what is of no use any more: resolved alerts, silences after their retention, what was told long
    /// ago. To be called every quarter of an hour or so.
    pub fn maintain(&mut self, now_ms: TimestampMs) {
        self.alerts.forget_resolved(now_ms);
        self.inhibitor.forget_resolved(now_ms);
        self.silences.maintain(now_ms);
        self.log.maintain(now_ms);
        let hour = 3_600_000;
        self.sendings.retain(|_, sending| {
            sending.group.is_some() || sending.deadline_ms.saturating_add(hour) > now_ms
        });
    }

    /// The silences.
    #[must_use]
    pub fn silences(&self) -> &Silences {
        &self.silences
    }

    /// The silences, to be changed.
    pub fn silences_mut(&mut self) -> &mut Silences {
        &mut self.silences
    }

    /// The alerts.
    #[must_use]
    pub fn alerts(&self) -> &AlertStore {
        &self.alerts
    }

    /// The routing tree in force.
    #[must_use]
    pub fn tree(&self) -> &RouteTree {
        &self.config.tree
    }

    /// Number of groups.
    #[must_use]
    pub fn group_count(&self) -> usize {
        self.groups.len()
    }

    /// How many times an alert got into no group because there were too many.
    #[must_use]
    pub fn without_group(&self) -> u64 {
        self.without_group
    }

    /// What is to outlive the process.
    #[must_use]
    pub fn records(&self) -> Records {
        Records { silences: self.silences.records(), notifications: self.log.records() }
    }

    /// Takes records in, before any alert. Gives what is wrong with silences that are left out.
    pub fn restore(&mut self, records: Records) -> Vec<SilenceError> {
        self.log.restore(records.notifications);
        self.silences.restore(records.silences)
    }
}

#[cfg(test)]
mod tests;
