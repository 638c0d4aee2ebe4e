//! Our rules against Prometheus': both scrape the same page and run the same rule file; what they say of groups,
//! rules and alerts, and what their rules record, is compared as it stands. Needs Prometheus 3.5 or later.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::peer::{Prometheus, prometheus, serve_page};
use support::{Server, encode, send, wait_for};

const PAGE: &str = "# TYPE load gauge
load{host=\"a\",zone=\"x\"} 12.5
load{host=\"b\",zone=\"x\"} 3
load{host=\"c\",zone=\"y\"} 1234567
# TYPE wait_seconds histogram
wait_seconds_bucket{le=\"0.5\"} 4
wait_seconds_bucket{le=\"+Inf\"} 10
wait_seconds_sum 6.5
wait_seconds_count 10
";

const RULES: &str = r#"groups:
- name: records
  interval: 1s
  labels: {team: core, tier: one}
  rules:
  - record: zone:load:sum
    expr: sum by (zone) (load)
    labels: {tier: two}
  - record: zone:load:double
    expr: 'zone:load:sum*2'
  - record: constant
    expr: "42"
- name: alerts
  interval: 1s
  rules:
  - alert: Loaded
    expr: load > 5
    labels:
      severity: '{{ if gt $value 100.0 }}critical{{ else }}warning{{ end }}'
      zone: 'zone-{{ $labels.zone }}'
    annotations:
      summary: '{{ $labels.host }} has {{ $value | humanize }} ({{ printf "%.1f" $value }})'
      all: '{{ range query "load" }}{{ .Labels.host }}={{ .Value }} {{ end }}'
      outside: '{{ $externalLabels.cluster }} {{ .ExternalURL }} {{ externalURL }}'
      broken: '{{ humanizeDuration "x" }}'
      one: '{{ with query "sum(load)" }}{{ . | first | value | humanize1024 }}{{ end }}'
  - alert: Waits
    expr: load > 5
    for: 1h
    keep_firing_for: 10m
  - alert: Quiet
    expr: load < 0
  - alert: Same
    expr: load
    labels: {host: one, zone: one}
  - record: never
    expr: load * on (zone) load
- name: limited
  interval: 1s
  limit: 2
  rules:
  - alert: Many
    expr: load
  - record: many
    expr: load
"#;

/// What there is to ask.
const ADDRESSES: &[&str] = &[
    "/api/v1/rules",
    "/api/v1/rules?type=alert",
    "/api/v1/rules?type=record&rule_group[]=records",
    "/api/v1/rules?type=nonsense",
    "/api/v1/rules?rule_name[]=Loaded&rule_name[]=constant",
    "/api/v1/rules?rule_group[]=none",
    "/api/v1/rules?file[]=none",
    "/api/v1/rules?exclude_alerts=true&rule_name[]=Loaded",
    "/api/v1/rules?exclude_alerts=perhaps",
    "/api/v1/rules?match[]=%7Btier%3D%22two%22%7D",
    "/api/v1/rules?match[]=%7Btier%3D%22",
    "/api/v1/rules?group_next_token=x",
    "/api/v1/alerts",
];

const QUERIES: &[&str] = &[
    "zone:load:sum",
    "zone:load:double",
    "constant",
    "ALERTS",
    "count by (alertname) (ALERTS_FOR_STATE)",
    "never",
    "many",
];

#[test]
fn rules_are_what_prometheus_makes_of_them() {
    let Some(program) = prometheus() else { return };
    let dir = tempfile::tempdir().unwrap();
    let rules = dir.path().join("rules.yml");
    fs::write(&rules, RULES).unwrap();
    let config = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s, external_labels: {{cluster: test}}}}\n\
         rule_files: ['{}']\n\
         scrape_configs:\n- job_name: page\n  static_configs: [{{targets: ['{}']}}]\n",
        rules.display(),
        serve_page(PAGE)
    );
    let file = dir.path().join("watchfire.yml");
    fs::write(&file, &config).unwrap();
    let url = "--web.external-url=http://example.org/up/";
    let ours = Server::start(dir.path(), &[&format!("--config.file={}", file.display()), url]);
    let theirs = Prometheus::start_with(&program, dir.path(), &config, &[url]);
    // The path of the address stands in front of what Prometheus serves.
    let ask = |address, theirs: bool, path: &str| -> Value {
        let prefix = if theirs { "/up" } else { "" };
        let answer = send(address, "GET", &format!("{prefix}{path}"));
        let mut json: Value =
            serde_json::from_str(&answer.body).unwrap_or_else(|e| panic!("{path}: {e}: {}", answer.body));
        json["code"] = answer.status.into();
        // The words about a mistake are our own.
        json.as_object_mut().unwrap().remove("error");
        without_times(&mut json);
        json
    };
    for (address, theirs) in [(ours.address, false), (theirs.address, true)] {
        wait_for("alerts fire and all rules are evaluated", || {
            let alerts = ask(address, theirs, "/api/v1/alerts").to_string();
            let rules = ask(address, theirs, "/api/v1/rules").to_string();
            (alerts.contains("\"firing\"") && alerts.contains("\"Waits\"") && !rules.contains("unknown"))
                .then_some(())
        });
    }
    let queries = QUERIES.iter().map(|query| format!("/api/v1/query?query={}", encode(query)));
    let paths = ADDRESSES.iter().map(|path| (*path).to_owned()).chain(queries);
    // A scrape that comes late on a busy machine makes a difference for a moment; a real one stays.
    let patience = Instant::now() + Duration::from_secs(40);
    let mut different = Vec::new();
    for path in paths {
        loop {
            let (ours, theirs) = (ask(ours.address, false, &path), ask(theirs.address, true, &path));
            if ours == theirs {
                break;
            }
            if Instant::now() > patience {
                different.push(format!("{path}\n{}", lines_that_differ(&ours, &theirs)));
                break;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// The lines of both that the other does not have.
fn lines_that_differ(ours: &Value, theirs: &Value) -> String {
    let (ours, theirs) = (format!("{ours:#}"), format!("{theirs:#}"));
    let without = |a: &str, b: &str, mark: &str| -> Vec<String> {
        let b: Vec<&str> = b.lines().map(|line| line.trim_end_matches(',')).collect();
        let only = a.lines().filter(|line| !b.contains(&line.trim_end_matches(',')));
        only.map(|line| format!("  {mark} {}", line.trim())).collect()
    };
    let mut lines = without(&ours, &theirs, "ours  ");
    lines.extend(without(&theirs, &ours, "theirs"));
    lines.join("\n")
}

/// Takes out what depends on when it happened, and sorts what has no order.
fn without_times(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for name in ["evaluationTime", "lastEvaluation", "activeAt", "stats"] {
                object.remove(name);
            }
            // The time of a sample.
            if let Some(Value::Array(sample)) = object.get_mut("value") {
                sample[0] = Value::Null;
            }
            object.values_mut().for_each(without_times);
        }
        Value::Array(items) => {
            items.iter_mut().for_each(without_times);
            let ordered = items.iter().any(|item| item.get("query").is_some() || item.get("rules").is_some());
            if !ordered && items.iter().all(Value::is_object) {
                items.sort_by_key(ToString::to_string);
            }
        }
        _ => {}
    }
}
