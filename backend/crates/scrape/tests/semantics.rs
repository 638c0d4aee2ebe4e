//! What ends up in the store for what a target exposes: labels, times, staleness, reports, metadata.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod common;

use common::{START_MS, World, job, jobs_of, show};
use model::{Labels, MetricType};
use scrape::Health;
use testkit::http::{Answer, Server};

async fn world(body: &str, more: &str) -> (World, Server) {
    let server = Server::start().await.unwrap();
    server.set("/metrics", Answer::text(body));
    let world = World::with_jobs(&job(&server.address(), more));
    world.wait_targets(1).await;
    (world, server)
}

#[tokio::test]
async fn samples_arrive_with_the_labels_of_the_target_and_reports() {
    let (world, server) = world("# HELP a Help.\n# TYPE a counter\na{x=\"1\"} 4\nb 5\n", "").await;
    world.next_scrape().await;
    let address = server.address();
    assert_eq!(world.labels("a"), [format!("a{{instance=\"{address}\", job=\"t\", x=\"1\"}}")]);
    let (_, samples) = &world.series("b")[0];
    let target = world.target();
    assert_eq!(samples, &[(target.last_scrape_ms.unwrap(), 5.0)]);
    assert_eq!(target.health, Health::Up);
    assert_eq!((target.samples_scraped, target.samples_kept, target.series_added), (2, 2, 2));
    assert_eq!(target.scrape_url, format!("http://{address}/metrics"));
    assert_eq!(world.values("up"), ["1"]);
    assert_eq!(world.values("scrape_samples_scraped"), ["2"]);
    assert_eq!(world.values("scrape_samples_post_metric_relabeling"), ["2"]);
    assert_eq!(world.values("scrape_series_added"), ["2"]);
    assert_eq!(world.series("scrape_duration_seconds").len(), 1);
    world.next_scrape().await;
    assert_eq!(world.values("scrape_series_added"), ["2", "0"]);
    assert_eq!(server.connections(), 1, "the connection is kept");

    let metadata = world.manager.metadata();
    assert_eq!(metadata.len(), 1);
    assert_eq!((metadata[0].metric.as_str(), metadata[0].metadata.metric_type), ("a", MetricType::Counter));
    assert_eq!(world.store.metadata("a").unwrap().help, "Help.");
}

#[tokio::test]
async fn scrapes_come_at_the_targets_own_moment_in_the_interval() {
    let (world, _server) = world("a 1\n", "").await;
    for _ in 0..3 {
        world.next_scrape().await;
    }
    let times: Vec<i64> = world.series("a")[0].1.iter().map(|(t, _)| *t).collect();
    assert!(times[0] >= START_MS && times[0] <= START_MS + 10_000, "{times:?}");
    let distances: Vec<i64> = times.windows(2).map(|w| w[1] - w[0]).collect();
    assert_eq!(distances, [10_000, 10_000]);
}

#[tokio::test]
async fn the_request_says_what_prometheus_says() {
    let more = "    metrics_path: /m\n    params: {match: [a, b], x: ['1']}\n    relabel_configs: [{target_label: __param_x, replacement: '2 3'}]\n    http_headers: {X-Own: {values: [v]}}";
    let server = Server::start().await.unwrap();
    server.set("/m", Answer::text("a 1\n"));
    let world = World::with_jobs(&job(&server.address(), more));
    world.wait_targets(1).await;
    world.next_scrape().await;
    assert_eq!(world.target().last_error, None);
    let request = &server.requests()[0];
    assert_eq!(request.target, "/m?match=a&match=b&x=2+3");
    assert_eq!(
        request.header("accept"),
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
         application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
         text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
    );
    assert_eq!(request.header("accept-encoding"), "gzip");
    assert_eq!(request.header("x-prometheus-scrape-timeout-seconds"), "5");
    assert_eq!(request.header("x-own"), "v");
    assert!(request.header("user-agent").starts_with("Watchfire/"));
}

#[tokio::test]
async fn labels_of_the_target_win_unless_honoured() {
    let body = "a{job=\"own\",instance=\"\",exported_job=\"x\"} 1\n";
    let (plain, server) = world(body, "").await;
    plain.next_scrape().await;
    let address = server.address();
    assert_eq!(
        plain.labels("a"),
        [format!(
            "a{{exported_exported_job=\"own\", exported_job=\"x\", instance=\"{address}\", job=\"t\"}}"
        )]
    );
    let (honoured, _server) = world(body, "    honor_labels: true").await;
    honoured.next_scrape().await;
    assert_eq!(honoured.labels("a"), ["a{exported_job=\"x\", job=\"own\"}"]);
}

#[tokio::test]
async fn times_of_the_target_count_if_honoured() {
    let at = START_MS - 5_000;
    let body = format!("a 1 {at}\n");
    let (honoured, _server) = world(&body, "").await;
    honoured.next_scrape().await;
    assert_eq!(honoured.series("a")[0].1, [(at, 1.0)]);
    let (ignored, _server) = world(&body, "    honor_timestamps: false").await;
    ignored.next_scrape().await;
    assert!(ignored.series("a")[0].1[0].0 > at);
}

#[tokio::test]
async fn a_series_that_vanishes_is_marked_and_may_come_back() {
    let (world, server) = world("a 1\nb 1\n", "").await;
    world.next_scrape().await;
    server.set("/metrics", Answer::text("b 2\n"));
    world.next_scrape().await;
    world.next_scrape().await;
    assert_eq!(world.values("a"), ["1", "stale"]);
    server.set("/metrics", Answer::text("b 3\na 4\nc 1\n"));
    world.next_scrape().await;
    assert_eq!(world.values("a"), ["1", "stale", "4"]);
    assert_eq!(world.values("b"), ["1", "2", "2", "3"]);
    assert_eq!(world.values("c"), ["1"]);
}

#[tokio::test]
async fn series_with_their_own_times_are_marked_only_when_asked() {
    let body = |t: i64| format!("a 1 {t}\n");
    for (more, want) in [("", vec!["1"]), ("    track_timestamps_staleness: true", vec!["1", "stale"])] {
        let (world, server) = world(&body(START_MS), more).await;
        world.next_scrape().await;
        server.set("/metrics", Answer::text("b 1\n"));
        world.next_scrape().await;
        assert_eq!(world.values("a"), want, "{more}");
    }
}

#[tokio::test]
async fn another_order_and_repeated_series_are_the_same_series() {
    let (world, server) = world("a{x=\"1\",y=\"2\"} 1\nb 1\n", "").await;
    world.next_scrape().await;
    server.set("/metrics", Answer::text("b 2\na{y=\"2\",x=\"1\"} 2\n"));
    world.next_scrape().await;
    assert_eq!(world.values("a"), ["1", "2"], "the old spelling is not marked stale over the new sample");
    server.set("/metrics", Answer::text("b 3\nb 3\nb 4\na{y=\"2\",x=\"1\"} 3\n"));
    world.next_scrape().await;
    assert_eq!(world.values("b"), ["1", "2", "3"]);
    assert_eq!(world.target().health, Health::Up, "a duplicate is counted, not fatal");
    assert!(world.registry.encode_openmetrics().contains("refused_total{reason=\"duplicate\"} 1"));
}

#[tokio::test]
async fn a_failed_scrape_marks_all_and_appends_nothing_of_it() {
    let (world, server) = world("a 1\nb 1\n", "").await;
    world.next_scrape().await;
    server.set("/metrics", Answer::text("a 2\nnew 1\nb{x=} 2\n"));
    world.next_scrape().await;
    assert_eq!(world.values("a"), ["1", "stale"]);
    assert_eq!(world.values("b"), ["1", "stale"]);
    assert_eq!(world.series("new").iter().map(|(_, s)| s.len()).sum::<usize>(), 0);
    assert_eq!(world.values("up"), ["1", "0"]);
    assert!(world.error().starts_with("line 3, column"), "{}", world.error());
    server.set("/metrics", Answer::status(503));
    world.next_scrape().await;
    assert_eq!(world.error(), "server returned HTTP status 503 Service Unavailable");
    assert_eq!(world.values("a"), ["1", "stale"], "marked once");
    server.set("/metrics", Answer::text("a 3\nb 3\n"));
    world.next_scrape().await;
    assert_eq!(world.values("a"), ["1", "stale", "3"]);
    assert_eq!(world.values("up"), ["1", "0", "0", "1"]);
}

#[tokio::test]
async fn rules_work_on_targets_and_on_samples() {
    let server = Server::start().await.unwrap();
    server.set("/metrics", Answer::text("keep_a{path=\"/x\"} 1\ndrop_b 2\nkeep_c 3\n"));
    let more = format!(
        "  - job_name: r
    static_configs:
    - targets: ['{0}', 'other:1']
      labels: {{zone: eu, __meta_note: n}}
    relabel_configs:
    - {{source_labels: [__address__], regex: 'other.*', action: drop}}
    - {{source_labels: [__meta_note], target_label: note}}
    - {{target_label: instance, replacement: me}}
    metric_relabel_configs:
    - {{source_labels: [__name__], regex: 'drop_.*', action: drop}}
    - {{regex: path, action: labeldrop}}
    - {{source_labels: [__name__], regex: 'keep_(.*)', target_label: __name__, replacement: 'kept_$1'}}
",
        server.address()
    );
    let world = World::with_jobs(&more);
    world.wait_targets(1).await;
    for _ in 0..2 {
        world.next_scrape().await;
    }
    assert_eq!(world.labels("kept_a"), ["kept_a{instance=\"me\", job=\"r\", note=\"n\", zone=\"eu\"}"]);
    assert_eq!(world.series("drop_b"), []);
    assert_eq!(world.values("scrape_samples_scraped"), ["3", "3"]);
    assert_eq!(world.values("scrape_samples_post_metric_relabeling"), ["2", "2"]);
    let pool = &world.manager.targets()[0];
    assert_eq!(pool.dropped_count, 1);
    assert_eq!(pool.dropped[0].rule, Some(0));
    assert_eq!(pool.dropped[0].reason, "relabel_configs[0] (drop) dropped it");
    assert_eq!(pool.dropped[0].discovered_labels.get("__address__"), Some("other:1"));
    assert_eq!(pool.targets[0].discovered_labels.get("__meta_note"), Some("n"));
    assert_eq!(pool.targets[0].labels.get("__meta_note"), None);
}

#[tokio::test]
async fn utf8_names_exemplars_and_openmetrics() {
    let server = Server::start().await.unwrap();
    let body = "# TYPE a counter\n# UNIT a_seconds seconds\na_total{x=\"1\"} 2 # {trace_id=\"t1\"} 0.5 1704067199\n{\"my.metric\",\"lab el\"=\"ü\"} 1\n# EOF\n";
    server.set("/metrics", Answer::typed("application/openmetrics-text; version=1.0.0", body.as_bytes()));
    let world = World::with_jobs(&job(&server.address(), ""));
    world.wait_targets(1).await;
    world.next_scrape().await;
    assert_eq!(world.target().last_error, None);
    let (labels, samples) = &world.series("a_total")[0];
    assert_eq!(show(samples), ["2"]);
    let exemplars = world.store.exemplars(labels);
    assert_eq!(exemplars[0].labels, Labels::from_pairs([("trace_id", "t1")]));
    assert_eq!((exemplars[0].value, exemplars[0].timestamp_ms), (0.5, 1_704_067_199_000));
    assert_eq!(world.series("my.metric")[0].0.get("lab el"), Some("ü"));

    let (legacy, _server) = world_of_legacy(body).await;
    assert!(legacy.error().contains("invalid metric name \"my.metric\""), "{}", legacy.error());
}

async fn world_of_legacy(body: &str) -> (World, Server) {
    let server = Server::start().await.unwrap();
    server.set("/metrics", Answer::typed("application/openmetrics-text; version=1.0.0", body.as_bytes()));
    let world = World::with_jobs(&job(&server.address(), "    metric_name_validation_scheme: legacy"));
    world.wait_targets(1).await;
    world.next_scrape().await;
    (world, server)
}

#[tokio::test]
async fn a_body_without_a_known_type_needs_a_fallback() {
    let server = Server::start().await.unwrap();
    server.set("/metrics", Answer::typed("", b"a 1\n"));
    let none = World::with_jobs(&job(&server.address(), ""));
    none.wait_targets(1).await;
    none.next_scrape().await;
    assert!(none.error().contains("no fallback_scrape_protocol"), "{}", none.error());
    let fallback =
        World::with_jobs(&job(&server.address(), "    fallback_scrape_protocol: PrometheusText0.0.4"));
    fallback.wait_targets(1).await;
    fallback.next_scrape().await;
    assert_eq!(fallback.values("a"), ["1"]);
}

#[tokio::test]
async fn jobs_of_the_same_name_and_targets_found_twice() {
    let server = Server::start().await.unwrap();
    server.set("/metrics", Answer::text("a 1\n"));
    let address = server.address();
    let world = World::with_jobs(&format!(
        "  - job_name: t\n    static_configs:\n    - targets: ['{address}', '{address}']\n    - targets: ['{address}']\n"
    ));
    world.wait_targets(1).await;
    world.next_scrape().await;
    assert_eq!(server.requests().len(), 1);
    let twice = format!("{}{}", job(&address, ""), job(&address, ""));
    let error = common::load(&twice).unwrap_err().to_string();
    assert_eq!(error, "test.yml:8:15: job_name: there is already a job named \"t\"");
    assert_eq!(jobs_of("").jobs.len(), 0);
}

/// One field of a protobuf message with its bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

#[tokio::test]
async fn protobuf_with_counters_and_native_histograms() {
    let double = |number: u8, value: f64| [&[number << 3 | 1][..], &value.to_le_bytes()].concat();
    let counter = [field(1, b"c_total"), field(4, &field(3, &double(1, 2.0)))].concat();
    // Three observations in one bucket of schema 0, the sum is 6.
    let histogram = [
        vec![0x08, 3],
        double(2, 6.0),
        vec![0x28, 0],
        double(6, 0.001),
        vec![0x38, 0],
        field(12, &[0x08, 0, 0x10, 1]),
        vec![0x68, 6],
    ]
    .concat();
    let histogram = [field(1, b"h"), vec![0x18, 4], field(4, &field(7, &histogram))].concat();
    let body: Vec<u8> = [counter, histogram]
        .iter()
        .flat_map(|m| [&[u8::try_from(m.len()).unwrap()], &m[..]].concat())
        .collect();
    let content_type =
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
    let server = Server::start().await.unwrap();
    server.set("/metrics", Answer::typed(content_type, &body));
    let world = World::with_jobs(&job(&server.address(), "    scrape_native_histograms: true"));
    world.wait_targets(1).await;
    world.next_scrape().await;
    assert_eq!(world.target().last_error, None);
    assert!(server.requests()[0].header("accept").starts_with("application/vnd.google.protobuf;"));
    assert_eq!(world.values("c_total"), ["2"]);
    let (count, sum) = world.histogram("h");
    assert_eq!((count, sum), (3.0, 6.0));
    assert_eq!(world.values("scrape_samples_scraped"), ["2"]);
}

/// Behind its feature: `_created` of OpenMetrics text tells where a counter began, and is no series then.
#[tokio::test]
async fn created_lines_become_zeros() {
    let began = START_MS / 1000 - 60;
    let body = format!("# TYPE c counter\nc_total{{a=\"1\"}} 5\nc_created{{a=\"1\"}} {began}\n# EOF\n");
    for on in [false, true] {
        let server = Server::start().await.unwrap();
        let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        server.set("/metrics", Answer::typed(content_type, body.as_bytes()));
        let world = World::new();
        let mut jobs = jobs_of(&job(&server.address(), ""));
        if on {
            jobs.take_starts();
        }
        world.manager.apply(&jobs).unwrap();
        world.wait_targets(1).await;
        world.next_scrape().await;
        world.next_scrape().await;
        let want: &[&str] = if on { &["0", "5", "5"] } else { &["5", "5"] };
        assert_eq!(world.values("c_total"), want);
        assert_eq!(world.values("scrape_samples_scraped")[0], if on { "1" } else { "2" });
    }
}

/// Behind its feature: the target is asked for protobuf, which tells when a counter began, and the counter gets
/// a zero there, once.
#[tokio::test]
async fn counters_get_a_zero_where_they_began() {
    let double = |number: u8, value: f64| [&[number << 3 | 1][..], &value.to_le_bytes()].concat();
    let varint = |number: u8, mut value: u64| {
        let mut out = vec![number << 3];
        while value >= 0x80 {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
        out
    };
    let began = varint(1, START_MS as u64 / 1000 - 60);
    let counter = field(3, &[double(1, 5.0), field(3, &began)].concat());
    let counter = [field(1, b"c_total"), field(4, &counter)].concat();
    let body = [&[u8::try_from(counter.len()).unwrap()], &counter[..]].concat();
    let content_type =
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
    for on in [false, true] {
        let server = Server::start().await.unwrap();
        server.set("/metrics", Answer::typed(content_type, &body));
        let world = World::new();
        let mut jobs = jobs_of(&job(&server.address(), ""));
        if on {
            jobs.take_starts();
        }
        world.manager.apply(&jobs).unwrap();
        world.wait_targets(1).await;
        world.next_scrape().await;
        world.next_scrape().await;
        let asked = server.requests()[0].header("accept").to_owned();
        assert_eq!(asked.starts_with("application/vnd.google.protobuf;"), on, "{asked}");
        let want: &[&str] = if on { &["0", "5", "5"] } else { &["5", "5"] };
        assert_eq!(world.values("c_total"), want);
    }
}
