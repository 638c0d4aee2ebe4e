//! Deleting series and making snapshots.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise, helpers included")]

mod common;
#[path = "common/prometheus.rs"]
mod prometheus;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use common::{Content, START_MS, everything, options, series};
use model::{CompiledMatcher, Labels, MatchOp, Matcher, TimeRange};
use platform::{
    Fault, FaultAction, RealDisk, SeededEntropy, SimulatedClock, SimulatedDisk, SystemClock, SystemEntropy,
};
use prometheus::Prometheus;
use storage::Storage;
use telemetry::Registry;
use tsdb::{Options, Tsdb, WalFsync};

const MINUTE: i64 = 60_000;

fn small_blocks() -> Options {
    Options {
        samples_per_chunk: 7,
        spill_bytes: 1,
        block_range_ms: 10 * MINUTE,
        max_age_ms: 5 * MINUTE,
        late_window_ms: 60 * MINUTE,
        ..options()
    }
}

/// The `life`-th process, whose blocks must not get the names of those of another.
fn open(disk: &SimulatedDisk, life: u64) -> Tsdb {
    let (clock, entropy) = (Arc::new(SimulatedClock::new(START_MS)), SeededEntropy::shared(life));
    Tsdb::open(small_blocks(), disk.shared(), clock, entropy, &Registry::new()).unwrap().0
}

/// An hour of samples each minute, a few of them late; all but the last quarter is in blocks.
fn fill(store: &Tsdb, count: usize) {
    let mut appender = store.appender();
    for minute in 0..60 {
        for number in 0..count {
            let id = appender.resolve(&series(number)).unwrap();
            appender.append(id, START_MS + minute * MINUTE, (minute * 100) as f64 + number as f64).unwrap();
            if minute % 20 == 19 {
                appender.append(id, START_MS + (minute - 7) * MINUTE + 1, -1.0).unwrap();
            }
        }
        appender.commit().unwrap();
        if minute % 10 == 9 {
            store.maintain().unwrap();
        }
    }
}

fn matchers(number: usize) -> Vec<CompiledMatcher> {
    vec![CompiledMatcher::new(Matcher::equal("instance", format!("host-{number}"))).unwrap()]
}

fn times(all: &[Content], number: usize) -> Vec<i64> {
    let found = all.iter().find(|(labels, ..)| *labels == series(number));
    found.map(|(_, floats, _)| floats.iter().map(|(t, _)| *t).collect()).unwrap_or_default()
}

#[test]
fn what_is_deleted_stays_away() {
    let mut disk = SimulatedDisk::new(1);
    let store = open(&disk, 1);
    fill(&store, 4);
    assert!(!store.blocks().is_empty());
    let before = everything(&store);
    let gone = TimeRange::new(START_MS + 25 * MINUTE, START_MS + 55 * MINUTE);
    // The range lies across blocks and head.
    assert!(store.delete_series(&[matchers(1)], gone).unwrap() > 1);
    assert!(store.delete_series(&[matchers(2)], TimeRange::ALL).unwrap() > 1);
    assert_eq!(store.delete_series(&[matchers(77)], TimeRange::ALL).unwrap(), 0);
    let check = |store: &Tsdb, when: &str| {
        let now = everything(store);
        for kept in [0, 3] {
            assert_eq!(times(&now, kept), times(&before, kept), "{when}");
        }
        let left: Vec<i64> = times(&before, 1).into_iter().filter(|t| !gone.contains(*t)).collect();
        assert_eq!(times(&now, 1), left, "{when}");
        assert_eq!(times(&now, 2), [0i64; 0], "{when}");
    };
    check(&store, "at once");
    drop(store);
    disk = disk.after_kill();
    let store = open(&disk, 2);
    check(&store, "after a kill");
    assert!(store.clean_tombstones().unwrap() > 0);
    check(&store, "after cleaning");
    // And it goes on: what comes now goes into blocks with what was left.
    let mut appender = store.appender();
    let id = appender.resolve(&series(5)).unwrap();
    for minute in 60..100 {
        appender.append(id, START_MS + minute * MINUTE, 1.0).unwrap();
    }
    appender.commit().unwrap();
    store.maintain().unwrap();
    check(&store, "after compaction");
    drop((appender, store));
    check(&open(&disk.after_power_cut(), 3), "after a power cut");
}

/// The disk fails when a deletion has to be made to last: that is told, and trying again makes up for it.
#[test]
fn a_deletion_that_could_not_last_is_made_to_last_by_the_next_try() {
    let disk = SimulatedDisk::new(1);
    let store = open(&disk, 1);
    fill(&store, 3);
    disk.set_fault(Some(Fault {
        at: disk.changes(),
        action: FaultAction::ErrorsFromNowOn(std::io::ErrorKind::StorageFull),
    }));
    let error = store.delete_series(&[matchers(1)], TimeRange::ALL).unwrap_err();
    assert!(error.to_string().contains("could not be made to last"), "{error}");
    disk.set_fault(None);
    store.delete_series(&[matchers(1)], TimeRange::ALL).unwrap();
    drop(store);
    assert_eq!(times(&everything(&open(&disk.after_kill(), 2)), 1), [0i64; 0]);
}

#[test]
fn a_snapshot_is_a_store_of_its_own() {
    let disk = SimulatedDisk::new(1);
    let store = open(&disk, 1);
    fill(&store, 4);
    let before = everything(&store);
    let name = store.snapshot("then", false).unwrap();
    assert!(name.starts_with("then-") && name.len() == 5 + 16);
    let without_head = store.snapshot("then", true).unwrap();
    store.delete_series(&[matchers(1)], TimeRange::ALL).unwrap();
    let copy_of = |name: &str| {
        let dir = PathBuf::from("/data/snapshots").join(name);
        let clock = Arc::new(SimulatedClock::new(START_MS));
        let options = Options { dir, ..small_blocks() };
        Tsdb::open(options, disk.shared(), clock, SeededEntropy::shared(2), &Registry::new()).unwrap().0
    };
    assert_eq!(everything(&copy_of(&name)), before);
    let fewer = everything(&copy_of(&without_head));
    assert!(times(&fewer, 0).len() < times(&before, 0).len());
    assert_eq!(fewer.len(), before.len());
}

#[test]
fn prometheus_serves_a_snapshot() {
    let temporary = tempfile::tempdir().unwrap();
    let options = Options {
        wal_fsync: WalFsync::Never,
        late_window_ms: 60 * MINUTE,
        ..Options::new(temporary.path().join("data"))
    };
    let (store, _) = Tsdb::open(
        options,
        RealDisk::shared(),
        SystemClock::shared(),
        SystemEntropy::shared(),
        &Registry::new(),
    )
    .unwrap();
    fill(&store, 30);
    let name = store.snapshot("x", false).unwrap();
    let dir = temporary.path().join("data/snapshots").join(name);
    let Some(server) = Prometheus::start(&dir, &[]) else { return };
    let end = START_MS + 60 * MINUTE;
    let time = format!("{}", end as f64 / 1000.0);
    let query = [("query", "{job=\"test\"}[61m]"), ("time", time.as_str())];
    let answer = server.api("GET", "query", &query);
    let theirs: BTreeMap<Labels, Vec<(i64, u64)>> = answer["result"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let pairs = one["metric"].as_object().unwrap().iter();
            let labels = Labels::from_pairs(pairs.map(|(k, v)| (k.as_str(), v.as_str().unwrap())));
            let sample = |pair: &serde_json::Value| {
                let value: f64 = pair[1].as_str().unwrap().parse().unwrap();
                ((pair[0].as_f64().unwrap() * 1000.0).round() as i64, value.to_bits())
            };
            (labels, one["values"].as_array().unwrap().iter().map(sample).collect())
        })
        .collect();
    let all = [Matcher::new("job", MatchOp::Equal, "test")];
    let range = TimeRange::new(end - 61 * MINUTE + 1, end);
    let ours: BTreeMap<Labels, Vec<(i64, u64)>> =
        common::select(&store, &all, range).into_iter().map(|(labels, floats, _)| (labels, floats)).collect();
    assert_eq!(ours.len(), 30);
    assert!(theirs == ours, "{} and {} series", theirs.len(), ours.len());
}
