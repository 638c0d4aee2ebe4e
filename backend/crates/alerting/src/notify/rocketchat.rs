//! Rocket.Chat.

use platform::http_client::HttpMethod;
use platform::http_client::header::HeaderName;
use serde::{Deserialize, Serialize};

use super::http::secret_header;
use super::text::truncate_chars;
use super::{Answer, NotifyError, Task, json};
use crate::config::receivers::{AttachmentAction, AttachmentField, RocketchatConfig};

/// Most characters of a title.
const MOST_TITLE: usize = 1024;

#[derive(Serialize)]
struct Message {
    #[serde(skip_serializing_if = "String::is_empty")]
    channel: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    emoji: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    avatar: String,
    attachments: [Attachment; 1],
}

#[derive(Serialize)]
struct Attachment {
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    title_link: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    image_url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    thumb_url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    color: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Field>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actions: Vec<Action>,
}

#[derive(Serialize)]
struct Field {
    short: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    value: String,
}

#[derive(Serialize)]
struct Action {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    url: String,
    // Both are always off: of the settings of a button only its texts are sent.
    is_webview: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    msg: String,
    msg_in_chat_window: bool,
}

/// What is answered; also on errors, with status 200.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    success: bool,
    error: String,
}

pub(super) async fn notify(task: &Task<'_>, config: &RocketchatConfig) -> Result<Answer, NotifyError> {
    let message = message(task, config)?;
    let where_to = format!("channel {:?}", message.channel);
    let headers = vec![
        secret_header(HeaderName::from_static("x-auth-token"), &Task::secret(&config.token)?)?,
        secret_header(HeaderName::from_static("x-user-id"), &Task::secret(&config.token_id)?)?,
    ];
    let mut url = config.api_url.clone();
    url.set_path(&format!("{}/api/v1/chat.postMessage", config.api_url.path().trim_end_matches('/')));
    let reply = task.request(HttpMethod::Post, &url, headers, json::encode(&message)?).await?;
    let answer = reply.check(&[]).map_err(|error| error.under(&where_to))?;
    let said: Said = serde_json::from_slice(&reply.body).map_err(|error| {
        NotifyError::passing(format!("{where_to}: cannot read the answer of Rocket.Chat: {error}"))
    })?;
    if said.success {
        return Ok(answer);
    }
    Err(NotifyError::lasting(format!("error response from Rocket.Chat: {}", said.error)).under(&where_to))
}

fn message(task: &Task<'_>, config: &RocketchatConfig) -> Result<Message, NotifyError> {
    let text = |template: &str| task.render.text(template);
    let field = |field: &AttachmentField| {
        let short = field.short.unwrap_or(config.short_fields);
        Ok(Field { short, title: text(&field.title)?, value: text(&field.value)? })
    };
    let action = |action: &AttachmentAction| {
        let (label, url, msg) = (text(&action.text)?, text(&action.url)?, text(&action.msg)?);
        Ok(Action { kind: "button", text: label, url, is_webview: false, msg, msg_in_chat_window: false })
    };
    let attachment = Attachment {
        title: truncate_chars(text(&config.title)?, MOST_TITLE),
        title_link: text(&config.title_link)?,
        text: text(&config.text)?,
        image_url: text(&config.image_url)?,
        thumb_url: text(&config.thumb_url)?,
        color: text(&config.color)?,
        fields: config.fields.iter().map(field).collect::<Result<_, NotifyError>>()?,
        actions: config.actions.iter().map(action).collect::<Result<_, NotifyError>>()?,
    };
    Ok(Message {
        channel: text(&config.channel)?,
        emoji: text(&config.emoji)?,
        avatar: text(&config.icon_url)?,
        attachments: [attachment],
    })
}
