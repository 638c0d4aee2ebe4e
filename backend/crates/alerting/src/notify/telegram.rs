//! Telegram's bots.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::text::truncate_chars;
use super::{Answer, NotifyError, Task, json};
use crate::config::receivers::TelegramConfig;

/// Most characters of a message.
const MOST_MESSAGE: usize = 4096;
/// What is sent in place of HTML that is too long: cut anywhere, its tags would not match and nothing would be shown.
const TOO_LONG: &str = "There is a notification, but it is longer than Telegram takes. \
                        Please look at the alerts themselves, and shorten the template of the message.";
/// Longest wait that is asked for and heeded.
const LONGEST_WAIT_S: u64 = 24 * 3600;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    ok: bool,
    error_code: u16,
    description: String,
    parameters: Parameters,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Parameters {
    retry_after: u64,
}

pub(super) async fn notify(task: &Task<'_>, config: &TelegramConfig) -> Result<Answer, NotifyError> {
    let text = match config.parse_mode.as_str() {
        "HTML" => {
            let text = task.render.html(&config.message)?;
            if text.chars().nth(MOST_MESSAGE).is_some() { TOO_LONG.to_owned() } else { text }
        }
        _ => truncate_chars(task.render.text(&config.message)?, MOST_MESSAGE),
    };
    // All values are texts, in the order of their names.
    let mut values = BTreeMap::from([
        ("chat_id", Task::secret(&config.chat_id)?),
        ("disable_web_page_preview", "true".to_owned()),
        ("text", text),
    ]);
    if !config.parse_mode.is_empty() {
        values.insert("parse_mode", config.parse_mode.clone());
    }
    if config.disable_notifications {
        values.insert("disable_notification", "true".to_owned());
    }
    if config.message_thread_id != 0 {
        values.insert("message_thread_id", config.message_thread_id.to_string());
    }
    let token = Task::secret(&config.bot_token).map_err(|error| NotifyError { retriable: true, ..error })?;
    let api_url = config.api_url.as_str().trim_end_matches('/');
    let url = Task::url(&format!("{api_url}/bot{token}/sendMessage"))?;
    let reply = task.post_json(&url, json::encode(&values)?).await?;
    let said: Said = serde_json::from_slice(&reply.body).map_err(|_| {
        NotifyError::passing(format!("status {} with an answer that is not Telegram's", reply.status))
    })?;
    if said.ok {
        return Ok(Answer { status: reply.status, text: String::new() });
    }
    let wait = said.parameters.retry_after.min(LONGEST_WAIT_S);
    let error = NotifyError::passing(format!("telegram: {} ({})", said.description, said.error_code));
    Err(NotifyError { retry_after: (wait > 0).then(|| Duration::from_secs(wait)), ..error })
}
