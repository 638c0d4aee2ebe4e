//! The store answers as the simplest store does, before and after it was opened anew.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise, helpers included")]

mod common;

use common::{START_MS, everything, open, options, select};
use model::{Exemplar, Histogram, Labels, MatchOp, Matcher, MetricMetadata, MetricType, Span, TimeRange};
use platform::SimulatedDisk;
use proptest::prelude::*;
use storage::memory::MemoryStorage;
use storage::{AppendError, Appender, SelectHints, Storage};

#[derive(Clone, Debug)]
enum Op {
    Float { series: usize, t: i64, value: f64 },
    Histogram { series: usize, t: i64, count: u32 },
    Metadata { series: usize, help: u8 },
    Commit,
    Rollback,
    Reopen,
    Checkpoint,
}

fn op() -> impl Strategy<Value = Op> {
    let series = 0usize..12;
    let t = START_MS..START_MS + 3_000_000;
    let value = prop_oneof![
        (-5i32..5).prop_map(f64::from),
        any::<u64>().prop_map(f64::from_bits),
        Just(model::stale_nan()),
    ];
    prop_oneof![
        20 => (series.clone(), t.clone(), value).prop_map(|(series, t, value)| Op::Float { series, t, value }),
        3 => (series.clone(), t, 0u32..3).prop_map(|(series, t, count)| Op::Histogram { series, t, count }),
        1 => (series, 0u8..3).prop_map(|(series, help)| Op::Metadata { series, help }),
        5 => Just(Op::Commit),
        1 => Just(Op::Rollback),
        1 => Just(Op::Reopen),
        1 => Just(Op::Checkpoint),
    ]
}

fn histogram(count: u32) -> Histogram {
    Histogram {
        count: f64::from(count),
        sum: 1.5,
        positive_spans: vec![Span { offset: -2, length: 1 }],
        positive_buckets: vec![f64::from(count)],
        ..Histogram::default()
    }
}

fn apply(appender: &mut dyn Appender, op: &Op) -> Result<(), AppendError> {
    match op {
        Op::Float { series, t, value } => {
            let series = appender.resolve(&common::series(*series))?;
            appender.append(series, *t, *value)
        }
        Op::Histogram { series, t, count } => {
            let series = appender.resolve(&common::series(*series))?;
            appender.append_histogram(series, *t, &histogram(*count))
        }
        Op::Metadata { series, help } => {
            let series = appender.resolve(&common::series(*series))?;
            let metadata = MetricMetadata {
                metric_type: MetricType::Gauge,
                help: help.to_string(),
                unit: String::new(),
            };
            appender.set_metadata(series, &metadata)
        }
        Op::Commit => appender.commit(),
        Op::Rollback => {
            appender.rollback();
            Ok(())
        }
        Op::Reopen | Op::Checkpoint => Ok(()),
    }
}

fn matcher_sets() -> Vec<Vec<Matcher>> {
    vec![
        vec![Matcher::equal("job", "test")],
        vec![Matcher::equal("__name__", "metric_1")],
        vec![Matcher::equal("job", "test"), Matcher::new("instance", MatchOp::Regex, "host-(1|2|11)")],
        vec![Matcher::equal("job", "test"), Matcher::new("instance", MatchOp::NotRegex, "host-1.*")],
        vec![Matcher::new("instance", MatchOp::NotEqual, "host-3")],
        vec![Matcher::equal("absent", ""), Matcher::new("__name__", MatchOp::Regex, "metric_[02]")],
        vec![Matcher::equal("absent", "x")],
    ]
}

/// Without what a histogram says of resets before it, which depends on where chunks begin.
fn plain(mut all: Vec<common::Content>) -> Vec<common::Content> {
    for (_, histogram) in all.iter_mut().flat_map(|(_, _, samples)| &mut samples.histograms) {
        let histogram = std::sync::Arc::make_mut(histogram);
        if histogram.reset_hint != model::ResetHint::Gauge {
            histogram.reset_hint = model::ResetHint::Unknown;
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn answers_as_the_simplest_store(ops in proptest::collection::vec(op(), 1..250)) {
        let mut disk = SimulatedDisk::new(1);
        let small_chunks = || tsdb::Options { samples_per_chunk: 5, spill_bytes: 1, ..options() };
        let mut store = open(&disk, small_chunks()).0;
        let model = MemoryStorage::new();
        let (mut ours, mut theirs) = (store.appender(), model.appender());
        for op in &ops {
            match op {
                Op::Reopen => {
                    // A batch that was not committed is gone with the process.
                    theirs.rollback();
                    drop(ours);
                    drop(store);
                    disk = disk.after_kill();
                    let (opened, report) = open(&disk, small_chunks());
                    prop_assert!(report.is_complete() && report.torn_tail.is_none(), "{}", report);
                    store = opened;
                    ours = store.appender();
                }
                Op::Checkpoint => store.checkpoint().unwrap(),
                op => {
                    let (ours, theirs) = (apply(&mut *ours, op), apply(&mut *theirs, op));
                    prop_assert_eq!(ours, theirs, "{:?}", op);
                }
            }
        }
        ours.commit().unwrap();
        theirs.commit().unwrap();
        prop_assert_eq!(plain(everything(&store)), plain(everything(&model)));
        for matchers in matcher_sets() {
            for range in [
                TimeRange::ALL,
                TimeRange::new(START_MS + 500_000, START_MS + 900_000),
                TimeRange::new(START_MS, START_MS),
            ] {
                let (ours, theirs) = (select(&store, &matchers, range), select(&model, &matchers, range));
                prop_assert_eq!(plain(ours), plain(theirs), "{:?} {:?}", matchers, range);
            }
        }
    }
}

/// Label queries, on series that all have samples.
#[test]
fn label_names_and_values() {
    let disk = SimulatedDisk::new(1);
    let store = open(&disk, options()).0;
    let model = MemoryStorage::new();
    for storage in [&store as &dyn Storage, &model] {
        let mut appender = storage.appender();
        for number in 0..40 {
            let series = appender.resolve(&common::series(number)).unwrap();
            appender.append(series, START_MS, 1.0).unwrap();
        }
        appender.commit().unwrap();
    }
    let hints = SelectHints::default();
    let (ours, theirs) = (store.querier(TimeRange::ALL).unwrap(), model.querier(TimeRange::ALL).unwrap());
    for matchers in matcher_sets().into_iter().chain([Vec::new()]) {
        let matchers: Vec<_> =
            matchers.into_iter().map(|m| model::CompiledMatcher::new(m).unwrap()).collect();
        assert_eq!(
            ours.label_names(&matchers, &hints).unwrap(),
            theirs.label_names(&matchers, &hints).unwrap()
        );
        for name in ["__name__", "instance", "job", "absent"] {
            assert_eq!(
                ours.label_values(name, &matchers, &hints).unwrap(),
                theirs.label_values(name, &matchers, &hints).unwrap(),
                "{name} {matchers:?}"
            );
        }
    }
    let two = SelectHints { limit: 2, ..SelectHints::default() };
    assert_eq!(ours.label_values("instance", &[], &two).unwrap(), ["host-0", "host-1"]);
}

#[test]
fn exemplars_and_metadata_come_back() {
    let disk = SimulatedDisk::new(1);
    let exemplar = |t: i64| Exemplar {
        labels: Labels::from_pairs([("trace_id", t.to_string())]),
        value: 0.5,
        timestamp_ms: START_MS + t,
    };
    let metadata =
        MetricMetadata { metric_type: MetricType::Histogram, help: "Time.".into(), unit: "seconds".into() };
    let limited = || tsdb::Options { max_exemplars: 3, ..options() };
    let store = open(&disk, limited()).0;
    let mut appender = store.appender();
    let bucket = Labels::from_pairs([("__name__", "latency_seconds_bucket"), ("le", "1.0")]);
    let series = appender.resolve(&bucket).unwrap();
    for t in 0..5 {
        appender.append_exemplar(series, &exemplar(t)).unwrap();
    }
    appender.append_exemplar(series, &exemplar(4)).unwrap(); // the same again is no error
    assert_eq!(appender.append_exemplar(series, &exemplar(1)), Err(AppendError::OutOfOrderExemplar));
    appender.set_metadata(series, &metadata).unwrap();
    appender.commit().unwrap();
    assert_eq!(appender.append_exemplar(series, &exemplar(3)), Err(AppendError::OutOfOrderExemplar));
    let check = |store: &tsdb::Tsdb| {
        let matchers = vec![model::CompiledMatcher::new(Matcher::equal("le", "1.0")).unwrap()];
        let found = store.exemplars(&[matchers], TimeRange::ALL);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].series, bucket);
        assert_eq!(found[0].exemplars, [exemplar(2), exemplar(3), exemplar(4)]);
        assert_eq!(store.metadata().get("latency_seconds"), Some(&metadata));
    };
    check(&store);
    drop((appender, store));
    let disk = disk.after_kill();
    let store = open(&disk, limited()).0;
    check(&store);
    store.checkpoint().unwrap();
    drop(store);
    check(&open(&disk.after_kill(), limited()).0);
}

#[test]
fn samples_far_behind_the_newest_are_out_of_bounds() {
    let disk = SimulatedDisk::new(1);
    let store = open(&disk, options()).0;
    let mut appender = store.appender();
    let (a, b) =
        (appender.resolve(&common::series(0)).unwrap(), appender.resolve(&common::series(1)).unwrap());
    let hour = 3_600_000;
    // An empty store takes the past, in order of time.
    for hours in (0..6).rev() {
        appender.append(a, START_MS - hours * hour, 1.0).unwrap();
        appender.commit().unwrap();
    }
    assert_eq!(appender.append(b, START_MS - hour - 1, 1.0), Err(AppendError::OutOfBounds));
    assert_eq!(appender.append(b, START_MS - hour, 1.0), Ok(()));
    appender.commit().unwrap();
    assert_eq!(everything(&store).iter().map(|s| s.1.len()).sum::<usize>(), 7);
}
