//! What templates see of a sending, and running them.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Labels, TimestampMs};
use templates::{Alert, Notification, NotificationTemplates, Status};

use super::NotifyError;
use crate::Send;
use crate::dispatch::NotifiedAlert;

/// Runs the templates of one message.
pub(super) struct Render<'a> {
    templates: &'a NotificationTemplates,
    now_ms: TimestampMs,
    /// What they see.
    pub(super) data: Arc<Notification>,
}

impl<'a> Render<'a> {
    /// For a message about `alerts` of a sending.
    pub(super) fn new(
        templates: &'a NotificationTemplates,
        send: &Send,
        alerts: &[NotifiedAlert],
        external_url: &str,
        now_ms: TimestampMs,
    ) -> Self {
        let alerts = alerts.iter().map(alert).collect();
        let groups = Arc::new(map(&send.group_labels));
        let mut data = Notification::new(&send.receiver.name, groups, alerts, external_url);
        send.reason.as_str().clone_into(&mut data.notification_reason);
        Self { templates, now_ms, data: Arc::new(data) }
    }

    /// The same for the first `most` of the alerts.
    pub(super) fn with_first(&self, most: usize) -> Self {
        let alerts = self.data.alerts.iter().take(most).cloned().collect();
        let data = &self.data;
        let mut fewer =
            Notification::new(&data.receiver, Arc::clone(&data.group_labels), alerts, &data.external_url);
        fewer.notification_reason.clone_from(&data.notification_reason);
        Self { templates: self.templates, now_ms: self.now_ms, data: Arc::new(fewer) }
    }

    /// What a text makes.
    pub(super) fn text(&self, text: &str) -> Result<String, NotifyError> {
        let made = self.templates.render_text(text, &self.data, self.now_ms);
        made.map_err(|error| NotifyError::lasting(error.to_string()))
    }

    /// What a text makes that is HTML.
    pub(super) fn html(&self, text: &str) -> Result<String, NotifyError> {
        let made = self.templates.render_html(text, &self.data, self.now_ms);
        made.map_err(|error| NotifyError::lasting(error.to_string()))
    }

    /// Whether any alert fires.
    pub(super) fn fires(&self) -> bool {
        self.data.status == Status::Firing
    }
}

fn map(labels: &Labels) -> BTreeMap<String, String> {
    labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn alert(notified: &NotifiedAlert) -> Arc<Alert> {
    let alert = &notified.alert;
    Arc::new(Alert {
        status: if notified.resolved { Status::Resolved } else { Status::Firing },
        labels: Arc::new(map(&alert.labels)),
        annotations: Arc::new(map(&alert.annotations)),
        starts_at_ms: alert.starts_at_ms,
        ends_at_ms: notified.resolved.then_some(alert.ends_at_ms),
        generator_url: alert.generator_url.clone(),
        fingerprint: alert.fingerprint.to_string(),
    })
}
