//! Slack: messages by a webhook or by an app, which can also change the message of a group.

use hashbrown::HashMap;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use url::Url;

use super::http::Reply;
use super::text::truncate_chars;
use super::{Answer, NotifyError, Task, json};
use crate::TellReason;
use crate::config::receivers::{SlackAction, SlackConfig, SlackField};

/// Most characters of a title.
const MOST_TITLE: usize = 1024;
/// Where messages are changed.
const UPDATE_URL: &str = "https://slack.com/api/chat.update";
/// Most groups whose messages are remembered.
const MOST_MESSAGES: usize = 10_000;

/// The messages about groups that can be changed, by group, receiver and place of the integration.
#[derive(Debug, Default)]
pub(super) struct Messages(Mutex<HashMap<(String, String, usize), Posted>>);

/// A message as Slack knows it.
#[derive(Clone, Debug)]
struct Posted {
    channel: String,
    ts: String,
}

#[derive(Serialize)]
struct Message {
    #[serde(skip_serializing_if = "String::is_empty")]
    channel: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    ts: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    username: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    icon_emoji: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    icon_url: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    link_names: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    attachments: [Attachment; 1],
}

#[derive(Serialize)]
struct Attachment {
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    title_link: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pretext: String,
    text: String,
    fallback: String,
    callback_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Field>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actions: Vec<Action>,
    #[serde(skip_serializing_if = "String::is_empty")]
    image_url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    thumb_url: String,
    footer: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    color: String,
    mrkdwn_in: Vec<String>,
}

#[derive(Serialize)]
struct Field {
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    value: String,
    short: bool,
}

#[derive(Serialize)]
struct Action {
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    style: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirm: Option<Confirmation>,
}

#[derive(Serialize)]
struct Confirmation {
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    ok_text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    dismiss_text: String,
}

/// What the app answers; also on errors, with status 200.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    ok: bool,
    error: String,
    channel: String,
    ts: String,
}

pub(super) async fn notify(task: &Task<'_>, config: &SlackConfig) -> Result<Answer, NotifyError> {
    let mut message = message(task, config)?;
    let mut url = Task::secret_url(&config.api_url)?;
    let key = (task.send.group_key.to_string(), task.send.receiver.name.clone(), task.send.integration);
    // The first message about a group is a new one, even if there was one before it was all well.
    if config.update_message && task.send.reason != TellReason::First {
        let posted = task.notifier.slack.0.lock().get(&key).cloned();
        if let Some(posted) = posted {
            url = Url::parse(UPDATE_URL)
                .map_err(|error| NotifyError::lasting(format!("{UPDATE_URL}: {error}")))?;
            (message.channel, message.ts) = (posted.channel, posted.ts);
        }
    }
    let where_to = format!("channel {:?}", message.channel);
    let body = json::encode(&message)?;
    let sent = async {
        let reply = task.post_json(&url, body).await?;
        let answer = reply.check(&[]).map_err(|error| error.under(&where_to))?;
        let posted = said(&reply).map_err(|error| error.under(&where_to))?;
        Ok((answer, posted))
    };
    let (answer, posted) = task.within(config.timeout, sent).await?;
    if config.update_message
        && let Some(posted) = posted
    {
        let mut messages = task.notifier.slack.0.lock();
        if messages.len() >= MOST_MESSAGES && !messages.contains_key(&key) {
            messages.clear();
        }
        messages.insert(key, posted);
    }
    Ok(answer)
}

fn message(task: &Task<'_>, config: &SlackConfig) -> Result<Message, NotifyError> {
    let text = |template: &str| task.render.text(template);
    let field = |field: &SlackField| {
        let short = field.short.unwrap_or(config.short_fields);
        Ok(Field { title: text(&field.title)?, value: text(&field.value)?, short })
    };
    let mrkdwn_in = match &config.mrkdwn_in[..] {
        [] => ["fallback", "pretext", "text"].map(str::to_owned).to_vec(),
        own => own.to_vec(),
    };
    let attachment = Attachment {
        title: truncate_chars(text(&config.title)?, MOST_TITLE),
        title_link: text(&config.title_link)?,
        pretext: text(&config.pretext)?,
        text: text(&config.text)?,
        fallback: text(&config.fallback)?,
        callback_id: text(&config.callback_id)?,
        fields: config.fields.iter().map(field).collect::<Result<_, _>>()?,
        actions: config.actions.iter().map(|one| action(task, one)).collect::<Result<_, _>>()?,
        image_url: text(&config.image_url)?,
        thumb_url: text(&config.thumb_url)?,
        footer: text(&config.footer)?,
        color: text(&config.color)?,
        mrkdwn_in,
    };
    Ok(Message {
        channel: text(&config.channel)?,
        ts: String::new(),
        username: text(&config.username)?,
        icon_emoji: text(&config.icon_emoji)?,
        icon_url: text(&config.icon_url)?,
        link_names: config.link_names,
        text: text(&config.message_text)?,
        attachments: [attachment],
    })
}

fn action(task: &Task<'_>, action: &SlackAction) -> Result<Action, NotifyError> {
    let text = |template: &str| task.render.text(template);
    let confirm = match &action.confirm {
        Some(confirm) => Some(Confirmation {
            text: text(&confirm.text)?,
            title: text(&confirm.title)?,
            ok_text: text(&confirm.ok_text)?,
            dismiss_text: text(&confirm.dismiss_text)?,
        }),
        None => None,
    };
    Ok(Action {
        kind: text(&action.kind)?,
        text: text(&action.text)?,
        url: text(&action.url)?,
        style: text(&action.style)?,
        name: text(&action.name)?,
        value: text(&action.value)?,
        confirm,
    })
}

/// What an answer of status 2xx says. A webhook answers `ok`, the app JSON.
fn said(reply: &Reply) -> Result<Option<Posted>, NotifyError> {
    if !reply.complete {
        return Err(NotifyError::passing("the answer broke off"));
    }
    if !reply.content_type.starts_with("application/json") {
        return match reply.body.as_slice() {
            b"ok" => Ok(None),
            other => {
                let said = String::from_utf8_lossy(other);
                Err(NotifyError::lasting(format!("received an error response from Slack: {said}")))
            }
        };
    }
    let said: Said = serde_json::from_slice(&reply.body)
        .map_err(|error| NotifyError::passing(format!("cannot read the answer of Slack: {error}")))?;
    if !said.ok {
        return Err(NotifyError::lasting(format!("error response from Slack: {}", said.error)));
    }
    let known = !said.ts.is_empty() && !said.channel.is_empty();
    Ok(known.then_some(Posted { channel: said.channel, ts: said.ts }))
}
