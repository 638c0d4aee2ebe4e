//! What a rule does without data and when its query fails.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use common::World;
use rules::{AlertState, AlertStatus};

fn rule(annotations: &str) -> String {
    format!(
        "groups:\n- name: g\n  rules:\n  - alert: Hot\n    expr: temp{{job=\"node\"}} > 5\n    labels: {{severity: page}}\n    \
         annotations: {{{annotations}}}\n"
    )
}

fn alerts(world: &World) -> AlertStatus {
    world.group().rules[0].alerts.clone().unwrap()
}

fn summary(world: &World) -> String {
    let all = alerts(world).active;
    let of_trouble = all.iter().find(|alert| alert.labels.get("rule_trouble").is_some());
    of_trouble.map_or_else(String::new, |alert| alert.annotations[0].1.clone())
}

/// A minute with data, then as long without as it takes samples to be too old, then so many rounds.
async fn outage(world: &World, up: Option<f64>, rounds: usize) -> Vec<&'static str> {
    for _ in 0..6 {
        world.put(&[("__name__", "temp"), ("job", "node"), ("instance", "a:1")], 9.0);
        world.put(&[("__name__", "up"), ("job", "node"), ("instance", "a:1")], 1.0);
        world.tick().await;
    }
    let mut states = Vec::new();
    for _ in 0..31 + rounds {
        if let Some(up) = up {
            world.put(&[("__name__", "up"), ("job", "node"), ("instance", "a:1")], up);
        }
        world.tick().await;
        states.push(alerts(world).state.as_str());
    }
    states
}

#[tokio::test]
async fn without_a_policy_no_data_means_that_all_is_well() {
    let world = World::new();
    world.apply(&rule(""));
    let states = outage(&world, Some(0.0), 5).await;
    assert_eq!(states[0], "firing", "the last sample still counts");
    assert_eq!(states.last(), Some(&"inactive"));
}

#[tokio::test]
async fn alerts_can_be_kept_for_a_while() {
    let world = World::new();
    world.apply(&rule("watchfire_no_data: keep 1m"));
    let states = outage(&world, Some(0.0), 12).await;
    let firing = states.iter().filter(|state| **state == "firing").count();
    // Five minutes until samples are too old, and one more.
    assert!((34..=38).contains(&firing), "{firing}");
    assert_eq!(states.last(), Some(&"inactive"));
}

#[tokio::test]
async fn a_target_that_is_gone_is_told_by_name() {
    let world = World::new();
    world.apply(&rule("watchfire_no_data: alert after 30s"));
    outage(&world, Some(0.0), 8).await;
    let text = summary(&world);
    assert!(text.starts_with("Hot has had no data for "), "{text}");
    assert!(text.ends_with(": a:1 of job node cannot be scraped"), "{text}");
    let active = alerts(&world).active;
    let own = active.iter().find(|alert| alert.labels.get("rule_trouble").is_some()).unwrap();
    assert_eq!(own.labels.to_string(), r#"{alertname="Hot", rule_trouble="no_data", severity="page"}"#);
    assert_eq!(own.state, AlertState::Firing);
    // It ends with the outage.
    world.put(&[("__name__", "temp"), ("job", "node"), ("instance", "a:1")], 1.0);
    world.tick().await;
    assert_eq!(alerts(&world).state, AlertState::Inactive);
}

#[tokio::test]
async fn a_query_that_finds_nothing_is_told_otherwise() {
    let world = World::new();
    world.apply(&rule("watchfire_no_data: alert after 10s"));
    outage(&world, Some(1.0), 6).await;
    assert!(summary(&world).ends_with(": its query finds no series"), "{}", summary(&world));
    let world = World::new();
    world.apply(&rule("watchfire_no_data: alert after 10s"));
    outage(&world, None, 6).await;
    assert!(
        summary(&world).ends_with("no target has the labels that its query asks for"),
        "{}",
        summary(&world)
    );
}

#[tokio::test]
async fn a_short_outage_is_nothing() {
    let world = World::new();
    world.apply(&rule("watchfire_no_data: alert after 10m"));
    outage(&world, Some(0.0), 3).await;
    assert_eq!(summary(&world), "");
    assert_eq!(alerts(&world).state, AlertState::Firing, "what fired goes on");
}

#[tokio::test]
async fn an_error_is_no_answer() {
    let many = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: x * on (job) x\n    annotations: {watchfire_error: alert after 10s}\n";
    let world = World::new();
    world.apply(many);
    for _ in 0..3 {
        for instance in ["1", "2"] {
            world.put(&[("__name__", "x"), ("job", "j"), ("instance", instance)], 1.0);
        }
        world.tick().await;
    }
    let text = summary(&world);
    assert!(text.starts_with("A could not be evaluated for ") && text.contains("many-to-many"), "{text}");
    assert_eq!(world.group().rules[0].health.as_str(), "err");
}
