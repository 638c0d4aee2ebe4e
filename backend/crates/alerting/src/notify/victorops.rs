//! VictorOps, now Splunk On-Call.

use std::collections::BTreeMap;

use super::text::{hashed, truncate_chars};
use super::{Answer, NotifyError, Task, json};
use crate::config::receivers::VictoropsConfig;

/// Most characters of a text.
const MOST_MESSAGE: usize = 20_480;

pub(super) async fn notify(task: &Task<'_>, config: &VictoropsConfig) -> Result<Answer, NotifyError> {
    let text = |template: &str| task.render.text(template);
    let kind = text(&config.message_type)?;
    let kind = match kind.as_str() {
        _ if !task.render.fires() => "RECOVERY",
        "INFO" | "WARNING" | "CRITICAL" => &kind,
        _ => "CRITICAL",
    };
    let mut message = BTreeMap::from([
        ("message_type", kind.to_owned()),
        ("entity_id", hashed(&task.send.group_key)),
        ("entity_display_name", text(&config.entity_display_name)?),
        ("state_message", truncate_chars(text(&config.state_message)?, MOST_MESSAGE)),
        ("monitoring_tool", text(&config.monitoring_tool)?),
    ]);
    for (name, value) in &config.custom_fields {
        message.insert(name, text(value)?);
    }
    let mut url = config.api_url.clone();
    let (key, routing) = (Task::secret(&config.api_key)?, text(&config.routing_key)?);
    url.set_path(&format!("{}{key}/{routing}", config.api_url.path()));
    task.post_json(&url, json::encode(&message)?).await?.check(&[])
}
