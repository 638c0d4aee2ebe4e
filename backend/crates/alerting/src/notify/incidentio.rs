//! incident.io's alert sources.

use serde::Deserialize;

use super::webhook::{Message, first_alerts};
use super::{Answer, NotifyError, Task, json};
use crate::config::receivers::IncidentioConfig;

/// Most bytes that are taken of a message with more than one alert.
const MOST_BYTES: usize = 512 << 10;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    message: String,
    errors: Vec<String>,
    error: String,
}

pub(super) async fn notify(task: &Task<'_>, config: &IncidentioConfig) -> Result<Answer, NotifyError> {
    let (render, left_out) = first_alerts(&task.render, config.max_alerts);
    let mut message = Message::new(&render.data, "1", &task.send.group_key, left_out);
    let mut body = json::encode(&message)?;
    if body.len() > MOST_BYTES {
        message.keep_first();
        body = json::encode(&message)?;
    }
    let url = Task::secret_url(&config.url)?;
    let reply = task.within(config.timeout, task.post_json(&url, body)).await?;
    reply.check_saying(&[429], &said(&reply.body))
}

/// What an answer says is wrong.
fn said(body: &[u8]) -> String {
    let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
    let parts = [refusal.message, refusal.error, refusal.errors.join(", ")];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}
