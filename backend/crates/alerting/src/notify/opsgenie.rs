//! Opsgenie: alerts are made, changed and closed under an alias of their group.

use std::collections::BTreeMap;

use platform::http_client::HttpMethod;
use platform::http_client::header::AUTHORIZATION;
use serde::Serialize;
use url::Url;

use super::http::secret_header;
use super::text::{hashed, parts, truncate_chars};
use super::{Answer, NotifyError, Task, json};
use crate::config::receivers::OpsgenieConfig;

/// Most characters of a headline.
const MOST_MESSAGE: usize = 130;

#[derive(Serialize)]
struct Create {
    alias: String,
    message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    details: BTreeMap<String, String>,
    source: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    responders: Vec<Responder>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    priority: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    entity: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actions: Vec<String>,
}

#[derive(Default, PartialEq, Eq, Serialize)]
struct Responder {
    #[serde(skip_serializing_if = "String::is_empty")]
    id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    username: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Serialize)]
struct Close {
    source: String,
}

#[derive(Serialize)]
struct NewMessage<'m> {
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'m str,
}

#[derive(Serialize)]
struct NewDescription<'m> {
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'m str,
}

pub(super) async fn notify(task: &Task<'_>, config: &OpsgenieConfig) -> Result<Answer, NotifyError> {
    let alias = hashed(&task.send.group_key);
    let of_alert = |what: &str| address(&config.api_url, &format!("v2/alerts/{alias}/{what}"), true);
    let mut requests = Vec::new();
    if task.render.fires() {
        let create = create(task, config, alias.clone())?;
        requests.push((
            HttpMethod::Post,
            address(&config.api_url, "v2/alerts", false),
            json::encode(&create)?,
        ));
        if config.update_alerts {
            let message = NewMessage { message: &create.message };
            let description = NewDescription { description: &create.description };
            requests.push((HttpMethod::Put, of_alert("message"), json::encode(&message)?));
            requests.push((HttpMethod::Put, of_alert("description"), json::encode(&description)?));
        }
    } else {
        let close = Close { source: task.render.text(&config.source)? };
        requests.push((HttpMethod::Post, of_alert("close"), json::encode(&close)?));
    }
    let key = task.render.text(&Task::secret(&config.api_key)?)?;
    let key = secret_header(AUTHORIZATION, &format!("GenieKey {key}"))?;
    let mut answer = Answer::default();
    for (method, url, body) in requests {
        answer = task.request(method, &url, vec![key.clone()], body).await?.check(&[429])?;
    }
    Ok(answer)
}

fn address(api_url: &Url, path: &str, by_alias: bool) -> Url {
    let mut url = api_url.clone();
    url.set_path(&format!("{}{path}", api_url.path()));
    if by_alias {
        url.query_pairs_mut().append_pair("identifierType", "alias");
    }
    url
}

fn create(task: &Task<'_>, config: &OpsgenieConfig, alias: String) -> Result<Create, NotifyError> {
    let text = |template: &str| task.render.text(template);
    let mut details = (*task.render.data.common_labels).clone();
    for (name, value) in &config.details {
        details.insert(name.clone(), text(value)?);
    }
    Ok(Create {
        alias,
        message: truncate_chars(text(&config.message)?, MOST_MESSAGE),
        description: text(&config.description)?,
        details,
        source: text(&config.source)?,
        responders: responders(task, config)?,
        tags: parts(&text(&config.tags)?),
        note: text(&config.note)?,
        priority: text(&config.priority)?,
        entity: text(&config.entity)?,
        actions: parts(&text(&config.actions)?),
    })
}

/// Those who are to answer. Templates may leave nothing of one, and several teams may stand in one name.
fn responders(task: &Task<'_>, config: &OpsgenieConfig) -> Result<Vec<Responder>, NotifyError> {
    let text = |template: &str| task.render.text(template);
    let mut responders = Vec::new();
    for one in &config.responders {
        let one = Responder {
            id: text(&one.id)?,
            name: text(&one.name)?,
            username: text(&one.username)?,
            kind: text(&one.kind)?,
        };
        if one.kind == "teams" {
            let team = |name| Responder { name, kind: "team".to_owned(), ..Responder::default() };
            responders.extend(parts(&one.name).into_iter().map(team));
        } else if one != Responder::default() {
            responders.push(one);
        }
    }
    Ok(responders)
}
