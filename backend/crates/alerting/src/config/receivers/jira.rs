//! Jira.

use std::collections::BTreeMap;

use config::{Duration, Node, Problem, Section};
use url::Url;

use super::Reading;
use crate::config::fields::{http_url, needed, one_of, sub_section, template, text};

/// Jira's issues.
#[derive(Clone, Debug)]
pub struct JiraConfig {
    /// Address.
    pub api_url: Url,
    /// auto, cloud or datacenter.
    pub api_type: String,
    /// Project; a template.
    pub project: String,
    /// Headline.
    pub summary: JiraField,
    /// Text.
    pub description: JiraField,
    /// Labels; templates.
    pub labels: Vec<String>,
    /// Priority; a template.
    pub priority: String,
    /// Type of issue; a template.
    pub issue_type: String,
    /// What opens an issue again.
    pub reopen_transition: String,
    /// What resolves an issue.
    pub resolve_transition: String,
    /// Resolution that keeps an issue closed.
    pub wont_fix_resolution: String,
    /// How long after it was resolved an issue is opened again rather than a new one made.
    pub reopen_duration: Duration,
    /// Further fields; texts in them are templates.
    pub fields: BTreeMap<String, Node>,
}

/// A text of an issue.
#[derive(Clone, Debug)]
pub struct JiraField {
    /// Template.
    pub template: String,
    /// Whether it is changed when the issue is there already.
    pub enable_update: bool,
}

pub(super) fn read(r: &mut Reading<'_, '_, '_>) -> Result<JiraConfig, Problem> {
    let s = &mut *r.section;
    let api_url = http_url(s, "api_url")?.or_else(|| r.context.global.jira_api_url.clone());
    let api_type = text(s, "api_type", "auto")?;
    one_of(s, "api_type", &api_type, &["auto", "cloud", "datacenter"])?;
    Ok(JiraConfig {
        api_url: api_url
            .ok_or_else(|| s.problem("api_url", "is needed, here or as jira_api_url in global"))?,
        api_type,
        project: needed(s, "project")?,
        summary: field(s, "summary", "jira.default.summary")?,
        description: field(s, "description", "jira.default.description")?,
        labels: s.get_or("labels", Vec::new())?,
        priority: template(s, "priority", "jira.default.priority")?,
        issue_type: needed(s, "issue_type")?,
        reopen_transition: text(s, "reopen_transition", "")?,
        resolve_transition: text(s, "resolve_transition", "")?,
        wont_fix_resolution: text(s, "wont_fix_resolution", "")?,
        reopen_duration: s.get_or("reopen_duration", Duration::default())?,
        fields: s.get("fields")?.unwrap_or_default(),
    })
}

/// A text, or a mapping with a text and whether it is updated.
fn field(s: &mut Section<'_>, key: &'static str, name: &str) -> Result<JiraField, Problem> {
    match s.node(key) {
        Some(node @ Node::Map(..)) => sub_section(node, key, |s| {
            Ok(JiraField {
                template: template(s, "template", name)?,
                enable_update: s.get_or("enable_update", true)?,
            })
        }),
        _ => Ok(JiraField { template: template(s, key, name)?, enable_update: true }),
    }
}
