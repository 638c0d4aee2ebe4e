//! Limits: each fails the scrape as a whole, says which limit it was, and lets the next scrape be good.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod common;

use std::io::Write as _;
use std::time::Duration;

use common::{World, job};
use flate2::Compression;
use flate2::write::GzEncoder;
use scrape::Health;
use testkit::http::{Answer, Fault, Server};

async fn scraped(more: &str, answer: Answer) -> (World, Server) {
    let server = Server::start().await.unwrap();
    server.set("/metrics", answer);
    let world = World::with_jobs(&job(&server.address(), more));
    world.wait_targets(1).await;
    world.next_scrape().await;
    (world, server)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn sample_limit_counts_after_the_rules() {
    let more = "    sample_limit: 2\n    metric_relabel_configs: [{source_labels: [__name__], regex: 'x.*', action: drop}]";
    let (world, server) = scraped(more, Answer::text("a 1\nb 1\nx1 1\nx2 1\n")).await;
    assert_eq!(world.values("a"), ["1"]);
    server.set("/metrics", Answer::text("a 2\nb 2\nc 2\n"));
    world.next_scrape().await;
    assert!(world.error().starts_with("sample limit exceeded"), "{}", world.error());
    assert_eq!(world.values("a"), ["1", "stale"]);
    assert_eq!(world.values("scrape_samples_scraped"), ["4", "3"]);
    server.set("/metrics", Answer::text("a 3\nb 3\n"));
    world.next_scrape().await;
    assert_eq!(world.values("a"), ["1", "stale", "3"]);
}

#[tokio::test]
async fn label_limits() {
    let cases = [
        (
            "label_limit: 3",
            "a{x=\"1\",y=\"2\"} 1\n",
            "label_limit exceeded (metric: a, number of labels: 5, limit: 3)",
        ),
        (
            "label_name_length_limit: 8",
            "a{much_too_long=\"1\"} 1\n",
            "label_name_length_limit exceeded (metric: a, label name: much_too_long, length: 13, limit: 8)",
        ),
        (
            "label_value_length_limit: 30",
            "a{x=\"0123456789012345678901234567890\"} 1\n",
            "label_value_length_limit exceeded (metric: a, label name: x, value: 0123456789012345678901234567890, length: 31, limit: 30)",
        ),
    ];
    for (limit, body, want) in cases {
        let (world, server) = scraped(&format!("    {limit}"), Answer::text(body)).await;
        assert_eq!(world.error(), want);
        assert_eq!(world.series("a"), []);
        server.set("/metrics", Answer::text("ok 1\n"));
        world.next_scrape().await;
        assert_eq!(world.target().health, Health::Up);
    }
}

#[tokio::test]
async fn body_size_limit_holds_for_unpacked_and_endless_bodies() {
    let more = "    body_size_limit: 100KB";
    let large = "# a comment that takes room\n".repeat(10_000);
    let (plain, server) = scraped(more, Answer::text(&large)).await;
    assert_eq!(plain.error(), "body size limit of 102400 bytes exceeded");
    let bomb = Answer::typed("text/plain", &gzip(large.as_bytes())).header("Content-Encoding", "gzip");
    assert!(bomb.body.len() < 2_000);
    server.set("/metrics", bomb);
    plain.next_scrape().await;
    assert_eq!(plain.error(), "body size limit of 102400 bytes exceeded");
    server.set("/metrics", Answer::text("a 1\n").fault(Fault::Endless));
    plain.next_scrape().await;
    assert_eq!(plain.error(), "body size limit of 102400 bytes exceeded");
    let small = Answer::typed("text/plain", &gzip(b"a 1\n")).header("Content-Encoding", "gzip");
    server.set("/metrics", small);
    plain.next_scrape().await;
    assert_eq!(plain.values("a"), ["1"]);
}

#[tokio::test]
async fn broken_answers_fail_the_scrape_and_nothing_else() {
    let (world, server) = scraped("", Answer::text("a 1\n").fault(Fault::Truncated)).await;
    assert!(world.error().contains("end of file") || world.error().contains("body"), "{}", world.error());
    let packed = gzip(b"a 1\n");
    server.set(
        "/metrics",
        Answer::typed("text/plain", &packed[..packed.len() - 4]).header("Content-Encoding", "gzip"),
    );
    world.next_scrape().await;
    assert!(world.error().contains("cannot unpack the gzip body"), "{}", world.error());
    server.set("/metrics", Answer::typed("text/plain", b"a \xff\n"));
    world.next_scrape().await;
    assert!(world.error().starts_with("line 1"), "{}", world.error());
    server.set("/metrics", Answer::typed("text/plain", b"a{x=\"\xff\"} 1\n"));
    world.next_scrape().await;
    assert!(world.error().contains("UTF-8"), "{}", world.error());
    assert_eq!(world.values("up"), ["0", "0", "0", "0"]);
    assert_eq!(world.series("a"), []);
    server.set("/metrics", Answer::text("a 1\n"));
    world.next_scrape().await;
    assert_eq!(world.values("a"), ["1"]);
}

#[tokio::test]
async fn target_limit_fails_all_targets_of_the_job() {
    let server = Server::start().await.unwrap();
    server.set("/metrics", Answer::text("a 1\n"));
    let port = server.address().rsplit_once(':').unwrap().1.to_owned();
    let world = World::with_jobs(&format!(
        "  - job_name: t\n    target_limit: 1\n    static_configs: [{{targets: ['127.0.0.1:{port}', 'localhost:{port}']}}]\n"
    ));
    world.wait_targets(2).await;
    world.next_scrape().await;
    for target in world.targets() {
        assert_eq!(target.last_error.unwrap(), "target_limit exceeded (number of targets: 2, limit: 1)");
    }
    assert_eq!(world.series("up").len(), 2);
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn a_slow_target_times_out() {
    let server = Server::start().await.unwrap();
    server.set("/metrics", Answer::text("a 1\n").fault(Fault::Held));
    let world = World::with_jobs(&job(&server.address(), ""));
    world.wait_targets(1).await;
    world.clock.advance(Duration::from_secs(10));
    world.wait("the request is there", || server.requests().len() == 1).await;
    world.clock.advance(Duration::from_secs(5));
    world.wait("the scrape ends", || world.target().health == Health::Down).await;
    assert!(world.error().starts_with("context deadline exceeded"), "{}", world.error());
    assert_eq!(world.values("scrape_duration_seconds"), ["5"]);
    // Several intervals pass at once: what was missed is counted, and one scrape makes up for all.
    server.set("/metrics", Answer::text("a 1\n"));
    world.next_scrape().await;
    assert_eq!(world.target().health, Health::Up);
    assert_eq!(world.manager.metrics().missed.get(), 0);
}
