//! Functions over windows: which there are, and one pass over a series for each.

use crate::annotations::Flags;
use crate::column::{Column, Row};
use crate::functions::{over_time, rate, regression};
use crate::scalar::ScalarColumn;
use crate::select::RangeSeries;
use crate::window::{Window, Windows};

/// A function over windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RangeFunction {
    Rate,
    Increase,
    Delta,
    Irate,
    Idelta,
    Changes,
    Resets,
    Deriv,
    PredictLinear,
    DoubleExponentialSmoothing,
    Sum,
    Avg,
    Min,
    Max,
    Count,
    Present,
    Last,
    First,
    Stddev,
    Stdvar,
    Mad,
    Quantile,
    TimeOfMin,
    TimeOfMax,
    TimeOfLast,
    TimeOfFirst,
}

/// The functions and their names.
const NAMES: [(&str, RangeFunction); 26] = [
    ("rate", RangeFunction::Rate),
    ("increase", RangeFunction::Increase),
    ("delta", RangeFunction::Delta),
    ("irate", RangeFunction::Irate),
    ("idelta", RangeFunction::Idelta),
    ("changes", RangeFunction::Changes),
    ("resets", RangeFunction::Resets),
    ("deriv", RangeFunction::Deriv),
    ("predict_linear", RangeFunction::PredictLinear),
    ("double_exponential_smoothing", RangeFunction::DoubleExponentialSmoothing),
    ("sum_over_time", RangeFunction::Sum),
    ("avg_over_time", RangeFunction::Avg),
    ("min_over_time", RangeFunction::Min),
    ("max_over_time", RangeFunction::Max),
    ("count_over_time", RangeFunction::Count),
    ("present_over_time", RangeFunction::Present),
    ("last_over_time", RangeFunction::Last),
    ("first_over_time", RangeFunction::First),
    ("stddev_over_time", RangeFunction::Stddev),
    ("stdvar_over_time", RangeFunction::Stdvar),
    ("mad_over_time", RangeFunction::Mad),
    ("quantile_over_time", RangeFunction::Quantile),
    ("ts_of_min_over_time", RangeFunction::TimeOfMin),
    ("ts_of_max_over_time", RangeFunction::TimeOfMax),
    ("ts_of_last_over_time", RangeFunction::TimeOfLast),
    ("ts_of_first_over_time", RangeFunction::TimeOfFirst),
];

impl RangeFunction {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
    }

    /// The name as written.
    pub(crate) fn name(self) -> &'static str {
        NAMES.iter().find(|(_, function)| *function == self).map_or("", |(name, _)| *name)
    }

    /// Whether the result is still a sample of the metric.
    pub(crate) fn keeps_name(self) -> bool {
        matches!(self, Self::Last | Self::First)
    }

    /// Whether the metric's name is expected to be that of a counter.
    pub(crate) fn wants_counter_name(self) -> bool {
        matches!(self, Self::Rate | Self::Increase)
    }
}

/// Applies `function` to all windows of a series. `None` when no window gives a value.
pub(crate) fn apply(
    function: RangeFunction,
    series: &RangeSeries,
    windows: &Windows,
    params: &[ScalarColumn],
    flags: &mut Flags,
) -> Option<Row> {
    let mut out = Column::absent(windows.reference.steps.count);
    let parameter = |index: usize, step: usize| params.get(index).map_or(f64::NAN, |p| p.get(step));
    match function {
        RangeFunction::Rate | RangeFunction::Increase | RangeFunction::Delta => {
            rate::extrapolated(function, series, windows, &mut out, flags);
        }
        RangeFunction::Irate | RangeFunction::Idelta => {
            let per_second = function == RangeFunction::Irate;
            windows.slide(series, |w| rate::instant(per_second, &w, &mut out, flags));
        }
        RangeFunction::Changes => over_time::changes(series, windows, &mut out),
        RangeFunction::Resets => over_time::resets(series, windows, &mut out),
        RangeFunction::Deriv => float_windows(series, windows, 2, &mut out, flags, regression::deriv),
        RangeFunction::PredictLinear => {
            float_windows(series, windows, 2, &mut out, flags, |w| {
                regression::predict_linear(w, parameter(0, w.step))
            });
        }
        RangeFunction::DoubleExponentialSmoothing => {
            float_windows(series, windows, 2, &mut out, flags, |w| {
                regression::double_exponential_smoothing(w, parameter(0, w.step), parameter(1, w.step))
            });
        }
        RangeFunction::Sum | RangeFunction::Avg => {
            let mean = function == RangeFunction::Avg;
            windows.slide(series, |w| over_time::sum_or_mean(mean, &w, &mut out, flags));
        }
        RangeFunction::Last | RangeFunction::First => {
            let last = function == RangeFunction::Last;
            windows.slide(series, |w| over_time::edge(last, &w, &mut out));
        }
        RangeFunction::Count => {
            windows.slide(series, |w| out.set(w.step, (w.floats.len() + w.histograms.len()) as f64));
        }
        RangeFunction::Present => windows.slide(series, |w| out.set(w.step, 1.0)),
        RangeFunction::TimeOfLast => {
            windows.slide(series, |w| {
                let newest = w.float_times.last().max(w.histogram_times.last());
                out.set(w.step, newest.map_or(f64::NAN, |t| *t as f64 / 1000.0));
            });
        }
        RangeFunction::TimeOfFirst => {
            windows.slide(series, |w| {
                let oldest = w.float_times.first().into_iter().chain(w.histogram_times.first()).min();
                out.set(w.step, oldest.map_or(f64::NAN, |t| *t as f64 / 1000.0));
            });
        }
        RangeFunction::Min => float_windows(series, windows, 1, &mut out, flags, over_time::min),
        RangeFunction::Max => float_windows(series, windows, 1, &mut out, flags, over_time::max),
        RangeFunction::TimeOfMin => {
            float_windows(series, windows, 1, &mut out, flags, over_time::time_of_min);
        }
        RangeFunction::TimeOfMax => {
            float_windows(series, windows, 1, &mut out, flags, over_time::time_of_max);
        }
        RangeFunction::Stddev => {
            float_windows(series, windows, 1, &mut out, flags, |w| over_time::variance(w).sqrt());
        }
        RangeFunction::Stdvar => float_windows(series, windows, 1, &mut out, flags, over_time::variance),
        RangeFunction::Mad => {
            let mut scratch = Vec::new();
            float_windows(series, windows, 1, &mut out, flags, |w| over_time::mad(w, &mut scratch));
        }
        RangeFunction::Quantile => {
            let mut scratch = Vec::new();
            float_windows(series, windows, 1, &mut out, flags, |w| {
                scratch.clear();
                scratch.extend_from_slice(w.floats);
                over_time::quantile(parameter(0, w.step), &mut scratch)
            });
        }
    }
    if out.is_empty() {
        return None;
    }
    let drop_name = !function.keeps_name() || series.drop_name;
    Some(Row { labels: series.labels.clone(), drop_name, values: out })
}

/// For functions of floats alone: histograms beside floats are ignored with a remark, windows of nothing
/// but histograms silently.
fn float_windows(
    series: &RangeSeries,
    windows: &Windows,
    at_least: usize,
    out: &mut Column,
    flags: &mut Flags,
    mut f: impl FnMut(&Window<'_>) -> f64,
) {
    windows.slide(series, |w| {
        if w.is_mixed() {
            flags.raise(Flags::HISTOGRAMS_IGNORED_IN_RANGE);
        }
        if w.floats.len() >= at_least {
            out.set(w.step, f(&w));
        }
    });
}
