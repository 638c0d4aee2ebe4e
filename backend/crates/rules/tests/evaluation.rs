//! Groups that run: what they write, what they hand on, and what a change of the configuration leaves.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use common::{START_MS, World};
use rules::{AlertState, Health, RuleSettings};

const RECORD: &str = "
groups:
- name: g
  rules:
  - {record: total, expr: sum by (job) (up), labels: {tier: gold}}
  - {record: twice, expr: total * 2}
";

#[tokio::test]
async fn a_rule_sees_what_those_before_it_gave() {
    let world = World::new();
    world.put(&[("__name__", "up"), ("job", "a"), ("instance", "1")], 1.0);
    world.put(&[("__name__", "up"), ("job", "a"), ("instance", "2")], 1.0);
    world.apply(RECORD);
    world.tick().await;
    assert_eq!(world.series("total"), [r#"total{job="a", tier="gold"} 2"#]);
    assert_eq!(world.series("twice"), [r#"twice{job="a", tier="gold"} 4"#]);
    let group = world.group();
    assert_eq!(group.rules.len(), 2);
    assert!(group.rules.iter().all(|rule| rule.health == Health::Ok && rule.samples == 1));
}

#[tokio::test]
async fn series_that_a_rule_gives_no_more_are_marked_stale() {
    let world = World::new();
    world.put(&[("__name__", "x"), ("a", "1")], 1.0);
    world.apply("groups: [{name: g, rules: [{record: y, expr: x > 0}]}]");
    world.tick().await;
    world.put(&[("__name__", "x"), ("a", "1")], 0.0);
    world.tick().await;
    world.tick().await;
    assert_eq!(world.series("y"), [r#"y{a="1"} 1 stale"#]);
}

const ALERT: &str = "
groups:
- name: g
  rules:
  - alert: High
    expr: x > 5
    for: 20s
    labels: {severity: page}
    annotations: {summary: 'too high'}
";

#[tokio::test]
async fn an_alert_is_pending_fires_and_resolves() {
    let world = World::new();
    world.apply(ALERT);
    let mut states = Vec::new();
    for value in [1.0, 9.0, 9.0, 9.0, 9.0, 1.0, 1.0] {
        world.put(&[("__name__", "x"), ("a", "1")], value);
        world.tick().await;
        let alerts = world.group().rules[0].alerts.clone().unwrap();
        states.push(alerts.state.as_str());
    }
    assert_eq!(states, ["inactive", "pending", "pending", "firing", "firing", "inactive", "inactive"]);
    let name = r#"ALERTS{a="1", alertname="High", alertstate="#;
    assert_eq!(
        world.series("ALERTS"),
        [
            format!(r#"{name}"firing", severity="page"}} 1 1 stale"#),
            format!(r#"{name}"pending", severity="page"}} 1 1 stale"#)
        ]
    );
    let since = world.sink.transitions.lock()[0].at_ms / 1000;
    assert_eq!(
        world.series("ALERTS_FOR_STATE"),
        [format!(
            r#"ALERTS_FOR_STATE{{a="1", alertname="High", severity="page"}} {since} {since} {since} {since} stale"#
        )]
    );
    let sent = world.sink.alerts.lock().clone();
    let told: Vec<bool> = sent.iter().map(|alert| alert.resolved).collect();
    assert_eq!(told, [false, true], "again only after the resend delay");
    assert_eq!(sent[0].starts_at_ms, sent[1].starts_at_ms);
    assert_eq!(sent[0].annotations, [("summary".to_owned(), "too high".to_owned())]);
    assert_eq!(&*sent[0].generator_url, "/graph?g0.expr=x+%3E+5&g0.tab=1");
    let changes = world.sink.transitions.lock().clone();
    let changes: Vec<_> = changes.iter().map(|change| (change.from.as_str(), change.to.as_str())).collect();
    assert_eq!(changes, [("inactive", "pending"), ("pending", "firing"), ("firing", "inactive")]);
}

#[tokio::test]
async fn an_alert_may_go_on_firing_for_a_while() {
    let world = World::new();
    world.apply("groups: [{name: g, rules: [{alert: A, expr: x > 5, keep_firing_for: 20s}]}]");
    let mut states = Vec::new();
    for value in [9.0, 1.0, 1.0, 9.0, 1.0, 1.0, 1.0] {
        world.put(&[("__name__", "x")], value);
        world.tick().await;
        states.push(world.group().rules[0].alerts.clone().unwrap().state.as_str());
    }
    assert_eq!(states, ["firing", "firing", "firing", "firing", "firing", "firing", "inactive"]);
}

#[tokio::test]
async fn a_reload_keeps_the_alerts_of_rules_that_stay() {
    let world = World::new();
    world.apply(ALERT);
    for _ in 0..3 {
        world.put(&[("__name__", "x")], 9.0);
        world.tick().await;
    }
    assert_eq!(world.group().rules[0].alerts.clone().unwrap().state, AlertState::Firing);
    // Another rule before it, another threshold and no waiting: the group is another one, the alert the same.
    let changed = ALERT
        .replace("x > 5", "x > 6")
        .replace("  - alert: High", "  - {record: y, expr: x}\n  - alert: High");
    world.apply(&changed);
    world.put(&[("__name__", "x")], 9.0);
    world.tick().await;
    let group = world.group();
    assert_eq!(group.rules[1].alerts.clone().unwrap().state, AlertState::Firing);
    assert!(world.sink.transitions.lock().len() == 2);
    // Without the rule its series end.
    world.apply("groups: [{name: g, rules: [{record: y, expr: x}]}]");
    world.tick().await;
    world.wait("the series of the alert ended", || world.series("ALERTS")[0].ends_with("stale")).await;
}

#[tokio::test]
async fn a_group_that_is_gone_ends_its_series_unless_another_takes_the_rules_over() {
    let world = World::new();
    world.put(&[("__name__", "x")], 1.0);
    world.apply("groups: [{name: g, rules: [{record: y, expr: x}]}]");
    world.tick().await;
    world.apply("groups: []");
    world
        .wait("the series ended", || {
            world.clock.advance(std::time::Duration::from_secs(5));
            world.series("y") == ["y 1 stale"]
        })
        .await;
}

#[tokio::test]
async fn what_cannot_be_is_an_error_of_the_rule() {
    let world = World::new();
    for instance in ["1", "2"] {
        world.put(&[("__name__", "x"), ("instance", instance)], 1.0);
    }
    world.apply(
        "groups:\n- name: g\n  limit: 1\n  rules:\n  - {record: a, expr: x, labels: {instance: same}}\n  - {record: b, expr: x}\n  \
         - {alert: C, expr: x, labels: {instance: same}}\n  - {alert: D, expr: x}\n  - {record: e, expr: sum(x)}\n",
    );
    world.tick().await;
    let group = world.group();
    let errors: Vec<&str> = group.rules.iter().map(|rule| rule.error.as_deref().unwrap_or("")).collect();
    assert_eq!(
        errors,
        [
            "vector contains metrics with the same labelset after applying rule labels",
            "exceeded limit of 1 with 2 series",
            "vector contains metrics with the same labelset after applying alert labels",
            "exceeded limit of 1 with 2 alerts",
            "",
        ]
    );
    assert_eq!(world.series("e"), ["e 2"]);
}

#[tokio::test]
async fn after_a_restart_alerts_are_pending_since_when_they_were() {
    let rules = ALERT.replace("20s", "20m");
    let settings = || RuleSettings { grace_ms: 60_000, ..RuleSettings::default() };
    let before = World::new();
    before.apply_with(&rules, settings());
    for _ in 0..6 {
        before.put(&[("__name__", "x")], 9.0);
        before.tick().await;
    }
    let since = before.group().rules[0].alerts.clone().unwrap().active[0].active_at_ms;
    before.manager.shutdown().await;
    let down = i64::from(5 * 60_000);
    let after = World::over(before.store.clone(), START_MS + 60_000 + down);
    after.apply_with(&rules, settings());
    after.put(&[("__name__", "x")], 9.0);
    after.tick().await;
    let restored = |world: &World| world.group().rules[0].alerts.clone().unwrap().active[0].active_at_ms;
    after.wait("the alert is restored", || restored(&after) < START_MS + 60_000 + down).await;
    let shift = restored(&after) - since;
    assert!((down - 10_000..=down + 20_000).contains(&shift), "the outage does not count: {shift}");
    assert_eq!(after.series("ALERTS_FOR_STATE").len(), 1);
}

#[tokio::test]
async fn the_offset_of_queries_moves_what_is_read_and_written() {
    let world = World::new();
    world.put(&[("__name__", "x")], 1.0);
    world.apply(
        "groups: [{name: g, query_offset: 1m, rules: [{record: y, expr: x}, {record: at, expr: time()}]}]",
    );
    world.tick().await;
    assert!(world.series("y").is_empty());
    let t = world.group().last_ms.unwrap();
    assert_eq!(world.series("at"), [format!("at {}", (t - 60_000) as f64 / 1000.0)]);
}
