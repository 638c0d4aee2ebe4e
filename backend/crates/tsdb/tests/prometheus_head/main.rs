//! Heads that a real Prometheus wrote and was killed over, compared with what it answered before.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise, helpers included")]

mod content;
mod damage;
mod example;
mod peer;
mod push;
mod takeover;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use content::{Series, parse, read_real};
use model::{Exemplar, Histogram, Labels, ResetHint, Span};
use peer::Peer;
use push::{Item, Request};

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

fn name(metric: &str, more: &[(&str, &str)]) -> Labels {
    Labels::from_pairs([("__name__", metric)].iter().chain(more).copied())
}

/// A histogram that grows with `step`, and starts anew now and then.
fn histogram(step: i64) -> Histogram {
    let n = (step % 97) as f64;
    let positive_buckets = vec![n, 2.0 * n, 0.0, n + 1.0];
    let negative_buckets = vec![n, 3.0];
    Histogram {
        schema: 3,
        zero_threshold: 1e-3,
        zero_count: 2.0 * n,
        count: positive_buckets.iter().chain(&negative_buckets).sum::<f64>() + 2.0 * n,
        sum: n * 1.25 - 3.0,
        positive_spans: vec![Span { offset: -2, length: 3 }, Span { offset: 4, length: 1 }],
        negative_spans: vec![Span { offset: 0, length: 2 }],
        positive_buckets,
        negative_buckets,
        ..Histogram::default()
    }
}

fn custom(step: i64) -> Histogram {
    let n = (step % 31) as f64;
    Histogram {
        schema: Histogram::CUSTOM_BUCKETS_SCHEMA,
        count: 3.0 * n + 1.0,
        sum: n / 4.0,
        positive_spans: vec![Span { offset: 0, length: 3 }],
        positive_buckets: vec![n, n + 1.0, n],
        custom_values: vec![0.5, 1.0, 2.5],
        ..Histogram::default()
    }
}

/// Writes seconds `from..to` behind `base`.
fn write_seconds(peer: &Peer, base: i64, seconds: std::ops::Range<i64>) {
    write_steps(peer, base, seconds, 1);
}

/// Writes every `step`th second.
fn write_steps(peer: &Peer, base: i64, seconds: std::ops::Range<i64>, step: usize) {
    for second in seconds.step_by(step) {
        let t = base + second * 1000;
        let mut request = Request::default();
        for i in 0..8 {
            let value = match (second + i) % 50 {
                7 => f64::NAN,
                8 => f64::INFINITY,
                9 => -0.0,
                other => (other as f64).sin() * 10f64.powi(i as i32),
            };
            let number = i.to_string();
            request.series(&name("gauge", &[("i", &number), ("ünï", "co\"de")]), &[Item::Float(t, value)]);
        }
        let exemplar = Exemplar {
            labels: Labels::from_pairs([("trace_id", second.to_string())]),
            value: 1.5,
            timestamp_ms: t,
        };
        let count = [Item::Float(t, second as f64 * 3.0), Item::Exemplar(&exemplar)];
        request.series(&name("count_total", &[]), &count);
        let stale = if second % 40 < 30 { second as f64 } else { model::stale_nan() };
        request.series(&name("comes_and_goes", &[]), &[Item::Float(t, stale)]);
        if second % 5 == 0 {
            let step = second / 5;
            request.series(&name("native", &[]), &[Item::Histogram(t, &histogram(step))]);
            let gauge = Histogram { reset_hint: ResetHint::Gauge, ..histogram(step * 7) };
            request.series(&name("native_float", &[]), &[Item::FloatHistogram(t, &gauge)]);
            request.series(&name("native_custom", &[]), &[Item::Histogram(t, &custom(step))]);
            request.series(&name("native_custom_float", &[]), &[Item::FloatHistogram(t, &custom(step))]);
            let mixed = histogram(step);
            let either = if second % 200 < 100 { Item::Float(t, 1.0) } else { Item::Histogram(t, &mixed) };
            request.series(&name("mixed", &[]), &[either]);
        }
        if second % 100 == 0 {
            request.series(&name("seldom", &[("at", &second.to_string())]), &[Item::Float(t, 1.0)]);
        }
        peer.write(request.bytes());
    }
}

/// Writes samples behind the newest, between the seconds.
fn write_late(peer: &Peer, base: i64, seconds: std::ops::Range<i64>) {
    for second in seconds.rev() {
        let t = base + second * 1000 + 500;
        let late = histogram(second);
        let mut request = Request::default();
        request.series(&name("count_total", &[]), &[Item::Float(t, second as f64)]);
        request.series(&name("native", &[]), &[Item::Histogram(t, &late)]);
        peer.write(request.bytes());
    }
}

/// All that Prometheus has.
fn everything(peer: &Peer) -> Series {
    let time = (now_ms() + 60_000) / 1000;
    parse(&peer.get(&format!("/api/v1/query?query=%7B__name__!=%22%22%7D%5B1d%5D&time={time}")))
}

/// The newest time in blocks of samples that came in order.
fn min_valid(data: &Path) -> i64 {
    let metas = std::fs::read_dir(data).unwrap().filter_map(|entry| {
        let text = std::fs::read_to_string(entry.unwrap().path().join("meta.json")).ok()?;
        serde_json::from_str::<serde_json::Value>(&text).ok()
    });
    metas
        .filter(|meta| !meta["compaction"]["hints"].to_string().contains("from-out-of-order"))
        .map(|meta| meta["maxTime"].as_i64().unwrap())
        .max()
        .unwrap_or(i64::MIN)
}

fn log_names(data: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(data.join("wal")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn is_checkpoint(name: &str) -> bool {
    name.starts_with("checkpoint.") && !name.ends_with(".tmp")
}

/// Writes until there is a checkpoint, with blocks of two minutes; the seconds written.
fn write_until_checkpoint(peer: &Peer, data: &Path, base: i64, step: usize) -> i64 {
    let mut second = 0;
    while !log_names(data).iter().any(|name| is_checkpoint(name)) {
        assert!(second < 4000, "no checkpoint after {second} s of samples");
        let before = log_names(data);
        write_steps(peer, base, second..second + 240, step);
        second += 240;
        // A truncation of the head begins a segment, and with enough of them a checkpoint.
        wait_for(|| log_names(data) != before);
    }
    // Of four minutes the older two become a block; until then another compaction may come.
    wait_for(|| peer.metric("prometheus_tsdb_head_min_time") >= (base + (second - 120) * 1000) as f64);
    second
}

fn wait_for(mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < deadline, "waited too long");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn assert_same(ours: &Series, theirs: &Series) {
    for (labels, want) in theirs {
        let got = ours.get(labels).unwrap_or_else(|| panic!("{labels} is missing"));
        for (one, other) in got.iter().zip(want) {
            assert_eq!(one, other, "{labels}");
        }
        assert_eq!(got.len(), want.len(), "{labels}");
    }
    let more: Vec<&Labels> = ours.keys().filter(|labels| !theirs.contains_key(labels)).collect();
    assert!(more.is_empty(), "{more:?}");
}

fn after(series: &Series, first_ms: i64) -> Series {
    let mut series = series.clone();
    series.values_mut().for_each(|samples| samples.retain(|(t, _)| *t >= first_ms));
    series.retain(|_, samples| !samples.is_empty());
    series
}

const FEATURES: &str = "--enable-feature=native-histograms,exemplar-storage";

fn peer_or_skip() -> Option<PathBuf> {
    let found = peer::find();
    if found.is_none() {
        testkit::skip("no prometheus in the PATH or in PROMETHEUS");
    }
    found
}

/// Several processes on one directory, one ended in order, two killed: everything comes back, whatever the
/// log's compression.
fn killed_and_read(flags: &[&str]) {
    let Some(binary) = peer_or_skip() else { return };
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let base = now_ms() - 30 * 60_000;
    let flags: Vec<&str> = flags.iter().copied().chain([FEATURES]).collect();
    let peer = Peer::start(&binary, dir.path(), &flags);
    write_seconds(&peer, base, 0..300);
    write_late(&peer, base, 100..180);
    peer.delete("gauge", base + 20_000, base + 40_000);
    peer.stop();
    let peer = Peer::start(&binary, dir.path(), &flags);
    write_seconds(&peer, base, 300..450);
    peer.kill();
    let peer = Peer::start(&binary, dir.path(), &flags);
    write_seconds(&peer, base, 450..500);
    write_late(&peer, base, 200..250);
    let theirs = everything(&peer);
    peer.kill();
    let (ours, report, handed) = read_real(&data, i64::MIN);
    assert!(report.is_complete(), "{report}");
    assert!(report.chunks > 0 && report.log_samples > 0 && report.unknown_chunks == 0);
    assert_same(&ours.visible(), &theirs);
    assert_eq!(ours.exemplars.len(), 500);
    assert!(handed.damage.is_empty() && handed.histograms > 0);
}

#[test]
fn snappy() {
    killed_and_read(&[]);
}

#[test]
fn zstd() {
    killed_and_read(&["--storage.tsdb.wal-compression-type=zstd"]);
}

#[test]
fn uncompressed() {
    killed_and_read(&["--no-storage.tsdb.wal-compression"]);
}

/// Short blocks make Prometheus truncate its head and write checkpoints.
#[test]
fn behind_blocks_and_a_checkpoint() {
    let Some(binary) = peer_or_skip() else { return };
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let base = (now_ms() - 80 * 60_000) / 120_000 * 120_000;
    let flags = ["--storage.tsdb.min-block-duration=2m", "--storage.tsdb.max-block-duration=2m", FEATURES];
    let peer = Peer::start(&binary, dir.path(), &flags);
    let second = write_until_checkpoint(&peer, &data, base, 1);
    // An orderly end puts the full chunks of memory into files.
    write_seconds(&peer, base, second..second + 50);
    peer.stop();
    let peer = Peer::start(&binary, dir.path(), &flags);
    write_seconds(&peer, base, second + 50..second + 60);
    write_late(&peer, base, second..second + 20);
    let theirs = everything(&peer);
    peer.kill();
    let min_valid = min_valid(&data);
    let (ours, report, handed) = read_real(&data, min_valid);
    assert!(report.is_complete(), "{report}");
    assert!(handed.damage.is_empty() && handed.histograms > 0);
    assert!(min_valid > base && report.chunks > 0 && report.before_min_valid > 0, "{report:?}");
    assert_same(&after(&ours.visible(), min_valid), &after(&theirs, min_valid));
}

/// Shut down with `memory-snapshot-on-shutdown`: the log still has everything.
#[test]
fn a_snapshot_is_not_needed() {
    let Some(binary) = peer_or_skip() else { return };
    let dir = tempfile::tempdir().unwrap();
    let features = format!("{FEATURES},memory-snapshot-on-shutdown");
    let base = now_ms() - 30 * 60_000;
    let peer = Peer::start(&binary, dir.path(), &[&features]);
    write_seconds(&peer, base, 0..200);
    peer.stop();
    let peer = Peer::start(&binary, dir.path(), &[&features]);
    write_seconds(&peer, base, 200..300);
    let theirs = everything(&peer);
    peer.stop();
    let (ours, report, _) = read_real(&dir.path().join("data"), i64::MIN);
    assert!(report.is_complete() && report.ignored_snapshots.len() == 1, "{report:?}");
    assert_same(&ours.visible(), &theirs);
}

/// Writes the committed example anew: `cargo test -p tsdb --test prometheus_head -- --ignored`.
#[test]
#[ignore = "writes into the source tree"]
fn write_the_example() {
    let binary = peer_or_skip().expect("an example needs prometheus");
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let base = (now_ms() - 80 * 60_000) / 120_000 * 120_000;
    let flags = [
        "--storage.tsdb.min-block-duration=2m",
        "--storage.tsdb.max-block-duration=2m",
        "--storage.tsdb.samples-per-chunk=10",
        FEATURES,
    ];
    let peer = Peer::start(&binary, dir.path(), &flags);
    let second = write_until_checkpoint(&peer, &data, base, 10);
    write_steps(&peer, base, second..second + 50, 10);
    write_late(&peer, base, second - 40..second);
    peer.stop();
    let peer = Peer::start(&binary, dir.path(), &flags);
    write_steps(&peer, base, second + 50..second + 60, 10);
    write_late(&peer, base, second..second + 10);
    peer.delete("gauge", base + (second + 10) * 1000, base + (second + 20) * 1000);
    let min_valid = min_valid(&data);
    let first = (now_ms() - min_valid) / 1000 + 1;
    let query = format!("/api/v1/query?query=%7B__name__!=%22%22%7D%5B{first}s%5D&time={}", now_ms() / 1000);
    let answer = peer.get(&query);
    peer.kill();
    example::write(&data, min_valid, &answer);
}
