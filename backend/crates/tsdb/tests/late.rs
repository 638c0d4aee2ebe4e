//! Samples that come out of order: taken within the window, found by time, merged into blocks, and kept.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise, helpers included")]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::{START_MS, everything, options, series};
use model::{Histogram, Labels, Span};
use platform::{SeededEntropy, SimulatedClock, SimulatedDisk};
use proptest::prelude::*;
use storage::{AppendError, Storage};
use telemetry::Registry;
use tsdb::{Options, Tsdb};

const MINUTE: i64 = 60_000;

fn set_up() -> Options {
    Options {
        samples_per_chunk: 7,
        spill_bytes: 1,
        block_range_ms: 10 * MINUTE,
        max_age_ms: 5 * MINUTE,
        late_window_ms: 60 * MINUTE,
        ..options()
    }
}

fn open(disk: &SimulatedDisk, clock: &Arc<SimulatedClock>, options: Options) -> Tsdb {
    let (store, report) = Tsdb::open(
        options,
        disk.shared(),
        Arc::clone(clock) as _,
        SeededEntropy::shared(1),
        &Registry::new(),
    )
    .unwrap();
    assert!(report.is_complete(), "{report}");
    store
}

type Content = BTreeMap<Labels, BTreeMap<i64, u64>>;

fn content(store: &Tsdb) -> Content {
    everything(store)
        .into_iter()
        .map(|(labels, samples, _)| {
            assert!(samples.windows(2).all(|pair| pair[0].0 < pair[1].0), "{labels}: times ascend");
            (labels, samples.into_iter().collect())
        })
        .collect()
}

#[derive(Clone, Debug)]
enum Op {
    /// Of a series, so far behind the newest of all.
    Sample(usize, i64),
    Commit,
    Maintain,
    Checkpoint,
    Reopen,
    Kill,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        40 => (0usize..5, -2 * MINUTE..70 * MINUTE).prop_map(|(series, behind)| Op::Sample(series, behind)),
        8 => Just(Op::Commit),
        3 => Just(Op::Maintain),
        1 => Just(Op::Checkpoint),
        1 => Just(Op::Reopen),
        1 => Just(Op::Kill),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever the order of samples, of blocks, checkpoints and restarts: all that were taken are there.
    #[test]
    fn all_that_is_taken_is_found(ops in proptest::collection::vec(op(), 1..300)) {
        let mut disk = SimulatedDisk::new(1);
        let clock = Arc::new(SimulatedClock::new(START_MS));
        let mut store = open(&disk, &clock, set_up());
        let mut appender = store.appender();
        let (mut expected, mut batch) = (Content::new(), Vec::new());
        let mut newest = START_MS;
        for (number, op) in ops.iter().enumerate() {
            match op {
                Op::Sample(which, behind) => {
                    let (labels, t, value) = (series(*which), newest - behind, number as f64);
                    let id = appender.resolve(&labels).unwrap();
                    match appender.append(id, t, value) {
                        Ok(()) => batch.push((labels, t, value.to_bits())),
                        Err(AppendError::TooOld | AppendError::DuplicateTimestamp) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
                Op::Commit => {
                    match appender.commit() {
                        Ok(()) => {}
                        // The batch stayed open while one of its series went; nothing of it was taken.
                        Err(AppendError::UnknownSeries) => batch.clear(),
                        Err(error) => panic!("{error}"),
                    }
                    for (labels, t, bits) in batch.drain(..) {
                        newest = newest.max(t);
                        // The first at a time counts, or the one in order; see below.
                        expected.entry(labels).or_default().entry(t).or_insert(bits);
                    }
                }
                Op::Maintain => {
                    clock.advance(std::time::Duration::from_secs(400));
                    store.maintain().unwrap();
                }
                Op::Checkpoint => store.checkpoint().unwrap(),
                Op::Reopen | Op::Kill => {
                    batch.clear();
                    drop(appender);
                    if matches!(op, Op::Reopen) {
                        store.close().unwrap();
                    }
                    drop(store);
                    disk = disk.after_kill();
                    store = open(&disk, &clock, set_up());
                    appender = store.appender();
                }
            }
        }
        let found = content(&store);
        let times = |content: &Content| -> Vec<(Labels, Vec<i64>)> {
            content.iter().map(|(labels, held)| (labels.clone(), held.keys().copied().collect())).collect()
        };
        prop_assert_eq!(times(&found), times(&expected));
        store.maintain().unwrap();
        prop_assert_eq!(content(&store), found);
    }
}

#[test]
fn without_a_window_they_are_refused_and_with_one_only_within_it() {
    let disk = SimulatedDisk::new(1);
    let clock = Arc::new(SimulatedClock::new(START_MS));
    let store = open(&disk, &clock, Options { late_window_ms: 0, ..set_up() });
    let mut appender = store.appender();
    let id = appender.resolve(&series(0)).unwrap();
    appender.append(id, START_MS, 1.0).unwrap();
    appender.commit().unwrap();
    assert_eq!(appender.append(id, START_MS - 1, 1.0), Err(AppendError::OutOfOrder));
    assert_eq!(appender.append(id, START_MS - 6 * MINUTE, 1.0), Err(AppendError::OutOfBounds));
    store.set_late_window(60 * MINUTE);
    assert_eq!(appender.append(id, START_MS - 1, 1.0), Ok(()));
    assert_eq!(appender.append(id, START_MS - 60 * MINUTE, 1.0), Ok(()));
    assert_eq!(appender.append(id, START_MS - 60 * MINUTE - 1, 1.0), Err(AppendError::TooOld));
    assert_eq!(appender.append(id, START_MS, 2.0), Err(AppendError::DuplicateTimestamp));
    appender.commit().unwrap();
    let times: Vec<i64> = content(&store).into_values().flat_map(BTreeMap::into_keys).collect();
    assert_eq!(times, [START_MS - 60 * MINUTE, START_MS - 1, START_MS]);
}

#[test]
fn late_histograms_come_back_from_log_checkpoint_and_block() {
    let histogram = |count: u32| Histogram {
        count: f64::from(count),
        sum: f64::from(count) * 0.5,
        positive_spans: vec![Span { offset: 1, length: 2 }],
        positive_buckets: vec![f64::from(count - 1), 1.0],
        ..Histogram::default()
    };
    let disk = SimulatedDisk::new(1);
    let clock = Arc::new(SimulatedClock::new(START_MS));
    let store = open(&disk, &clock, set_up());
    let mut appender = store.appender();
    let id = appender.resolve(&series(0)).unwrap();
    let times = [0, -30, -20, -25, -10, -40, -5].map(|minutes| START_MS + minutes * MINUTE);
    for (number, t) in times.iter().enumerate() {
        appender.append_histogram(id, *t, &histogram(number as u32 + 1)).unwrap();
        appender.commit().unwrap();
    }
    let check = |store: &Tsdb, when: &str| {
        let all = everything(store);
        let found: Vec<(i64, f64)> = all[0]
            .2
            .histograms
            .iter()
            .map(|(at, histogram)| (all[0].2.timestamps[*at as usize], histogram.count))
            .collect();
        let mut expected: Vec<(i64, f64)> = times.iter().copied().zip((1..).map(f64::from)).collect();
        expected.sort_by_key(|(t, _)| *t);
        assert_eq!(found, expected, "{when}");
    };
    check(&store, "in the head");
    drop((appender, store));
    let disk = disk.after_kill();
    let store = open(&disk, &clock, set_up());
    check(&store, "from the log");
    store.checkpoint().unwrap();
    drop(store);
    let disk = disk.after_kill();
    let store = open(&disk, &clock, set_up());
    check(&store, "from the checkpoint");
    store.maintain().unwrap();
    clock.advance(std::time::Duration::from_secs(3600));
    let mut appender = store.appender();
    let other = appender.resolve(&series(1)).unwrap();
    appender.append(other, START_MS + 30 * MINUTE, 1.0).unwrap();
    appender.commit().unwrap();
    store.maintain().unwrap();
    assert!(store.blocks().iter().any(|block| block.range().start_ms < START_MS - 10 * MINUTE));
    check(&store, "from blocks");
}
