//! Microsoft Teams: cards of its old connectors and of its workflows.

use serde::Serialize;

use super::{Answer, NotifyError, Task, json};
use crate::config::receivers::{MsTeamsConfig, MsTeamsV2Config};

#[derive(Serialize)]
struct Card {
    #[serde(rename = "@context")]
    context: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    title: String,
    summary: String,
    text: String,
    #[serde(rename = "themeColor")]
    theme_color: &'static str,
}

pub(super) async fn notify(task: &Task<'_>, config: &MsTeamsConfig) -> Result<Answer, NotifyError> {
    let card = Card {
        context: "http://schema.org/extensions",
        kind: "MessageCard",
        title: task.render.text(&config.title)?,
        summary: task.render.text(&config.summary)?,
        text: task.render.text(&config.text)?,
        theme_color: if task.render.fires() { "8C1A1A" } else { "2DC72D" },
    };
    let url = Task::secret_url(&config.webhook_url)?;
    task.post_json(&url, json::encode(&card)?).await?.check(&[])
}

#[derive(Serialize)]
struct Message {
    #[serde(rename = "type")]
    kind: &'static str,
    attachments: [Attachment; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attachment {
    content_type: &'static str,
    content_url: Option<&'static str>,
    content: Content,
}

#[derive(Serialize)]
struct Content {
    #[serde(rename = "$schema")]
    schema: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    version: &'static str,
    body: [Block; 2],
    msteams: Layout,
}

#[derive(Serialize)]
struct Block {
    #[serde(rename = "type")]
    kind: &'static str,
    text: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    weight: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    size: &'static str,
    wrap: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    style: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    color: &'static str,
}

#[derive(Serialize)]
struct Layout {
    width: &'static str,
}

pub(super) async fn notify_v2(task: &Task<'_>, config: &MsTeamsV2Config) -> Result<Answer, NotifyError> {
    let plain =
        |text| Block { kind: "TextBlock", text, weight: "", size: "", wrap: true, style: "", color: "" };
    let title = Block {
        weight: "Bolder",
        size: "Medium",
        style: "heading",
        color: if task.render.fires() { "Attention" } else { "Good" },
        ..plain(task.render.text(&config.title)?)
    };
    let content = Content {
        schema: "http://adaptivecards.io/schemas/adaptive-card.json",
        kind: "AdaptiveCard",
        version: "1.2",
        body: [title, plain(task.render.text(&config.text)?)],
        msteams: Layout { width: "full" },
    };
    let attachment =
        Attachment { content_type: "application/vnd.microsoft.card.adaptive", content_url: None, content };
    let url = Task::secret_url(&config.webhook_url)?;
    let message = Message { kind: "message", attachments: [attachment] };
    task.post_json(&url, json::encode(&message)?).await?.check(&[])
}
