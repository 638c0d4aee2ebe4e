//! Why was I told, or why not: what the stages said, for people.

use std::sync::Arc;

use model::{Labels, TimestampMs};

use super::Dispatcher;
use super::group::{Group, Told, Verdict};
use crate::alert::Alert;
use crate::inhibit::Inhibition;
use crate::route::Route;

/// What became of an alert on one of its routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The route by its unique name.
    pub route_id: Arc<str>,
    /// Its receiver.
    pub receiver: Arc<str>,
    /// Key of the alert's group there.
    pub group_key: Arc<str>,
    /// How far the alert got at the last flush.
    pub verdict: Verdict,
    /// What came of the integrations at the last flush that got to them; of the whole group.
    pub told: Vec<Told>,
    /// When the group is flushed next; none if the alert has left it.
    pub next_flush_ms: Option<TimestampMs>,
    /// When the alert, being resolved and dealt with, left the group; none if it is still there.
    pub left_at_ms: Option<TimestampMs>,
}

/// A group with its alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupView {
    /// The route by its unique name.
    pub route_id: Arc<str>,
    /// Its receiver.
    pub receiver: Arc<str>,
    /// Key.
    pub key: Arc<str>,
    /// Labels.
    pub labels: Labels,
    /// Alerts in the order in which they are told, each with how far it got at the last flush.
    pub alerts: Vec<(Arc<Alert>, Verdict)>,
    /// What came of the integrations at the last flush that got to them.
    pub told: Vec<Told>,
    /// When it is flushed next.
    pub next_flush_ms: TimestampMs,
}

/// What keeps an alert from being told right now, whatever its routes say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suppression {
    /// Silences in force that match, by identifier.
    pub silenced_by: Vec<Arc<str>>,
    /// The inhibition, if there is one.
    pub inhibited_by: Option<Inhibition>,
}

impl Suppression {
    /// Whether anything does.
    #[must_use]
    pub fn is_suppressed(&self) -> bool {
        !self.silenced_by.is_empty() || self.inhibited_by.is_some()
    }
}

pub(super) fn explanation(route: &Route, group: &Group, verdict: Verdict) -> Explanation {
    Explanation {
        route_id: route.id.clone(),
        receiver: route.options.receiver.clone(),
        group_key: group.key.clone(),
        verdict,
        told: group.told.clone(),
        next_flush_ms: None,
        left_at_ms: None,
    }
}

impl Dispatcher {
    /// What became of the alert with these labels, for each of its routes where it is known; then what became of
    /// it before, as far as that is remembered, the latest first.
    #[must_use]
    pub fn explain(&self, labels: &Labels) -> Vec<Explanation> {
        let fingerprint = crate::fingerprint::Fingerprint::of(labels);
        let mut explanations = Vec::new();
        for route_id in self.config.tree.matches(labels) {
            let route = self.config.tree.route(route_id);
            let group_labels = route.options.group_labels(labels);
            let group = self.by_labels.get(&(route_id, group_labels)).and_then(|id| self.groups.get(id));
            let Some((group, member)) = group.and_then(|g| Some((g, g.members.get(&fingerprint)?))) else {
                continue;
            };
            explanations.push(Explanation {
                next_flush_ms: Some(group.due_ms),
                ..explanation(route, group, member.verdict.clone())
            });
        }
        explanations.extend(self.history.of(fingerprint).cloned());
        explanations
    }

    /// What keeps alerts with these labels from being told at a moment.
    #[must_use]
    pub fn suppression(&self, labels: &Labels, now_ms: TimestampMs) -> Suppression {
        Suppression {
            silenced_by: self.silences.silencing(labels, now_ms),
            inhibited_by: self.inhibitor.inhibition(labels, now_ms),
        }
    }

    /// All groups, by labels, then by receiver.
    #[must_use]
    pub fn groups(&self) -> Vec<GroupView> {
        let mut views: Vec<GroupView> = self.groups.values().map(|group| self.view(group)).collect();
        views.sort_by(|a, b| {
            (&a.labels, &a.receiver, &a.route_id).cmp(&(&b.labels, &b.receiver, &b.route_id))
        });
        views
    }

    fn view(&self, group: &Group) -> GroupView {
        let route = self.config.tree.route(group.route);
        let member = |member: &super::group::Member| (member.alert.clone(), member.verdict.clone());
        let mut alerts: Vec<(Arc<Alert>, Verdict)> = group.members.values().map(member).collect();
        alerts.sort_by(|a, b| a.0.order(&b.0));
        GroupView {
            route_id: route.id.clone(),
            receiver: route.options.receiver.clone(),
            key: group.key.clone(),
            labels: group.labels.clone(),
            alerts,
            told: group.told.clone(),
            next_flush_ms: group.due_ms,
        }
    }
}
