//! Targets that come and go, changes of configuration, shutdown.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod common;

use std::time::Duration;

use common::{World, job, jobs_of, show};
use platform::Clock as _;
use scrape::Health;
use testkit::http::{Answer, Fault, Server};

async fn server(body: &str) -> Server {
    let server = Server::start().await.unwrap();
    server.set("/metrics", Answer::text(body));
    server
}

#[tokio::test]
async fn a_target_that_goes_is_marked_after_its_next_scrapes_would_have_been() {
    let (one, two) = (server("a 1\n").await, server("b 1\n").await);
    let both = |first: &str| {
        jobs_of(&format!(
            "  - job_name: t\n    static_configs: [{{targets: [{first}'{}']}}]\n",
            two.address()
        ))
    };
    let world = World::new();
    world.manager.apply(&both(&format!("'{}', ", one.address()))).unwrap();
    world.wait_targets(2).await;
    world.next_scrape().await;
    let last = world.series("a")[0].1[0].0;
    world.manager.apply(&both("")).unwrap();
    world.wait_targets(1).await;
    world.next_scrape().await;
    assert_eq!(show(&world.series("a")[0].1), ["1"], "not yet");
    world.next_scrape().await;
    world.next_scrape().await;
    world.wait("a is marked", || world.series("a")[0].1.len() == 2).await;
    assert_eq!(show(&world.series("a")[0].1), ["1", "stale"]);
    let marked = world.series("a")[0].1[1].0;
    assert!(marked > last && marked <= last + 10_000, "at the time of the first missed scrape");
    let up = world.series("up");
    let gone = up.iter().find(|(labels, _)| labels.get("instance") == Some(&one.address())).unwrap();
    assert_eq!(show(&gone.1), ["1", "stale"]);
    assert!(!show(&world.series("b")[0].1).contains(&"stale".to_owned()));
}

#[tokio::test]
async fn a_job_that_goes_is_marked_and_a_target_that_returns_in_time_is_not() {
    let server = server("a 1\n").await;
    let jobs = jobs_of(&job(&server.address(), ""));
    let elsewhere = jobs_of(&job("127.0.0.1:1", ""));
    let world = World::new();
    world.manager.apply(&jobs).unwrap();
    world.wait_targets(1).await;
    world.next_scrape().await;
    world.manager.apply(&elsewhere).unwrap();
    world
        .wait("the target is replaced", || world.targets().iter().all(|t| t.scrape_url.contains(":1/")))
        .await;
    world.manager.apply(&jobs).unwrap();
    world.wait("the target is back", || world.targets().iter().all(|t| !t.scrape_url.contains(":1/"))).await;
    world
        .wait("a is scraped again", || {
            world.clock.advance(Duration::from_millis(100));
            world.values("a").len() == 4
        })
        .await;
    assert_eq!(world.values("a"), ["1", "1", "1", "1"]);
    let added = world.series("scrape_series_added");
    let added = added.iter().find(|(labels, _)| labels.get("instance") == Some(&server.address())).unwrap();
    assert_eq!(show(&added.1), ["1", "0", "0", "0"], "the cache was kept");

    world.manager.apply(&jobs_of("")).unwrap();
    assert!(world.manager.targets().is_empty());
    for _ in 0..3 {
        world.clock.advance(Duration::from_secs(10));
        tokio::task::yield_now().await;
    }
    world.wait("a is marked", || world.values("a").last().is_some_and(|v| v == "stale")).await;
}

#[tokio::test]
async fn an_unchanged_job_goes_on_and_a_changed_one_keeps_what_it_knows() {
    let server = server("a 1\nb 1\n").await;
    let world = World::with_jobs(&job(&server.address(), ""));
    world.wait_targets(1).await;
    world.next_scrape().await;
    // The same again, then another path by which nothing about the series changes.
    world.manager.apply(&jobs_of(&job(&server.address(), ""))).unwrap();
    world.manager.apply(&jobs_of(&job(&server.address(), "    enable_compression: false"))).unwrap();
    world.scrape_until("up", 3).await;
    assert_eq!(world.values("a"), ["1", "1", "1"]);
    assert_eq!(world.values("scrape_series_added"), ["2", "0", "0"]);
    assert_eq!(server.requests().last().unwrap().header("accept-encoding"), "identity");
    // Rules for samples change: what is dropped from now on is marked, the rest goes on.
    let more = "    metric_relabel_configs: [{source_labels: [__name__], regex: b, action: drop}]";
    world.manager.apply(&jobs_of(&job(&server.address(), more))).unwrap();
    world
        .wait("b is marked", || {
            world.clock.advance(Duration::from_millis(500));
            world.values("b").last().is_some_and(|v| v == "stale")
        })
        .await;
    assert!(!world.values("a").contains(&"stale".to_owned()));
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_changes_nothing() {
    let server = server("a 1\n").await;
    let world = World::with_jobs(&job(&server.address(), ""));
    world.wait_targets(1).await;
    let broken = jobs_of(&format!(
        "{}  - job_name: u\n    tls_config: {{ca_file: /nowhere/ca.pem}}\n",
        job("127.0.0.1:1", "")
    ));
    let error = world.manager.apply(&broken).unwrap_err();
    assert!(error.starts_with("job \"u\": cannot read /nowhere/ca.pem"), "{error}");
    world.next_scrape().await;
    assert_eq!(world.values("a"), ["1"]);
    assert_eq!(world.manager.targets().len(), 1);
}

#[tokio::test]
async fn shutdown_lets_the_running_scrape_end_and_marks_nothing() {
    let server = server("a 1\n").await;
    let world = World::with_jobs(&job(&server.address(), ""));
    world.wait_targets(1).await;
    world.next_scrape().await;
    server.set("/metrics", Answer::text("a 2\n").fault(Fault::Held));
    let seen = server.requests().len();
    world.clock.advance(Duration::from_secs(10));
    world.wait("the request is there", || server.requests().len() > seen).await;
    let stop = world.manager.shutdown(Duration::from_secs(30));
    let free = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        server.let_go();
    };
    tokio::join!(stop, free);
    assert_eq!(world.values("a"), ["1", "2"]);
    let requests = server.requests().len();
    world.clock.advance(Duration::from_secs(60));
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(server.requests().len(), requests, "nothing is scraped any more");
    assert_eq!(world.values("up"), ["1", "1"]);
}

#[tokio::test]
async fn shutdown_does_not_wait_for_ever() {
    let server = server("a 1\n").await;
    server.set("/metrics", Answer::text("a 2\n").fault(Fault::Held));
    let world = World::with_jobs(&job(&server.address(), ""));
    world.wait_targets(1).await;
    world.clock.advance(Duration::from_secs(10));
    world.wait("the request is there", || server.requests().len() == 1).await;
    let started = std::time::Instant::now();
    world.manager.shutdown(Duration::from_millis(50)).await;
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn targets_in_a_file_follow_the_file() {
    let (one, two) = (server("a 1\n").await, server("b 1\n").await);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("targets.json");
    let write = |text: &str| {
        // As tools do it: beside, then renamed into place.
        let beside = dir.path().join("new");
        std::fs::write(&beside, text).unwrap();
        std::fs::rename(&beside, &file).unwrap();
    };
    write(&format!("[{{\"targets\": [\"{}\"], \"labels\": {{\"zone\": \"x\"}}}}]", one.address()));
    let pattern = dir.path().join("*.json");
    let world = World::with_jobs(&format!(
        "  - job_name: t\n    file_sd_configs: [{{files: ['{}']}}]\n    relabel_configs: [{{source_labels: [__meta_filepath], regex: '.*/(.*)', target_label: file}}]\n",
        pattern.display()
    ));
    world.wait_targets(1).await;
    world.next_scrape().await;
    assert_eq!(world.target().labels.get("file"), Some("targets.json"));
    assert_eq!(world.target().labels.get("zone"), Some("x"));
    write(&format!(
        "[{{\"targets\": [\"{}\", \"{}\"], \"labels\": {{\"zone\": \"x\"}}}}]",
        one.address(),
        two.address()
    ));
    world.wait_targets(2).await;
    write("[{\"targets\": oops");
    world.wait("the error is told", || !world.manager.targets()[0].discovery_errors.is_empty()).await;
    assert_eq!(world.targets().len(), 2, "the last groups stay");
    assert!(world.manager.targets()[0].discovery_errors[0].message.contains("line 1 column"));
    std::fs::remove_file(&file).unwrap();
    world.wait_targets(0).await;
    assert!(world.manager.targets()[0].discovery_errors.is_empty());
}

#[tokio::test]
async fn targets_from_a_server_follow_the_server() {
    let one = server("a 1\n").await;
    let sd = Server::start().await.unwrap();
    let json = |body: &str| Answer::typed("application/json; charset=utf-8", body.as_bytes());
    sd.set("/sd", json(&format!("[{{\"targets\": [\"{}\"]}}]", one.address())));
    let world = World::with_jobs(&format!(
        "  - job_name: t\n    http_sd_configs: [{{url: 'http://{}/sd', refresh_interval: 30s, basic_auth: {{username: u, password: p}}}}]\n    relabel_configs: [{{source_labels: [__meta_url], target_label: from}}]\n",
        sd.address()
    ));
    world.wait_targets(1).await;
    assert_eq!(world.target().labels.get("from"), Some(format!("http://{}/sd", sd.address()).as_str()));
    let request = &sd.requests()[0];
    assert_eq!(request.header("authorization"), "Basic dTpw");
    assert_eq!(request.header("x-prometheus-refresh-interval-seconds"), "30");
    for (answer, error) in [
        (Answer::status(500), "the server answered with HTTP status 500"),
        (Answer::text("[]"), "expected Content-Type application/json, got \"text/plain; version=0.0.4\""),
        (json("[{}"), "EOF while parsing a list at line 1 column 3"),
    ] {
        sd.set("/sd", answer);
        world.clock.advance(Duration::from_secs(30));
        world
            .wait(error, || {
                world.manager.targets()[0].discovery_errors.first().is_some_and(|e| e.message == error)
            })
            .await;
        assert_eq!(world.targets().len(), 1, "the last groups stay");
    }
    sd.set("/sd", json("[]"));
    world.clock.advance(Duration::from_secs(30));
    world.wait_targets(0).await;
    assert!(world.clock.now_ms() > common::START_MS);
}

#[tokio::test]
async fn what_is_no_target_is_told() {
    let world = World::with_jobs(
        "  - job_name: t\n    static_configs: [{targets: ['a b:1', 'x:1', 'ok:1']}]\n    relabel_configs:\n    - {source_labels: [__address__], regex: 'x:1', target_label: __scrape_timeout__, replacement: 1h}\n",
    );
    world.wait_targets(1).await;
    let pool = &world.manager.targets()[0];
    let reasons: Vec<&str> = pool.dropped.iter().map(|d| d.reason.as_str()).collect();
    assert_eq!(reasons.len(), 2);
    assert!(reasons[0].contains("\"a b:1\" is not a valid address"), "{reasons:?}");
    assert_eq!(reasons[1], "the scrape timeout (1h) is greater than the scrape interval (10s)");
    assert_eq!(pool.targets[0].health, Health::Unknown);
}
