//! VictorOps.

use std::collections::BTreeMap;

use config::Problem;
use platform::http_client::TextSource;
use url::Url;

use super::Reading;
use crate::config::fields::{http_url, needed, secret_or_file, template, text, texts, with_slash};

/// Names that the message has already.
const RESERVED: [&str; 7] = [
    "routing_key",
    "message_type",
    "state_message",
    "entity_display_name",
    "monitoring_tool",
    "entity_id",
    "entity_state",
];

/// VictorOps' incidents.
#[derive(Clone, Debug)]
pub struct VictoropsConfig {
    /// Key.
    pub api_key: TextSource,
    /// Address, ending with a slash.
    pub api_url: Url,
    /// Team; a template.
    pub routing_key: String,
    /// CRITICAL, WARNING or INFO; a template.
    pub message_type: String,
    /// Text; a template.
    pub state_message: String,
    /// Headline; a template.
    pub entity_display_name: String,
    /// Who tells; a template.
    pub monitoring_tool: String,
    /// Further values; templates.
    pub custom_fields: BTreeMap<String, String>,
}

pub(super) fn read(r: &mut Reading<'_, '_, '_>) -> Result<VictoropsConfig, Problem> {
    let s = &mut *r.section;
    let global = r.context.global;
    let api_key = secret_or_file(s, "api_key", "api_key_file")?.or_else(|| global.victorops_api_key.clone());
    let custom_fields = texts(s, "custom_fields")?;
    if let Some(name) = RESERVED.iter().find(|name| custom_fields.contains_key(**name)) {
        return Err(s.problem("custom_fields", format!("{name} is a field of every message already")));
    }
    Ok(VictoropsConfig {
        api_key: api_key
            .ok_or_else(|| s.problem("api_key", "is needed, here or as victorops_api_key in global"))?,
        api_url: with_slash(http_url(s, "api_url")?.unwrap_or_else(|| global.victorops_api_url.clone())),
        routing_key: needed(s, "routing_key")?,
        message_type: text(s, "message_type", "CRITICAL")?,
        state_message: template(s, "state_message", "victorops.default.state_message")?,
        entity_display_name: template(s, "entity_display_name", "victorops.default.entity_display_name")?,
        monitoring_tool: template(s, "monitoring_tool", "victorops.default.monitoring_tool")?,
        custom_fields,
    })
}
