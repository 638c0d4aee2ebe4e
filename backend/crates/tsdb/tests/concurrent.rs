//! Many writers, readers and the maintenance at once.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise, helpers included")]

mod common;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use common::{START_MS, everything, open, options};
use model::{CompiledMatcher, Labels, Matcher, TimeRange};
use platform::SimulatedDisk;
use storage::{AppendError, Appender, Samples, SelectHints, Storage};
use tsdb::{Options, WalFsync};

const WRITERS: usize = 6;
const SERIES: usize = 40;

fn labels(writer: usize, number: usize) -> Labels {
    Labels::from_pairs([
        ("__name__", "load".to_owned()),
        ("number", number.to_string()),
        ("writer", writer.to_string()),
    ])
}

fn write_round(appender: &mut dyn Appender, writer: usize, round: i64) -> Result<(), AppendError> {
    for number in 0..SERIES {
        let id = appender.resolve(&labels(writer, number))?;
        appender.append(id, START_MS + round * 1000, round as f64)?;
    }
    // Series that come and go beside those that stay.
    appender.resolve(&labels(writer, 1000 + round as usize))?;
    appender.commit()
}

#[test]
fn writers_readers_and_maintenance_at_once() {
    let disk = SimulatedDisk::new(5);
    let options = Options {
        wal_fsync: WalFsync::Never,
        wal_segment_bytes: 32 << 10,
        samples_per_chunk: 20,
        ..options()
    };
    let store = open(&disk, options.clone()).0;
    let (stop, commits) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (store, commits) = (&store, &commits);
                scope.spawn(move || {
                    let mut appender = store.appender();
                    for round in 0..200i64 {
                        // Truncations follow each other so quickly here that a new series can be removed
                        // before its first sample is committed: then the writer has to start over.
                        while let Err(error) = write_round(&mut *appender, writer, round) {
                            assert_eq!(error, AppendError::UnknownSeries);
                            appender.rollback();
                        }
                        commits.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        for _ in 0..2 {
            let (store, stop) = (&store, &stop);
            scope.spawn(move || {
                let hints = SelectHints::default();
                while !stop.load(Ordering::Relaxed) {
                    let querier = store.querier(TimeRange::ALL).unwrap();
                    let matcher = CompiledMatcher::new(Matcher::equal("number", "7")).unwrap();
                    for series in querier.select(&[matcher], &hints).unwrap() {
                        assert_eq!(series.labels().get("number"), Some("7"));
                        let mut samples = Samples::default();
                        series.read(TimeRange::ALL, &mut samples).unwrap();
                        for (at, (t, value)) in samples.timestamps.iter().zip(&samples.floats).enumerate() {
                            assert_eq!((*t, *value), (START_MS + at as i64 * 1000, at as f64));
                        }
                    }
                    querier.label_values("number", &[], &hints).unwrap();
                }
            });
        }
        let (store, stop, commits) = (&store, &stop, &commits);
        scope.spawn(move || {
            let mut seen = 0;
            while !stop.load(Ordering::Relaxed) {
                let now = commits.load(Ordering::Relaxed);
                if now < seen + 30 {
                    std::thread::yield_now();
                    continue;
                }
                seen = now;
                store.truncate(START_MS - 1).unwrap();
                store.checkpoint().unwrap();
            }
        });
        let outcomes: Vec<_> = writers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        stop.store(true, Ordering::Relaxed);
        outcomes.into_iter().for_each(|outcome| outcome.unwrap());
    });
    assert_eq!(commits.load(Ordering::Relaxed), 200 * WRITERS as u64);
    let held = everything(&store);
    assert_eq!(held.len(), WRITERS * SERIES);
    assert!(held.iter().all(|(_, samples, _)| samples.len() == 200));
    store.truncate(START_MS - 1).unwrap();
    store.truncate(START_MS - 1).unwrap();
    assert_eq!(store.stats(1).series, (WRITERS * SERIES) as u64);
    drop(store);
    let (store, report) = open(&disk.after_kill(), options);
    assert!(report.is_complete(), "{report}");
    assert_eq!(everything(&store), held);
}

#[test]
fn writers_of_the_same_series_keep_it_in_order() {
    let disk = SimulatedDisk::new(5);
    let store =
        open(&disk, Options { wal_fsync: WalFsync::Never, wal_segment_bytes: 1 << 20, ..options() }).0;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut appender = store.appender();
                for round in 0..20_000i64 {
                    let id = appender.resolve(&labels(0, 0)).unwrap();
                    match appender.append(id, START_MS + round, round as f64) {
                        Ok(()) | Err(AppendError::OutOfOrder) => {}
                        Err(error) => panic!("{error}"),
                    }
                    appender.commit().unwrap();
                }
            });
        }
    });
    let held = everything(&store);
    assert!(held[0].1.windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert_eq!(held[0].1.last().unwrap().0, START_MS + 19_999);
}
