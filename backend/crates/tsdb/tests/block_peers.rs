//! Blocks go both ways: Prometheus and promtool read ours, we read theirs.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise, helpers included")]

#[path = "common/blocks.rs"]
mod blocks;
#[path = "common/prometheus.rs"]
mod prometheus;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use blocks::{Content, compile, every_series, parse_dumped, read, write};
use model::{Labels, Matcher, TimeRange};
use platform::{Disk, RealDisk, SystemClock, SystemEntropy};
use prometheus::{Prometheus, promtool};
use serde_json::Value;
use tsdb::block::Blocks;

const HOUR: i64 = 3_600_000;
/// A multiple of two and of six hours.
const START: i64 = 1_699_988_400_000 / (6 * HOUR) * (6 * HOUR);

fn series(number: i64) -> Labels {
    let mut pairs = vec![
        ("__name__".to_owned(), format!("metric_{}", number % 5)),
        ("host".to_owned(), format!("host-{number}")),
        ("text".to_owned(), ["é \"quoted\"", "back\\slash", "plain"][number as usize % 3].to_owned()),
    ];
    if number % 2 == 0 {
        pairs.push(("zone".to_owned(), format!("z{}", number % 7)));
    }
    Labels::from_pairs(pairs)
}

fn value(number: i64, t: i64) -> f64 {
    match number % 6 {
        0 => number as f64,
        1 => t as f64 * 0.001,
        2 => [f64::INFINITY, f64::NEG_INFINITY, -0.0, 1e300][(t / 15_000) as usize % 4],
        3 => 1.0 / number as f64,
        _ => ((t / 15_000) * number) as f64,
    }
}

fn content(from: i64, to: i64, numbers: std::ops::Range<i64>) -> Content {
    let samples = |number| {
        (from + number % 15_000..to).step_by(60_000).map(move |t| (t, value(number, t).to_bits())).collect()
    };
    numbers.map(|number| (series(number), samples(number))).collect()
}

fn merged(parts: &[&Content]) -> Content {
    let mut all = Content::new();
    for (labels, samples) in parts.iter().flat_map(|part| part.iter()) {
        let held = all.entry(labels.clone()).or_default();
        for (t, bits) in samples {
            held.entry(*t).or_insert(*bits);
        }
    }
    all
}

fn open(dir: &Path) -> Blocks {
    let (clock, entropy) = (SystemClock::shared(), SystemEntropy::shared());
    let (blocks, report) = Blocks::open(RealDisk::shared(), dir, clock, entropy).unwrap();
    assert!(report.set_aside.is_empty(), "{report:?}");
    blocks
}

/// Three blocks of two hours, the last of which overlaps the one before it, and one more.
fn write_blocks(dir: &Path) -> Content {
    let disk: Arc<dyn Disk> = RealDisk::shared();
    let border = |n: i64| START + n * 2 * HOUR;
    let parts = [
        (border(0), border(1), content(border(0), border(1), 0..150)),
        (border(1), border(2), content(border(1), border(2), 50..200)),
        (border(1) + HOUR, border(3), content(border(1) + HOUR, border(3), 100..250)),
        (border(3), border(4), content(border(3), border(4), 0..20)),
    ];
    for (id, (from, to, part)) in parts.iter().enumerate() {
        write(&disk, dir, 0x0190_0000_0000_0000_0000_0000_0000_0000 + id as u128, (*from, *to), part);
    }
    merged(&parts.iter().map(|(_, _, part)| part).collect::<Vec<_>>())
}

fn compact_all(blocks: &Blocks) {
    while let Some(plan) = blocks.plan(&[2 * HOUR, 6 * HOUR]) {
        blocks.compact(&plan.blocks, &mut |_| ControlFlow::Continue(())).unwrap();
    }
}

fn parse_dump(text: &str) -> Content {
    let mut content = Content::new();
    for line in text.lines() {
        let (labels, value, t) = parse_dumped(line);
        let bits = value.parse::<f64>().unwrap().to_bits();
        assert!(content.entry(labels).or_default().insert(t, bits).is_none(), "twice: {line}");
    }
    content
}

#[test]
fn promtool_reads_our_blocks() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path().join("data");
    std::fs::create_dir(&dir).unwrap();
    std::fs::create_dir(dir.join("wal")).unwrap();
    let all = write_blocks(&dir);
    let path = dir.to_str().unwrap();
    for compacted in [false, true] {
        if compacted {
            let blocks = open(&dir);
            compact_all(&blocks);
            assert_eq!(blocks.list().len(), 2);
        }
        let Some(listed) = promtool(&["tsdb", "list", path]) else { return };
        assert_eq!(listed.lines().count(), if compacted { 3 } else { 5 }, "{listed}");
        let analysis = promtool(&["tsdb", "analyze", path]).unwrap();
        assert!(analysis.contains("Total Series: "), "{analysis}");
        let dumped = promtool(&["tsdb", "dump", path]).unwrap();
        assert!(parse_dump(&dumped) == all, "dump after compaction: {compacted}");
    }
}

#[test]
fn we_read_what_promtool_writes() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path().join("data");
    let text = temporary.path().join("text");
    let all = content(START, START + 9 * HOUR, 0..40);
    let mut lines = String::new();
    for (labels, samples) in &all {
        for (t, bits) in samples {
            let labels = labels.to_string().replace("\", ", "\",");
            lines.push_str(&format!("{labels} {} {:.3}\n", f64::from_bits(*bits), *t as f64 / 1000.0));
        }
    }
    std::fs::write(&text, lines.replace("inf", "Inf") + "# EOF\n").unwrap();
    let create = ["tsdb", "create-blocks-from", "openmetrics", text.to_str().unwrap(), dir.to_str().unwrap()];
    if promtool(&create).is_none() {
        return;
    }
    let blocks = open(&dir);
    assert!(blocks.list().len() >= 5);
    blocks.list().iter().for_each(|block| block.verify().unwrap());
    assert!(read(&blocks.querier(TimeRange::ALL), &every_series(), TimeRange::ALL) == all);
    compact_all(&blocks);
    assert!(blocks.list().len() < 4);
    assert!(read(&blocks.querier(TimeRange::ALL), &every_series(), TimeRange::ALL) == all);
}

/// The series of a range vector that the API answers with.
fn parse_matrix(data: &Value) -> Content {
    let mut content = Content::new();
    for series in data["result"].as_array().unwrap() {
        let pairs = series["metric"].as_object().unwrap().iter();
        let labels = Labels::from_pairs(pairs.map(|(name, value)| (name.as_str(), value.as_str().unwrap())));
        let time = |pair: &Value| (pair[0].as_f64().unwrap() * 1000.0).round() as i64;
        let mut samples: BTreeMap<i64, u64> = series["values"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .map(|pair| (time(pair), pair[1].as_str().unwrap().parse::<f64>().unwrap().to_bits()))
            .collect();
        // A histogram's place among the floats is a NaN.
        let histograms = series["histograms"].as_array().map(Vec::as_slice).unwrap_or_default();
        samples.extend(histograms.iter().map(|pair| (time(pair), f64::NAN.to_bits())));
        content.insert(labels, samples);
    }
    content
}

#[test]
fn prometheus_serves_our_blocks_and_we_serve_its() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path().join("data");
    std::fs::create_dir(&dir).unwrap();
    let all = write_blocks(&dir);
    compact_all(&open(&dir));
    let Some(server) = Prometheus::start(&dir, &["--enable-feature=native-histograms"]) else { return };
    // Ours, as Prometheus sees them.
    let end = START + 8 * HOUR;
    let time = format!("{}", end as f64 / 1000.0);
    let matrix = |selector: &str, time: &str| {
        let query = format!("{{{selector}}}[481m]");
        parse_matrix(&server.api("GET", "query", &[("query", &query), ("time", time)]))
    };
    let theirs = matrix("__name__=~\"metric_.\"", &time);
    assert!(theirs == all, "{} and {} series", theirs.len(), all.len());
    let some = matrix("__name__=~\"metric_.\",zone!~\"z1|z2\",host=~\"host-1.*\"", &time);
    let matchers = compile(&[
        Matcher::new("zone", model::MatchOp::NotRegex, "z1|z2"),
        Matcher::new("host", model::MatchOp::Regex, "host-1.*"),
    ]);
    let wanted = all.iter().filter(|(labels, _)| matchers.iter().all(|m| m.matches(labels)));
    assert!(some == wanted.map(|(l, s)| (l.clone(), s.clone())).collect());
    // Its own scrapes, a part of them deleted, in a snapshot.
    let enough = |count: f64| {
        let answer = server.api("GET", "query", &[("query", "count_over_time(up[1h])")]);
        let found = answer["result"][0]["value"][1].as_str().map(|text| text.parse::<f64>().unwrap());
        found.is_some_and(|found| found >= count)
    };
    while !enough(4.0) {
        std::thread::sleep(Duration::from_millis(100));
    }
    server.api("POST", "admin/tsdb/delete_series", &[("match[]", "{__name__=\"metric_1\",zone=\"z2\"}")]);
    let now = format!("{}", SystemClock::shared().now_ms() as f64 / 1000.0);
    let snapshot = server.api("POST", "admin/tsdb/snapshot", &[]);
    let scraped = matrix("job=\"self\"", &now);
    let survivors = matrix("__name__=~\"metric_.\"", &time);
    drop(server);
    let blocks = open(&dir.join("snapshots").join(snapshot["name"].as_str().unwrap()));
    blocks.list().iter().for_each(|block| block.verify().unwrap());
    let ours = read(&blocks.querier(TimeRange::ALL), &[Matcher::equal("job", "self")], TimeRange::ALL);
    let until: i64 = (now.parse::<f64>().unwrap() * 1000.0) as i64;
    let cut = |content: Content| -> Content {
        let cut = content.into_iter().map(|(labels, mut samples)| {
            samples.retain(|t, _| *t <= until);
            let is_nan = |bits: &&mut u64| f64::from_bits(**bits).is_nan();
            samples.values_mut().filter(is_nan).for_each(|bits| *bits = f64::NAN.to_bits());
            (labels, samples)
        });
        cut.filter(|(_, samples)| !samples.is_empty()).collect()
    };
    let (ours, scraped) = (cut(ours), cut(scraped));
    assert!(scraped.len() > 300 && ours == scraped, "{} and {} series", ours.len(), scraped.len());
    let metrics = [Matcher::new("__name__", model::MatchOp::Regex, "metric_.")];
    let ours = read(&blocks.querier(TimeRange::ALL), &metrics, TimeRange::ALL);
    assert!(survivors.len() < all.len() && ours == survivors, "{} and {}", ours.len(), survivors.len());
    histograms_survive_rewriting(&blocks, until);
    assert!(read(&blocks.querier(TimeRange::ALL), &metrics, TimeRange::ALL) == survivors);
}

/// Takes a moment out of the scraped series, so that their chunks are encoded anew, native histograms too.
fn histograms_survive_rewriting(blocks: &Blocks, until: i64) {
    let querier = blocks.querier(TimeRange::ALL);
    let scraped = compile(&[Matcher::equal("job", "self")]);
    let mut kinds = [0, 0];
    let mut times = Vec::new();
    for series in storage::Querier::select(&querier, &scraped, &storage::SelectHints::default()).unwrap() {
        let mut samples = storage::Samples::default();
        series.read(TimeRange::ALL, &mut samples).unwrap();
        kinds[usize::from(samples.histograms.is_empty())] += 1;
        times.extend(samples.timestamps.get(samples.len() / 2));
    }
    assert!(kinds[0] > 0 && kinds[1] > 0, "{kinds:?} series of histograms and floats");
    let dir = blocks.list()[0].dir().parent().unwrap().to_str().unwrap().to_owned();
    // promtool asks for these.
    std::fs::create_dir_all(Path::new(&dir).join("wal")).unwrap();
    let dump = || {
        let mut lines: Vec<String> =
            promtool(&["tsdb", "dump", &dir]).unwrap_or_default().lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    let whole = dump();
    let middle = TimeRange::new(times[0], times[0].max(until.min(times[0] + 500)));
    assert!(blocks.delete_series(&scraped, middle).unwrap() > 300);
    let deleted = dump();
    assert!(deleted.len() < whole.len() || whole.is_empty());
    assert!(blocks.clean_tombstones(&mut |_| ControlFlow::Continue(())).unwrap() > 0);
    blocks.list().iter().for_each(|block| block.verify().unwrap());
    let rewritten = dump();
    let differing = deleted.iter().zip(&rewritten).find(|(before, after)| before != after);
    assert!(deleted == rewritten, "{} lines, {} after, {differing:?}", deleted.len(), rewritten.len());
}
