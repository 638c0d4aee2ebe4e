//! Webex.

use serde::Serialize;

use super::text::truncate_bytes;
use super::{Answer, NotifyError, Task, json};
use crate::config::receivers::WebexConfig;

/// Most bytes of a message.
const MOST_BYTES: usize = 7439;

#[derive(Serialize)]
struct Message {
    markdown: String,
    #[serde(rename = "roomId", skip_serializing_if = "String::is_empty")]
    room_id: String,
}

pub(super) async fn notify(task: &Task<'_>, config: &WebexConfig) -> Result<Answer, NotifyError> {
    let message = Message {
        markdown: truncate_bytes(task.render.text(&config.message)?, MOST_BYTES),
        room_id: task.render.text(&config.room_id)?,
    };
    task.post_json(&config.api_url, json::encode(&message)?).await?.check(&[])
}
