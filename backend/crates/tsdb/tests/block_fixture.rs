//! A block that Prometheus 3.5.3 wrote when it scraped itself, native histograms included, and what promtool
//! found in it.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise, helpers included")]

#[path = "common/blocks.rs"]
mod blocks;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blocks::{compile, every_series, parse_dumped};
use model::{Histogram, Labels, TimeRange};
use platform::{Disk, RealDisk, SeededEntropy, SimulatedClock};
use storage::{Querier, Samples, SelectHints};
use tsdb::block::{Block, Blocks};

/// Of a histogram: count, sum and populations that are not 0, as text.
type Found = BTreeMap<(Labels, i64), String>;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/prometheus-3.5.3")
}

fn of_histogram(histogram: &Histogram) -> String {
    let buckets = histogram.negative_buckets.iter().rev().chain([&histogram.zero_count]);
    let buckets = buckets.chain(&histogram.positive_buckets).filter(|count| **count > 0.0);
    format!("{} {:e} {:?}", histogram.count, histogram.sum, buckets.collect::<Vec<_>>())
}

fn expected() -> Found {
    let text = std::fs::read_to_string(fixture().join("dump.txt")).unwrap();
    let parse = |line: &str| {
        let (labels, value, t) = parse_dumped(line);
        let Some(histogram) = value.strip_prefix("{count:") else {
            return ((labels, t), format!("{:e}", value.parse::<f64>().unwrap()));
        };
        let number = |text: &str| text.trim_end_matches('}').parse::<f64>().unwrap();
        let (count, rest) = histogram.split_once(", sum:").unwrap();
        let (sum, buckets) = rest.split_once(", ").unwrap_or((rest, ""));
        let buckets: Vec<f64> =
            buckets.split("]:").skip(1).map(|b| number(b.split(',').next().unwrap())).collect();
        ((labels, t), format!("{} {:e} {buckets:?}", number(count), number(sum)))
    };
    text.lines().map(parse).collect()
}

fn found(querier: &dyn Querier) -> Found {
    let mut found = Found::new();
    for series in querier.select(&compile(&every_series()), &SelectHints::default()).unwrap() {
        let mut samples = Samples::default();
        series.read(TimeRange::ALL, &mut samples).unwrap();
        for (at, t) in samples.timestamps.iter().enumerate() {
            let histogram = samples.histograms.iter().find(|(position, _)| *position as usize == at);
            let text = histogram.map_or_else(
                || format!("{:e}", samples.floats[at]),
                |(_, histogram)| of_histogram(histogram),
            );
            found.insert((series.labels(), *t), text);
        }
    }
    found
}

fn assert_same(found: &Found, expected: &Found) {
    for (sample, text) in expected {
        assert_eq!(found.get(sample), Some(text), "{sample:?}");
    }
    // promtool steps over the first two samples of a series of histograms when it looks for floats.
    let mut passed_over: BTreeMap<&Labels, usize> = BTreeMap::new();
    for ((labels, t), text) in found.iter().filter(|(sample, _)| !expected.contains_key(sample)) {
        assert!(text.contains('['), "{labels} at {t}: {text}");
        *passed_over.entry(labels).or_default() += 1;
    }
    assert!(passed_over.values().all(|count| *count == 2), "{passed_over:?}");
}

fn the_block(disk: &Arc<dyn Disk>) -> Arc<Block> {
    let entries = disk.list(&fixture()).unwrap();
    let dir = fixture().join(&entries.iter().find(|entry| entry.is_dir).unwrap().name);
    Arc::new(Block::open(Arc::clone(disk), &dir).unwrap())
}

#[test]
fn all_that_promtool_finds_is_found() {
    let block = the_block(&RealDisk::shared());
    block.verify().unwrap();
    let expected = expected();
    assert!(expected.values().filter(|text| text.contains('[')).count() > 30);
    assert_same(&found(&block.querier(TimeRange::ALL)), &expected);
}

/// With a moment taken out of it, all of its chunks are encoded anew.
#[test]
fn it_survives_being_rewritten() {
    let disk = RealDisk::shared();
    let block = the_block(&disk);
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path().join(block.ulid().to_string());
    for file in ["index", "meta.json", "chunks/000001"] {
        std::fs::create_dir_all(dir.join("chunks")).unwrap();
        std::fs::copy(block.dir().join(file), dir.join(file)).unwrap();
    }
    let (clock, entropy) = (Arc::new(SimulatedClock::new(1)), Arc::new(SeededEntropy::new(1)));
    let (blocks, _) = Blocks::open(disk, temporary.path(), clock, entropy).unwrap();
    let mut expected = expected();
    let middle = block.range().start_ms + 10_000;
    let moment = TimeRange::new(middle, middle + 1_500);
    assert!(blocks.delete_series(&compile(&every_series()), moment).unwrap() > 10);
    expected.retain(|(_, t), _| !moment.contains(*t));
    assert_same(&found(&blocks.querier(TimeRange::ALL)), &expected);
    assert_eq!(blocks.clean_tombstones(&mut |_| ControlFlow::Continue(())).unwrap(), 1);
    assert_ne!(blocks.list()[0].ulid(), block.ulid());
    blocks.list()[0].verify().unwrap();
    assert_same(&found(&blocks.querier(TimeRange::ALL)), &expected);
}
