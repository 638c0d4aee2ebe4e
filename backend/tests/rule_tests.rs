//! `watchfire test rules` and `promtool test rules` on the same files: the verdicts must be the same, test by test.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::fs;
use std::process::Command;

use support::peer::program;
use support::watchfire;

const RULES: &str = r#"groups:
- name: g
  interval: 1m
  rules:
  - record: job:up:count
    expr: count by (job) (up == 1)
  - alert: InstanceDown
    expr: up == 0
    for: 10m
    labels: {severity: page}
    annotations:
      summary: 'Instance {{ $labels.instance }} down'
      value: '{{ $value }} in {{ $externalLabels.cluster }}, {{ $externalURL }}'
  - alert: Keeps
    expr: load > 5
    keep_firing_for: 3m
"#;

/// A test each, and whether its expectations hold.
const TESTS: &[(&str, bool)] = &[
    (
        "alert_rule_test: [{eval_time: 9m, alertname: InstanceDown}, {eval_time: 10m, alertname: InstanceDown, exp_alerts: \
         [{exp_labels: {severity: page, job: a, instance: '1'}, exp_annotations: {summary: 'Instance 1 down', \
         value: '0 in test, http://x'}}]}]",
        true,
    ),
    ("alert_rule_test: [{eval_time: 10m, alertname: InstanceDown}]", false),
    (
        "alert_rule_test: [{eval_time: 12m30s, alertname: InstanceDown, exp_alerts: [{exp_labels: {severity: page, job: a, \
         instance: '2'}}]}]",
        false,
    ),
    (
        "alert_rule_test: [{eval_time: 5m, alertname: Keeps, exp_alerts: [{}]}, {eval_time: 8m, alertname: Keeps, exp_alerts: [{}]}, {eval_time: 9m, alertname: Keeps}]",
        true,
    ),
    (
        "promql_expr_test: [{expr: 'job:up:count', eval_time: 3m, exp_samples: [{labels: 'job:up:count{job=\"a\"}', value: 1}]}]",
        true,
    ),
    (
        "promql_expr_test: [{expr: 'job:up:count', eval_time: 3m, exp_samples: [{labels: 'job:up:count{job=\"a\"}', value: 2}]}]",
        false,
    ),
    ("promql_expr_test: [{expr: 'sum(load)', eval_time: 3m30s, exp_samples: [{value: 7}]}]", true),
    (
        "promql_expr_test: [{expr: 'ALERTS{alertname=\"Keeps\"}', eval_time: 4m, exp_samples: [{labels: 'ALERTS{alertname=\"Keeps\",alertstate=\"firing\"}', value: 1}]}]",
        true,
    ),
    ("promql_expr_test: [{expr: 'nothing', eval_time: 4m}]", true),
    ("promql_expr_test: [{expr: 'load', eval_time: 4m}]", false),
    (
        "promql_expr_test: [{expr: 'h', eval_time: 0m, exp_samples: [{labels: h, histogram: '{{count:3 sum:5 buckets:[1 2]}}'}]}]",
        true,
    ),
    (
        "promql_expr_test: [{expr: 'h', eval_time: 0m, exp_samples: [{labels: h, histogram: '{{count:3 sum:6 buckets:[1 2]}}'}]}]",
        false,
    ),
    ("promql_expr_test: [{expr: 'sum(', eval_time: 4m}]", false),
    (
        "promql_expr_test: [{expr: 'rate(load[2m])', eval_time: 2m, exp_samples: [{value: 0.03333333333333333}]}]",
        true,
    ),
    ("promql_expr_test: [{expr: 'load / 3', eval_time: 1m, exp_samples: [{value: 1.66666666}]}]", false),
];

fn file(test: &str) -> String {
    format!(
        "rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  name: t\n  external_labels: {{cluster: test}}\n  \
         external_url: http://x\n  input_series:\n  - {{series: 'up{{job=\"a\", instance=\"1\"}}', values: '0x20'}}\n  \
         - {{series: 'up{{job=\"a\", instance=\"2\"}}', values: '1x20'}}\n  - {{series: load, values: '3 5 7 7 7 7 4x20'}}\n  \
         - {{series: h, values: '{{{{count:3 sum:5 buckets:[1 2]}}}}x5'}}\n  {test}\n"
    )
}

#[test]
fn verdicts_are_those_of_promtool() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("rules.yml"), RULES).unwrap();
    let path = dir.path().join("test.yml");
    let promtool = program(&["WATCHFIRE_PROMTOOL"], "promtool");
    for (test, holds) in TESTS {
        fs::write(&path, file(test)).unwrap();
        let ours = watchfire(&["test", "rules"]).arg(&path).output().unwrap();
        let said = String::from_utf8_lossy(&ours.stdout);
        assert_eq!(ours.status.success(), *holds, "{test}\n{said}");
        if let Some(promtool) = &promtool {
            let theirs = Command::new(promtool).args(["test", "rules"]).arg(&path).output().unwrap();
            let theirs_said = String::from_utf8_lossy(&theirs.stderr);
            assert_eq!(theirs.status.success(), *holds, "{test}\n{theirs_said}");
        }
    }
}

#[test]
fn failures_tell_their_place_and_both_sides() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("rules.yml"), RULES).unwrap();
    let path = dir.path().join("test.yml");
    fs::write(&path, file(TESTS[1].0)).unwrap();
    let output = watchfire(&["test", "rules"]).arg(&path).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("FAILED: t: 13:21: "), "{said}");
    assert!(said.contains("alert InstanceDown at 10m"), "{said}");
    assert!(said.contains("expected none") && said.contains("Instance 1 down"), "{said}");
    fs::write(&path, "rule_files: [nothing.yml]\ntests: []\n").unwrap();
    let output = watchfire(&["test", "rules"]).arg(&path).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("there is no such file of rules"));
}
