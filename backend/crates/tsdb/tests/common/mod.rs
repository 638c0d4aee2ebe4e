//! What the tests of the store share.
#![allow(dead_code, reason = "each test file uses a part")]

use std::path::PathBuf;
use std::sync::Arc;

use model::{CompiledMatcher, Labels, Matcher, TimeRange};
use platform::{Disk, SeededEntropy, SimulatedClock, SimulatedDisk};
use storage::{Samples, SelectHints, Storage};
use telemetry::Registry;
use tsdb::{Options, RecoveryReport, Tsdb, WalFsync};

pub(crate) const START_MS: i64 = 1_700_000_000_000;

pub(crate) fn options() -> Options {
    Options {
        wal_fsync: WalFsync::EveryCommit,
        wal_segment_bytes: 4096,
        checkpoint_bytes: 1 << 40,
        ..Options::new("/data")
    }
}

pub(crate) fn open(disk: &SimulatedDisk, options: Options) -> (Tsdb, RecoveryReport) {
    let clock = Arc::new(SimulatedClock::new(START_MS));
    Tsdb::open(options, disk.shared(), clock, SeededEntropy::shared(1), &Registry::new()).unwrap()
}

pub(crate) fn wal_file(name: &str) -> PathBuf {
    PathBuf::from("/data/head/wal").join(name)
}

pub(crate) fn wal_names(disk: &SimulatedDisk) -> Vec<String> {
    disk.list(&PathBuf::from("/data/head/wal")).unwrap().into_iter().map(|entry| entry.name).collect()
}

pub(crate) fn series(number: usize) -> Labels {
    Labels::from_pairs([
        ("__name__", format!("metric_{}", number % 3)),
        ("instance", format!("host-{number}")),
        ("job", "test".to_owned()),
    ])
}

/// Labels, times with the bits of floats (so that NaNs compare), and times with histograms.
pub(crate) type Content = (Labels, Vec<(i64, u64)>, Samples);

/// All there is, in order of labels.
pub(crate) fn everything(store: &dyn Storage) -> Vec<Content> {
    select(store, &[Matcher::new("__name__", model::MatchOp::Regex, ".*")], TimeRange::ALL)
}

pub(crate) fn select(store: &dyn Storage, matchers: &[Matcher], range: TimeRange) -> Vec<Content> {
    let matchers: Vec<CompiledMatcher> =
        matchers.iter().map(|m| CompiledMatcher::new(m.clone()).unwrap()).collect();
    let querier = store.querier(range).unwrap();
    let mut out: Vec<_> = querier
        .select(&matchers, &SelectHints::default())
        .unwrap()
        .iter()
        .map(|series| {
            let mut samples = Samples::default();
            series.read(range, &mut samples).unwrap();
            let floats =
                samples.timestamps.iter().zip(&samples.floats).map(|(t, v)| (*t, v.to_bits())).collect();
            (series.labels(), floats, Samples { floats: Vec::new(), ..samples })
        })
        .filter(|(_, floats, _): &Content| !floats.is_empty())
        .collect();
    out.sort_by(|a, b| a.0.cmp(&b.0));
    out
}
