//! Discord's webhooks.

use serde::Serialize;

use super::text::truncate_chars;
use super::{Answer, NotifyError, Task, json};
use crate::config::receivers::DiscordConfig;

/// Most characters of a title, a description and a text.
const MOST: [usize; 3] = [256, 4096, 2000];

#[derive(Serialize)]
struct Message<'m> {
    content: String,
    embeds: [Embed; 1],
    #[serde(skip_serializing_if = "str::is_empty")]
    username: &'m str,
    #[serde(skip_serializing_if = "str::is_empty")]
    avatar_url: &'m str,
}

#[derive(Serialize)]
struct Embed {
    title: String,
    description: String,
    color: u32,
}

pub(super) async fn notify(task: &Task<'_>, config: &DiscordConfig) -> Result<Answer, NotifyError> {
    let embed = Embed {
        title: truncate_chars(task.render.text(&config.title)?, MOST[0]),
        description: truncate_chars(task.render.text(&config.message)?, MOST[1]),
        color: if task.render.fires() { 0x99_2D22 } else { 0x2E_CC71 },
    };
    let message = Message {
        content: truncate_chars(task.render.text(&config.content)?, MOST[2]),
        embeds: [embed],
        username: &config.username,
        avatar_url: &config.avatar_url,
    };
    let url = Task::secret_url(&config.webhook_url)?;
    task.post_json(&url, json::encode(&message)?).await?.check(&[])
}
