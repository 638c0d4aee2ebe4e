//! Filling the store from a `load` command.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{BUCKET_LABEL, Histogram, Labels, LabelsBuilder, METRIC_NAME, TimestampMs, Value};
use storage::{Storage, memory::MemoryStorage};

use crate::histogram::buckets::set_positive;
use crate::script::series::Line;

/// Appends the series; of several lines for one series the last counts.
pub(super) fn load(
    store: &MemoryStorage,
    interval_ms: i64,
    series: &[Line],
    with_nhcb: bool,
) -> Result<(), String> {
    let mut by_labels: Vec<(Labels, Vec<(TimestampMs, Value)>)> = Vec::new();
    for line in series {
        let samples = line.values.iter().enumerate().filter_map(|(i, value)| {
            value.clone().map(|value| (interval_ms.saturating_mul(i as i64), value))
        });
        let samples: Vec<_> = samples.collect();
        match by_labels.iter_mut().find(|(labels, _)| *labels == line.labels) {
            Some((_, held)) => *held = samples,
            None => by_labels.push((line.labels.clone(), samples)),
        }
    }
    if with_nhcb {
        let native = native_from_classic(&by_labels);
        by_labels.extend(native);
    }
    for (labels, samples) in &by_labels {
        append(store, labels, samples)?;
    }
    Ok(())
}

fn append(store: &MemoryStorage, labels: &Labels, samples: &[(TimestampMs, Value)]) -> Result<(), String> {
    if samples.is_empty() {
        return Ok(());
    }
    let explain = |error: storage::AppendError| format!("{labels}: {error}");
    let mut appender = store.appender();
    let series = appender.resolve(labels).map_err(explain)?;
    for (t, value) in samples {
        match value {
            Value::Float(value) => appender.append(series, *t, *value),
            Value::Histogram(histogram) => appender.append_histogram(series, *t, histogram),
        }
        .map_err(explain)?;
    }
    appender.commit().map_err(explain)
}

/// One classic histogram at one time.
#[derive(Default)]
struct Classic {
    /// Cumulative counts by bound.
    buckets: Vec<(f64, f64)>,
    count: Option<f64>,
    sum: f64,
}

/// Native histograms with custom buckets made of classic ones, under the name without suffix.
fn native_from_classic(
    series: &[(Labels, Vec<(TimestampMs, Value)>)],
) -> Vec<(Labels, Vec<(TimestampMs, Value)>)> {
    let mut found: BTreeMap<Labels, BTreeMap<TimestampMs, Classic>> = BTreeMap::new();
    for (labels, samples) in series {
        let name = labels.metric_name();
        let Some((base, suffix)) = name.rsplit_once('_') else { continue };
        let bound = labels.get(BUCKET_LABEL).and_then(|le| le.parse::<f64>().ok());
        let mut builder = LabelsBuilder::new(labels);
        builder.set(METRIC_NAME, base).remove(BUCKET_LABEL);
        let key = builder.build();
        for (t, value) in samples {
            let Value::Float(value) = value else { continue };
            if !matches!((suffix, bound), ("bucket", Some(_)) | ("count" | "sum", None)) {
                continue;
            }
            let classic = found.entry(key.clone()).or_default().entry(*t).or_default();
            match (suffix, bound) {
                ("bucket", Some(bound)) => classic.buckets.push((bound, *value)),
                ("count", _) => classic.count = Some(*value),
                _ => classic.sum = *value,
            }
        }
    }
    found
        .into_iter()
        .map(|(labels, times)| {
            let samples = times.into_iter().filter(|(_, c)| !c.buckets.is_empty());
            (labels, samples.map(|(t, c)| (t, Value::Histogram(Arc::new(convert(c))))).collect())
        })
        .collect()
}

fn convert(mut classic: Classic) -> Histogram {
    classic.buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total = classic.count.or(classic.buckets.last().map(|(_, count)| *count)).unwrap_or(0.0);
    if classic.buckets.last().is_none_or(|(bound, _)| *bound != f64::INFINITY) {
        classic.buckets.push((f64::INFINITY, total));
    }
    let mut before = 0.0;
    let mut buckets = Vec::new();
    for (index, (_, cumulative)) in classic.buckets.iter().enumerate() {
        buckets.push((index as i32, cumulative - before));
        before = *cumulative;
    }
    let mut h = Histogram {
        schema: Histogram::CUSTOM_BUCKETS_SCHEMA,
        count: total,
        sum: classic.sum,
        custom_values: classic.buckets.iter().map(|(bound, _)| *bound).filter(|b| b.is_finite()).collect(),
        ..Histogram::default()
    };
    set_positive(&mut h, &buckets);
    h
}
