//! A real process on a real file system, killed with SIGKILL while it writes: nothing that it reported as
//! acknowledged is missing afterwards. The test starts itself as the process to be killed.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise, helpers included")]

mod common;

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use common::everything;
use model::Labels;
use platform::{RealDisk, SeededEntropy, SystemClock};
use storage::Storage;
use telemetry::Registry;
use tsdb::{Options, Tsdb, WalFsync};

const DIR_VARIABLE: &str = "WATCHFIRE_TEST_KILL_DIR";
const TEST: &str = "acknowledged_samples_survive_sigkill";
const WRITERS: usize = 3;

fn open(dir: &Path) -> (Tsdb, tsdb::RecoveryReport) {
    let options = Options {
        wal_fsync: WalFsync::Interval(50),
        wal_segment_bytes: 64 << 10,
        max_age_ms: i64::MAX,
        ..Options::new(dir)
    };
    Tsdb::open(options, RealDisk::shared(), SystemClock::shared(), SeededEntropy::shared(1), &Registry::new())
        .unwrap()
}

fn labels(writer: usize, number: usize) -> Labels {
    Labels::from_pairs([
        ("__name__", "kill_test".to_owned()),
        ("number", number.to_string()),
        ("writer", writer.to_string()),
    ])
}

/// The process to be killed: writes for ever and says which round of which writer is acknowledged.
fn write_until_killed(dir: &Path) {
    let (store, _) = open(dir);
    let newest = everything(&store).iter().filter_map(|(_, s, _)| s.last()).map(|(t, _)| *t).max();
    let first = newest.unwrap_or(0) + 1;
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let store = &store;
            scope.spawn(move || {
                let mut appender = store.appender();
                for round in first.. {
                    for number in 0..20 {
                        let id = appender.resolve(&labels(writer, number)).unwrap();
                        appender.append(id, round, round as f64 + number as f64 / 100.0).unwrap();
                    }
                    appender.commit().unwrap();
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "ack {writer} {round} .").unwrap();
                    out.flush().unwrap();
                }
            });
        }
        loop {
            store.maintain().unwrap();
            store.checkpoint().unwrap();
        }
    });
}

#[test]
fn acknowledged_samples_survive_sigkill() {
    if let Some(dir) = env::var_os(DIR_VARIABLE) {
        write_until_killed(Path::new(&dir));
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    // Rounds by writer that were acknowledged, over all lives of the process.
    let mut acknowledged: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
    for life in 1..=6u64 {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", TEST, "--nocapture", "--test-threads=1"])
            .env(DIR_VARIABLE, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let (mut line, mut seen) = (String::new(), 0);
        while {
            line.clear();
            lines.read_line(&mut line).unwrap() > 0
        } {
            // A line that was cut by the kill has no end and says nothing.
            let words: Vec<&str> = line.split_whitespace().skip_while(|word| *word != "ack").collect();
            let ["ack", writer, round, "."] = words[..] else { continue };
            acknowledged.entry(writer.parse().unwrap()).or_default().push(round.parse().unwrap());
            seen += 1;
            if seen == 60 * life {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(seen >= 60 * life, "the process wrote {seen} batches only");
        let (store, report) = open(dir.path());
        assert!(report.is_complete(), "{report}");
        let held: BTreeMap<Labels, BTreeMap<i64, u64>> =
            everything(&store).into_iter().map(|(l, s, _)| (l, s.into_iter().collect())).collect();
        for (writer, rounds) in &acknowledged {
            for number in 0..20 {
                let samples = &held[&labels(*writer, number)];
                for round in rounds {
                    let want = *round as f64 + number as f64 / 100.0;
                    let got = samples.get(round);
                    assert_eq!(got, Some(&want.to_bits()), "life {life}, writer {writer}, {round}");
                }
            }
        }
    }
}
