//! A flush: the stages that a group's alerts go through when it is due.

use std::cmp::Reverse;
use std::sync::Arc;

use model::TimestampMs;

use super::Dispatcher;
use super::group::{Flight, Group, GroupId, Outcome, Told, Verdict};
use super::send::{NotifiedAlert, Send, SendId, Sending};
use crate::alert::Alert;
use crate::config::{Integration, Receiver};
use crate::nflog::{LogKey, reason_to_tell};
use crate::route::RouteOptions;

/// Least time for a sending, however often its group is flushed.
const LEAST_TIMEOUT_MS: i64 = 10_000;

impl Dispatcher {
    /// Flushes a group that is due.
    pub(super) fn flush(&mut self, id: GroupId, now_ms: TimestampMs, sends: &mut Vec<Send>) {
        let Some(group) = self.groups.get_mut(&id) else { return };
        if let Some(flight) = group.flight.as_mut() {
            if now_ms < flight.deadline_ms {
                flight.overdue = true;
                group.due_ms = flight.deadline_ms;
                self.timers.push(Reverse((group.due_ms, id)));
                return;
            }
            self.give_up(id, now_ms);
        }
        let Some(mut group) = self.groups.remove(&id) else { return };
        let route = self.config.tree.route(group.route);
        let (options, route_id) = (route.options.clone(), route.id.clone());
        group.due_ms = now_ms.saturating_add(options.group_interval_ms.max(1));
        self.timers.push(Reverse((group.due_ms, id)));
        let mut alerts: Vec<Arc<Alert>> = group.members.values().map(|member| member.alert.clone()).collect();
        alerts.sort_by(|a, b| a.order(b));
        let resolved: Vec<Arc<Alert>> =
            alerts.iter().filter(|alert| alert.is_resolved(now_ms)).cloned().collect();
        let alerts = self.stages(&mut group, alerts, &options, now_ms);
        let mut waiting = Vec::new();
        if let Some(receiver) = self.config.receiver(&options.receiver).cloned()
            && !alerts.is_empty()
        {
            for at in 0..receiver.integrations.len() {
                let send = self.integration(id, &mut group, &receiver, at, &alerts, &options, now_ms);
                if let Some(send) = send {
                    waiting.push(send.id);
                    sends.push(Send { route_id: route_id.clone(), ..send });
                }
            }
        }
        if waiting.is_empty() {
            let removed = group.remove(&resolved);
            self.history.note(self.config.tree.route(group.route), &group, removed, now_ms);
        } else {
            let deadline_ms = deadline(&options, now_ms);
            group.flight = Some(Flight { waiting, failed: false, resolved, deadline_ms, overdue: false });
        }
        if group.members.is_empty() {
            self.by_labels.remove(&(group.route, group.labels));
        } else {
            self.groups.insert(id, group);
        }
    }

    /// The stages that all integrations share. Gives the alerts that pass.
    fn stages(
        &self,
        group: &mut Group,
        mut alerts: Vec<Arc<Alert>>,
        options: &RouteOptions,
        now_ms: TimestampMs,
    ) -> Vec<Arc<Alert>> {
        alerts.retain(|alert| match self.inhibitor.inhibition(&alert.labels, now_ms) {
            Some(inhibition) => {
                group.judge(alert, Verdict::Inhibited(inhibition));
                false
            }
            None => true,
        });
        let active = &options.active_time_intervals;
        let mut stopped = None;
        if !active.is_empty() && self.config.containing(active, now_ms).is_empty() {
            stopped = Some(Verdict::OutsideActiveIntervals { intervals: active.clone() });
        } else {
            let intervals = self.config.containing(&options.mute_time_intervals, now_ms);
            if !intervals.is_empty() {
                stopped = Some(Verdict::Muted { intervals });
            }
        }
        if let Some(verdict) = stopped {
            alerts.iter().for_each(|alert| group.judge(alert, verdict.clone()));
            return Vec::new();
        }
        alerts.retain(|alert| {
            let silences = self.silences.silencing(&alert.labels, now_ms);
            let passes = silences.is_empty();
            group.judge(alert, if passes { Verdict::Passed } else { Verdict::Silenced { silences } });
            passes
        });
        alerts
    }

    /// What one integration is told, if it is.
    #[expect(clippy::too_many_arguments, reason = "the parts of a flush, used here only")]
    fn integration(
        &mut self,
        id: GroupId,
        group: &mut Group,
        receiver: &Arc<Receiver>,
        at: usize,
        alerts: &[Arc<Alert>],
        options: &RouteOptions,
        now_ms: TimestampMs,
    ) -> Option<Send> {
        let integration = receiver.integrations.get(at)?;
        let Integration { index, send_resolved, .. } = *integration;
        let kind = integration.settings.kind();
        let key = LogKey {
            group_key: group.key.clone(),
            receiver: options.receiver.clone(),
            integration: kind,
            index,
        };
        let (firing, resolved) = fingerprints(alerts, now_ms);
        let entry = self.log.get(&key);
        let repeat = options.repeat_interval_ms;
        let tell = |outcome| Told { integration: kind, index, outcome, at_ms: now_ms };
        let Some(reason) = reason_to_tell(entry, &firing, &resolved, send_resolved, repeat, now_ms) else {
            group.tell(tell(match entry {
                Some(entry) if !firing.is_empty() => Outcome::NothingNew {
                    told_at_ms: entry.at_ms,
                    repeats_at_ms: entry.at_ms.saturating_add(repeat),
                },
                _ => Outcome::NeverKnew,
            }));
            return None;
        };
        let number = self.next_send;
        self.next_send += 1;
        if !send_resolved && firing.is_empty() {
            self.log.note(&key, number, firing, resolved, repeat, now_ms);
            group.tell(tell(Outcome::ResolvedNotSent));
            return None;
        }
        group.tell(tell(Outcome::Sending(reason)));
        let deadline_ms = deadline(options, now_ms);
        let sending = Sending {
            group: Some(id),
            key,
            reason,
            firing,
            resolved,
            repeat_interval_ms: repeat,
            at_ms: now_ms,
            deadline_ms,
        };
        self.sendings.insert(SendId(number), sending);
        let notified = alerts
            .iter()
            .map(|alert| NotifiedAlert { alert: alert.clone(), resolved: alert.is_resolved(now_ms) })
            .filter(|notified| send_resolved || !notified.resolved);
        Some(Send {
            id: SendId(number),
            receiver: receiver.clone(),
            integration: at,
            route_id: Arc::from(""),
            group_key: group.key.clone(),
            group_labels: group.labels.clone(),
            alerts: notified.collect(),
            reason,
            at_ms: now_ms,
            deadline_ms,
        })
    }
}

fn deadline(options: &RouteOptions, now_ms: TimestampMs) -> TimestampMs {
    now_ms.saturating_add(options.group_interval_ms.max(LEAST_TIMEOUT_MS))
}

/// The fingerprints of alerts that fire and of those that are resolved, each sorted.
fn fingerprints(alerts: &[Arc<Alert>], now_ms: TimestampMs) -> (Vec<u64>, Vec<u64>) {
    let sorted = |resolved: bool| {
        let those = alerts.iter().filter(|alert| alert.is_resolved(now_ms) == resolved);
        let mut list: Vec<u64> = those.map(|alert| alert.fingerprint.0).collect();
        list.sort_unstable();
        list
    };
    (sorted(false), sorted(true))
}
