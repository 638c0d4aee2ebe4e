//! Walking a body of 5,000 series shaped like vLLM's: only looking for series (what a scrape of known series
//! does), hashing and looking them up as well, and decoding every label set (a first scrape).

use std::collections::HashMap;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use exposition::write::{Totals, Writer};
use exposition::{Entry, Format, LabelScratch, Parser};
use model::MetricType;

const SERIES: usize = 5_000;

/// Histograms of twenty buckets and gauges for as many engines as it takes.
fn body(format: Format) -> String {
    const BOUNDS: [f64; 20] = [
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0,
        40.0, 80.0, 160.0,
    ];
    let mut writer = Writer::new(format);
    let model = "meta-llama/Llama-3.1-8B-Instruct";
    let engines: Vec<String> = (0..=SERIES / 25).map(|engine| engine.to_string()).collect();
    let engines = &engines[..SERIES / 25];
    let mut family =
        writer.family("vllm:time_to_first_token_seconds", MetricType::Histogram, "Time to first token");
    for (at, engine) in engines.iter().enumerate() {
        let at = at as u64;
        let buckets: Vec<(f64, u64)> =
            BOUNDS.iter().zip(1..).map(|(bound, n)| (*bound, n * (37 + at))).collect();
        let totals = Totals { sum: 1234.5678 + at as f64 * 0.31, count: 21 * (37 + at) };
        family.histogram(&[("engine", engine), ("model_name", model)], &buckets, totals);
    }
    for name in ["vllm:num_requests_running", "vllm:kv_cache_usage_perc"] {
        let mut family = writer.family(name, MetricType::Gauge, "A gauge");
        for (at, engine) in engines.iter().enumerate() {
            family.sample(&[("engine", engine), ("model_name", model)], at as f64 / 7.0);
        }
    }
    writer.finish()
}

fn count(body: &str, format: Format, mut each: impl FnMut(&[u8], f64) -> u64) -> u64 {
    let mut parser = Parser::new(body.as_bytes(), format);
    let mut sum = 0;
    while let Ok(Some(entry)) = parser.next_entry() {
        if let Entry::Series(series) = entry {
            sum += each(series.raw, series.value);
        }
    }
    sum
}

fn parse(criterion: &mut Criterion) {
    for format in [Format::Text, Format::OpenMetrics] {
        let body = body(format);
        let mut known: HashMap<Vec<u8>, u64, foldhash::fast::FixedState> = HashMap::default();
        count(&body, format, |raw, _| known.insert(raw.to_vec(), 1).map_or(1, |_| 0));
        assert_eq!(known.len(), SERIES);
        let mut group = criterion.benchmark_group(format.to_string());
        group.throughput(Throughput::Elements(SERIES as u64));
        group.bench_function("walk", |bench| {
            bench.iter(|| {
                black_box(count(&body, format, |raw, value| raw.len() as u64 + value.to_bits() % 2))
            });
        });
        group.bench_function("walk_and_look_up", |bench| {
            bench.iter(|| black_box(count(&body, format, |raw, value| known[raw] + value.to_bits() % 2)));
        });
        group.bench_function("decode_labels", |bench| {
            let mut scratch = LabelScratch::default();
            bench.iter(|| {
                let mut parser = Parser::new(body.as_bytes(), format);
                let mut labels = 0;
                while let Ok(Some(entry)) = parser.next_entry() {
                    if let Entry::Series(series) = entry
                        && series.labels(&mut scratch).is_ok()
                    {
                        labels += scratch.iter().count();
                    }
                }
                black_box(labels)
            });
        });
        group.finish();
    }
}

criterion_group!(benches, parse);
criterion_main!(benches);
