//! How fast queries are evaluated over a store in memory: 1,000 series × 240 steps of 15 s.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use model::Labels;
use promql::{Engine, EngineOptions, QueryOptions};
use storage::{Storage, memory::MemoryStorage};
use telemetry::Registry;

const STEP_MS: i64 = 15_000;
const STEPS: i64 = 240;
const SERIES: usize = 1_000;

fn store() -> MemoryStorage {
    let store = MemoryStorage::new();
    for series in 0..SERIES {
        let (job, instance, le) =
            (format!("job-{}", series % 20), format!("host-{}", series / 10), format!("{}", series % 10));
        let le = if le == "9" { "+Inf".to_owned() } else { le };
        let labels = Labels::from_pairs([
            ("__name__", "requests_bucket"),
            ("job", &job),
            ("instance", &instance),
            ("le", &le),
        ]);
        let mut appender = store.appender();
        let id = appender.resolve(&labels).expect("a valid series");
        for step in -20..=STEPS {
            let value = (step + 20) as f64 * (series % 10 + 1) as f64;
            appender.append(id, step * STEP_MS, value).expect("samples in order");
        }
        appender.commit().expect("memory takes everything");
    }
    store
}

fn queries(criterion: &mut Criterion) {
    let store = store();
    let started = Instant::now();
    let engine = Engine::new(EngineOptions::default(), Arc::new(move || started.elapsed()), &Registry::new());
    let cases = [
        ("select", "requests_bucket"),
        ("rate", "rate(requests_bucket[5m])"),
        ("sum by job of rate", "sum by (job) (rate(requests_bucket[5m]))"),
        ("histogram_quantile", "histogram_quantile(0.9, sum by (job, le) (rate(requests_bucket[5m])))"),
        ("group_left", "requests_bucket / on (job, instance, le) group_left requests_bucket"),
        ("avg_over_time", "avg_over_time(requests_bucket[5m])"),
    ];
    for (name, query) in cases {
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                let bounds = (0, STEPS * STEP_MS);
                let answer = engine.range(&store, query, bounds, STEP_MS, &QueryOptions::default());
                black_box(answer.expect("a valid query"))
            });
        });
    }
}

criterion_group!(benches, queries);
criterion_main!(benches);
