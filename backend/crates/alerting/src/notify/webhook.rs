//! Webhooks: version 4 of the JSON message, or a body of the user's own.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use templates::{Alert, Notification};

use super::data::Render;
use super::{Answer, NotifyError, Task, json};
use crate::config::receivers::WebhookConfig;

/// A notification as JSON; incident.io takes the same with another version.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message<'m> {
    receiver: &'m str,
    status: &'static str,
    alerts: Vec<MessageAlert<'m>>,
    #[serde(rename = "notification_reason")]
    notification_reason: &'m str,
    group_labels: &'m BTreeMap<String, String>,
    common_labels: &'m BTreeMap<String, String>,
    common_annotations: &'m BTreeMap<String, String>,
    #[serde(rename = "externalURL")]
    external_url: &'m str,
    version: &'static str,
    group_key: &'m str,
    truncated_alerts: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MessageAlert<'m> {
    status: &'static str,
    labels: &'m BTreeMap<String, String>,
    annotations: &'m BTreeMap<String, String>,
    #[serde(serialize_with = "time")]
    starts_at: Option<i64>,
    #[serde(serialize_with = "time")]
    ends_at: Option<i64>,
    #[serde(rename = "generatorURL")]
    generator_url: &'m str,
    fingerprint: &'m str,
}

fn time<S: Serializer>(at_ms: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    // Go's zero time stands for an end that is not known.
    match at_ms.and_then(|at| Timestamp::from_millisecond(at).ok()) {
        Some(at) => serializer.collect_str(&at),
        None => serializer.serialize_str("0001-01-01T00:00:00Z"),
    }
}

impl<'m> Message<'m> {
    pub(super) fn new(
        data: &'m Notification,
        version: &'static str,
        group_key: &'m str,
        truncated_alerts: usize,
    ) -> Self {
        Self {
            receiver: &data.receiver,
            status: data.status.as_str(),
            alerts: data.alerts.iter().map(|alert| message_alert(alert)).collect(),
            notification_reason: &data.notification_reason,
            group_labels: &data.group_labels,
            common_labels: &data.common_labels,
            common_annotations: &data.common_annotations,
            external_url: &data.external_url,
            version,
            group_key,
            truncated_alerts,
        }
    }

    /// Leaves only the first alert.
    pub(super) fn keep_first(&mut self) {
        self.alerts.truncate(1);
    }
}

fn message_alert(alert: &Alert) -> MessageAlert<'_> {
    MessageAlert {
        status: alert.status.as_str(),
        labels: &alert.labels,
        annotations: &alert.annotations,
        starts_at: Some(alert.starts_at_ms),
        ends_at: alert.ends_at_ms,
        generator_url: &alert.generator_url,
        fingerprint: &alert.fingerprint,
    }
}

/// What is told of at most `most` alerts, if that is not 0, and how many are left out.
pub(super) fn first_alerts<'r>(render: &Render<'r>, most: u64) -> (Render<'r>, usize) {
    let all = render.data.alerts.len();
    let most = usize::try_from(most).ok().filter(|most| *most > 0).map_or(all, |most| most.min(all));
    (render.with_first(most), all - most)
}

pub(super) async fn notify(task: &Task<'_>, config: &WebhookConfig) -> Result<Answer, NotifyError> {
    let (render, left_out) = first_alerts(&task.render, config.max_alerts);
    let body = match &config.payload {
        Some(payload) => json::encode(&render.value(payload)?)?,
        None => json::encode(&Message::new(&render.data, "4", &task.send.group_key, left_out))?,
    };
    let address = render.text(&Task::secret(&config.url)?)?;
    if address.is_empty() {
        return Err(NotifyError::lasting("the address of the webhook is empty"));
    }
    let url = Task::url(&address)?;
    task.within(config.timeout, async { task.post_json(&url, body).await?.check(&[]) }).await
}
