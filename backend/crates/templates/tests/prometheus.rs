//! Templates of rules give what Prometheus gives.
//!
//! `cases/prometheus.json` holds templates, the value of the alert and what Prometheus 3.5 made of them: the
//! annotation that `promtool test rules` shows, or the error of `promtool check rules`. With `promtool` in the
//! `PATH` it is asked again; with `TEMPLATES_RECORD` set its answers are stored.
#![allow(clippy::unwrap_used, reason = "only tests use this")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use templates::{Limits, RuleData, RuleTemplate, Sample, SampleValue, failed};

const FILE: &str = "prometheus.json";
const EXTERNAL_URL: &str = "http://prometheus.example.com/sub";

#[derive(Serialize, Deserialize)]
struct Cases {
    labels: BTreeMap<String, String>,
    series: BTreeMap<String, String>,
    cases: Vec<Case>,
}

#[derive(Serialize, Deserialize)]
struct Case {
    template: String,
    value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

fn number(text: &str) -> f64 {
    text.parse().unwrap()
}

/// The series `up`, whose instances are the keys.
fn samples(series: &BTreeMap<String, String>) -> Vec<Sample> {
    let sample = |(instance, value): (&String, &String)| {
        let labels = [("__name__", "up"), ("instance", instance), ("job", "node")];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Sample { labels: Arc::new(labels.into()), value: SampleValue::Float(number(value)) }
    };
    series.iter().map(sample).collect()
}

#[test]
fn as_prometheus_answers() {
    let cases: Cases = support::read(FILE);
    assert!(cases.cases.len() >= 60);
    let up = samples(&cases.series);
    let query = move |text: &str| match text {
        "up" => Ok(up.clone()),
        "none" => Ok(Vec::new()),
        _ => Err("no such query".to_owned()),
    };
    let labels = Arc::new(cases.labels.clone());
    let external_labels = Arc::new(BTreeMap::from([("site".to_owned(), "a".to_owned())]));
    let mut wrong = Vec::new();
    for case in &cases.cases {
        let theirs = match (&case.answer, &case.error) {
            (Some(answer), _) => Ok(answer.clone()),
            (None, Some(error)) => Err(error.clone()),
            (None, None) => panic!("no answer is stored for {}", case.template),
        };
        let data = RuleData {
            labels: Arc::clone(&labels),
            external_labels: Arc::clone(&external_labels),
            external_url: EXTERNAL_URL.into(),
            value: SampleValue::Float(number(&case.value)),
            now_ms: 0,
            query: &query,
            limits: Limits::default(),
        };
        let ours = match RuleTemplate::parse("A", &case.template) {
            Err(error) => Err(error.to_string()),
            Ok(template) => Ok(template.expand(&data).unwrap_or_else(|error| failed(&error))),
        };
        if support::comparable(&ours) != support::comparable(&theirs) {
            wrong.push(format!(
                "{} on {}\n  ours:   {ours:?}\n  theirs: {theirs:?}",
                case.template, case.value
            ));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn rule(case: &Case) -> serde_json::Value {
    json!({"alert": "A", "expr": format!("m * 0 + {}", case.value), "annotations": {"x": case.template}})
}

fn rules(rule: &serde_json::Value) -> String {
    json!({"groups": [{"name": "g", "rules": [rule]}]}).to_string()
}

/// What Prometheus makes of a case.
fn asked(promtool: &Path, dir: &Path, cases: &Cases, case: &Case) -> Result<String, String> {
    let file = dir.join("rules.yml");
    fs::write(&file, rules(&rule(case))).unwrap();
    let check = Command::new(promtool).args(["check", "rules"]).arg(&file).output().unwrap();
    if !check.status.success() {
        let message = String::from_utf8(check.stderr).unwrap();
        let (_, message) = message.split_once("annotation \"x\": ").unwrap();
        return Err(message.trim_end().to_owned());
    }
    let labels: Vec<String> = cases.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    let mut series = vec![json!({"series": format!("m{{{}}}", labels.join(",")), "values": "1"})];
    for (instance, value) in &cases.series {
        series.push(json!({"series": format!("up{{instance={instance:?},job=\"node\"}}"), "values": value}));
    }
    let test = json!({
        "rule_files": ["rules.yml"],
        "tests": [{
            "interval": "1m",
            "external_labels": {"site": "a"},
            "external_url": EXTERNAL_URL,
            "input_series": series,
            "alert_rule_test": [{"eval_time": "0m", "alertname": "A", "exp_alerts": []}],
        }],
    });
    let file = dir.join("test.yml");
    fs::write(&file, test.to_string()).unwrap();
    let run = Command::new(promtool).args(["test", "rules"]).arg(&file).output().unwrap();
    let shown = String::from_utf8(run.stdout).unwrap() + &String::from_utf8(run.stderr).unwrap();
    let start = shown.find("Annotations:{x=").unwrap_or_else(|| panic!("{}: {shown}", case.template));
    let quoted = shown[start..].lines().next().unwrap().trim_end();
    Ok(unquoted(quoted.strip_prefix("Annotations:{x=\"").unwrap().strip_suffix("\"}").unwrap()))
}

/// The inside of a quoted text of Go.
fn unquoted(text: &str) -> String {
    let mut out = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.extend_from_slice(c.to_string().as_bytes());
            continue;
        }
        match chars.next().unwrap() {
            'n' => out.push(b'\n'),
            't' => out.push(b'\t'),
            'r' => out.push(b'\r'),
            'x' => {
                let digits: String = chars.by_ref().take(2).collect();
                out.push(u8::from_str_radix(&digits, 16).unwrap());
            }
            'u' => {
                let digits: String = chars.by_ref().take(4).collect();
                let c = char::from_u32(u32::from_str_radix(&digits, 16).unwrap()).unwrap();
                out.extend_from_slice(c.to_string().as_bytes());
            }
            c => out.extend_from_slice(c.to_string().as_bytes()),
        }
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn prometheus_still_answers_so() {
    let Some(promtool) = support::program("promtool") else { return };
    let mut cases: Cases = support::read(FILE);
    let dir = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for at in 0..cases.cases.len() {
        let theirs = asked(&promtool, dir.path(), &cases, &cases.cases[at]);
        let (answer, error) = (theirs.clone().ok(), theirs.err());
        let case = &mut cases.cases[at];
        // How errors are worded changes with the version of Go.
        if case.answer != answer || case.error.is_some() != error.is_some() {
            wrong.push(format!("{} on {}: {answer:?} {error:?}", case.template, case.value));
        }
        (case.answer, case.error) = (answer, error);
    }
    support::record(FILE, &cases);
    if std::env::var_os("TEMPLATES_RECORD").is_none() {
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
