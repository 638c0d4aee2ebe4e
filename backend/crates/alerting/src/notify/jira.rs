//! Jira: an issue for each group, found again by a label that names the group.

use std::collections::BTreeMap;

use platform::http_client::HttpMethod;
use platform::http_client::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::text::{hashed, truncate_chars};
use super::{Answer, NotifyError, Task, json as encoded};
use crate::config::receivers::JiraConfig;

/// Most characters of a summary and a description.
const MOST: [usize; 2] = [255, 32_767];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Search {
    fields: [&'static str; 1],
    jql: String,
    max_results: u32,
}

#[derive(Serialize)]
struct Issue {
    fields: BTreeMap<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Found {
    issues: Vec<FoundIssue>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct FoundIssue {
    key: String,
    fields: Option<FoundFields>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct FoundFields {
    status: Option<FoundStatus>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct FoundStatus {
    status_category: Category,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Category {
    key: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Transitions {
    transitions: Vec<Transition>,
}

#[derive(Deserialize)]
struct Transition {
    id: String,
    name: String,
}

pub(super) async fn notify(task: &Task<'_>, config: &JiraConfig) -> Result<Answer, NotifyError> {
    let label = format!("ALERT{{{}}}", hashed(&task.send.group_key));
    let found = find(task, config, &label).await.map_err(|error| error.under("looking for the issue"))?;
    let Some(found) = found else {
        if !task.render.fires() {
            return Ok(Answer::default());
        }
        let issue = Issue { fields: fields(task, config, label, false)? };
        let url = path(&config.api_url, "issue");
        let status = ask(task, HttpMethod::Post, &url, encoded::encode(&issue)?).await?.0;
        return Ok(Answer { status, text: String::new() });
    };
    let issue = Issue { fields: fields(task, config, label, true)? };
    let url = path(&config.api_url, &format!("issue/{}", found.key));
    let status = ask(task, HttpMethod::Put, &url, encoded::encode(&issue)?).await?.0;
    transit(task, config, &found).await?;
    Ok(Answer { status, text: String::new() })
}

/// Sends a request and gives the status and the body of the answer.
async fn ask(
    task: &Task<'_>,
    method: HttpMethod,
    url: &Url,
    body: Vec<u8>,
) -> Result<(u16, Vec<u8>), NotifyError> {
    let headers = vec![
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (ACCEPT_LANGUAGE, HeaderValue::from_static("en")),
    ];
    let reply = task.request(method, url, headers, body).await?;
    reply.check(&[429])?;
    Ok((reply.status, reply.body))
}

fn path(api_url: &Url, more: &str) -> Url {
    let mut url = api_url.clone();
    url.set_path(&format!("{}/{more}", api_url.path().trim_end_matches('/')));
    url
}

/// The issue of the group: one that is open, or one that was resolved so lately that it is opened again.
async fn find(task: &Task<'_>, config: &JiraConfig, label: &str) -> Result<Option<FoundIssue>, NotifyError> {
    let mut jql = String::new();
    if !config.wont_fix_resolution.is_empty() {
        let resolution = quoted(&config.wont_fix_resolution);
        jql.push_str(&format!("(resolution is EMPTY or resolution != {resolution}) and "));
    }
    let minutes = config.reopen_duration.as_ms() / 60_000;
    if task.render.fires() && !config.reopen_transition.is_empty() && minutes > 0 {
        jql.push_str(&format!("(resolutiondate is EMPTY OR resolutiondate >= -{minutes}m) and "));
    } else {
        jql.push_str("statusCategory != Done and ");
    }
    let project = quoted(&task.render.text(&config.project)?);
    let label = quoted(label);
    jql.push_str(&format!("project={project} and labels={label} order by status ASC,resolutiondate DESC"));
    let in_cloud = match config.api_type.as_str() {
        "auto" => config.api_url.host_str().is_some_and(|host| host.ends_with("atlassian.net")),
        kind => kind == "cloud",
    };
    let mut url = path(&config.api_url, if in_cloud { "search/jql" } else { "search" });
    if in_cloud {
        // Only the newer version of the interface has this search.
        let newer = url.path().replacen("/rest/api/2/", "/rest/api/3/", 1);
        url.set_path(&newer);
    }
    let search = Search { fields: ["status"], jql, max_results: 2 };
    let (_, body) = ask(task, HttpMethod::Post, &url, encoded::encode(&search)?).await?;
    let found: Found = serde_json::from_slice(&body)
        .map_err(|error| NotifyError::lasting(format!("cannot read the answer: {error}")))?;
    Ok(found.issues.into_iter().next())
}

/// A text in quotes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What the issue says. Of an issue that is there already only what may be changed.
fn fields(
    task: &Task<'_>,
    config: &JiraConfig,
    label: String,
    is_there: bool,
) -> Result<BTreeMap<String, Value>, NotifyError> {
    let text = |template: &str| task.render.text(template);
    let mut labels: Vec<String> = config.labels.iter().map(|label| text(label)).collect::<Result<_, _>>()?;
    labels.push(label);
    labels.sort();
    let mut fields = BTreeMap::from([
        ("project".to_owned(), json!({"key": text(&config.project)?})),
        ("issuetype".to_owned(), json!({"name": text(&config.issue_type)?})),
        ("labels".to_owned(), json!(labels)),
    ]);
    if !is_there || config.summary.enable_update {
        let summary = truncate_chars(text(&config.summary.template)?, MOST[0]);
        fields.insert("summary".to_owned(), json!(summary));
    }
    if (!is_there || config.description.enable_update)
        && let Some(description) = description(task, config)?
    {
        fields.insert("description".to_owned(), description);
    }
    let priority = text(&config.priority)?;
    if !priority.is_empty() {
        fields.insert("priority".to_owned(), json!({"name": priority}));
    }
    for (name, node) in &config.fields {
        fields.insert(name.clone(), task.render.value(node)?);
    }
    Ok(fields)
}

/// The description: a text, or a document in JSON for version 3 of the interface.
fn description(task: &Task<'_>, config: &JiraConfig) -> Result<Option<Value>, NotifyError> {
    let text = truncate_chars(task.render.text(&config.description.template)?, MOST[1]);
    if !config.api_url.path().trim_end_matches('/').ends_with("/3") {
        return Ok((!text.is_empty()).then(|| json!(text)));
    }
    if text.trim().is_empty() {
        return Ok(None);
    }
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| NotifyError::lasting(format!("description: version 3 of Jira needs JSON: {error}")))
}

/// Opens or resolves an issue that is not as the alerts are.
async fn transit(task: &Task<'_>, config: &JiraConfig, found: &FoundIssue) -> Result<(), NotifyError> {
    let Some(status) = found.fields.as_ref().and_then(|fields| fields.status.as_ref()) else {
        return Ok(());
    };
    let (is_done, fires) = (status.status_category.key == "done", task.render.fires());
    let name = match (is_done, fires) {
        (true, true) => &config.reopen_transition,
        (false, false) => &config.resolve_transition,
        _ => return Ok(()),
    };
    let url = path(&config.api_url, &format!("issue/{}/transitions", found.key));
    let (_, body) = ask(task, HttpMethod::Get, &url, Vec::new()).await?;
    let known: Transitions = serde_json::from_slice(&body)
        .map_err(|error| NotifyError::lasting(format!("cannot read the transitions: {error}")))?;
    let Some(transition) = known.transitions.iter().find(|transition| transition.name == *name) else {
        let why = format!("there is no transition {name:?} for the issue {}", found.key);
        return Err(NotifyError::lasting(why));
    };
    let body = encoded::encode(&json!({"transition": {"id": transition.id}}))?;
    ask(task, HttpMethod::Post, &url, body).await.map(|_| ())
}
