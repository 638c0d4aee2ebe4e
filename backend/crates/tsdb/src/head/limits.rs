//! How many series there may be, and who was refused one.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use model::Labels;
use parking_lot::Mutex;
use storage::AppendError;

use super::{Head, NamedCount};

/// Names that refusals are counted by; further ones are counted together.
const MOST_NAMES: usize = 1000;
/// What further names are counted as.
const OTHERS: &str = "(others)";

/// Bounds on the series of the head. 0: none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeriesLimits {
    /// Series in all.
    pub total: u64,
    /// Series of one metric.
    pub per_metric: u64,
    /// Series with the same label `job`.
    pub per_job: u64,
}

/// Series that were refused since the start, by metric.
#[derive(Debug, Default)]
pub(crate) struct Refused(Mutex<BTreeMap<String, u64>>);

impl Refused {
    fn count(&self, metric: &str) {
        let mut counts = self.0.lock();
        let name = if counts.len() < MOST_NAMES || counts.contains_key(metric) { metric } else { OTHERS };
        match counts.get_mut(name) {
            Some(count) => *count += 1,
            None => drop(counts.insert(name.to_owned(), 1)),
        }
    }

    /// The metrics with the most refusals.
    pub(crate) fn most(&self, limit: usize) -> Vec<NamedCount> {
        let counts = self.0.lock();
        let mut all: Vec<NamedCount> =
            counts.iter().map(|(name, count)| NamedCount { name: name.clone(), count: *count }).collect();
        all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        all.truncate(limit);
        all
    }
}

impl Head {
    /// Whether there may be another series with these labels.
    pub(crate) fn admit(&self, labels: &Labels) -> Result<(), AppendError> {
        let SeriesLimits { total, per_metric, per_job } = self.limits;
        let metric = labels.get(model::METRIC_NAME).unwrap_or_default();
        let of_metric = || self.index.count(model::METRIC_NAME, metric);
        let of_job = |job| self.index.count("job", job);
        let reason = if self.refuse_series.load(Ordering::Relaxed) {
            "the server is short of memory".to_owned()
        } else if total > 0 && self.series_count.load(Ordering::Relaxed) >= total {
            format!("the store holds {total} series already (limit of all series)")
        } else if per_metric > 0 && of_metric() >= per_metric {
            format!("metric {metric} has {per_metric} series already (limit per metric)")
        } else if let Some(job) = labels.get("job").filter(|job| per_job > 0 && of_job(job) >= per_job) {
            format!("job {job} has {per_job} series already (limit per job)")
        } else {
            return Ok(());
        };
        self.refused.count(metric);
        Err(AppendError::TooManySeries(reason))
    }
}
