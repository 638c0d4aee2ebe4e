//! Where the alerts of rules go: until there is an alert manager to hand them to, into the log.

use rules::{AlertSink, AlertState, GroupConfig, OutgoingAlert, RuleConfig, Transition};

/// Tells of alerts that begin and end to fire.
#[derive(Debug)]
pub(crate) struct Alerts;

impl AlertSink for Alerts {
    fn send(&self, _alerts: Vec<OutgoingAlert>) {}

    fn changed(&self, group: &GroupConfig, rule: &RuleConfig, transitions: &[Transition]) {
        for change in transitions {
            let (labels, value) = (&change.labels, change.value);
            match (change.from, change.to) {
                (_, AlertState::Firing) => {
                    tracing::warn!(%labels, value, group = group.name, file = group.file, "alert {} fires", rule.name);
                }
                (AlertState::Firing, AlertState::Inactive) => {
                    tracing::info!(%labels, value, group = group.name, file = group.file, "alert {} has ended", rule.name);
                }
                _ => {}
            }
        }
    }
}
