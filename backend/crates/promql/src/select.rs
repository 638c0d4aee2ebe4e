//! Selectors: finding series, decoding each once, and laying instant selectors out over the steps.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::{CompiledMatcher, Histogram, Labels, TimeRange, TimestampMs, is_stale_nan};
use promql_syntax::ast::{MatrixSelector, RangeEdges, VectorSelector};
use storage::{SampleBudget, Samples, SelectHints, Series};

use crate::column::{Column, Row, canonical};
use crate::context::Context;
use crate::error::{EvalError, Result};
use crate::parallel;
use crate::steps::{Reference, Steps};
use crate::window::Windows;

/// How many series are laid out before they are handed on, so that an aggregation over many series never
/// holds all of them.
const BATCH: usize = 1024;

/// The samples of a series that a range function works on, floats and histograms apart, without
/// staleness markers.
#[derive(Clone, Debug, Default)]
pub(crate) struct RangeSeries {
    pub(crate) labels: Labels,
    pub(crate) drop_name: bool,
    pub(crate) float_times: Vec<TimestampMs>,
    pub(crate) floats: Vec<f64>,
    pub(crate) histogram_times: Vec<TimestampMs>,
    pub(crate) histograms: Vec<Arc<Histogram>>,
}

impl RangeSeries {
    pub(crate) fn len(&self) -> usize {
        self.floats.len() + self.histograms.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the samples out of what a store gave.
    fn fill(&mut self, samples: &Samples) {
        self.float_times.clear();
        self.floats.clear();
        self.histogram_times.clear();
        self.histograms.clear();
        let mut histograms = samples.histograms.iter().peekable();
        for (position, (t, value)) in samples.timestamps.iter().zip(&samples.floats).enumerate() {
            if let Some((_, histogram)) = histograms.next_if(|(at, _)| *at as usize == position) {
                if !is_stale_nan(histogram.sum) {
                    self.histogram_times.push(*t);
                    self.histograms.push(Arc::clone(histogram));
                }
            } else if !is_stale_nan(*value) {
                self.float_times.push(*t);
                self.floats.push(canonical(*value));
            }
        }
    }

    /// The samples of both kinds in order of time.
    pub(crate) fn into_samples(self) -> Samples {
        let mut out = Samples::default();
        let mut histograms = self.histogram_times.into_iter().zip(self.histograms).peekable();
        for (t, value) in self.float_times.into_iter().zip(self.floats) {
            while let Some((at, histogram)) = histograms.next_if(|(at, _)| *at < t) {
                out.push_histogram(at, histogram);
            }
            out.push(t, value);
        }
        for (at, histogram) in histograms {
            out.push_histogram(at, histogram);
        }
        out
    }
}

/// Buffers of a worker.
#[derive(Default)]
struct Scratch {
    samples: Samples,
    series: RangeSeries,
}

impl Context<'_> {
    fn select(
        &self,
        selector: &VectorSelector,
        range: TimeRange,
        hints: &SelectHints,
    ) -> Result<Vec<Arc<dyn Series>>> {
        self.check()?;
        let matchers: Vec<CompiledMatcher> = selector
            .matchers
            .iter()
            .map(|(matcher, span)| {
                CompiledMatcher::new(matcher.clone()).map_err(|e| EvalError::at(e.to_string(), *span))
            })
            .collect::<Result<_>>()?;
        let series = self.storage.querier(range)?.select(&matchers, hints)?;
        self.counters.series.fetch_add(series.len() as u64, Ordering::Relaxed);
        Ok(series)
    }

    fn hints(&self, steps: Steps, range_ms: i64, function: &'static str) -> SelectHints {
        SelectHints {
            step_ms: steps.step_ms,
            range_ms,
            function,
            limit: 0,
            cancel: self.cancel.clone(),
            // What stores decode is accounted for in `read`, so they get no budget of their own.
            budget: SampleBudget::default(),
        }
    }

    /// Reads a series' samples into `scratch` and accounts for them; the caller releases them.
    fn read(&self, series: &dyn Series, range: TimeRange, samples: &mut Samples) -> Result<usize> {
        self.check()?;
        samples.clear();
        series.read(range, samples)?;
        self.account(samples)
    }

    /// As [`Context::read`], the newest sample alone.
    fn read_newest(&self, series: &dyn Series, range: TimeRange, samples: &mut Samples) -> Result<usize> {
        self.check()?;
        samples.clear();
        series.read_newest(range, samples)?;
        self.account(samples)
    }

    fn account(&self, samples: &Samples) -> Result<usize> {
        let count = samples.len();
        self.hold(count)?;
        self.counters.loaded.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }

    /// The rows of an instant selector. With `timestamps` the values are the samples' times in seconds.
    pub(crate) fn instant_rows(
        &self,
        selector: &VectorSelector,
        steps: Steps,
        timestamps: bool,
        sink: &mut dyn FnMut(Row) -> Result<()>,
    ) -> Result<()> {
        if steps.count == 0 {
            return Ok(());
        }
        let reference = self.reference(steps, selector.at, &selector.offset)?;
        let smoothed = selector.edges == RangeEdges::Smoothed;
        let range = TimeRange::new(
            reference.first().saturating_sub(self.lookback_ms).saturating_add(1),
            if smoothed { reference.last().saturating_add(self.lookback_ms) } else { reference.last() },
        );
        // All steps look at the same time.
        let only_newest = !smoothed && reference.first() == reference.last();
        let hints = self.hints(steps, 0, if timestamps { "timestamp" } else { "" });
        let selected = self.select(selector, range, &hints)?;
        for batch in selected.chunks(BATCH) {
            let rows = parallel::map(batch, self.threads, |scratch: &mut Scratch, series| {
                self.hold(steps.count)?;
                let count = if only_newest {
                    self.read_newest(series.as_ref(), range, &mut scratch.samples)?
                } else {
                    self.read(series.as_ref(), range, &mut scratch.samples)?
                };
                let mut values = lay_out(&scratch.samples, &reference, self.lookback_ms, timestamps);
                if smoothed && !timestamps {
                    smooth(&scratch.samples, &reference, self.lookback_ms, &mut values);
                }
                self.release(count + steps.count);
                Ok((!values.is_empty()).then(|| Row {
                    labels: series.labels(),
                    drop_name: timestamps,
                    values,
                }))
            })?;
            for row in rows.into_iter().flatten() {
                sink(row)?;
            }
        }
        Ok(())
    }

    /// Where a range selector looks.
    pub(crate) fn windows(&self, selector: &MatrixSelector, steps: Steps) -> Result<Windows> {
        let reference = self.reference(steps, selector.vector.at, &selector.vector.offset)?;
        Ok(Windows { reference, range_ms: self.duration(&selector.range, true)? })
    }

    /// Decodes the series of a range selector and hands each to `work`, on several threads; what `work`
    /// gives goes to `sink` in order.
    pub(crate) fn range_rows<R: Send>(
        &self,
        selector: &MatrixSelector,
        windows: &Windows,
        function: &'static str,
        work: impl Fn(&RangeSeries) -> Result<Option<R>> + Sync,
        sink: &mut dyn FnMut(R) -> Result<()>,
    ) -> Result<()> {
        if windows.reference.steps.count == 0 {
            return Ok(());
        }
        let (before, after) = match selector.vector.edges {
            RangeEdges::Plain => (0, 0),
            RangeEdges::Anchored => (self.lookback_ms, 0),
            RangeEdges::Smoothed => (self.lookback_ms, self.lookback_ms),
        };
        let first = windows.reference.first().saturating_sub(windows.range_ms);
        let range = TimeRange::new(
            first.saturating_sub(before).saturating_add(1),
            windows.reference.last().saturating_add(after),
        );
        let hints = self.hints(windows.reference.steps, windows.range_ms, function);
        let selected = self.select(&selector.vector, range, &hints)?;
        for batch in selected.chunks(BATCH) {
            let steps = windows.reference.steps.count;
            let done = parallel::map(batch, self.threads, |scratch: &mut Scratch, series| {
                self.hold(steps)?;
                let count = self.read(series.as_ref(), range, &mut scratch.samples)?;
                scratch.series.labels = series.labels();
                scratch.series.fill(&scratch.samples);
                let done = if scratch.series.is_empty() { None } else { work(&scratch.series)? };
                self.release(count + steps);
                Ok(done)
            })?;
            for item in done.into_iter().flatten() {
                sink(item)?;
            }
        }
        Ok(())
    }
}

/// For each step the newest sample within `lookback_ms`, unless that is a staleness marker.
fn lay_out(samples: &Samples, reference: &Reference, lookback_ms: i64, timestamps: bool) -> Column {
    let steps = reference.steps.count;
    let mut column = Column::absent(steps);
    let mut seen = 0; // samples at or before the step
    let mut histogram = 0; // histograms among them
    for step in 0..steps {
        let t = reference.time(step);
        while seen < samples.len() && samples.timestamps[seen] <= t {
            seen += 1;
        }
        let Some(newest) = seen.checked_sub(1) else { continue };
        let at = samples.timestamps[newest];
        let value = samples.floats[newest];
        if at <= t.saturating_sub(lookback_ms) || is_stale_nan(value) {
            continue;
        }
        while samples.histograms.get(histogram).is_some_and(|(position, _)| (*position as usize) < newest) {
            histogram += 1;
        }
        match samples.histograms.get(histogram) {
            _ if timestamps => column.set(step, at as f64 / 1000.0),
            Some((position, histogram)) if *position as usize == newest => {
                column.set_histogram(step, Arc::clone(histogram));
            }
            _ => column.set(step, canonical(value)),
        }
    }
    column
}

/// Moves floats onto the line to the next sample, if there is one within `lookback_ms`.
fn smooth(samples: &Samples, reference: &Reference, lookback_ms: i64, column: &mut Column) {
    for step in 0..reference.steps.count {
        let t = reference.time(step);
        let next = samples.timestamps.partition_point(|at| *at <= t);
        let (Some(value), Some(last)) = (column.float(step), next.checked_sub(1)) else { continue };
        let (Some(to_t), Some(to)) = (samples.timestamps.get(next), samples.floats.get(next)) else {
            continue;
        };
        let from_t = samples.timestamps[last];
        if from_t < t && !is_stale_nan(*to) && *to_t <= t.saturating_add(lookback_ms) {
            let share = (t - from_t) as f64 / (to_t - from_t) as f64;
            column.set(step, canonical(value + (to - value) * share));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floats(samples: &[(i64, f64)], steps: Steps) -> Vec<Option<f64>> {
        let mut columns = Samples::default();
        samples.iter().for_each(|(t, v)| columns.push(*t, *v));
        let reference = Reference { steps, at: None, offset_ms: 0 };
        let column = lay_out(&columns, &reference, 300, false);
        (0..steps.count).map(|i| column.float(i)).collect()
    }

    #[test]
    fn a_sample_is_seen_until_it_is_as_old_as_the_lookback() {
        let steps = Steps::range(0, 400, 100);
        assert_eq!(floats(&[(100, 7.0)], steps), [None, Some(7.0), Some(7.0), Some(7.0), None]);
    }

    #[test]
    fn a_staleness_marker_ends_a_series_at_once() {
        let steps = Steps::range(100, 300, 100);
        let seen = floats(&[(100, 7.0), (150, model::stale_nan()), (300, 8.0)], steps);
        assert_eq!(seen, [Some(7.0), None, Some(8.0)]);
    }
}
