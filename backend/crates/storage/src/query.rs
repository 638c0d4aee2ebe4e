//! Reading.

use std::sync::Arc;

use model::{CompiledMatcher, Histogram, Labels, TimeRange, TimestampMs, is_stale_nan};
use thiserror::Error;

use crate::{Cancel, SampleBudget};

/// Why a selection could not be answered.
#[derive(Clone, Debug, Error)]
pub enum QueryError {
    /// The query was cancelled: its client went away or its time was over.
    #[error("query was canceled")]
    Cancelled,
    /// The query would load more samples than its limit allows.
    #[error("query processing would load too many samples into memory in query execution")]
    TooManySamples,
    /// The store failed.
    #[error("failed to read storage: {0}")]
    Storage(String),
}

/// What a reader tells a store about its plans. A store may ignore all but the limits.
#[derive(Clone, Debug, Default)]
pub struct SelectHints {
    /// Step between evaluations in milliseconds; 0 for an instant query.
    pub step_ms: i64,
    /// Length of the range selector in milliseconds; 0 for an instant selector.
    pub range_ms: i64,
    /// The function around the selector, or "".
    pub function: &'static str,
    /// Upper bound on the number of results, for label queries; 0 for none.
    pub limit: usize,
    /// Set when nobody waits for the answer any more.
    pub cancel: Cancel,
    /// How many samples the query may still load.
    pub budget: SampleBudget,
}

impl SelectHints {
    /// Cuts the results of a label query to the limit.
    pub fn cut(&self, results: &mut Vec<String>) {
        if self.limit > 0 {
            results.truncate(self.limit);
        }
    }
}

/// A view of a store over a time range. May be used from several threads at once.
pub trait Querier: Send + Sync {
    /// The series that match all `matchers` and may have samples in the range; in no particular order.
    ///
    /// # Errors
    /// When the store cannot be read or the query was cancelled.
    fn select(
        &self,
        matchers: &[CompiledMatcher],
        hints: &SelectHints,
    ) -> Result<Vec<Arc<dyn Series>>, QueryError>;

    /// Names of all labels of the series that match, sorted.
    ///
    /// # Errors
    /// As for [`Querier::select`].
    fn label_names(
        &self,
        matchers: &[CompiledMatcher],
        hints: &SelectHints,
    ) -> Result<Vec<String>, QueryError>;

    /// Values that label `name` has among the series that match, sorted.
    ///
    /// # Errors
    /// As for [`Querier::select`].
    fn label_values(
        &self,
        name: &str,
        matchers: &[CompiledMatcher],
        hints: &SelectHints,
    ) -> Result<Vec<String>, QueryError>;
}

/// One series of a selection.
pub trait Series: Send + Sync {
    /// Its labels.
    fn labels(&self) -> Labels;

    /// Appends the samples within `range` to `out`, oldest first, staleness markers included. Does not
    /// clear `out`, so that a column can be filled from several stores.
    ///
    /// # Errors
    /// When a chunk cannot be read.
    fn read(&self, range: TimeRange, out: &mut Samples) -> Result<(), QueryError>;

    /// Appends the newest sample within `range` to `out`, if there is one; a staleness marker is one too. A
    /// store that knows it without decoding what comes before should say so.
    ///
    /// # Errors
    /// As for [`Series::read`].
    fn read_newest(&self, range: TimeRange, out: &mut Samples) -> Result<(), QueryError> {
        let mut all = Samples::default();
        self.read(range, &mut all)?;
        out.push_newest_of(&all);
        Ok(())
    }
}

/// Columns of samples: `[samples]` times and `[samples]` floats side by side.
///
/// Where a sample is a histogram its float is NaN (or the staleness marker) and the histogram stands in
/// `histograms` with its position. Most series have none, and the vector then never allocates.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// Times in milliseconds, strictly ascending.
    pub timestamps: Vec<TimestampMs>,
    /// Float values.
    pub floats: Vec<f64>,
    /// Histograms with their position among the samples, ascending.
    pub histograms: Vec<(u32, Arc<Histogram>)>,
}

impl Samples {
    /// Number of samples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.timestamps.len()
    }

    /// Whether there is no sample.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.timestamps.is_empty()
    }

    /// Empties the columns and keeps their memory.
    pub fn clear(&mut self) {
        self.timestamps.clear();
        self.floats.clear();
        self.histograms.clear();
    }

    /// Adds a float.
    #[inline]
    pub fn push(&mut self, t: TimestampMs, value: f64) {
        self.timestamps.push(t);
        self.floats.push(value);
    }

    /// Adds the last sample of others.
    pub fn push_newest_of(&mut self, others: &Self) {
        let (Some(t), Some(value)) = (others.timestamps.last(), others.floats.last()) else { return };
        match others.histograms.last() {
            Some((at, histogram)) if *at as usize + 1 == others.len() => {
                self.push_histogram(*t, Arc::clone(histogram));
            }
            _ => self.push(*t, *value),
        }
    }

    /// Adds a histogram.
    pub fn push_histogram(&mut self, t: TimestampMs, histogram: Arc<Histogram>) {
        let stale = is_stale_nan(histogram.sum);
        self.histograms.push((self.timestamps.len() as u32, histogram));
        self.push(t, if stale { model::stale_nan() } else { f64::NAN });
    }
}
