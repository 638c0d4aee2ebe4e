//! WeChat: a token is fetched first and used for two hours.

use hashbrown::HashMap;
use parking_lot::Mutex;
use platform::http_client::HttpMethod;
use serde::{Deserialize, Serialize};

use super::text::query;
use super::{Answer, NotifyError, Task, json};
use crate::config::receivers::WechatConfig;

/// How long a token is used.
const TOKEN_FOR_MS: i64 = 2 * 3600 * 1000;
/// The code that says that a token is too old.
const EXPIRED: i64 = 42_001;

/// Tokens and when they were fetched, by receiver and place of the integration.
#[derive(Debug, Default)]
pub(super) struct Tokens(Mutex<HashMap<(String, usize), (String, i64)>>);

#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenSaid {
    access_token: String,
}

#[derive(Serialize)]
struct Message {
    text: Content,
    #[serde(skip_serializing_if = "String::is_empty")]
    touser: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    toparty: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    totag: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    agentid: String,
    safe: &'static str,
    msgtype: String,
    markdown: Content,
}

#[derive(Default, Serialize)]
struct Content {
    content: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    errcode: i64,
    errmsg: String,
}

pub(super) async fn notify(task: &Task<'_>, config: &WechatConfig) -> Result<Answer, NotifyError> {
    let text = |template: &str| task.render.text(template);
    let key = (task.send.receiver.name.clone(), task.send.integration);
    let token = token(task, config, &key).await?;
    let content = Content { content: text(&config.message)? };
    let (text_content, markdown) = match config.message_type.as_str() {
        "markdown" => (Content::default(), content),
        _ => (content, Content::default()),
    };
    let message = Message {
        text: text_content,
        touser: text(&config.to_user)?,
        toparty: text(&config.to_party)?,
        totag: text(&config.to_tag)?,
        agentid: text(&config.agent_id)?,
        safe: "0",
        msgtype: config.message_type.clone(),
        markdown,
    };
    let mut url = config.api_url.clone();
    url.set_path(&format!("{}message/send", config.api_url.path()));
    url.set_query(Some(&query(vec![("access_token", token)])));
    let reply = task.post_json(&url, json::encode(&message)?).await?;
    if reply.status != 200 {
        return Err(NotifyError::passing(format!("unexpected status code {}", reply.status)));
    }
    let said: Said = serde_json::from_slice(&reply.body)
        .map_err(|error| NotifyError::passing(format!("cannot read the answer: {error}")))?;
    match said.errcode {
        0 => Ok(Answer { status: reply.status, text: String::new() }),
        EXPIRED => {
            task.notifier.wechat.0.lock().remove(&key);
            Err(NotifyError::passing(said.errmsg))
        }
        _ => Err(NotifyError::lasting(said.errmsg)),
    }
}

async fn token(task: &Task<'_>, config: &WechatConfig, key: &(String, usize)) -> Result<String, NotifyError> {
    let known = task.notifier.wechat.0.lock().get(key).cloned();
    if let Some((token, at_ms)) = known
        && task.now_ms.saturating_sub(at_ms) <= TOKEN_FOR_MS
    {
        return Ok(token);
    }
    let secret = task.render.text(&Task::secret(&config.api_secret)?)?;
    let corporation = task.render.text(&config.corp_id)?;
    let mut url = config.api_url.clone();
    url.set_path(&format!("{}gettoken", config.api_url.path()));
    url.set_query(Some(&query(vec![("corpsecret", secret), ("corpid", corporation)])));
    let reply = task.request(HttpMethod::Get, &url, Vec::new(), Vec::new()).await?;
    let said: TokenSaid = serde_json::from_slice(&reply.body)
        .map_err(|error| NotifyError::lasting(format!("cannot read the answer with the token: {error}")))?;
    if said.access_token.is_empty() {
        let why = format!("no token is given for the corporation {:?}; is its secret right?", config.corp_id);
        return Err(NotifyError::lasting(why));
    }
    let held = (said.access_token.clone(), task.now_ms);
    task.notifier.wechat.0.lock().insert(key.clone(), held);
    Ok(said.access_token)
}
