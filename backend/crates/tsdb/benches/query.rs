//! Selecting and reading: by name, by three matchers, by regular expression, out of 100,000 series.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use model::{CompiledMatcher, Labels, MatchOp, Matcher, TimeRange};
use platform::{RealDisk, SystemClock, SystemEntropy};
use storage::{Samples, SelectHints, Storage};
use telemetry::Registry;
use tsdb::{Options, Tsdb, WalFsync};

const START_MS: i64 = 1_700_000_000_000;
const SERIES: usize = 100_000;

fn filled(dir: &std::path::Path) -> Result<Tsdb, Box<dyn std::error::Error>> {
    let options = Options { wal_fsync: WalFsync::Never, ..Options::new(dir) };
    let store = Tsdb::open(
        options,
        RealDisk::shared(),
        SystemClock::shared(),
        SystemEntropy::shared(),
        &Registry::new(),
    )?
    .0;
    let mut appender = store.appender();
    let ids = (0..SERIES)
        .map(|number| {
            appender.resolve(&Labels::from_pairs([
                ("__name__", format!("metric_{}", number % 100)),
                ("instance", format!("host-{}", number / 1000)),
                ("job", "fleet".to_owned()),
                ("gpu", (number / 100 % 10).to_string()),
                ("pod", format!("pod-{number}")),
            ]))
        })
        .collect::<Result<Vec<_>, _>>()?;
    for step in 0..120 {
        for (number, id) in ids.iter().enumerate() {
            appender.append(*id, START_MS + step * 15_000, ((number as i64 + step) % 50) as f64 / 3.0)?;
        }
        appender.commit()?;
    }
    Ok(store)
}

fn benches(c: &mut Criterion) {
    let (dir, store) = match tempfile::tempdir().map(|dir| (filled(dir.path()), dir)) {
        Ok((Ok(store), dir)) => (dir, store),
        Ok((Err(error), _)) => panic!("{error}"),
        Err(error) => panic!("{error}"),
    };
    let hints = SelectHints::default();
    let mut group = c.benchmark_group("query");
    group.sample_size(20);
    let one_metric = vec![Matcher::equal("__name__", "metric_7")];
    let mut three = one_metric.clone();
    three.push(Matcher::equal("job", "fleet"));
    three.push(Matcher::new("gpu", MatchOp::Regex, "1|2|3"));
    let mut by_pod = one_metric.clone();
    by_pod.push(Matcher::new("pod", MatchOp::Regex, "pod-.*7"));
    let everything = vec![Matcher::equal("job", "fleet")];
    for (name, matchers) in [
        ("select 1,000 by name", &one_metric),
        ("select 300 by three matchers", &three),
        ("select 1,000 by regular expression on 100,000 values", &by_pod),
        ("select all 100,000", &everything),
    ] {
        let compiled: Vec<CompiledMatcher> =
            matchers.iter().filter_map(|m| CompiledMatcher::new(m.clone()).ok()).collect();
        group.bench_function(name, |b| {
            b.iter(|| {
                let querier = store.querier(TimeRange::ALL);
                black_box(querier.and_then(|q| q.select(&compiled, &hints)).map(|found| found.len()))
            });
        });
    }
    let compiled: Vec<CompiledMatcher> =
        one_metric.iter().filter_map(|m| CompiledMatcher::new(m.clone()).ok()).collect();
    let selected =
        store.querier(TimeRange::ALL).and_then(|q| q.select(&compiled, &hints)).unwrap_or_default();
    group.throughput(Throughput::Elements(selected.len() as u64 * 120));
    group.bench_function("read 1,000 series of 120 samples", |b| {
        let mut samples = Samples::default();
        b.iter(|| {
            let mut sum = 0.0;
            for series in &selected {
                samples.clear();
                let _ = series.read(TimeRange::ALL, &mut samples);
                sum += samples.floats.last().copied().unwrap_or(0.0);
            }
            black_box(sum)
        });
    });
    group.finish();
    drop(dir);
}

criterion_group!(query, benches);
criterion_main!(query);
