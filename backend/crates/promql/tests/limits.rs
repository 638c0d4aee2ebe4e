//! Queries that are too much: they end with a clear error, and nothing is left behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use model::Labels;
use promql::{Engine, EngineOptions, EvalError, QueryOptions, QueryValue};
use storage::{Storage, memory::MemoryStorage};
use telemetry::Registry;

fn store() -> MemoryStorage {
    let store = MemoryStorage::new();
    let mut appender = store.appender();
    for series in 0..200 {
        let labels = Labels::from_pairs([("__name__", "m".to_owned()), ("i", series.to_string())]);
        let id = appender.resolve(&labels).expect("a valid series");
        for step in 0..100 {
            appender.append(id, step * 10_000, step as f64).expect("samples in order");
        }
        appender.commit().expect("memory takes everything");
    }
    store
}

fn engine(options: EngineOptions) -> Engine {
    let started = Instant::now();
    Engine::new(options, Arc::new(move || started.elapsed()), &Registry::new())
}

#[test]
fn the_budget_of_samples_is_kept_and_given_back() {
    let engine = engine(EngineOptions { max_samples: 5_000, ..EngineOptions::default() });
    let store = store();
    let options = QueryOptions::default();
    let ask = |query: &str| engine.range(&store, query, (0, 990_000), 10_000, &options);
    let error = ask("m").expect_err("20,000 samples do not fit into 5,000");
    assert!(matches!(error, EvalError::TooManySamples), "{error}");
    // An aggregation never holds all of its input.
    let answer = ask("sum(m)").expect("the groups fit");
    assert_eq!(answer.statistics.samples_loaded, 20_000);
    assert!(answer.statistics.samples_peak <= 5_000, "{:?}", answer.statistics);
}

#[test]
fn an_endless_subquery_is_refused_before_memory_is_taken() {
    let engine = engine(EngineOptions::default());
    let error = engine
        .instant(&store(), "sum_over_time(m[100y:1ms])", 990_000, &QueryOptions::default())
        .expect_err("three trillion steps");
    assert!(matches!(error, EvalError::TooManySamples), "{error}");
}

#[test]
fn cancelled_and_late_queries_end() {
    let engine = engine(EngineOptions::default());
    let options = QueryOptions::default();
    options.cancel.cancel();
    let error = engine.instant(&store(), "m", 0, &options).expect_err("it was cancelled");
    assert_eq!(error.to_string(), "query was canceled in expression evaluation");

    let ticks = Arc::new(AtomicU64::new(0));
    let clock = Arc::new(move || Duration::from_secs(ticks.fetch_add(1, Ordering::Relaxed)));
    let options = EngineOptions { timeout: Duration::from_secs(20), ..EngineOptions::default() };
    let slow = Engine::new(options, clock, &Registry::new());
    let error = slow.instant(&store(), "m", 0, &QueryOptions::default()).expect_err("time flies");
    assert_eq!(error.to_string(), "query timed out in expression evaluation");
}

#[test]
fn senseless_ranges_are_refused() {
    let engine = engine(EngineOptions::default());
    let store = store();
    let ask = |query: &str, start, end, step| {
        engine.range(&store, query, (start, end), step, &QueryOptions::default()).map(|_| ())
    };
    let text = |result: Result<(), EvalError>| result.expect_err("it makes no sense").to_string();
    assert!(text(ask("m", 0, 10, 0)).contains("zero or negative query resolution"));
    assert!(text(ask("m", 10, 0, 1)).contains("end timestamp must not be before start time"));
    assert!(text(ask("m", 0, 11_000, 1)).contains("exceeded maximum resolution of 11,000 points"));
    assert!(text(ask("m[5m]", 0, 10, 1)).contains("must be Scalar or instant Vector"));
    assert!(text(ask("sum(", 0, 10, 1)).contains("parse error"));
}

#[test]
fn deep_queries_do_not_overflow_the_stack() {
    let engine = engine(EngineOptions::default());
    let store = store();
    for depth in [100, 250, 500, 5_000] {
        let nested = format!("{}m{}", "abs(".repeat(depth), ")".repeat(depth));
        let chained = vec!["m"; depth].join(" + ");
        let signs = format!("{}m", "-".repeat(depth));
        for query in [nested, chained, signs] {
            // Deep ones are refused by the parser; none may abort the process.
            let _ = engine.instant(&store, &query, 0, &QueryOptions::default());
        }
    }
}

#[test]
fn many_series_decoded_on_several_threads_keep_their_order() {
    let store = store();
    let one = engine(EngineOptions { threads: 1, ..EngineOptions::default() });
    let four = engine(EngineOptions { threads: 4, ..EngineOptions::default() });
    for query in ["rate(m[1m])", "sum by (i) (m)", "topk(7, m * 2)"] {
        let ask = |engine: &Engine| {
            let answer = engine.instant(&store, query, 500_000, &QueryOptions::default());
            match answer.expect("a valid query").value {
                QueryValue::Vector(samples) => samples,
                other => panic!("a vector was expected, not {}", other.type_name()),
            }
        };
        assert_eq!(ask(&one), ask(&four), "{query}");
    }
}
