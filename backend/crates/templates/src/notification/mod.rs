//! Templates of notifications: the fields of Alertmanager's receivers, and files of templates for them.

mod functions;
mod set;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use set::NotificationTemplates;

use crate::value::Time;

/// Whether an alert, or any of a group, is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The condition holds.
    Firing,
    /// It does no longer.
    Resolved,
}

impl Status {
    /// The name that templates see.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }

    pub(crate) fn is_firing(self) -> bool {
        self == Self::Firing
    }
}

/// An alert of a notification.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Whether it fires.
    pub status: Status,
    /// Its labels.
    pub labels: Arc<BTreeMap<String, String>>,
    /// Its annotations.
    pub annotations: Arc<BTreeMap<String, String>>,
    /// When it began, in milliseconds since the epoch.
    pub starts_at_ms: i64,
    /// When it ended or will be taken for ended, in milliseconds since the epoch, if that is known.
    pub ends_at_ms: Option<i64>,
    /// Where its expression can be looked at.
    pub generator_url: String,
    /// The hash of its labels in hexadecimal digits.
    pub fingerprint: String,
}

impl Alert {
    pub(crate) fn starts_at(&self) -> Time {
        Time::from_millis(self.starts_at_ms)
    }

    pub(crate) fn ends_at(&self) -> Time {
        self.ends_at_ms.map_or_else(Time::zero, Time::from_millis)
    }
}

/// What the template of a notification sees.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    /// The receiver's name.
    pub receiver: String,
    /// Firing if any of the alerts is.
    pub status: Status,
    /// The alerts.
    pub alerts: Arc<[Arc<Alert>]>,
    /// Why the notification is sent.
    pub notification_reason: String,
    /// The labels that the alerts are grouped by.
    pub group_labels: Arc<BTreeMap<String, String>>,
    /// The labels that all alerts have alike.
    pub common_labels: Arc<BTreeMap<String, String>>,
    /// The annotations that all alerts have alike.
    pub common_annotations: Arc<BTreeMap<String, String>>,
    /// The address under which people reach the program.
    pub external_url: String,
}

impl Notification {
    /// A notification of `alerts`, with its status and what the alerts have in common found out.
    #[must_use]
    pub fn new(
        receiver: &str,
        group_labels: Arc<BTreeMap<String, String>>,
        alerts: Vec<Arc<Alert>>,
        external_url: &str,
    ) -> Self {
        let fires = alerts.iter().any(|alert| alert.status.is_firing());
        Self {
            receiver: receiver.to_owned(),
            status: if fires { Status::Firing } else { Status::Resolved },
            notification_reason: String::new(),
            group_labels,
            common_labels: Arc::new(common(alerts.iter().map(|alert| &*alert.labels))),
            common_annotations: Arc::new(common(alerts.iter().map(|alert| &*alert.annotations))),
            alerts: alerts.into(),
            external_url: external_url.to_owned(),
        }
    }
}

/// The entries that all maps have alike.
fn common<'a>(maps: impl Iterator<Item = &'a BTreeMap<String, String>>) -> BTreeMap<String, String> {
    maps.fold(None, |common: Option<BTreeMap<String, String>>, map| match common {
        None => Some(map.clone()),
        Some(mut common) => {
            common.retain(|name, value| map.get(name) == Some(value));
            Some(common)
        }
    })
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(status: Status, labels: &[(&str, &str)]) -> Arc<Alert> {
        let map = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Arc::new(Alert {
            status,
            labels: Arc::new(map),
            annotations: Arc::default(),
            starts_at_ms: 0,
            ends_at_ms: None,
            generator_url: String::new(),
            fingerprint: String::new(),
        })
    }

    #[test]
    fn what_alerts_have_in_common() {
        let alerts = vec![
            alert(Status::Resolved, &[("a", "1"), ("b", "2")]),
            alert(Status::Firing, &[("a", "1"), ("b", "3"), ("c", "4")]),
        ];
        let notification = Notification::new("r", Arc::default(), alerts, "");
        assert_eq!(notification.status, Status::Firing);
        assert_eq!(*notification.common_labels, BTreeMap::from([("a".to_owned(), "1".to_owned())]));
        let none = Notification::new("r", Arc::default(), Vec::new(), "");
        assert_eq!(none.status, Status::Resolved);
        assert!(none.common_labels.is_empty());
    }
}
