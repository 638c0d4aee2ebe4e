//! Remote write from Prometheus to us, and remote read by Prometheus from us. Needs Prometheus 3.5 or later.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::fs;

use serde_json::Value;
use support::peer::{Prometheus, prometheus, serve_page};
use support::{Server, encode, send, wait_for};

const PAGE: &str = "# HELP jobs_total Finished jobs.
# TYPE jobs_total counter
jobs_total{queue=\"a\",zone=\"é x\"} 12
jobs_total{queue=\"b\"} 3.5
# HELP wait_seconds Time in the queue.
# TYPE wait_seconds histogram
wait_seconds_bucket{le=\"0.5\"} 4
wait_seconds_bucket{le=\"+Inf\"} 10
wait_seconds_sum 6.5
wait_seconds_count 10
# TYPE zero gauge
zero 0
";

/// What Prometheus answers.
fn asked(peer: &Prometheus, query: &str) -> Value {
    result(&send(peer.address, "GET", &format!("/api/v1/query?query={}", encode(query))).body)
}

/// The result of a query, series in order.
fn result(body: &str) -> Value {
    let answer: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
    let mut result = answer["data"]["result"].clone();
    if let Some(series) = result.as_array_mut() {
        series.sort_by_key(|series| series["metric"].to_string());
    }
    result
}

/// What Prometheus scrapes, it sends to us, with the message that it is told to use.
fn prometheus_writes(message: &str, version: &str) {
    let Some(program) = prometheus() else { return };
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("none.yml");
    fs::write(&config, "scrape_configs: []\n").unwrap();
    let config = format!("--config.file={}", config.display());
    let ours = Server::start(dir.path(), &[&config, "--web.enable-remote-write-receiver"]);
    let page = serve_page(PAGE);
    let peer = Prometheus::start(
        &program,
        dir.path(),
        &format!(
            "global:\n  scrape_interval: 1s\nscrape_configs:\n  - job_name: page\n    static_configs:\n      \
             - targets: ['{page}']\nremote_write:\n  - url: http://{}/api/v1/write\n    \
             protobuf_message: {message}\n    send_exemplars: true\n    send_native_histograms: true\n    \
             metadata_config:\n      send_interval: 1s\n",
            ours.address
        ),
    );
    // After three scrapes: all samples but the newest, which may still be on their way.
    let newest = wait_for("samples from Prometheus", || {
        let newest = ours.number("max(timestamp(zero))")?;
        (ours.number("count_over_time(zero[1m])")? >= 3.0).then_some(newest)
    });
    for metric in
        ["jobs_total", "wait_seconds_bucket", "wait_seconds_sum", "zero", "up", "scrape_samples_scraped"]
    {
        let query = encode(&format!("{metric}{{job=\"page\"}}[1m] @ {newest}"));
        let path = format!("/api/v1/query?query={query}");
        let (mine, theirs) = (result(&ours.get(&path).body), result(&send(peer.address, "GET", &path).body));
        assert!(theirs.as_array().is_some_and(|series| !series.is_empty()), "{metric}");
        assert_eq!(mine, theirs, "{metric}");
    }
    wait_for("metadata", || {
        let answer = ours.get("/api/v1/metadata?metric=wait_seconds").body;
        answer.contains("Time in the queue.").then_some(())
    });
    let senders = ours.get("/api/watchfire/v1/remote-write").body;
    let senders: Value = serde_json::from_str(&senders).unwrap();
    let sender = &senders["senders"][0];
    assert_eq!((&sender["version"], &sender["lastFailure"]), (&version.into(), &"".into()), "{senders}");
    assert_eq!(sender["address"], "127.0.0.1");
    assert!(sender["userAgent"].as_str().unwrap().starts_with("Prometheus/"), "{senders}");
}

#[test]
fn prometheus_writes_1_0() {
    prometheus_writes("prometheus.WriteRequest", "1.0");
}

#[test]
fn prometheus_writes_2_0() {
    prometheus_writes("io.prometheus.write.v2.Request", "2.0");
}

#[test]
fn prometheus_reads() {
    let Some(program) = prometheus() else { return };
    let dir = tempfile::tempdir().unwrap();
    let page = serve_page(PAGE);
    let config = dir.path().join("prometheus.yml");
    let text = format!(
        "global:\n  scrape_interval: 1s\nscrape_configs:\n  - job_name: page\n    static_configs:\n      - targets: ['{page}']\n"
    );
    fs::write(&config, text).unwrap();
    let ours = Server::start(dir.path(), &[&format!("--config.file={}", config.display())]);
    let peer = Prometheus::start(
        &program,
        dir.path(),
        &format!("remote_read:\n  - url: http://{}/api/v1/read\n    read_recent: true\n", ours.address),
    );
    let newest = wait_for("scrapes", || {
        let newest = ours.number("max(timestamp(zero))")?;
        (ours.number("count_over_time(zero[1m])")? >= 3.0).then_some(newest)
    });
    for query in [
        "jobs_total",
        "jobs_total{queue=~\"a|x\",zone!=\"\"}",
        "zero[1m]",
        "{__name__=~\"wait.*\",le!~\"0.*\"}",
        "sum(count_over_time(jobs_total[1m]))",
    ] {
        // Asked for a time that is past, so that both see the same samples.
        let at = encode(query);
        let path = format!("/api/v1/query?query={at}&time={newest}");
        let (mine, theirs) = (result(&ours.get(&path).body), result(&send(peer.address, "GET", &path).body));
        assert!(mine.as_array().is_some_and(|series| !series.is_empty()), "{query}");
        assert_eq!(mine, theirs, "{query}");
    }
    assert_eq!(asked(&peer, "nothing"), Value::Array(Vec::new()));
}

/// Whether two answers differ only in the last digits of numbers.
fn are_close(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| are_close(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((m, a), (n, b))| m == n && are_close(a, b))
        }
        (Value::String(a), Value::String(b)) => match (a.parse::<f64>(), b.parse::<f64>()) {
            (Ok(x), Ok(y)) => a == b || (x - y).abs() <= 1e-14 * x.abs(),
            _ => a == b,
        },
        _ => a == b,
    }
}

/// Prometheus' own native histograms, scraped by us and read back by it.
#[test]
fn prometheus_reads_native_histograms() {
    let Some(program) = prometheus() else { return };
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("prometheus.yml");
    fs::write(&config, "global:\n  scrape_interval: 1s\n").unwrap();
    let ours = Server::start(dir.path(), &[&format!("--config.file={}", config.display())]);
    let read = format!("remote_read:\n  - url: http://{}/api/v1/read\n    read_recent: true\n", ours.address);
    let peer = Prometheus::start(&program, dir.path(), &read);
    let job = format!(
        "scrape_configs:\n  - job_name: peer\n    scrape_native_histograms: true\n    static_configs:\n      - targets: ['{}']\n",
        peer.address
    );
    fs::write(&config, format!("global:\n  scrape_interval: 1s\n{job}")).unwrap();
    assert_eq!(ours.send("POST", "/-/reload").status, 200);
    let histogram = "prometheus_http_request_duration_seconds{handler=\"/metrics\"}";
    let newest = wait_for("histograms", || {
        let newest = ours.number(&format!("max(timestamp({histogram}))"))?;
        (ours.number(&format!("sum(count_over_time({histogram}[1m]))"))? >= 3.0).then_some(newest)
    });
    for query in [
        histogram.to_owned(),
        format!("{histogram}[1m]"),
        format!("histogram_quantile(0.9, rate({histogram}[1m]))"),
        format!("sum(histogram_count({histogram}))"),
    ] {
        let path = format!("/api/v1/query?query={}&time={newest}", encode(&query));
        let (mine, theirs) = (result(&ours.get(&path).body), result(&send(peer.address, "GET", &path).body));
        assert!(mine.as_array().is_some_and(|series| !series.is_empty()), "{query}");
        // Bounds of buckets are irrational; the table that Prometheus takes them from is off by some last bits.
        assert!(are_close(&mine, &theirs), "{query}\n{mine}\n{theirs}");
    }
    let path = format!("/api/v1/query?query={}&time={newest}", encode(histogram));
    assert!(ours.get(&path).body.contains("\"histogram\""), "native ones");
}
