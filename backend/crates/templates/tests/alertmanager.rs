//! Templates of notifications give what Alertmanager gives.
//!
//! `cases/alertmanager.json` holds templates, data and what `amtool template render` of Alertmanager 0.33 made of
//! them. With `amtool` in the `PATH` it is asked again; with `TEMPLATES_RECORD` set its answers are stored.
#![allow(clippy::unwrap_used, reason = "only tests use this")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use templates::{Alert, Notification, NotificationTemplates, Status};

const FILE: &str = "alertmanager.json";

#[derive(Serialize, Deserialize)]
struct Cases {
    data: BTreeMap<String, Data>,
    cases: Vec<Case>,
}

#[derive(Serialize, Deserialize)]
struct Case {
    template: String,
    data: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    html: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    receiver: String,
    status: String,
    alerts: Vec<DataAlert>,
    group_labels: BTreeMap<String, String>,
    common_labels: BTreeMap<String, String>,
    common_annotations: BTreeMap<String, String>,
    #[serde(rename = "externalURL")]
    external_url: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DataAlert {
    status: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: String,
    fingerprint: String,
}

fn status(name: &str) -> Status {
    if name == "firing" { Status::Firing } else { Status::Resolved }
}

fn millis(time: &str) -> Option<i64> {
    let time: jiff::Timestamp = time.parse().unwrap();
    (time.as_second() > -62_135_596_800).then(|| time.as_millisecond())
}

fn notification(data: &Data) -> Arc<Notification> {
    let alerts = data.alerts.iter().map(|alert| {
        Arc::new(Alert {
            status: status(&alert.status),
            labels: Arc::new(alert.labels.clone()),
            annotations: Arc::new(alert.annotations.clone()),
            starts_at_ms: millis(&alert.starts_at).unwrap(),
            ends_at_ms: millis(&alert.ends_at),
            generator_url: alert.generator_url.clone(),
            fingerprint: alert.fingerprint.clone(),
        })
    });
    Arc::new(Notification {
        receiver: data.receiver.clone(),
        status: status(&data.status),
        alerts: alerts.collect(),
        notification_reason: String::new(),
        group_labels: Arc::new(data.group_labels.clone()),
        common_labels: Arc::new(data.common_labels.clone()),
        common_annotations: Arc::new(data.common_annotations.clone()),
        external_url: data.external_url.clone(),
    })
}

#[test]
fn as_alertmanager_answers() {
    let cases: Cases = support::read(FILE);
    let templates = NotificationTemplates::with_defaults();
    let data: BTreeMap<_, _> = cases.data.iter().map(|(name, data)| (name, notification(data))).collect();
    assert!(cases.cases.len() >= 80);
    let mut wrong = Vec::new();
    for case in &cases.cases {
        let data = &data[&case.data];
        let ours = if case.html {
            templates.render_html(&case.template, data, 0)
        } else {
            templates.render_text(&case.template, data, 0)
        };
        let ours = ours.map_err(|error| error.to_string());
        let theirs = match (&case.answer, &case.error) {
            (Some(answer), _) => Ok(answer.clone()),
            (None, Some(error)) => Err(error.clone()),
            (None, None) => panic!("no answer is stored for {}", case.template),
        };
        if support::comparable(&ours) != support::comparable(&theirs) {
            wrong.push(format!(
                "{} on {}\n  ours:   {ours:?}\n  theirs: {theirs:?}",
                case.template, case.data
            ));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// What `amtool` makes of a template.
fn rendered(amtool: &Path, dir: &Path, case: &Case) -> Result<String, String> {
    // The defaults of Alertmanager lie beside the program, where a package brings them.
    let shared = amtool.parent().and_then(Path::parent).unwrap().join("share/prometheus/alertmanager");
    let output = Command::new(amtool)
        .args(["template", "render"])
        .arg(format!("--template.glob={}", shared.join("*.tmpl").display()))
        .arg(format!("--template.text={}", case.template))
        .arg(format!("--template.type={}", if case.html { "html" } else { "text" }))
        .arg(format!("--template.data={}", dir.join(&case.data).display()))
        .output()
        .unwrap();
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout).unwrap());
    }
    let message = String::from_utf8(output.stderr).unwrap();
    Err(message.trim_end().trim_start_matches("amtool: error: ").to_owned())
}

#[test]
fn alertmanager_still_answers_so() {
    let Some(amtool) = support::program("amtool") else { return };
    let mut cases: Cases = support::read(FILE);
    let dir = tempfile::tempdir().unwrap();
    for (name, data) in &cases.data {
        fs::write(dir.path().join(name), serde_json::to_string(data).unwrap()).unwrap();
    }
    let mut wrong = Vec::new();
    for case in &mut cases.cases {
        let theirs = rendered(&amtool, dir.path(), case);
        let (answer, error) = (theirs.clone().ok(), theirs.err());
        // How errors are worded changes with the version of Go.
        if case.answer != answer || case.error.is_some() != error.is_some() {
            wrong.push(format!("{} on {}: {answer:?} {error:?}", case.template, case.data));
        }
        (case.answer, case.error) = (answer, error);
    }
    support::record(FILE, &cases);
    if std::env::var_os("TEMPLATES_RECORD").is_none() {
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
