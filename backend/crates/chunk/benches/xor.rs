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

/// Chunks of the values that a host shows: of 100 series 28 stay, 59 count whole things, 13 are fractions.
fn mixed() -> Vec<Vec<u8>> {
    let mut seed = 1u64;
    let mut random = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((seed >> 33) * below) >> 31
    };
    (0..4_000u64)
        .map(|series| {
            let mut chunk = XorChunk::new();
            let (mut t, mut value) = (1_700_000_000_000 + random(15_000) as i64, random(100_000) as f64);
            for _ in 0..120 {
                value = match series % 100 {
                    0..28 => value,
                    kind @ 28..87 if random(8) > 0 => value + random(1 << (kind % 12)) as f64,
                    28..87 => value,
                    87..94 => ((value * 100.0).round() + random(1_500) as f64) / 100.0,
                    _ => random(27_931) as f64 / 27_931.0,
                };
                let _ = chunk.append(t, value);
                t += 15_000;
            }
            chunk.into_bytes()
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
    // One chunk over and over is learnt by heart by the branch predictor; many are not.
    let mixed = mixed();
    group.throughput(Throughput::Elements(120 * mixed.len() as u64));
    group.bench_function("decode_mixed", |b| {
        b.iter(|| {
            for bytes in &mixed {
                times.clear();
                values.clear();
                let _ = decode_xor(black_box(bytes), |t, value| {
                    times.push(t);
                    values.push(value);
                    true
                });
                black_box(values.len());
            }
        });
    });
    group.finish();
}

criterion_group!(xor, benches);
criterion_main!(xor);
