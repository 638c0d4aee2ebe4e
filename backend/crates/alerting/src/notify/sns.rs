//! Amazon SNS: a message to a topic, a phone or a target, signed with the key of the configuration.

use std::collections::BTreeMap;

use jiff::Timestamp;
use platform::http_client::HttpMethod;
use platform::http_client::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use url::{Position, Url};

use super::http::secret_header;
use super::sigv4::{Parts, Signer, date};
use super::text::{hashed, query};
use super::{Answer, NotifyError, Task};
use crate::config::receivers::{SigV4Config, SnsConfig};

/// Most bytes of a message, and of one to a phone.
const MOST_MESSAGE: usize = 256 << 10;
const MOST_SMS: usize = 1600;
const FORM: &str = "application/x-www-form-urlencoded";

pub(super) async fn notify(task: &Task<'_>, config: &SnsConfig) -> Result<Answer, NotifyError> {
    let secret_key = secret_key(&config.sigv4)?;
    let body = query(message(task, config)?);
    let url = address(task, config)?;
    let at = Timestamp::from_millisecond(task.now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let date = date(at);
    let signer = Signer {
        access_key: &config.sigv4.access_key,
        secret_key: &secret_key,
        region: &config.sigv4.region,
        service: "sns",
    };
    let parts = Parts {
        method: "POST",
        path: url.path(),
        query: url.query().unwrap_or(""),
        host: &url[Position::BeforeHost..Position::AfterPort],
        content_type: FORM,
        body: body.as_bytes(),
    };
    let headers = vec![
        (CONTENT_TYPE, HeaderValue::from_static(FORM)),
        secret_header(HeaderName::from_static("x-amz-date"), &date)?,
        secret_header(AUTHORIZATION, &signer.authorization(&parts, &date))?,
    ];
    let reply = task.request(HttpMethod::Post, &url, headers, body.into_bytes()).await?;
    let body = String::from_utf8_lossy(&reply.body);
    let said = body.split_once("<Message>").and_then(|(_, rest)| rest.split_once("</Message>"));
    reply.check_saying(&[], said.map_or("", |(message, _)| message))
}

/// The secret part of the key. It has to be said, and nobody else's is taken.
fn secret_key(config: &SigV4Config) -> Result<String, NotifyError> {
    if !config.role_arn.is_empty() || !config.profile.is_empty() {
        return Err(NotifyError::lasting("sigv4: role_arn and profile are not supported yet"));
    }
    if config.region.is_empty() {
        return Err(NotifyError::lasting("sigv4: the region is missing"));
    }
    match &config.secret_key {
        Some(secret) => Task::secret(secret),
        None => Err(NotifyError::lasting("sigv4: keys from the environment are not supported yet")),
    }
}

fn address(task: &Task<'_>, config: &SnsConfig) -> Result<Url, NotifyError> {
    let address = task.render.text(&config.api_url)?;
    if !address.is_empty() {
        return Task::url(&address);
    }
    let region = &config.sigv4.region;
    let end = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    Task::url(&format!("https://sns.{region}.{end}/"))
}

/// What is published, as pairs of a form.
fn message(task: &Task<'_>, config: &SnsConfig) -> Result<Vec<(String, String)>, NotifyError> {
    let text = |template: &str| task.render.text(template);
    let mut pairs = vec![pair("Action", "Publish"), pair("Version", "2010-03-31")];
    let mut most = MOST_MESSAGE;
    if !config.topic_arn.is_empty() {
        let topic = text(&config.topic_arn)?;
        if topic.ends_with(".fifo") {
            let key = hashed(&task.send.group_key);
            pairs.push(pair("MessageDeduplicationId", &key));
            pairs.push(pair("MessageGroupId", &key));
        }
        pairs.push(pair("TopicArn", &topic));
    }
    if !config.phone_number.is_empty() {
        most = MOST_SMS;
        pairs.push(pair("PhoneNumber", &text(&config.phone_number)?));
    }
    if !config.target_arn.is_empty() {
        pairs.push(pair("TargetArn", &text(&config.target_arn)?));
    }
    let mut attributes = BTreeMap::new();
    for (name, value) in &config.attributes {
        attributes.insert(text(name)?, text(value)?);
    }
    let mut body = text(&config.message)?;
    if body.len() > most {
        while !body.is_char_boundary(most) {
            most -= 1;
        }
        body.truncate(most);
        attributes.insert("truncated".to_owned(), "true".to_owned());
    }
    pairs.push(pair("Message", &body));
    if !config.subject.is_empty() {
        pairs.push(pair("Subject", &text(&config.subject)?));
    }
    for (at, (name, value)) in attributes.iter().enumerate() {
        let under = format!("MessageAttributes.entry.{}", at + 1);
        pairs.push((format!("{under}.Name"), name.clone()));
        pairs.push((format!("{under}.Value.DataType"), "String".to_owned()));
        pairs.push((format!("{under}.Value.StringValue"), value.clone()));
    }
    Ok(pairs)
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}
