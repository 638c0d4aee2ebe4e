//! The whole way: a store opens a directory that a Prometheus left, and has everything.

use std::io;
use std::path::Path;
use std::sync::Arc;

use model::{CompiledMatcher, TimeRange};
use platform::{
    Clock, Disk, Fault, FaultAction, RealDisk, SeededEntropy, SimulatedClock, SimulatedDisk, SystemClock,
};
use storage::{Samples, SelectHints, Storage as _};
use telemetry::Registry;
use tsdb::{OpenError, Options, PrometheusHead, Sink as _, Tsdb};

use crate::content::{Collected, Series};
use crate::example::{DIR, expected, on_disk};
use crate::peer::Peer;
use crate::{
    FEATURES, after, assert_same, everything, min_valid, now_ms, peer_or_skip, write_late, write_seconds,
    write_until_checkpoint,
};

/// Blocks as short as those of the example.
const BLOCK_MS: i64 = 120_000;

fn options(dir: &Path) -> Options {
    Options {
        block_range_ms: BLOCK_MS,
        max_age_ms: BLOCK_MS / 2,
        retention_ms: i64::MAX / 4,
        ..Options::new(dir)
    }
}

fn open_with(disk: Arc<dyn Disk>, dir: &Path, clock: Arc<dyn Clock>) -> Result<Tsdb, OpenError> {
    let opened = Tsdb::open(options(dir), disk, clock, SeededEntropy::shared(1), &Registry::new());
    opened.map(|(store, _)| store)
}

fn open(disk: &SimulatedDisk) -> Result<Tsdb, OpenError> {
    open_with(disk.shared(), Path::new(DIR), Arc::new(SimulatedClock::new(1_700_000_000_000)))
}

fn open_real(dir: &Path) -> Tsdb {
    open_with(RealDisk::shared(), dir, SystemClock::shared()).unwrap()
}

/// All that a store has, in order.
fn content(store: &Tsdb) -> Collected {
    let querier = store.querier(TimeRange::ALL).unwrap();
    let mut collected = Collected::default();
    for series in querier.select(&[] as &[CompiledMatcher], &SelectHints::default()).unwrap() {
        let mut samples = Samples::default();
        series.read(TimeRange::ALL, &mut samples).unwrap();
        if !samples.is_empty() {
            collected.series(&series.labels(), None, &samples).unwrap();
        }
    }
    collected
}

fn exemplars(store: &Tsdb) -> usize {
    store.exemplars(&[Vec::new()], TimeRange::ALL).iter().map(|one| one.exemplars.len()).sum()
}

/// The example on a medium that keeps it when the power is cut.
fn durable() -> SimulatedDisk {
    let (disk, paths) = on_disk();
    for path in paths {
        disk.overwrite(&path, disk.read(&path).unwrap()).unwrap();
        disk.sync_dir(path.parent().unwrap()).unwrap();
    }
    disk.sync_dir(Path::new(DIR)).unwrap();
    disk
}

/// What the example has behind its blocks.
fn assert_whole(store: &Tsdb, context: &str) {
    let (min_valid, theirs) = expected();
    let mut ours: Series = after(&content(store).visible(), min_valid);
    ours.remove(&crate::name("new", &[]));
    assert_eq!(ours.len(), theirs.len(), "{context}");
    assert_same(&ours, &after(&theirs, min_valid));
}

#[test]
fn a_store_has_what_prometheus_left() {
    let (disk, _) = on_disk();
    let store = open(&disk).unwrap();
    assert_whole(&store, "opened");
    let count = exemplars(&store);
    assert!(count > 0);
    assert!(PrometheusHead::open(&disk.shared(), Path::new(DIR)).unwrap().is_none());
    assert_eq!(options(Path::new(DIR)).progress.now(), None);
    store.close().unwrap();
    drop(store);
    let store = open(&disk).unwrap();
    assert_whole(&store, "opened again");
    assert_eq!(exemplars(&store), count);
    // Blocks that were marked as late ones become longer ones like all others.
    store.maintain().unwrap();
    assert_whole(&store, "compacted");
}

/// The newest times stay open: what comes now may be a little older than what Prometheus had.
#[test]
fn new_samples_are_taken_as_prometheus_would() {
    let (disk, _) = on_disk();
    let store = open(&disk).unwrap();
    let newest = store.time_range().unwrap().end_ms / BLOCK_MS * BLOCK_MS;
    let mut appender = store.appender();
    let series = appender.resolve(&crate::name("new", &[])).unwrap();
    for t in [newest - BLOCK_MS / 2, newest + 1] {
        appender.append(series, t, 1.0).unwrap();
        appender.commit().unwrap();
    }
    drop(appender);
    store.maintain().unwrap();
    assert_whole(&store, "with new samples");
    assert_eq!(content(&store).series[&crate::name("new", &[])].len(), 2);
}

/// Where Watchfire was at work before Prometheus, its own head stays what it was.
#[test]
fn a_head_that_was_there_is_kept() {
    let disk = SimulatedDisk::new(1);
    let store = open(&disk).unwrap();
    let times: Vec<i64> = (0..10).map(|n| expected().0 - 3 * BLOCK_MS + n * BLOCK_MS / 2).collect();
    let mut appender = store.appender();
    let series = appender.resolve(&crate::name("new", &[])).unwrap();
    for t in &times {
        appender.append(series, *t, 1.0).unwrap();
        appender.commit().unwrap();
    }
    drop(appender);
    store.close().unwrap();
    drop(store);
    let (example, paths) = on_disk();
    for path in paths {
        disk.create_dir_all(path.parent().unwrap()).unwrap();
        disk.create(&path).unwrap().append(&example.read(&path).unwrap()).unwrap();
    }
    for _ in 0..2 {
        let store = open(&disk).unwrap();
        assert_whole(&store, "beside an own head");
        let kept = &content(&store).series[&crate::name("new", &[])];
        assert_eq!(kept.iter().map(|(t, _)| *t).collect::<Vec<_>>(), times);
        store.close().unwrap();
    }
}

/// Whatever fails in the middle, the next start has everything, once.
#[test]
fn a_crash_in_the_middle_loses_nothing() {
    let disk = durable();
    let before = disk.changes();
    let whole = open(&disk).map(|store| (content(&store).series, exemplars(&store))).unwrap();
    let changes = disk.changes() - before;
    let mut failures = 0;
    for (first, action) in [(0, FaultAction::Kill), (1, FaultAction::Error(io::ErrorKind::StorageFull))] {
        for at in (first..changes + 2).step_by(2) {
            let disk = durable();
            disk.set_fault(Some(Fault { at: disk.changes() + at, action }));
            let opened = open(&disk);
            let unfinished = opened.is_err();
            failures += u32::from(unfinished);
            drop(opened);
            let power_cut = at / 2 % 2 == 1;
            let disk = if power_cut { disk.after_power_cut() } else { disk.after_kill() };
            let store = open(&disk).unwrap();
            let context = format!("{action:?} at {at}");
            assert_eq!(exemplars(&store), whole.1, "{context}");
            assert_same(&content(&store).series, &whole.0);
            store.maintain().unwrap();
            assert_same(&content(&store).series, &whole.0);
        }
    }
    assert!(failures > 20, "{failures}");
}

/// Blocks, a checkpoint, late samples and a kill: the store on the real directory answers like Prometheus did,
/// and Prometheus, started on it again, still does.
#[test]
fn a_directory_changes_hands_and_back() {
    let Some(binary) = peer_or_skip() else { return };
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let base = (now_ms() - 80 * 60_000) / BLOCK_MS * BLOCK_MS;
    let flags = ["--storage.tsdb.min-block-duration=2m", "--storage.tsdb.max-block-duration=2m", FEATURES];
    let peer = Peer::start(&binary, dir.path(), &flags);
    let second = write_until_checkpoint(&peer, &data, base, 1);
    write_seconds(&peer, base, second..second + 50);
    write_late(&peer, base, 10..30);
    peer.stop();
    let peer = Peer::start(&binary, dir.path(), &flags);
    write_seconds(&peer, base, second + 50..second + 60);
    write_late(&peer, base, second..second + 20);
    let theirs = everything(&peer);
    let refused = open_with(RealDisk::shared(), &data, SystemClock::shared());
    let error = refused.err().expect("a Prometheus runs on it").to_string();
    assert!(error.contains("in use by another process"), "{error}");
    peer.kill();
    assert!(min_valid(&data) > base);

    let store = open_real(&data);
    assert_same(&content(&store).visible(), &theirs);
    assert!(exemplars(&store) > 0);
    assert!(!data.join("wal").exists() && !data.join("chunks_head").exists());
    store.maintain().unwrap();
    assert_same(&content(&store).visible(), &theirs);
    store.close().unwrap();
    drop(store);
    let store = open_real(&data);
    assert_same(&content(&store).visible(), &theirs);
    drop(store);

    let peer = Peer::start(&binary, dir.path(), &flags);
    assert_same(&everything(&peer), &theirs);
    write_seconds(&peer, base, second + 61..second + 70);
    let theirs = everything(&peer);
    peer.kill();
    assert_same(&content(&open_real(&data)).visible(), &theirs);
}
