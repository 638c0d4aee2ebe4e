//! What rule files are taken, and what is said about others.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::Path;

use promql_syntax::ParseOptions;
use rules::read_text;

fn refused(text: &str) -> String {
    read_text(Path::new("r.yml"), text, &ParseOptions::default()).unwrap_err().to_string()
}

#[test]
fn labels_of_the_group_count_unless_the_rule_says_otherwise() {
    let text = "groups:\n- name: g\n  interval: 30s\n  query_offset: 1m\n  limit: 7\n  labels: {team: a, tier: 1}\n  rules:\n  \
                - record: x\n    expr: 'sum( up )'\n    labels: {team: b}\n  - alert: A\n    expr: up == 0\n    for: 5m\n    \
                keep_firing_for: 1h\n    annotations: {summary: '{{ $labels.job }} down'}\n";
    let groups = read_text(Path::new("r.yml"), text, &ParseOptions::default()).unwrap();
    let group = &groups[0];
    assert_eq!((group.interval_ms, group.query_offset_ms, group.limit), (Some(30_000), Some(60_000), 7));
    let labels = |at: usize| -> Vec<String> {
        group.rules[at].labels.iter().map(|(name, text)| format!("{name}={}", text.source())).collect()
    };
    assert_eq!(labels(0), ["team=b", "tier=1"]);
    assert_eq!(labels(1), ["team=a", "tier=1"]);
    assert_eq!(group.rules[0].query, "sum(up)");
    let alerting = group.rules[1].alerting().unwrap();
    assert_eq!((alerting.hold_ms, alerting.keep_firing_ms), (300_000, 3_600_000));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let cases = [
        ("groups: [{rules: []}]", "r.yml:1:10: group: name is missing"),
        ("groups: [{name: '', rules: []}]", "r.yml:1:17: group: name: must not be empty"),
        ("groups: [{name: a}, {name: a}]", "r.yml:1:21: groupname: \"a\" is repeated in the same file"),
        ("groups: [{name: a, ruls: []}]", "r.yml:1:20: group: unknown key \"ruls\"; did you mean \"rules\"?"),
        (
            "groups: [{name: a, rules: [{expr: up}]}]",
            "r.yml:1:28: rule: one of 'record' or 'alert' must be set",
        ),
        (
            "groups: [{name: a, rules: [{record: a, alert: b, expr: up}]}]",
            "r.yml:1:28: rule: only one of 'record' and 'alert' must be set",
        ),
        ("groups: [{name: a, rules: [{record: a}]}]", "r.yml:1:28: rule: expr: rule \"a\" has no expression"),
        (
            "groups: [{name: a, rules: [{record: a, expr: up, for: 1m}]}]",
            "r.yml:1:55: rule: for: only alerting rules can have it, this is a recording rule",
        ),
        (
            "groups: [{name: a, rules: [{alert: a, expr: up, labels: {__name__: x}}]}]",
            "r.yml:1:68: labels: no rule may set the label \"__name__\" or one without a name",
        ),
        (
            "groups: [{name: a, rules: [{record: 'a{b=\"c\"}', expr: up}]}]",
            "r.yml:1:37: rule: record: braces in the name; should it be in expr?",
        ),
    ];
    for (text, want) in cases {
        assert_eq!(refused(text), want, "{text}");
    }
    let query = refused("groups:\n- name: a\n  rules:\n  - record: a\n    expr: sum(up\n");
    assert!(query.starts_with("r.yml:5:11: rule: expr: rule \"a\": could not parse expression: "), "{query}");
    let template = refused(
        "groups:\n- name: a\n  rules:\n  - alert: a\n    expr: up\n    annotations: {s: '{{ $labels.job'}\n",
    );
    assert!(template.starts_with("r.yml:6:22: s: "), "{template}");
}
