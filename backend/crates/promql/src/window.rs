//! The windows that range functions see, sliding over a series in one pass.

use std::sync::Arc;

use model::{Histogram, TimestampMs};

use crate::select::RangeSeries;
use crate::steps::Reference;

/// All windows of a range selector or subquery: open on the left, closed on the right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windows {
    pub(crate) reference: Reference,
    pub(crate) range_ms: i64,
}

/// What a range function sees at one step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window<'a> {
    pub(crate) step: usize,
    /// The window's left edge, not part of it.
    pub(crate) start: TimestampMs,
    /// Its right edge.
    pub(crate) end: TimestampMs,
    /// The time of the evaluation, without `@` and `offset`.
    pub(crate) now: TimestampMs,
    /// Position of the first float within the series.
    pub(crate) first: usize,
    pub(crate) float_times: &'a [TimestampMs],
    pub(crate) floats: &'a [f64],
    pub(crate) histogram_times: &'a [TimestampMs],
    pub(crate) histograms: &'a [Arc<Histogram>],
}

impl Windows {
    /// Shows `see` every window that holds a sample.
    pub(crate) fn slide<'a>(&self, series: &'a RangeSeries, mut see: impl FnMut(Window<'a>)) {
        let (mut from, mut to) = (0, 0);
        let (mut histogram_from, mut histogram_to) = (0, 0);
        for step in 0..self.reference.steps.count {
            let end = self.reference.time(step);
            let start = end.saturating_sub(self.range_ms);
            advance(&series.float_times, &mut from, start);
            advance(&series.float_times, &mut to, end);
            if !series.histograms.is_empty() {
                advance(&series.histogram_times, &mut histogram_from, start);
                advance(&series.histogram_times, &mut histogram_to, end);
            }
            if from == to && histogram_from == histogram_to {
                continue;
            }
            see(Window {
                step,
                start,
                end,
                now: self.reference.steps.at(step),
                first: from,
                float_times: &series.float_times[from..to],
                floats: &series.floats[from..to],
                histogram_times: &series.histogram_times[histogram_from..histogram_to],
                histograms: &series.histograms[histogram_from..histogram_to],
            });
        }
    }
}

/// Moves `position` past all times up to `t`.
#[inline]
fn advance(times: &[TimestampMs], position: &mut usize, t: TimestampMs) {
    while *position < times.len() && times[*position] <= t {
        *position += 1;
    }
}

impl Window<'_> {
    /// Whether floats and histograms are both there.
    pub(crate) fn is_mixed(&self) -> bool {
        !self.floats.is_empty() && !self.histograms.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::Steps;

    #[test]
    fn open_on_the_left_and_closed_on_the_right() {
        let series = RangeSeries {
            float_times: vec![0, 10, 20, 30],
            floats: vec![0.0, 1.0, 2.0, 3.0],
            ..RangeSeries::default()
        };
        let reference = Reference { steps: Steps::range(10, 40, 10), at: None, offset_ms: 0 };
        let mut seen = Vec::new();
        Windows { reference, range_ms: 20 }.slide(&series, |w| seen.push((w.step, w.floats.to_vec())));
        let want = vec![(0, vec![0.0, 1.0]), (1, vec![1.0, 2.0]), (2, vec![2.0, 3.0]), (3, vec![3.0])];
        assert_eq!(seen, want);
    }
}
