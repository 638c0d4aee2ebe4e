//! PagerDuty.

use std::collections::BTreeMap;
use std::time::Duration;

use config::{Node, Problem, Scalar, ScalarKind, Section};
use platform::http_client::TextSource;
use url::Url;

use super::Reading;
use crate::config::fields::{go_duration, http_url, secret_or_file, sections, template, text};

/// PagerDuty's events: version 2 with a routing key, version 1 with a service key.
#[derive(Clone, Debug)]
pub struct PagerdutyConfig {
    /// Key of an integration of version 1.
    pub service_key: Option<TextSource>,
    /// Key of an integration of version 2.
    pub routing_key: Option<TextSource>,
    /// Address.
    pub url: Url,
    /// Who tells; a template.
    pub client: String,
    /// Link to who tells; a template.
    pub client_url: String,
    /// Text; a template.
    pub description: String,
    /// Further values by name; texts in them are templates. The usual four are put in.
    pub details: BTreeMap<String, Node>,
    /// Pictures.
    pub images: Vec<PagerdutyImage>,
    /// Links.
    pub links: Vec<PagerdutyLink>,
    /// Where it happened; a template.
    pub source: String,
    /// Severity; a template.
    pub severity: String,
    /// Class; a template.
    pub class: String,
    /// Component; a template.
    pub component: String,
    /// Group; a template.
    pub group: String,
    /// Most time of a request; 0 means until the next notification.
    pub timeout: Duration,
}

/// A picture; all fields are templates.
#[derive(Clone, Debug)]
pub struct PagerdutyImage {
    /// Address.
    pub src: String,
    /// Text in place of it.
    pub alt: String,
    /// Link.
    pub href: String,
}

/// A link; both fields are templates.
#[derive(Clone, Debug)]
pub struct PagerdutyLink {
    /// Address.
    pub href: String,
    /// Text.
    pub text: String,
}

const DETAILS: [(&str, &str); 4] = [
    ("firing", "{{ .Alerts.Firing | toJson }}"),
    ("resolved", "{{ .Alerts.Resolved | toJson }}"),
    ("num_firing", "{{ .Alerts.Firing | len }}"),
    ("num_resolved", "{{ .Alerts.Resolved | len }}"),
];

pub(super) fn read(r: &mut Reading<'_, '_, '_>) -> Result<PagerdutyConfig, Problem> {
    let s = &mut *r.section;
    let service_key = secret_or_file(s, "service_key", "service_key_file")?;
    let routing_key = secret_or_file(s, "routing_key", "routing_key_file")?;
    if service_key.is_none() && routing_key.is_none() {
        return Err(s.problem("routing_key", "a routing_key or service_key, or a file with one, is needed"));
    }
    let client = template(s, "client", "pagerduty.default.client")?;
    let source = text(s, "source", "")?;
    Ok(PagerdutyConfig {
        service_key,
        routing_key,
        url: http_url(s, "url")?.unwrap_or_else(|| r.context.global.pagerduty_url.clone()),
        client_url: template(s, "client_url", "pagerduty.default.clientURL")?,
        description: text(s, "description", r#"{{ template "pagerduty.default.description" .}}"#)?,
        details: details(s)?,
        images: sections(s, "images", |s| {
            Ok(PagerdutyImage {
                src: text(s, "src", "")?,
                alt: text(s, "alt", "")?,
                href: text(s, "href", "")?,
            })
        })?,
        links: sections(s, "links", |s| {
            Ok(PagerdutyLink { href: text(s, "href", "")?, text: text(s, "text", "")? })
        })?,
        source: if source.is_empty() { client.clone() } else { source },
        client,
        severity: text(s, "severity", "")?,
        class: text(s, "class", "")?,
        component: text(s, "component", "")?,
        group: text(s, "group", "")?,
        timeout: go_duration(s, "timeout", Duration::ZERO)?,
    })
}

fn details(s: &mut Section<'_>) -> Result<BTreeMap<String, Node>, Problem> {
    let mut details: BTreeMap<String, Node> = s.get("details")?.unwrap_or_default();
    let place = s.place();
    for (name, value) in DETAILS {
        let scalar = || Scalar { place, text: value.to_owned(), kind: ScalarKind::Text };
        details.entry(name.to_owned()).or_insert_with(|| Node::Scalar(scalar()));
    }
    Ok(details)
}
