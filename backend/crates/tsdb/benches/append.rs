//! Appending: ns per sample of known series, per new series, and bytes per series.
//!
//! `cargo bench -p tsdb --bench append`. Before the timings it prints resident and counted bytes of a head
//! with 100,000 series of ten labels.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use model::Labels;
use platform::{RealDisk, SystemClock, SystemEntropy};
use storage::{SeriesRef, Storage};
use telemetry::Registry;
use tsdb::{Options, Tsdb, WalFsync};

const START_MS: i64 = 1_700_000_000_000;
const STEP_MS: i64 = 15_000;

fn open(dir: &std::path::Path) -> Tsdb {
    let options = Options { wal_fsync: WalFsync::Never, ..Options::new(dir) };
    match Tsdb::open(
        options,
        RealDisk::shared(),
        SystemClock::shared(),
        SystemEntropy::shared(),
        &Registry::new(),
    ) {
        Ok((store, _)) => store,
        Err(error) => panic!("{error}"),
    }
}

/// A series of a GPU fleet: ten labels, as an exporter and its target give them.
fn labels(number: usize) -> Labels {
    let (metric, gpu, host) = (number % 50, number / 50 % 8, number / 400);
    Labels::from_pairs([
        ("__name__", format!("DCGM_FI_DEV_METRIC_{metric}")),
        ("UUID", format!("GPU-{host:08x}-{gpu:04x}-4abc-9def-0123456789ab")),
        ("cluster", "prod-eu-west-1".to_owned()),
        ("device", format!("nvidia{gpu}")),
        ("gpu", gpu.to_string()),
        ("hostname", format!("gpu-node-{host:04}")),
        ("instance", format!("10.0.{}.{}:9400", host / 250, host % 250)),
        ("job", "dcgm".to_owned()),
        ("modelName", "NVIDIA H100 80GB HBM3".to_owned()),
        ("zone", format!("zone-{}", host % 3)),
    ])
}

/// As in a fleet of LLM servers and GPUs: 28 % constant, 59 % integers, 13 % fractions.
fn value(number: usize, step: i64) -> f64 {
    match number * 37 % 100 {
        0..28 => (number % 100) as f64,
        28..70 => (step * (1 + number as i64 % 17) + (number as i64 * step) % 5) as f64,
        70..87 => ((number as i64 + step * 13) % 101) as f64,
        _ => ((number as i64 * 31 + step * 7919) % 1000) as f64 / 100.0,
    }
}

/// CPU time of this thread in nanoseconds: unlike the time of day, no other process disturbs it much.
fn thread_cpu_ns() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0)
}

fn resident_bytes() -> usize {
    // Fields of statm are pages of 4 KiB; the second is resident.
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

#[expect(clippy::print_stdout, reason = "a benchmark reports what it measured")]
fn report_memory() -> Result<(), Box<dyn std::error::Error>> {
    const SERIES: usize = 100_000;
    let dir = tempfile::tempdir()?;
    let before = resident_bytes();
    let store = open(dir.path());
    let mut appender = store.appender();
    let all: Vec<Labels> = (0..SERIES).map(labels).collect();
    let cpu = thread_cpu_ns();
    let ids = all.iter().map(|labels| appender.resolve(labels)).collect::<Result<Vec<_>, _>>()?;
    println!("{} ns of CPU a new series", (thread_cpu_ns() - cpu) / SERIES as u64);
    drop(all);
    let mut cpu = 0;
    for step in 0..120 {
        let started = thread_cpu_ns();
        for (number, id) in ids.iter().enumerate() {
            appender.append(*id, START_MS + step * STEP_MS, value(number, step))?;
            if number % 5000 == 4999 {
                appender.commit()?;
            }
        }
        cpu += thread_cpu_ns() - started;
        if [0, 59, 119].contains(&step) {
            let resident = resident_bytes().saturating_sub(before) / SERIES;
            let counted = store.stats(0).memory_bytes as usize / SERIES;
            println!("{} samples a series: {resident} resident, {counted} counted bytes a series", step + 1);
        }
    }
    println!("{} ns of CPU a sample, commits of 5000, log included", cpu / (120 * SERIES as u64));
    drop((appender, store));
    let started = std::time::Instant::now();
    let reopened = open(dir.path());
    println!("replayed 12 M samples of 100,000 series in {:.2} s", started.elapsed().as_secs_f64());
    println!("{}", reopened.health().recovery);
    Ok(())
}

fn benches(c: &mut Criterion) {
    if let Err(error) = report_memory() {
        panic!("{error}");
    }
    let dir = match tempfile::tempdir() {
        Ok(dir) => dir,
        Err(error) => panic!("{error}"),
    };
    let store = open(dir.path());
    let mut group = c.benchmark_group("append");
    for series in [5_000usize, 100_000] {
        let mut appender = store.appender();
        let ids: Vec<SeriesRef> =
            (0..series).filter_map(|number| appender.resolve(&labels(number)).ok()).collect();
        let mut step = series as i64 * 1000;
        group.throughput(Throughput::Elements(series as u64));
        group.sample_size(20);
        group.bench_function(format!("known series, {series}, commits of 5000"), |b| {
            b.iter(|| {
                step += 1;
                for (number, id) in ids.iter().enumerate() {
                    let _ = appender.append(*id, START_MS + step * STEP_MS, value(number, step));
                    if number % 5000 == 4999 {
                        let _ = appender.commit();
                    }
                }
            });
        });
    }
    group.throughput(Throughput::Elements(10));
    let mut appender = store.appender();
    let ids: Vec<SeriesRef> =
        (200_000..200_010).filter_map(|number| appender.resolve(&labels(number)).ok()).collect();
    let mut step = 200_000_000;
    group.bench_function("a commit of 10 samples", |b| {
        b.iter(|| {
            step += 1;
            for id in &ids {
                let _ = appender.append(*id, START_MS + step * STEP_MS, step as f64);
            }
            let _ = appender.commit();
        });
    });
    group.throughput(Throughput::Elements(1000));
    let mut next = 1_000_000;
    group.bench_function("new series", |b| {
        b.iter_batched(
            || {
                next += 1000;
                (next..next + 1000).map(labels).collect::<Vec<Labels>>()
            },
            |batch| {
                for labels in &batch {
                    let _ = black_box(appender.resolve(labels));
                }
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(append, benches);
criterion_main!(append);
