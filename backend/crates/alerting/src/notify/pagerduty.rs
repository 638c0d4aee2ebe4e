//! PagerDuty: events of version 2 with a routing key, of version 1 with a service key.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::text::{hashed, truncate_chars};
use super::{Answer, NotifyError, Task, json};
use crate::config::receivers::PagerdutyConfig;

const V1_URL: &str = "https://events.pagerduty.com/generic/2010-04-15/create_event.json";
/// Most bytes of an event.
const MOST_BYTES: usize = 512_000;
/// Most characters of a description or a summary.
const MOST_SUMMARY: usize = 1024;
/// What stands in place of the details of an event that is too large.
const REMOVED: &str =
    "Custom details have been removed because the original event exceeds the maximum size of 512KB";

#[derive(Serialize)]
struct Event {
    #[serde(skip_serializing_if = "String::is_empty")]
    routing_key: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    service_key: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    dedup_key: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    incident_key: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    event_type: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    event_action: &'static str,
    payload: Option<Payload>,
    #[serde(skip_serializing_if = "String::is_empty")]
    client: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    client_url: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    details: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<Image>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<Link>,
}

#[derive(Serialize)]
struct Payload {
    summary: String,
    source: String,
    severity: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    class: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    component: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    group: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    custom_details: BTreeMap<String, Value>,
}

#[derive(Serialize)]
struct Image {
    src: String,
    alt: String,
    href: String,
}

#[derive(Serialize)]
struct Link {
    href: String,
    text: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    message: String,
    errors: Vec<String>,
}

pub(super) async fn notify(task: &Task<'_>, config: &PagerdutyConfig) -> Result<Answer, NotifyError> {
    let action = if task.render.fires() { "trigger" } else { "resolve" };
    let mut details = BTreeMap::new();
    for (name, node) in &config.details {
        details.insert(name.clone(), task.render.value(node)?);
    }
    let summary = truncate_chars(task.render.text(&config.description)?, MOST_SUMMARY);
    // Too many requests are refused with 403 by version 1, with 429 by version 2.
    let (event, url, busy) = match &config.service_key {
        Some(key) => {
            let url = Url::parse(V1_URL).map_err(|error| NotifyError::lasting(error.to_string()))?;
            (version_1(task, config, &Task::secret(key)?, action, summary, details)?, url, 403)
        }
        None => (version_2(task, config, action, summary, details)?, config.url.clone(), 429),
    };
    let body = encode(event)?;
    let reply = task.within(config.timeout, task.post_json(&url, body)).await?;
    reply.check_saying(&[busy], &said(reply.status, &reply.body))
}

fn version_1(
    task: &Task<'_>,
    config: &PagerdutyConfig,
    key: &str,
    action: &'static str,
    description: String,
    details: BTreeMap<String, Value>,
) -> Result<Event, NotifyError> {
    let service_key = task.render.text(key)?;
    if service_key.is_empty() {
        return Err(NotifyError::lasting("the service key is empty"));
    }
    let fires = task.render.fires();
    let text = |template: &str| if fires { task.render.text(template) } else { Ok(String::new()) };
    Ok(Event {
        routing_key: String::new(),
        service_key,
        dedup_key: String::new(),
        incident_key: hashed(&task.send.group_key),
        event_type: action,
        description,
        event_action: "",
        payload: None,
        client: text(&config.client)?,
        client_url: text(&config.client_url)?,
        details,
        images: Vec::new(),
        links: Vec::new(),
    })
}

fn version_2(
    task: &Task<'_>,
    config: &PagerdutyConfig,
    action: &'static str,
    summary: String,
    custom_details: BTreeMap<String, Value>,
) -> Result<Event, NotifyError> {
    let text = |template: &str| task.render.text(template);
    let routing_key = match &config.routing_key {
        Some(key) => text(&Task::secret(key)?)?,
        None => String::new(),
    };
    if routing_key.is_empty() {
        return Err(NotifyError::lasting("the routing key is empty"));
    }
    let severity = if config.severity.is_empty() { "error" } else { &config.severity };
    let mut images = Vec::new();
    for image in &config.images {
        let image = Image { src: text(&image.src)?, alt: text(&image.alt)?, href: text(&image.href)? };
        images.extend((!image.src.is_empty()).then_some(image));
    }
    let mut links = Vec::new();
    for link in &config.links {
        let link = Link { href: text(&link.href)?, text: text(&link.text)? };
        links.extend((!link.href.is_empty()).then_some(link));
    }
    Ok(Event {
        routing_key,
        service_key: String::new(),
        dedup_key: hashed(&task.send.group_key),
        incident_key: String::new(),
        event_type: "",
        description: String::new(),
        event_action: action,
        payload: Some(Payload {
            summary,
            source: text(&config.source)?,
            severity: text(severity)?,
            class: text(&config.class)?,
            component: text(&config.component)?,
            group: text(&config.group)?,
            custom_details,
        }),
        client: text(&config.client)?,
        client_url: text(&config.client_url)?,
        details: BTreeMap::new(),
        images,
        links,
    })
}

/// The event as JSON, without its details if it would be too large.
fn encode(mut event: Event) -> Result<Vec<u8>, NotifyError> {
    let body = json::encode(&event)?;
    if body.len() <= MOST_BYTES {
        return Ok(body);
    }
    let removed = BTreeMap::from([("error".to_owned(), Value::from(REMOVED))]);
    match &mut event.payload {
        Some(payload) => payload.custom_details = removed,
        None => event.details = removed,
    }
    json::encode(&event)
}

/// What is wrong with an event that was refused for what it says.
fn said(status: u16, body: &[u8]) -> String {
    if status != 400 {
        return String::new();
    }
    match serde_json::from_slice::<Refusal>(body) {
        Ok(refusal) => format!("{}: {}", refusal.message, refusal.errors.join(",")),
        Err(_) => String::new(),
    }
}
