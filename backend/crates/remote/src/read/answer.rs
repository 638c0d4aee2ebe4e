//! What both forms of the answer have in common: the series of a query, in order.

use std::sync::Arc;

use model::Labels;
use storage::{Cancel, Samples, SelectHints, Series, Storage};

use crate::read::{ReadError, ReadQuery};

/// Series of a query by their labels.
pub(crate) type SortedSeries = Vec<(Labels, Arc<dyn Series>)>;

/// Selects the series of a query.
pub(crate) fn select(
    storage: &dyn Storage,
    query: &ReadQuery,
    cancel: &Cancel,
) -> Result<SortedSeries, ReadError> {
    let hints = SelectHints {
        step_ms: query.step_ms,
        range_ms: query.range_ms,
        cancel: cancel.clone(),
        ..SelectHints::default()
    };
    let querier = storage.querier(query.range)?;
    let found = querier.select(&query.matchers, &hints)?;
    let mut series: SortedSeries = found.into_iter().map(|one| (one.labels(), one)).collect();
    series.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(series)
}

/// Reads a series anew into `samples`.
pub(crate) fn read(
    series: &dyn Series,
    query: &ReadQuery,
    cancel: &Cancel,
    samples: &mut Samples,
) -> Result<(), ReadError> {
    cancel.check()?;
    samples.clear();
    Ok(series.read(query.range, samples)?)
}
