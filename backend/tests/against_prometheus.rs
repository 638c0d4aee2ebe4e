//! Our API against Prometheus': both scrape the same page, both are asked the same, the answers are compared
//! as they stand. Needs Prometheus 3.5 or later.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::fs;

use serde_json::Value;
use support::peer::{Prometheus, prometheus, serve_page};
use support::{Server, encode, send, wait_for};

const PAGE: &str = "# HELP jobs_total Finished jobs.
# TYPE jobs_total counter
jobs_total{queue=\"a\",zone=\"x\"} 12
jobs_total{queue=\"b\",zone=\"x\"} 3.5
jobs_total{queue=\"b\",zone=\"y\"} 1e21
# HELP heat Heat, \\\"odd\\\" text.
# TYPE heat gauge
heat{room=\"é \\\"q\\\"\"} -0.25
heat{room=\"none\"} NaN
heat{room=\"sun\"} +Inf
# TYPE wait_seconds histogram
wait_seconds_bucket{le=\"0.5\"} 4
wait_seconds_bucket{le=\"1\"} 9
wait_seconds_bucket{le=\"+Inf\"} 10
wait_seconds_sum 6.5
wait_seconds_count 10
# TYPE tiny gauge
tiny 0.0000001
";

/// Expressions whose answers do not depend on when they are asked.
const QUERIES: &[&str] = &[
    "jobs_total",
    "sum(jobs_total)",
    "sum by (queue) (jobs_total)",
    "heat",
    "tiny",
    "-heat",
    "heat > 0",
    "heat == bool 1",
    "topk(1, jobs_total)",
    "quantile(0.5, jobs_total)",
    "histogram_quantile(0.9, wait_seconds_bucket)",
    "jobs_total * on (queue) group_left sum by (queue) (jobs_total)",
    "count({__name__=~\"jobs.*|heat\"})",
    "absent(nothing{a=\"b\"})",
    "label_replace(heat, \"r\", \"<$1>\", \"room\", \"(.*)\")",
    "vector(1)",
    "1 / 3",
    "\"text\"",
    "jobs_total or heat",
    "jobs_total unless on (zone) heat",
    "sort_desc(jobs_total{zone=\"x\"})",
    "scalar(tiny)",
    "round(heat, 0.1)",
    "clamp(heat, -0.1, 1)",
    "count_values(\"v\", jobs_total)",
    "stddev(jobs_total{queue=\"b\"})",
    "up{job=\"page\"}",
    "scrape_samples_scraped{job=\"page\"}",
    // Mistakes.
    "",
    "sum(",
    "jobs_total[5m",
    "foo{a=~\"(\"}",
    "rate(jobs_total)",
    "sum(jobs_total) by",
    "1 +",
    "jobs_total + on (zone) heat offset",
    "jobs_total * on (zone) jobs_total",
    "nofunc(1)",
    "{}",
    "jobs_total{queue=\"a\",}",
    "5m",
    "jobs_total offset 1w",
    "@",
    "label_replace(heat, \"\", \"x\", \"room\", \".*\")",
];

const ADDRESSES: &[&str] = &[
    "/api/v1/labels?match[]=jobs_total",
    "/api/v1/labels?match[]=heat&match[]=jobs_total",
    "/api/v1/label/queue/values",
    "/api/v1/label/room/values",
    "/api/v1/label/nothing/values",
    "/api/v1/label/__name__/values?match[]=%7Bjob%3D%22page%22%7D&limit=2",
    "/api/v1/series?match[]=jobs_total&match[]=heat",
    "/api/v1/series?match[]=none",
    "/api/v1/series",
    "/api/v1/series?match[]=%7B%7D",
    "/api/v1/series?match[]=a%7B",
    "/api/v1/metadata?metric=jobs_total",
    "/api/v1/metadata?metric=heat",
    "/api/v1/metadata?metric=none",
    "/api/v1/query?query=1&time=x",
    "/api/v1/query?query=1&timeout=x",
    "/api/v1/query_range?query=1&start=0&end=1&step=0",
    "/api/v1/query_range?query=1&start=1&end=0&step=1",
    "/api/v1/query_range?query=1&start=&end=0&step=1",
    "/api/v1/query_range?query=1&start=0&end=1&step=y",
    "/api/v1/query_range?query=1&start=0&end=11001&step=1",
    "/api/v1/query_range?query=tiny[1m]&start=0&end=1&step=1",
    "/api/v1/query_range?query=1%2F3&start=0.5&end=2&step=500ms",
];

const TREES: &[&str] = &[
    "sum by (a) (rate(x{b!=\"c\"}[5m] offset 1m)) / on (a) group_left (q) y",
    "topk(3, -x) > bool 2",
    "max_over_time(rate(x[5m])[1h:1m] @ 12.5) and ignoring (z) (y or w)",
    "quantile without (le) (0.5, {__name__=\"odd name\"}) ^ 2",
    "count_values(\"v\", x @ start())",
    "time() + pi()",
    "label_join(up, \"a\", \",\", \"b\", \"c\")",
];

/// Answers without what may differ: the order of series, and positions or words of our own errors that say
/// more than Prometheus' do.
fn comparable(body: &str) -> Value {
    let mut answer: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
    if let Some(Value::Array(result)) = answer.pointer_mut("/data/result")
        && result.first().is_some_and(Value::is_object)
    {
        result.sort_by_key(|series| series["metric"].to_string());
    }
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("span");
    }
    answer
}

#[test]
fn the_answers_are_the_same() {
    let Some(program) = prometheus() else { return };
    let dir = tempfile::tempdir().unwrap();
    let page = serve_page(PAGE);
    let config = dir.path().join("prometheus.yml");
    let text = format!(
        "global:\n  scrape_interval: 1s\nscrape_configs:\n  - job_name: page\n    static_configs:\n      - targets: ['{page}']\n"
    );
    fs::write(&config, &text).unwrap();
    let config = format!("--config.file={}", config.display());
    let ours = Server::start(dir.path(), &[&config]);
    let theirs = Prometheus::start(&program, dir.path(), &text);
    for address in [ours.address, theirs.address] {
        wait_for("a scrape", || {
            send(address, "GET", "/api/v1/query?query=tiny").body.contains("e-07").then_some(())
        });
    }

    // A moment that lies after the first scrape of both, and well within the lookback of it.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 60;
    let mut addresses: Vec<String> = ADDRESSES.iter().map(|address| (*address).to_owned()).collect();
    for query in QUERIES {
        let query = encode(query);
        addresses.push(format!("/api/v1/query?query={query}&time={now}.5"));
        addresses.push(format!("/api/v1/query_range?query={query}&start={now}&end={}&step=5", now + 10));
    }
    for query in TREES {
        addresses.push(format!("/api/v1/parse_query?query={}", encode(query)));
        addresses.push(format!("/api/v1/format_query?query={}", encode(query)));
    }
    let mut different = Vec::new();
    for address in &addresses {
        let (mine, peer) = (ours.get(address), send(theirs.address, "GET", address));
        let (mine_body, peer_body) = (comparable(&mine.body), comparable(&peer.body));
        // Errors: type and status must be the same. Words of parse errors are Prometheus' generated parser's.
        let same_error = mine_body["errorType"] == peer_body["errorType"] && mine_body["status"] == "error";
        let same = if same_error {
            mine.status == peer.status
        } else {
            mine_body == peer_body && mine.status == peer.status
        };
        if !same {
            different.push(format!(
                "{address}\n  ours:   {} {mine_body}\n  theirs: {} {peer_body}",
                mine.status, peer.status
            ));
        }
    }
    assert!(
        different.is_empty(),
        "{} of {} differ:\n{}",
        different.len(),
        addresses.len(),
        different.join("\n")
    );
}
