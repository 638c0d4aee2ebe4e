//! The program as it is run: starting, reloading, stopping, being killed.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::fs;
use std::net::TcpListener;

use support::{Server, wait_for, watchfire};

const FAST: &str = "global:\n  scrape_interval: 1s\nscrape_configs:\n";

fn own_config(server_port: u16) -> String {
    format!("{FAST}  - job_name: self\n    static_configs:\n      - targets: ['127.0.0.1:{server_port}']\n")
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn without_configuration_it_watches_itself_and_ends_cleanly() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    assert_eq!(server.get("/-/healthy").status, 200);
    let targets = server.get("/api/v1/targets").body;
    assert!(targets.contains("\"scrapePool\":\"watchfire\""), "{targets}");
    assert!(server.get("/metrics").body.contains("watchfire_config_last_reload_successful 1\n"));
    server.signal("TERM");
    let (status, log) = server.ended();
    assert!(status.success(), "{log}");
    assert!(log.contains("received SIGTERM") && log.contains("see you next time"), "{log}");
    assert!(!log.contains("level=ERROR"), "{log}");
}

#[test]
fn samples_survive_being_killed_and_a_clean_end() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("prometheus.yml");
    let port = free_port();
    fs::write(&config, own_config(port)).unwrap();
    let file = format!("--config.file={}", config.display());
    let listen = format!("--web.listen-address=127.0.0.1:{port}");

    let server = Server::start(dir.path(), &[&file, &listen]);
    let scraped = |server: &Server| server.number("count_over_time(up[1h])").unwrap_or(0.0);
    wait_for("three scrapes", || (scraped(&server) >= 3.0).then_some(()));
    let before = scraped(&server);
    server.signal("KILL");
    let (status, _) = server.ended();
    assert!(!status.success());

    let server = Server::start(dir.path(), &[&file, &listen]);
    assert!(scraped(&server) >= before, "{} < {before}", scraped(&server));
    wait_for("another scrape", || (scraped(&server) > before).then_some(()));
    let before = scraped(&server);
    server.signal("INT");
    let (status, log) = server.ended();
    assert!(status.success(), "{log}");

    let server = Server::start(dir.path(), &[&file, &listen]);
    assert!(scraped(&server) >= before);
}

#[test]
fn a_bad_configuration_changes_nothing_and_names_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("prometheus.yml");
    fs::write(&config, own_config(1)).unwrap();
    let server = Server::start(dir.path(), &[&format!("--config.file={}", config.display())]);
    let pools = |server: &Server| server.get("/api/watchfire/v1/targets").body;
    assert!(pools(&server).contains("\"name\":\"self\""));

    fs::write(&config, format!("{FAST}  - job_name: other\n    metric_path: /x\n")).unwrap();
    let answer = server.send("POST", "/-/reload");
    assert_eq!(answer.status, 500);
    assert!(
        answer.body.contains("prometheus.yml:5:5:") && answer.body.contains("metric_path"),
        "{}",
        answer.body
    );
    assert!(pools(&server).contains("\"name\":\"self\""));
    assert!(server.get("/metrics").body.contains("watchfire_config_last_reload_successful 0\n"));
    assert!(server.get("/api/v1/status/runtimeinfo").body.contains("\"reloadConfigSuccess\":false"));
    wait_for("the log", || server.log().contains("prometheus.yml:5:5:").then_some(()));

    fs::write(&config, own_config(1).replace("self", "other")).unwrap();
    server.signal("HUP");
    wait_for("the new job", || pools(&server).contains("\"name\":\"other\"").then_some(()));
    assert!(!pools(&server).contains("\"name\":\"self\""));
    assert!(server.get("/api/v1/status/config").body.contains("job_name: other"));
    assert!(server.get("/metrics").body.contains("watchfire_config_last_reload_successful 1\n"));
}

#[test]
fn a_port_in_use_and_an_open_address_are_refused_in_plain_words() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let storage = format!("--storage.tsdb.path={}", dir.path().display());
    let start = |args: &[&str]| {
        let output = watchfire(&["serve", &storage]).args(args).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let log = start(&[&format!("--web.listen-address={}", taken.local_addr().unwrap())]);
    assert!(log.contains("is in use") && log.contains("--web.listen-address"), "{log}");
    let log = start(&["--web.listen-address=0.0.0.0:0"]);
    assert!(log.contains("--web.allow-anonymous"), "{log}");
    let log = start(&["--web.listen-address=127.0.0.1:0", "--config.file=/nowhere/prometheus.yml"]);
    assert!(log.contains("/nowhere/prometheus.yml"), "{log}");
    fs::write(dir.path().join("bad.yml"), "scrape_configs: 5\n").unwrap();
    let bad = format!("--config.file={}", dir.path().join("bad.yml").display());
    let log = start(&["--web.listen-address=127.0.0.1:0", &bad]);
    assert!(log.contains("bad.yml:1:17:"), "{log}");
}

#[test]
fn one_data_directory_serves_one_process() {
    let dir = tempfile::tempdir().unwrap();
    let _first = Server::start(dir.path(), &[]);
    let storage = format!("--storage.tsdb.path={}", dir.path().join("data").display());
    let output = watchfire(&["serve", "--web.listen-address=127.0.0.1:0", &storage]).output().unwrap();
    assert!(!output.status.success());
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("in use by another process"), "{log}");
}

/// With less memory than the program takes: queries are refused, samples of known series are not.
#[test]
fn without_memory_queries_go_before_samples() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("prometheus.yml");
    let port = free_port();
    fs::write(&config, own_config(port)).unwrap();
    let file = format!("--config.file={}", config.display());
    let listen = format!("--web.listen-address=127.0.0.1:{port}");
    let server = Server::start(dir.path(), &[&file, &listen]);
    wait_for("two scrapes", || server.number("count_over_time(up[1h])").filter(|scrapes| *scrapes >= 2.0));
    server.signal("TERM");
    assert!(server.ended().0.success());

    let server = Server::start(dir.path(), &[&file, &listen, "--memory.budget=1MB"]);
    let refused = || server.get("/api/v1/query?query=up");
    let answer = wait_for("a refusal", || Some(refused()).filter(|answer| answer.status == 503));
    assert!(answer.body.contains("--memory.budget"), "{}", answer.body);
    let appended = || {
        let text = server.get("/metrics").body;
        let lines =
            text.lines().filter(|line| line.starts_with("watchfire_tsdb_float_samples_appended_total"));
        lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum::<f64>()
    };
    let before = appended();
    wait_for("a scrape", || (appended() > before).then_some(()));
    assert_eq!(refused().status, 503);
    assert_eq!(server.get("/-/ready").status, 200);
}

#[test]
fn quitting_over_http_must_be_allowed() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--web.enable-lifecycle"]);
    assert_eq!(server.send("POST", "/-/quit").status, 200);
    let (status, log) = server.ended();
    assert!(status.success(), "{log}");
}
