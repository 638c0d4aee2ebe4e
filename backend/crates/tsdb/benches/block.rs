//! A block of 100,000 series of ten labels: writing it, opening it, selecting from it, reading, compacting.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a benchmark")]

use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chunk::XorChunk;
use criterion::{Criterion, criterion_group, criterion_main};
use model::{CompiledMatcher, Labels, MatchOp, Matcher, TimeRange};
use platform::{Disk, RealDisk, SystemClock, SystemEntropy};
use storage::{Querier, Samples, SelectHints};
use tsdb::block::{Block, BlockMeta, BlockWriter, Blocks, ChunkBytes, EncodedChunk, Ulid};

const SERIES: usize = 100_000;
const RANGE_MS: i64 = 7_200_000;

/// GPU metrics: 100 names, 250 hosts of four GPUs.
fn labels() -> Vec<Labels> {
    let one = |n: usize| {
        let (name, gpu) = (n % 100, n / 100);
        Labels::from_pairs([
            ("__name__", format!("gpu_metric_{name}")),
            ("cluster", format!("cluster-{}", gpu % 4)),
            ("datacenter", "fra1".to_owned()),
            ("device", format!("nvidia{}", gpu % 4)),
            ("gpu", format!("{}", gpu % 4)),
            ("instance", format!("node-{:04}.example.org:9400", gpu / 4)),
            ("job", "dcgm".to_owned()),
            ("model", format!("H{}00", 1 + gpu % 2)),
            ("namespace", format!("team-{}", gpu % 17)),
            ("uuid", format!("GPU-{:032x}", gpu as u128 * 0x9e37_79b9_7f4a_7c15)),
        ])
    };
    let mut labels: Vec<Labels> = (0..SERIES).map(one).collect();
    labels.sort();
    labels
}

/// Four chunks of 120 samples, 15 s apart.
fn chunks(from: i64) -> Vec<EncodedChunk> {
    let chunk = |first: i64| {
        let mut chunk = XorChunk::new();
        (first..first + 120).for_each(|n| chunk.append(from + n * 15_000, (n % 7) as f64 * 1.5).unwrap());
        let data = ChunkBytes::from(chunk.into_bytes());
        EncodedChunk { min_t: from + first * 15_000, max_t: from + (first + 119) * 15_000, encoding: 1, data }
    };
    (0..4).map(|n| chunk(n * 120)).collect()
}

fn write(disk: &Arc<dyn Disk>, dir: &Path, id: u128, from: i64, labels: &[Labels]) -> PathBuf {
    let meta = BlockMeta::new(Ulid::from(id), from, from + RANGE_MS);
    let mut writer = BlockWriter::create(Arc::clone(disk), dir, meta).unwrap();
    let chunks = chunks(from);
    labels.iter().for_each(|labels| writer.add_series(labels, &chunks).unwrap());
    writer.finish().unwrap()
}

fn block(criterion: &mut Criterion) {
    let labels = labels();
    let disk = RealDisk::shared();
    let temporary = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("block of 100,000 series");
    group.sample_size(10);
    let mut id = 0;
    group.bench_function("write", |bencher| {
        bencher.iter(|| {
            id += 1;
            let dir = write(&disk, temporary.path(), id, 0, &labels);
            disk.remove_dir_all(&dir).unwrap();
        });
    });
    let dir = write(&disk, temporary.path(), 1, 0, &labels);
    group.bench_function("open", |bencher| {
        bencher.iter(|| black_box(Block::open(Arc::clone(&disk), &dir).unwrap()));
    });
    let block = Arc::new(Block::open(Arc::clone(&disk), &dir).unwrap());
    println!("{} bytes on disk, {} bytes in memory", block.size_bytes(), block.heap_bytes());
    let querier = block.querier(TimeRange::ALL);
    let hints = SelectHints::default();
    let name = || Matcher::equal("__name__", "gpu_metric_7");
    let cases = [
        ("select 1 by two equals", vec![name(), Matcher::equal("uuid", format!("GPU-{:032x}", 0))]),
        ("select 1,000 by name", vec![name()]),
        (
            "select 125 by three matchers",
            vec![
                name(),
                Matcher::equal("cluster", "cluster-1"),
                Matcher::new("instance", MatchOp::Regex, "node-0[01].*"),
            ],
        ),
        ("select 941 by name and !=", vec![name(), Matcher::new("namespace", MatchOp::NotEqual, "team-3")]),
        (
            "select by regex over 250 values",
            vec![name(), Matcher::new("instance", MatchOp::Regex, ".*[13]7\\..*")],
        ),
        ("select 25,000 by one label", vec![Matcher::equal("cluster", "cluster-1")]),
        ("select all", vec![Matcher::new("__name__", MatchOp::Regex, ".+")]),
    ];
    for (what, matchers) in cases {
        let matchers: Vec<CompiledMatcher> =
            matchers.into_iter().map(|m| CompiledMatcher::new(m).unwrap()).collect();
        println!("{what}: {}", querier.select(&matchers, &hints).unwrap().len());
        group.bench_function(what, |bencher| {
            bencher.iter(|| black_box(querier.select(&matchers, &hints).unwrap()));
        });
    }
    group.bench_function("label values of 1,000", |bencher| {
        bencher.iter(|| black_box(querier.label_values("uuid", &[], &hints).unwrap()));
    });
    let thousand = querier.select(&[CompiledMatcher::new(name()).unwrap()], &hints).unwrap();
    let mut samples = Samples::default();
    group.bench_function("read 480,000 samples", |bencher| {
        bencher.iter(|| {
            for series in &thousand {
                samples.clear();
                series.read(TimeRange::ALL, &mut samples).unwrap();
            }
        });
    });
    group.bench_function("compact three into one", |bencher| {
        bencher.iter_with_setup(
            || {
                let dir = tempfile::tempdir().unwrap();
                let write_one = |n: i64| write(&disk, dir.path(), 7 + n as u128, n * RANGE_MS, &labels);
                (0..3).for_each(|n| drop(write_one(n)));
                dir
            },
            |dir| {
                let (clock, entropy) = (SystemClock::shared(), SystemEntropy::shared());
                let (blocks, _) = Blocks::open(Arc::clone(&disk), dir.path(), clock, entropy).unwrap();
                let ulids: Vec<Ulid> = blocks.list().iter().map(|block| block.ulid()).collect();
                blocks.compact(&ulids, &mut |_| ControlFlow::Continue(())).unwrap();
                dir
            },
        );
    });
}

criterion_group!(benches, block);
criterion_main!(benches);
