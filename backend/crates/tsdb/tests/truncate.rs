//! Forgetting: chunks, series, label texts and log segments go, and their places are used again.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise, helpers included")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{START_MS, everything, open, options, wal_names};
use model::{Labels, Matcher, TimeRange};
use platform::{SeededEntropy, SimulatedClock, SimulatedDisk};
use storage::{AppendError, SelectHints, SeriesRef, Storage};
use tsdb::{Options, Tsdb};

fn pod(generation: usize, number: usize) -> Labels {
    Labels::from_pairs([
        ("__name__", "requests_total".to_owned()),
        ("pod", format!("pod-{generation}-{number}-with-a-rather-long-name")),
        ("job", "llm".to_owned()),
    ])
}

fn fill(store: &Tsdb, generation: usize, t: i64) -> Vec<SeriesRef> {
    let mut appender = store.appender();
    let ids = (0..1000).map(|number| {
        let id = appender.resolve(&pod(generation, number)).unwrap();
        appender.append(id, t, number as f64).unwrap();
        id
    });
    let ids = ids.collect();
    appender.commit().unwrap();
    ids
}

#[test]
fn churn_does_not_grow_the_store() {
    let disk = SimulatedDisk::new(1);
    let store = open(&disk, options()).0;
    let step = 600_000;
    let mut sizes = Vec::new();
    let mut gone = Vec::new();
    for generation in 0..12usize {
        let t = START_MS + generation as i64 * step;
        let ids = fill(&store, generation, t);
        // Twice: a series that was written to since the last truncation is spared once.
        store.truncate(t).unwrap();
        store.truncate(t).unwrap();
        let stats = store.stats(10);
        assert_eq!(stats.series, 1000, "only the newest pods are left");
        assert_eq!(stats.label_pairs, 1002);
        assert_eq!(stats.chunks, 1000);
        sizes.push(stats.memory_bytes);
        gone.push(ids[0]);
    }
    assert!(sizes[11] < sizes[1] * 3 / 2, "{sizes:?}");
    // Slots were given away again, but old references name nobody.
    let mut appender = store.appender();
    for id in &gone[..11] {
        assert_eq!(appender.append(*id, START_MS + 20 * step, 1.0), Err(AppendError::UnknownSeries));
    }
    assert_eq!(appender.append(gone[11], START_MS + 12 * step, 1.0), Ok(()));
    drop((appender, store));
    let (store, report) = open(&disk.after_kill(), options());
    assert!(report.is_complete(), "{report}");
    assert_eq!(store.stats(10).series, 1000);
    assert_eq!(everything(&store).len(), 1000);
}

#[test]
fn old_chunks_go_and_the_rest_stays() {
    let disk = SimulatedDisk::new(1);
    let store = open(&disk, Options { samples_per_chunk: 10, ..options() }).0;
    let mut appender = store.appender();
    let id = appender.resolve(&pod(0, 0)).unwrap();
    for i in 0..95 {
        appender.append(id, START_MS + i * 1000, i as f64).unwrap();
    }
    appender.commit().unwrap();
    let before = store.stats(1).chunks;
    assert!(before >= 10);
    store.truncate(START_MS + 50_000).unwrap();
    let left = everything(&store);
    assert_eq!(left.len(), 1);
    let first = left[0].1[0].0;
    assert!((START_MS + 40_000..=START_MS + 50_000).contains(&first), "{first}");
    assert_eq!(left[0].1.last().unwrap().0, START_MS + 94_000);
    assert_eq!(appender.append(id, START_MS + 49_999, 0.0), Err(AppendError::OutOfBounds));
    // A selection made before a truncation reads what is left.
    let querier = store.querier(TimeRange::ALL).unwrap();
    let matcher = model::CompiledMatcher::new(Matcher::equal("job", "llm")).unwrap();
    let selected = querier.select(&[matcher], &SelectHints::default()).unwrap();
    store.truncate(START_MS + 200_000).unwrap();
    store.truncate(START_MS + 200_000).unwrap();
    assert_eq!(store.stats(1).series, 0);
    let mut samples = storage::Samples::default();
    selected[0].read(TimeRange::ALL, &mut samples).unwrap();
    assert!(samples.is_empty());
    assert_eq!(selected[0].labels(), pod(0, 0));
}

#[test]
fn maintenance_keeps_the_retention_and_the_log_short() {
    let disk = SimulatedDisk::new(1);
    let clock = Arc::new(SimulatedClock::new(START_MS));
    let options = Options {
        retention_ms: 3_600_000,
        wal_fsync: tsdb::WalFsync::Interval(1000),
        wal_segment_bytes: 64 << 10,
        checkpoint_bytes: 256 << 10,
        ..Options::new("/data")
    };
    let registry = telemetry::Registry::new();
    let (store, _) =
        Tsdb::open(options.clone(), disk.shared(), clock.clone(), SeededEntropy::shared(1), &registry)
            .unwrap();
    let mut appender = store.appender();
    let mut most = 0;
    for step in 0..1500i64 {
        clock.advance(Duration::from_secs(15));
        let now = START_MS + (step + 1) * 15_000;
        for number in 0..50 {
            let id = appender.resolve(&pod(step as usize / 300, number)).unwrap();
            appender.append(id, now, (step * 50 + number as i64) as f64 / 7.0).unwrap();
        }
        appender.commit().unwrap();
        store.maintain().unwrap();
        most = most.max(wal_names(&disk).len());
    }
    assert!(most < 20, "segments pile up: {most}");
    let now = START_MS + 1500 * 15_000;
    let range = store.time_range().unwrap();
    assert!(range.start_ms > now - 2 * 3_600_000, "an hour, and the rest of a chunk");
    // The pods before the newest ended more than an hour ago.
    assert_eq!(store.stats(10).series, 50);
    let text = registry.encode_openmetrics();
    assert!(text.contains("watchfire_tsdb_checkpoints_total"), "{text}");
    assert!(text.contains("watchfire_tsdb_head_series 50"), "{text}");
    let held = everything(&store);
    drop((appender, store));
    let (store, report) = Tsdb::open(
        options,
        disk.after_kill().shared(),
        clock,
        SeededEntropy::shared(1),
        &telemetry::Registry::new(),
    )
    .unwrap();
    assert!(report.is_complete() && report.checkpoint.is_some(), "{report}");
    assert_eq!(everything(&store), held);
}

#[test]
fn statistics_name_the_largest() {
    let disk = SimulatedDisk::new(1);
    let store = open(&disk, options()).0;
    fill(&store, 0, START_MS);
    let stats = store.stats(2);
    let named = |counts: &[tsdb::NamedCount]| -> Vec<(String, u64)> {
        counts.iter().map(|c| (c.name.clone(), c.count)).collect()
    };
    assert_eq!(named(&stats.series_by_metric), [("requests_total".to_owned(), 1000)]);
    assert_eq!(named(&stats.values_by_label)[0], ("pod".to_owned(), 1000));
    assert_eq!(stats.values_by_label.len(), 2);
    assert_eq!(stats.memory_by_label[0].name, "pod");
    assert_eq!(stats.series_by_pair[0].count, 1000);
    assert_eq!((stats.min_time_ms, stats.max_time_ms), (Some(START_MS), Some(START_MS)));
}
