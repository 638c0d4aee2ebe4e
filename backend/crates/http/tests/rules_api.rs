//! Groups, rules and alerts in Prometheus' form, page by page.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use model::Labels;
use promql_syntax::ParseOptions;
use rules::{ActiveAlert, AlertState, AlertStatus, GroupStatus, Health, RuleStatus, read_text};
use support::{NOW_MS, TestApp};

const FILE: &str = "groups:\n- name: a\n  rules:\n  - {record: x, expr: up}\n- name: b\n  rules:\n  - alert: Down\n    expr: up == 0\n    \
                    for: 5m\n    annotations: {summary: '{{ $labels.job }} is down'}\n- name: c\n  rules: []\n";

fn groups() -> Vec<GroupStatus> {
    let alert = ActiveAlert {
        labels: Labels::from_pairs([("alertname", "Down"), ("job", "node")]),
        annotations: vec![("summary".to_owned(), "node is down".to_owned())],
        state: AlertState::Firing,
        value: 0.0,
        active_at_ms: NOW_MS - 600_000,
        fired_at_ms: Some(NOW_MS - 300_000),
        resolved_at_ms: None,
        sent_at_ms: None,
        keep_firing_since_ms: Some(NOW_MS - 1_000),
    };
    let rule = |config: &Arc<rules::RuleConfig>| RuleStatus {
        config: Arc::clone(config),
        health: Health::Ok,
        error: None,
        last_ms: Some(NOW_MS - 5_000),
        took: Duration::from_millis(2),
        samples: 1,
        alerts: config
            .alerting()
            .map(|_| AlertStatus { state: AlertState::Firing, active: vec![alert.clone()] }),
    };
    let group = |config: rules::GroupConfig| GroupStatus {
        interval_ms: 60_000,
        last_ms: Some(NOW_MS - 5_000),
        took: Duration::from_millis(3),
        missed: 0,
        rules: config.rules.iter().map(rule).collect(),
        config: Arc::new(config),
    };
    let read = read_text(Path::new("rules.yml"), FILE, &ParseOptions::default()).unwrap();
    read.into_iter().map(group).collect()
}

#[tokio::test]
async fn rules_and_alerts_are_told_in_full() {
    let app = TestApp::new().await;
    *app.rules.0.lock() = groups();
    let answer = app.get("/api/v1/rules?rule_group[]=b").await.json();
    insta::assert_snapshot!(serde_json::to_string_pretty(&answer["data"]["groups"][0]["rules"][0]).unwrap());
    let alerts = app.get("/api/v1/alerts").await.json();
    assert_eq!(alerts["data"]["alerts"].as_array().unwrap().len(), 1);
    let without = app.get("/api/v1/rules?exclude_alerts=true&type=alert").await.json();
    assert!(without["data"]["groups"][0]["rules"][0]["alerts"].is_null());
}

#[tokio::test]
async fn groups_come_page_by_page() {
    let app = TestApp::new().await;
    *app.rules.0.lock() = groups();
    let mut names = Vec::new();
    let mut address = "/api/v1/rules?group_limit=2".to_owned();
    loop {
        let data = app.get(&address).await.json()["data"].take();
        let page = data["groups"].as_array().unwrap().clone();
        assert!(page.len() <= 2);
        names.extend(page.iter().map(|group| group["name"].as_str().unwrap().to_owned()));
        let Some(next) = data["groupNextToken"].as_str() else { break };
        address = format!("/api/v1/rules?group_limit=2&group_next_token={next}");
    }
    assert_eq!(names, ["a", "b", "c"]);
    let gone = app.get("/api/v1/rules?group_limit=2&group_next_token=ff").await;
    assert_eq!(gone.status, StatusCode::BAD_REQUEST);
}
