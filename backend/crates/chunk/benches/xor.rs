//! Appending to and reading XOR chunks of 120 samples.

use std::hint::black_box;

use chunk::{XorChunk, decode_xor};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// A counter that grows unevenly every 15 s, a few milliseconds late at times.
fn samples() -> Vec<(i64, f64)> {
    let mut seed = 1u64;
    let mut value = 1000.0;
    (0..120)
        .map(|i| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            value += f64::from((seed >> 56) as u8);
            (1_700_000_000_000 + i * 15_000 + i64::from(i % 7 == 0), value)
        })
        .collect()
}

fn benches(c: &mut Criterion) {
    let samples = samples();
    let mut group = c.benchmark_group("xor");
    group.throughput(Throughput::Elements(120));
    group.bench_function("append", |b| {
        b.iter(|| {
            let mut chunk = XorChunk::with_capacity(512);
            for (t, value) in &samples {
                let _ = chunk.append(*t, *value);
            }
            black_box(chunk.into_bytes().len())
        });
    });
    let mut chunk = XorChunk::new();
    for (t, value) in &samples {
        let _ = chunk.append(*t, *value);
    }
    let bytes = chunk.into_bytes();
    let mut times = Vec::with_capacity(120);
    let mut values = Vec::with_capacity(120);
    group.bench_function("decode", |b| {
        b.iter(|| {
            times.clear();
            values.clear();
            let _ = decode_xor(black_box(&bytes), |t, value| {
                times.push(t);
                values.push(value);
                true
            });
            black_box(values.len())
        });
    });
    group.finish();
}

criterion_group!(xor, benches);
criterion_main!(xor);
