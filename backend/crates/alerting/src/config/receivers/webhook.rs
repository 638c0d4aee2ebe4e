//! Webhooks: the notification as JSON to any address.

use std::time::Duration;

use config::{Node, Problem};
use platform::http_client::TextSource;

use super::Reading;
use crate::config::fields::{either, file, go_duration, secret};

/// A webhook.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    /// Address; may be a template.
    pub url: TextSource,
    /// Most alerts of a message; 0 means all.
    pub max_alerts: u64,
    /// Most time of a request; 0 means until the next notification.
    pub timeout: Duration,
    /// The body, in place of the usual one; its texts are templates.
    pub payload: Option<Node>,
}

pub(super) fn read(r: &mut Reading<'_, '_, '_>) -> Result<WebhookConfig, Problem> {
    let s = &mut *r.section;
    let url = secret(s, "url")?;
    if let Some(TextSource::Inline(address)) = &url {
        // What a template makes of the address is not known yet.
        let wrong = !address.contains("{{") && url::Url::parse(address).is_err();
        let scheme = address.starts_with("http://") || address.starts_with("https://");
        if wrong || (!scheme && !address.contains("{{")) {
            return Err(s.problem("url", "must be an http or https URL, or a template of one"));
        }
    }
    let url_file = file(s, "url_file")?;
    let url = either(s, ("url", url), ("url_file", url_file))?;
    Ok(WebhookConfig {
        url: url.ok_or_else(|| s.problem("url", "url or url_file is needed"))?,
        max_alerts: s.get_or("max_alerts", 0)?,
        timeout: go_duration(s, "timeout", Duration::ZERO)?,
        payload: s.get("payload")?,
    })
}
