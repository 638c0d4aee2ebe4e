//! Opsgenie.

use std::collections::BTreeMap;

use config::{Problem, Section};
use platform::http_client::TextSource;
use url::Url;

use super::Reading;
use crate::config::fields::{http_url, one_of, secret_or_file, sections, template, text, texts, with_slash};

/// Opsgenie's alerts.
#[derive(Clone, Debug)]
pub struct OpsgenieConfig {
    /// Key.
    pub api_key: TextSource,
    /// Address, ending with a slash.
    pub api_url: Url,
    /// Headline; a template.
    pub message: String,
    /// Text; a template.
    pub description: String,
    /// Where from; a template.
    pub source: String,
    /// Further values; templates.
    pub details: BTreeMap<String, String>,
    /// What is concerned; a template.
    pub entity: String,
    /// Who is to answer.
    pub responders: Vec<OpsgenieResponder>,
    /// Actions, separated by commas; a template.
    pub actions: String,
    /// Tags, separated by commas; a template.
    pub tags: String,
    /// Note; a template.
    pub note: String,
    /// P1 to P5; a template.
    pub priority: String,
    /// Whether text and headline of an open alert are changed.
    pub update_alerts: bool,
}

/// Somebody who is to answer; all fields are templates. One of the first three is there.
#[derive(Clone, Debug)]
pub struct OpsgenieResponder {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// User name.
    pub username: String,
    /// team, teams, user, escalation or schedule.
    pub kind: String,
}

pub(super) fn read(r: &mut Reading<'_, '_, '_>) -> Result<OpsgenieConfig, Problem> {
    let s = &mut *r.section;
    let global = r.context.global;
    let api_key = secret_or_file(s, "api_key", "api_key_file")?.or_else(|| global.opsgenie_api_key.clone());
    Ok(OpsgenieConfig {
        api_key: api_key
            .ok_or_else(|| s.problem("api_key", "is needed, here or as opsgenie_api_key in global"))?,
        api_url: with_slash(http_url(s, "api_url")?.unwrap_or_else(|| global.opsgenie_api_url.clone())),
        message: template(s, "message", "opsgenie.default.message")?,
        description: template(s, "description", "opsgenie.default.description")?,
        source: template(s, "source", "opsgenie.default.source")?,
        details: texts(s, "details")?,
        entity: text(s, "entity", "")?,
        responders: sections(s, "responders", responder)?,
        actions: text(s, "actions", "")?,
        tags: text(s, "tags", "")?,
        note: text(s, "note", "")?,
        priority: text(s, "priority", "")?,
        update_alerts: s.get_or("update_alerts", false)?,
    })
}

fn responder(s: &mut Section<'_>) -> Result<OpsgenieResponder, Problem> {
    let mut responder = OpsgenieResponder {
        id: text(s, "id", "")?,
        name: text(s, "name", "")?,
        username: text(s, "username", "")?,
        kind: text(s, "type", "")?,
    };
    if responder.id.is_empty() && responder.name.is_empty() && responder.username.is_empty() {
        return Err(s.problem("id", "a responder needs an id, a name or a username"));
    }
    if !responder.kind.contains("{{") {
        responder.kind.make_ascii_lowercase();
        one_of(s, "type", &responder.kind, &["team", "teams", "user", "escalation", "schedule"])?;
    }
    Ok(responder)
}
