//! The committed example, whole, damaged and moved: none of it needs a Prometheus.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::TimeRange;
use platform::{Disk, Fault, FaultAction, SeededEntropy, SimulatedClock, SimulatedDisk};
use storage::{Samples, SelectHints, Storage as _};
use telemetry::Registry;
use tsdb::{AppenderSink, LoadOptions, Options, PrometheusHead, Tsdb};

use crate::content::{Collected, Series, read};
use crate::example::{DIR, expected, on_disk};
use crate::{after, assert_same};

fn read_example(disk: &SimulatedDisk) -> (Collected, tsdb::HeadReport) {
    let (collected, report, _) = read(&disk.shared(), Path::new(DIR), expected().0);
    (collected, report)
}

/// How many samples are equal in both, and how many of `some` are not in `all`.
fn compare(some: &Series, all: &Series) -> (usize, usize) {
    let (mut equal, mut invented) = (0, 0);
    for (labels, samples) in some {
        for sample in samples {
            let known = all.get(labels).is_some_and(|all| {
                let at = all.binary_search_by_key(&sample.0, |(t, _)| *t);
                at.is_ok_and(|at| all[at] == *sample)
            });
            if known { equal += 1 } else { invented += 1 }
        }
    }
    (equal, invented)
}

fn count(series: &Series) -> usize {
    series.values().map(Vec::len).sum()
}

#[test]
fn the_example_holds_what_prometheus_answered() {
    let (disk, _) = on_disk();
    let (ours, report) = read_example(&disk);
    let (min_valid, theirs) = expected();
    assert!(report.is_complete() && report.torn_tails.is_empty(), "{report}");
    assert!(report.chunks > 0 && report.tombstones > 0, "{report:?}");
    assert_same(&after(&ours.visible(), min_valid), &after(&theirs, min_valid));
}

/// Without its chunk files the log still has everything.
#[test]
fn the_log_makes_up_for_lost_chunks() {
    let (disk, _) = on_disk();
    let (whole, _) = read_example(&disk);
    disk.remove_dir_all(&Path::new(DIR).join("chunks_head")).unwrap();
    let (ours, report) = read_example(&disk);
    assert_eq!(report.chunks, 0);
    assert_same(&ours.series, &whole.series);
}

/// A byte of the chunk files is no loss as long as the log is whole, and is reported.
#[test]
fn a_damaged_chunk_is_read_from_the_log() {
    let (disk, paths) = on_disk();
    let (whole, _) = read_example(&disk);
    let path = paths.iter().find(|path| path.to_string_lossy().contains("chunks_head")).unwrap();
    let bytes = disk.read(path).unwrap();
    for at in (8..bytes.len()).step_by(101) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x41;
        disk.overwrite(path, damaged).unwrap();
        let (ours, report) = read_example(&disk);
        assert_same(&ours.series, &whole.series);
        let unused = report.damage.is_empty() && report.torn_tails.is_empty();
        assert!(!unused || at > bytes.len() - 20, "byte {at}: {report}");
    }
}

/// One changed byte in a log costs little, invents nothing and is reported, wherever it is.
#[test]
fn a_damaged_log_loses_little() {
    let (disk, paths) = on_disk();
    let (whole, _) = read_example(&disk);
    let total = count(&whole.series);
    for path in paths.iter().filter(|path| !path.to_string_lossy().contains("chunks_head")) {
        let bytes = disk.read(path).unwrap();
        for at in (0..bytes.len()).step_by(199) {
            let mut damaged = bytes.clone();
            damaged[at] = damaged[at].wrapping_add(1 + (at % 200) as u8);
            disk.overwrite(path, damaged).unwrap();
            let (ours, report) = read_example(&disk);
            let (equal, invented) = compare(&ours.series, &whole.series);
            // A lost deletion brings samples back, nothing else may appear.
            let deletions = report.tombstones < 8;
            assert!(invented == 0 || deletions, "{} byte {at}: {invented} invented", path.display());
            let told = !report.is_complete() || !report.torn_tails.is_empty();
            assert!(
                told || equal == total || at + 16 > bytes.len(),
                "{} byte {at}: {report}",
                path.display()
            );
        }
        disk.overwrite(path, bytes).unwrap();
    }
}

/// Every file, cut anywhere.
#[test]
fn cut_files_are_read_as_far_as_they_go() {
    let (disk, paths) = on_disk();
    let (whole, _) = read_example(&disk);
    for path in &paths {
        let bytes = disk.read(path).unwrap();
        for length in (0..bytes.len()).step_by(307) {
            disk.overwrite(path, bytes[..length].to_vec()).unwrap();
            let (ours, report) = read_example(&disk);
            let (_, invented) = compare(&ours.series, &whole.series);
            assert!(invented == 0 || report.tombstones < 8, "{} at {length}: {report}", path.display());
        }
        disk.overwrite(path, bytes).unwrap();
    }
}

fn open_store(disk: &SimulatedDisk) -> Tsdb {
    let options = Options { max_age_ms: 120_000, ..Options::new("/ours") };
    let clock = Arc::new(SimulatedClock::new(1_700_000_000_000));
    Tsdb::open(options, disk.shared(), clock, SeededEntropy::shared(1), &Registry::new()).unwrap().0
}

fn count_in(store: &Tsdb) -> usize {
    let querier = store.querier(TimeRange::ALL).unwrap();
    let mut count = 0;
    for series in querier.select(&[], &SelectHints::default()).unwrap() {
        let mut samples = Samples::default();
        series.read(TimeRange::ALL, &mut samples).unwrap();
        count += samples.len();
    }
    count
}

/// Into a store by its appender, twice, though the store takes nothing that is much older than its newest.
#[test]
fn a_store_takes_it_over_and_a_second_time_does_no_harm() {
    let (disk, _) = on_disk();
    let head = PrometheusHead::open(&disk.shared(), Path::new(DIR)).unwrap().unwrap();
    let options = LoadOptions { window_ms: 120_000, min_valid_ms: expected().0, ..LoadOptions::default() };
    let loaded = head.load(options, &mut |_| {}).unwrap();
    let store = open_store(&disk);
    let handed = loaded.hand_over(&mut AppenderSink::new(&mut *store.appender()), &mut |_| {}).unwrap();
    // Only what came late and is older than the window of the store may be refused; there is none here.
    assert_eq!((handed.refused, count_in(&store) as u64), (0, handed.samples));
    let again = loaded.hand_over(&mut AppenderSink::new(&mut *store.appender()), &mut |_| {}).unwrap();
    assert_eq!(again.samples, handed.samples);
    assert_eq!(count_in(&store) as u64, handed.samples);
}

/// Where the example goes: it is named after the newest segment.
fn aside(paths: &[PathBuf]) -> PathBuf {
    let wal = Path::new(DIR).join("wal");
    let newest = paths.iter().filter(|path| path.parent() == Some(&wal)).max().unwrap();
    let name = format!("prometheus-{}", newest.file_name().unwrap().display());
    Path::new(DIR).join("imported").join(name)
}

#[test]
fn set_aside_it_is_not_found_again() {
    let (disk, paths) = on_disk();
    let head = PrometheusHead::open(&disk.shared(), Path::new(DIR)).unwrap().unwrap();
    let folder = head.set_aside().unwrap();
    assert_eq!(folder, aside(&paths));
    assert!(PrometheusHead::open(&disk.shared(), Path::new(DIR)).unwrap().is_none());
    for path in &paths {
        let moved = folder.join(path.strip_prefix(DIR).unwrap());
        assert!(disk.read(&moved).is_ok(), "{}", moved.display());
    }
}

/// Killed at any change, the files are all there and the next start finishes the move.
#[test]
fn a_crash_while_moving_is_made_good() {
    for at in 0.. {
        let (disk, paths) = on_disk();
        let head = PrometheusHead::open(&disk.shared(), Path::new(DIR)).unwrap().unwrap();
        disk.set_fault(Some(Fault { at: disk.changes() + at, action: FaultAction::Kill }));
        if head.set_aside().is_ok() {
            assert!(at > 5);
            return;
        }
        let disk = disk.after_kill();
        if let Some(head) = PrometheusHead::open(&disk.shared(), Path::new(DIR)).unwrap() {
            head.set_aside().unwrap();
        }
        let folder = aside(&paths);
        for path in &paths {
            assert!(disk.read(&folder.join(path.strip_prefix(DIR).unwrap())).is_ok(), "killed at {at}");
        }
    }
}

#[test]
fn no_head_is_found_where_there_is_none() {
    let disk = SimulatedDisk::new(1);
    let found = |disk: &SimulatedDisk| PrometheusHead::open(&disk.shared(), Path::new("/d")).unwrap();
    assert!(found(&disk).is_none());
    disk.create_dir_all(Path::new("/d/wal")).unwrap();
    disk.create_dir_all(Path::new("/d/chunks_head")).unwrap();
    assert!(found(&disk).is_none());
    disk.create(Path::new("/d/wal/00000000")).unwrap().append(b"WFWAL\0\0\x01rest").unwrap();
    assert!(found(&disk).is_none(), "our own log");
}
