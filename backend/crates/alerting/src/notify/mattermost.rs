//! Mattermost's webhooks.

use serde::Serialize;

use super::text::truncate_chars;
use super::{Answer, NotifyError, Task, json};
use crate::config::receivers::{Attachment, AttachmentField, MattermostConfig, MattermostPriority};

/// Most characters of a text.
const MOST_TEXT: usize = 16_383;

#[derive(Serialize)]
struct Message {
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    channel: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    username: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    icon_url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    icon_emoji: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Boxed>,
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    props: Option<Props>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<Priority>,
}

#[derive(Serialize)]
struct Boxed {
    #[serde(skip_serializing_if = "String::is_empty")]
    fallback: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    color: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pretext: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    author_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    author_link: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    author_icon: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    title_link: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Field>,
    #[serde(skip_serializing_if = "String::is_empty")]
    thumb_url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    footer: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    footer_icon: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    image_url: String,
}

#[derive(Serialize)]
struct Field {
    title: String,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    short: Option<bool>,
}

#[derive(Serialize)]
struct Props {
    card: String,
}

#[derive(Serialize)]
struct Priority {
    priority: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    requested_ack: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    persistent_notifications: bool,
}

pub(super) async fn notify(task: &Task<'_>, config: &MattermostConfig) -> Result<Answer, NotifyError> {
    let message = message(task, config)?;
    let where_to = format!("channel {:?}", message.channel);
    let url = Task::secret_url(&config.webhook_url)?;
    let reply = task.post_json(&url, json::encode(&message)?).await?;
    reply.check(&[]).map_err(|error| error.under(&where_to))
}

fn message(task: &Task<'_>, config: &MattermostConfig) -> Result<Message, NotifyError> {
    let text = |template: &str| task.render.text(template);
    let props = match &config.card {
        Some(card) if !card.is_empty() => Some(Props { card: text(card)? }),
        _ => None,
    };
    let priority = match &config.priority {
        Some(priority) if !priority.priority.is_empty() => {
            Some(allowed(&text(&priority.priority)?, priority))
        }
        _ => None,
    };
    // The message's own fields make a box, unless there are boxes: then only the text is left of them.
    let (own_text, boxes) = match &config.attachments[..] {
        [] => (String::new(), std::slice::from_ref(&config.own)),
        boxes => (truncate_chars(text(&config.own.text)?, MOST_TEXT), boxes),
    };
    Ok(Message {
        text: own_text,
        channel: text(&config.channel)?,
        username: text(&config.username)?,
        icon_url: text(&config.icon_url)?,
        icon_emoji: text(&config.icon_emoji)?,
        attachments: boxes.iter().map(|one| box_of(task, one)).collect::<Result<_, _>>()?,
        kind: text(&config.kind)?,
        props,
        priority,
    })
}

/// A priority as it is taken: one that is unknown is the standard one, and not every one allows everything.
fn allowed(name: &str, config: &MattermostPriority) -> Priority {
    let priority = match name.to_lowercase().as_str() {
        "urgent" => "urgent",
        "important" => "important",
        _ => "standard",
    };
    Priority {
        priority,
        requested_ack: config.requested_ack && priority != "standard",
        persistent_notifications: config.persistent_notifications && priority == "urgent",
    }
}

fn box_of(task: &Task<'_>, attachment: &Attachment) -> Result<Boxed, NotifyError> {
    let text = |template: &str| task.render.text(template);
    let field = |field: &AttachmentField| {
        Ok(Field { title: text(&field.title)?, value: text(&field.value)?, short: field.short })
    };
    Ok(Boxed {
        fallback: text(&attachment.fallback)?,
        color: text(&attachment.color)?,
        pretext: text(&attachment.pretext)?,
        text: text(&attachment.text)?,
        author_name: text(&attachment.author_name)?,
        author_link: text(&attachment.author_link)?,
        author_icon: text(&attachment.author_icon)?,
        title: text(&attachment.title)?,
        title_link: text(&attachment.title_link)?,
        fields: attachment.fields.iter().map(field).collect::<Result<_, NotifyError>>()?,
        thumb_url: text(&attachment.thumb_url)?,
        footer: text(&attachment.footer)?,
        footer_icon: text(&attachment.footer_icon)?,
        image_url: text(&attachment.image_url)?,
    })
}
