//! What a head was found to hold, and what Prometheus says that it holds, in one form.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use model::{Exemplar, Histogram, Labels, MetricMetadata, TimeRange, is_stale_nan};
use platform::{Disk, RealDisk};
use storage::{AppendError, Samples};
use tsdb::{HandedOver, HeadReport, LoadOptions, PrometheusHead, Sink};

/// A sample in a form that compares: the bits of a float (all NaNs alike but the staleness marker), or count,
/// sum and populations of a histogram.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sample {
    Float(u64),
    Histogram { count: f64, sum: u64, populations: Vec<f64> },
}

impl Sample {
    pub(crate) fn float(value: f64) -> Self {
        let plain = if value.is_nan() && !is_stale_nan(value) { f64::NAN } else { value };
        Self::Float(plain.to_bits())
    }

    fn histogram(h: &Histogram) -> Self {
        let sides = h.negative_buckets.iter().rev().chain([&h.zero_count]).chain(&h.positive_buckets);
        let populations = sides.copied().filter(|count| *count != 0.0).collect();
        Self::Histogram { count: h.count, sum: h.sum.to_bits(), populations }
    }
}

pub(crate) type Series = BTreeMap<Labels, Vec<(i64, Sample)>>;

/// Collects what is handed over, and checks its order.
#[derive(Default)]
pub(crate) struct Collected {
    pub(crate) series: Series,
    pub(crate) exemplars: Vec<(Labels, Exemplar)>,
    pub(crate) metadata: BTreeMap<Labels, MetricMetadata>,
    pub(crate) windows: Vec<TimeRange>,
}

impl Sink for Collected {
    fn series(
        &mut self,
        labels: &Labels,
        metadata: Option<&MetricMetadata>,
        samples: &Samples,
    ) -> Result<u64, AppendError> {
        assert!(!samples.is_empty());
        let list = self.series.entry(labels.clone()).or_default();
        let histograms: BTreeMap<usize, &Arc<Histogram>> =
            samples.histograms.iter().map(|(index, h)| (*index as usize, h)).collect();
        for (index, (t, value)) in samples.timestamps.iter().zip(&samples.floats).enumerate() {
            assert!(list.last().is_none_or(|(last, _)| last < t), "{labels} goes back in time at {t}");
            let sample =
                histograms.get(&index).map_or_else(|| Sample::float(*value), |h| Sample::histogram(h));
            list.push((*t, sample));
        }
        self.metadata.extend(metadata.map(|metadata| (labels.clone(), metadata.clone())));
        Ok(0)
    }

    fn window_done(&mut self, window: TimeRange) -> Result<(), AppendError> {
        assert!(self.windows.last().is_none_or(|last| last.end_ms < window.start_ms));
        self.windows.push(window);
        Ok(())
    }

    fn exemplar(&mut self, labels: &Labels, exemplar: &Exemplar) -> Result<bool, AppendError> {
        self.exemplars.push((labels.clone(), exemplar.clone()));
        Ok(true)
    }

    fn finish(&mut self) -> Result<(), AppendError> {
        Ok(())
    }
}

impl Collected {
    /// Without staleness markers, which a query does not show.
    pub(crate) fn visible(&self) -> Series {
        let stale = Sample::float(model::stale_nan());
        let is_marker = |sample: &Sample| match sample {
            Sample::Histogram { sum, .. } => is_stale_nan(f64::from_bits(*sum)),
            float => *float == stale,
        };
        let mut series = self.series.clone();
        series.values_mut().for_each(|samples| samples.retain(|(_, sample)| !is_marker(sample)));
        series.retain(|_, samples| !samples.is_empty());
        series
    }
}

/// Reads the head in `dir`.
pub(crate) fn read(
    disk: &Arc<dyn Disk>,
    dir: &Path,
    min_valid_ms: i64,
) -> (Collected, HeadReport, HandedOver) {
    let head = PrometheusHead::open(disk, dir).unwrap().expect("there is a head");
    let options = LoadOptions { min_valid_ms, window_ms: 120_000, ..LoadOptions::default() };
    let mut last = (0, 0);
    let mut progress = |now: tsdb::HeadProgress| {
        assert!(now.done <= now.total, "{now:?}");
        last = (now.done, now.total);
    };
    let loaded = head.load(options, &mut progress).unwrap();
    let mut collected = Collected::default();
    let handed = loaded.hand_over(&mut collected, &mut progress).unwrap();
    assert_eq!(last.0, last.1);
    (collected, loaded.report().clone(), handed)
}

pub(crate) fn read_real(dir: &Path, min_valid_ms: i64) -> (Collected, HeadReport, HandedOver) {
    read(&RealDisk::shared(), dir, min_valid_ms)
}

/// The result of a range selector in Prometheus' JSON.
pub(crate) fn parse(answer: &serde_json::Value) -> Series {
    let number = |value: &serde_json::Value| value.as_str().unwrap().parse::<f64>().unwrap();
    let time = |value: &serde_json::Value| (value.as_f64().unwrap() * 1e3).round() as i64;
    let mut out = Series::new();
    for series in answer["data"]["result"].as_array().unwrap() {
        let labels = series["metric"].as_object().unwrap();
        let labels = Labels::from_pairs(labels.iter().map(|(n, v)| (n.clone(), v.as_str().unwrap())));
        let mut samples = Vec::new();
        for point in series["values"].as_array().into_iter().flatten() {
            samples.push((time(&point[0]), Sample::float(number(&point[1]))));
        }
        for point in series["histograms"].as_array().into_iter().flatten() {
            let (count, sum) = (number(&point[1]["count"]), number(&point[1]["sum"]).to_bits());
            let buckets = point[1]["buckets"].as_array().into_iter().flatten();
            let populations = buckets.map(|bucket| number(&bucket[3])).filter(|c| *c != 0.0).collect();
            samples.push((time(&point[0]), Sample::Histogram { count, sum, populations }));
        }
        samples.sort_by_key(|(t, _)| *t);
        out.insert(labels, samples);
    }
    out
}
