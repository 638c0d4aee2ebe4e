//! Whatever the moment of a crash: what was acknowledged is there, and nothing that was never written.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise, helpers included")]

mod common;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use common::{START_MS, everything, open, options, series};
use model::Labels;
use platform::{Fault, FaultAction, SeededEntropy, SimulatedClock, SimulatedDisk};
use storage::Storage;
use telemetry::Registry;
use tsdb::{Options, Tsdb, WalFsync};

/// Samples by series: value bits by time.
type Content = BTreeMap<Labels, BTreeMap<i64, u64>>;

fn content(store: &Tsdb) -> Content {
    everything(store)
        .into_iter()
        .map(|(labels, samples, _)| (labels, samples.into_iter().collect()))
        .collect()
}

/// What a run wrote, and what of it was acknowledged.
#[derive(Default)]
struct Run {
    written: Content,
    acknowledged: Content,
}

impl Run {
    /// Commits batches until `rounds` are done or a commit is refused.
    fn write(&mut self, store: &Tsdb, first_round: i64, rounds: i64) {
        let mut appender = store.appender();
        for round in first_round..first_round + rounds {
            let mut batch = Vec::new();
            for number in 0..4 + (round as usize % 5) {
                let labels = series(number);
                let Ok(id) = appender.resolve(&labels) else { return };
                let (t, value) = (START_MS + round * 15_000, (round * 10 + number as i64) as f64 + 0.1);
                if appender.append(id, t, value).is_err() {
                    return;
                }
                self.written.entry(labels.clone()).or_default().insert(t, value.to_bits());
                batch.push((labels.clone(), t, value.to_bits()));
                // Now and then one that comes late.
                let late = t - 100_000 - number as i64;
                if (round + number as i64) % 3 == 0 && round > first_round {
                    if appender.append(id, late, value).is_err() {
                        return;
                    }
                    self.written.entry(labels.clone()).or_default().insert(late, value.to_bits());
                    batch.push((labels, late, value.to_bits()));
                }
            }
            if appender.commit().is_err() {
                return;
            }
            for (labels, t, bits) in batch {
                self.acknowledged.entry(labels).or_default().insert(t, bits);
            }
            if round % 7 == 6 && store.checkpoint().is_err() {
                return;
            }
            // Blocks are written from the head and compacted in between.
            if round % 5 == 4 && store.maintain().is_err() {
                return;
            }
        }
    }

    fn check(&self, found: &Content, context: &str) {
        for (labels, samples) in &self.acknowledged {
            for (t, bits) in samples {
                let got = found.get(labels).and_then(|held| held.get(t));
                assert_eq!(got, Some(bits), "{context}: acknowledged sample of {labels} at {t}");
            }
        }
        for (labels, samples) in found {
            for (t, bits) in samples {
                let wrote = self.written.get(labels).and_then(|held| held.get(t));
                assert_eq!(wrote, Some(bits), "{context}: invented sample of {labels} at {t}");
            }
        }
    }
}

fn small() -> Options {
    Options {
        wal_segment_bytes: 1500,
        samples_per_chunk: 4,
        replay_threads: 2,
        late_window_ms: 600_000,
        spill_bytes: 1,
        ..options()
    }
}

/// Blocks are written from the head and compacted during a run. That is many more calls of the disk, of which
/// a test takes every few.
fn with_blocks() -> Options {
    Options { wal_segment_bytes: 1 << 20, block_range_ms: 60_000, max_age_ms: 30_000, ..small() }
}

fn try_open(disk: &SimulatedDisk, options: Options) -> Option<Tsdb> {
    let clock = Arc::new(SimulatedClock::new(START_MS));
    Tsdb::open(options, disk.shared(), clock, SeededEntropy::shared(1), &Registry::new())
        .ok()
        .map(|opened| opened.0)
}

/// How many changing calls a whole run makes.
fn calls(options: &Options) -> u64 {
    let disk = SimulatedDisk::new(0);
    let store = open(&disk, options.clone()).0;
    Run::default().write(&store, 0, 20);
    disk.changes()
}

/// Set-ups with the calls of the disk at which something happens: each of a small run, and of a run that writes
/// blocks one in [`STRIDE`], or one in `WATCHFIRE_CRASH_STRIDE`.
fn places() -> Vec<(Options, u64)> {
    let stride = std::env::var("WATCHFIRE_CRASH_STRIDE").ok().and_then(|text| text.parse().ok());
    let every = |options: Options, stride: usize| {
        (0..calls(&options)).step_by(stride).map(move |at| (options.clone(), at)).collect::<Vec<_>>()
    };
    [every(small(), 1), every(with_blocks(), stride.unwrap_or(STRIDE))].concat()
}

const STRIDE: usize = 23;

#[test]
fn killed_at_every_call_of_the_disk() {
    for (options, at) in places() {
        for fsync in [WalFsync::EveryCommit, WalFsync::Never] {
            let disk = SimulatedDisk::new(at);
            disk.set_fault(Some(Fault { at, action: FaultAction::Kill }));
            let options = Options { wal_fsync: fsync, ..options.clone() };
            let mut run = Run::default();
            if let Some(store) = try_open(&disk, options.clone()) {
                run.write(&store, 0, 20);
            }
            // A second crash, while what the first left is being cleaned up.
            let disk = disk.after_kill();
            disk.set_fault(Some(Fault { at: at % 5, action: FaultAction::Kill }));
            drop(try_open(&disk, options.clone()));
            let (store, report) = open(&disk.after_kill(), options);
            assert!(report.is_complete(), "kill at {at}: {report}");
            run.check(&content(&store), &format!("kill at {at}"));
            // And it goes on.
            let mut more = Run { written: run.written, acknowledged: run.acknowledged };
            more.write(&store, 30, 5);
            assert!(!more.acknowledged.is_empty());
            more.check(&content(&store), &format!("after kill at {at}"));
        }
    }
}

#[test]
fn power_cut_at_every_call_when_each_commit_is_synced() {
    for (options, at) in places() {
        for seed in 0..3 {
            let disk = SimulatedDisk::new(at * 1000 + seed);
            disk.set_fault(Some(Fault { at, action: FaultAction::Kill }));
            let mut run = Run::default();
            if let Some(store) = try_open(&disk, options.clone()) {
                run.write(&store, 0, 20);
            }
            let disk = disk.after_power_cut();
            let (store, report) = open(&disk, options.clone());
            run.check(&content(&store), &format!("cut at {at}, seed {seed}: {report}"));
            drop(store);
            let (store, report) = open(&disk.after_kill(), options.clone());
            assert!(report.is_complete() && report.torn_tail.is_none(), "second start: {report}");
            run.check(&content(&store), &format!("second start after cut at {at}, seed {seed}"));
        }
    }
}

/// With syncs in between, all that was acknowledged before the last sync survives.
#[test]
fn power_cut_spares_what_was_synced() {
    for seed in 0..150 {
        let disk = SimulatedDisk::new(seed);
        let options = Options { wal_fsync: WalFsync::Interval(1000), ..small() };
        let store = open(&disk, options.clone()).0;
        let mut run = Run::default();
        run.write(&store, 0, 6 + (seed as i64 % 9));
        store.sync().unwrap();
        let synced = run.acknowledged.clone();
        run.write(&store, 20, 5);
        let (store, report) = open(&disk.after_power_cut(), options);
        let survivors = Run { written: run.written, acknowledged: synced };
        survivors.check(&content(&store), &format!("seed {seed}: {report}"));
    }
}

/// An error of the disk refuses writes for as long as it lasts. Reads go on, nothing that was acknowledged is
/// lost, and writes work again by themselves.
#[test]
fn writes_are_refused_while_the_disk_fails_and_no_longer() {
    for (options, at) in places() {
        for (fsync, action) in [
            (WalFsync::EveryCommit, FaultAction::Error(io::ErrorKind::Other)),
            (WalFsync::EveryCommit, FaultAction::ErrorsFromNowOn(io::ErrorKind::StorageFull)),
            (WalFsync::Never, FaultAction::ErrorsFromNowOn(io::ErrorKind::StorageFull)),
        ] {
            let context = format!("{fsync:?} {action:?} at {at}");
            let options = Options { wal_fsync: fsync, ..options.clone() };
            let disk = SimulatedDisk::new(at);
            let clock = Arc::new(SimulatedClock::new(START_MS));
            let store = Tsdb::open(
                options.clone(),
                disk.shared(),
                clock.clone(),
                SeededEntropy::shared(1),
                &Registry::new(),
            )
            .unwrap()
            .0;
            let fault_at = disk.changes() + at;
            disk.set_fault(Some(Fault { at: fault_at, action }));
            let mut run = Run::default();
            run.write(&store, 0, 20);
            run.check(&content(&store), &context);
            if matches!(action, FaultAction::ErrorsFromNowOn(_)) && disk.changes() > fault_at {
                let before = content(&store);
                let mut more = Run::default();
                more.write(&store, 30, 1);
                assert!(more.acknowledged.is_empty(), "{context}");
                assert_eq!(content(&store), before, "{context}: reads go on");
                let refusal = store.health().refusal.expect("health says so");
                assert!(!refusal.reason.is_empty());
            }

            disk.set_fault(None);
            clock.advance(Duration::from_secs(10));
            store.maintain().unwrap();
            run.write(&store, 40, 9);
            assert!(store.health().is_healthy(), "{context}");
            assert!(run.acknowledged.values().any(|samples| samples.contains_key(&(START_MS + 48 * 15_000))));
            run.check(&content(&store), &context);
            drop(store);
            let (store, report) = open(&disk.after_kill(), options);
            assert!(report.is_complete(), "{context}: {report}");
            run.check(&content(&store), &format!("reopened after {context}"));
        }
    }
}
