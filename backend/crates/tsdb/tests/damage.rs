//! Damaged logs: what can be read is recovered, what cannot is set aside and reported.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise, helpers included")]

mod common;

use std::path::Path;

use common::{START_MS, everything, open, options, series, wal_file, wal_names};
use platform::{Disk, SeededEntropy, SimulatedDisk};
use storage::Storage;
use tsdb::{Options, Tsdb};

/// A store with ten rounds of commits of three series in one segment; the lengths of the segment after each
/// round. In the first, each series comes with a commit of its own, so that their records are apart.
fn written() -> (SimulatedDisk, Vec<usize>) {
    let disk = SimulatedDisk::new(3);
    let store = open(&disk, one_segment()).0;
    let mut appender = store.appender();
    let mut lengths = Vec::new();
    for round in 0..10 {
        for number in 0..3 {
            let id = appender.resolve(&series(number)).unwrap();
            appender.append(id, START_MS + round * 1000, round as f64 + 0.5).unwrap();
            if round == 0 {
                appender.commit().unwrap();
            }
        }
        appender.commit().unwrap();
        lengths.push(disk.read(&wal_file("00000000")).unwrap().len());
    }
    (disk.after_kill(), lengths)
}

fn one_segment() -> Options {
    Options { wal_segment_bytes: 1 << 20, ..options() }
}

fn count(store: &Tsdb) -> usize {
    everything(store).iter().map(|(_, samples, _)| samples.len()).sum()
}

#[test]
fn a_torn_tail_is_cut_wherever_it_tears() {
    let (disk, lengths) = written();
    let whole = disk.read(&wal_file("00000000")).unwrap();
    for length in lengths[8]..lengths[9] {
        let disk = disk.after_kill();
        disk.overwrite(&wal_file("00000000"), whole[..length].to_vec()).unwrap();
        let (store, report) = open(&disk, one_segment());
        assert!(report.is_complete());
        match report.torn_tail {
            None => assert_eq!(length, lengths[8]),
            Some(tail) => {
                assert_eq!((tail.offset, tail.bytes), (lengths[8] as u64, (length - lengths[8]) as u64));
            }
        }
        assert_eq!(count(&store), 27);
        drop(store);
        let (store, report) = open(&disk.after_kill(), one_segment());
        assert!(report.torn_tail.is_none() && report.is_complete(), "{report}");
        assert_eq!(count(&store), 27);
    }
}

#[test]
fn a_changed_byte_anywhere_is_noticed_and_costs_little() {
    let (disk, lengths) = written();
    let whole = disk.read(&wal_file("00000000")).unwrap();
    // Byte 7 is the version; see `a_later_version_is_left_alone`.
    for at in (0..whole.len()).filter(|at| *at != 7) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x41;
        let disk = disk.after_kill();
        disk.overwrite(&wal_file("00000000"), bytes.clone()).unwrap();
        let (store, report) = open(&disk, one_segment());
        let in_last = at >= lengths[8];
        assert_eq!(report.torn_tail.is_some(), in_last, "byte {at}: {report}");
        let found = count(&store);
        if in_last {
            assert_eq!(found, 27, "byte {at}");
            continue;
        }
        assert_eq!(report.damage.len(), 1, "byte {at}: {report}");
        let damage = &report.damage[0];
        assert!(damage.offset as usize <= at && at < (damage.offset + damage.bytes) as usize, "byte {at}");
        assert_eq!(disk.read(damage.quarantined.as_deref().unwrap()).unwrap(), bytes);
        assert!(report.to_string().contains("LOST"), "{report}");
        // A commit lost, or a series with all its ten samples.
        assert!([30, 29, 27, 20].contains(&found), "byte {at}: {found}");
        assert_eq!(found == 20, report.orphaned_samples == 10, "byte {at}: {report}");
        drop(store);
        // The log is whole again.
        let (store, report) = open(&disk.after_kill(), one_segment());
        assert!(report.is_complete(), "byte {at}: {report}");
        assert_eq!(count(&store), found);
    }
}

#[test]
fn a_missing_segment_is_reported() {
    let disk = SimulatedDisk::new(3);
    let options = || Options { wal_segment_bytes: 300, ..options() };
    let store = open(&disk, options()).0;
    let mut appender = store.appender();
    let id = appender.resolve(&series(0)).unwrap();
    for round in 0..40 {
        appender.append(id, START_MS + round * 1000, 0.1).unwrap();
        appender.commit().unwrap();
    }
    let disk = disk.after_kill();
    assert!(wal_names(&disk).len() > 3);
    disk.remove_file(&wal_file("00000002")).unwrap();
    let (store, report) = open(&disk, options());
    assert_eq!(report.damage.len(), 1, "{report}");
    assert!(report.damage[0].reason.contains("segments 2 to 2 are missing"), "{report}");
    assert!((20..40).contains(&count(&store)));
}

#[test]
fn another_version_is_left_alone() {
    for version in [1, 3] {
        let (disk, _) = written();
        let mut bytes = disk.read(&wal_file("00000000")).unwrap();
        bytes[7] = version;
        disk.overwrite(&wal_file("00000000"), bytes.clone()).unwrap();
        let clock = std::sync::Arc::new(platform::SimulatedClock::new(START_MS));
        let entropy = SeededEntropy::shared(1);
        let opened = Tsdb::open(options(), disk.shared(), clock, entropy, &telemetry::Registry::new());
        let error = opened.err().unwrap().to_string();
        assert!(error.contains(&format!("another version (format {version})")), "{error}");
        assert_eq!(disk.read(&wal_file("00000000")).unwrap(), bytes);
    }
}

#[test]
fn a_damaged_checkpoint_gives_what_it_can() {
    let (disk, _) = written();
    let store = open(&disk, one_segment()).0;
    store.checkpoint().unwrap();
    drop(store);
    let dir = wal_names(&disk).into_iter().find(|name| name.starts_with("checkpoint.")).unwrap();
    let path = wal_file(&dir).join("00000000");
    let whole = disk.read(&path).unwrap();
    for at in (0..whole.len()).filter(|at| *at != 7 && at % 3 == 0) {
        let disk = disk.after_kill();
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        disk.overwrite(&path, bytes).unwrap();
        let (store, report) = open(&disk, one_segment());
        assert!(!report.is_complete(), "byte {at}");
        // A chunk lost, or the series of a record: their three chunks belong to nobody.
        let found = count(&store);
        assert!([30, 20, 0].contains(&found), "byte {at}: {found}");
        assert_eq!(found == 0, report.orphaned_samples == 3, "byte {at}: {report}");
    }
}

#[test]
fn one_process_at_a_time() {
    let disk = SimulatedDisk::new(1);
    let (store, _) = open(&disk, options());
    let clock = std::sync::Arc::new(platform::SimulatedClock::new(START_MS));
    let again = || {
        Tsdb::open(
            options(),
            disk.shared(),
            clock.clone(),
            SeededEntropy::shared(1),
            &telemetry::Registry::new(),
        )
    };
    let error = again().err().unwrap();
    assert_eq!(
        error.to_string(),
        format!(
            "{} is in use by another process, a Watchfire or a Prometheus: one data directory serves one process",
            Path::new("/data/lock").display()
        )
    );
    drop(store);
    assert!(again().is_ok());
}
