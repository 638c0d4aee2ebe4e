//! `anchored` and `smoothed` ranges: the window gets values at its edges, and nothing is extrapolated.

use promql_syntax::ast::RangeEdges;

use crate::column::{Column, Row};
use crate::error::{EvalError, Result};
use crate::functions::range::RangeFunction;
use crate::select::RangeSeries;
use crate::window::Windows;

/// Only some functions make sense of such ranges.
pub(crate) fn check(function: RangeFunction, edges: RangeEdges) -> Result<()> {
    use RangeFunction::{Changes, Delta, Increase, Rate, Resets};
    let (modifier, names, fits) = match edges {
        RangeEdges::Plain => return Ok(()),
        RangeEdges::Anchored => (
            "anchored",
            "changes, delta, increase, rate, resets",
            matches!(function, Changes | Delta | Increase | Rate | Resets),
        ),
        RangeEdges::Smoothed => {
            ("smoothed", "delta, increase, rate", matches!(function, Delta | Increase | Rate))
        }
    };
    if fits {
        return Ok(());
    }
    let name = function.name();
    Err(EvalError::execution(format!("{modifier} modifier can only be used with: {names} - not with {name}")))
}

/// Applies `function` to all windows of a series' floats. Samples up to `lookback_ms` before a window, and
/// with `smoothed` after it, count for its edges.
pub(crate) fn apply(
    function: RangeFunction,
    edges: RangeEdges,
    series: &RangeSeries,
    windows: &Windows,
    lookback_ms: i64,
) -> Option<Row> {
    let counter = matches!(function, RangeFunction::Rate | RangeFunction::Increase);
    let mut out = Column::absent(windows.reference.steps.count);
    let mut points: Vec<f64> = Vec::new();
    let (times, floats) = (&series.float_times, &series.floats);
    for step in 0..windows.reference.steps.count {
        let end = windows.reference.time(step);
        let start = end.saturating_sub(windows.range_ms);
        let from = times.partition_point(|t| *t <= start);
        let to = times.partition_point(|t| *t <= end);
        let before = from.checked_sub(1).filter(|i| times[*i] > start.saturating_sub(lookback_ms));
        let after = Some(to).filter(|i| *i < times.len() && times[*i] <= end.saturating_add(lookback_ms));
        points.clear();
        if edges == RangeEdges::Smoothed {
            if from == to && (before.is_none() || after.is_none()) {
                continue;
            }
            let line = |a: usize, b: usize, at: i64| Line {
                from: (times[a], floats[a]),
                to: (times[b], floats[b]),
                at,
            };
            if let Some(before) = before {
                let next = before + 1;
                let exact = times[before] == start || next >= times.len();
                points.push(if exact { floats[before] } else { line(before, next, start).left(counter) });
            }
            points.extend_from_slice(&floats[from..to]);
            let last = to.checked_sub(1).filter(|i| times[*i] < end && *i + 1 >= from);
            if let (Some(last), Some(after)) = (last, after) {
                if from == to && counter && floats[after] < floats[last] {
                    // Both edges lie within one reset: the counter grew from zero.
                    let (a, b) = (line(last, after, start), line(last, after, end));
                    points = vec![a.left(true), b.left(true)];
                } else {
                    points.push(line(last, after, end).right(counter));
                }
            }
        } else {
            if from == to {
                continue;
            }
            points.extend(before.map(|i| floats[i]));
            points.extend_from_slice(&floats[from..to]);
        }
        let pairs = || points.windows(2).map(|pair| (pair[0], pair[1]));
        let value = match function {
            RangeFunction::Changes => {
                pairs().filter(|(a, b)| a != b && !(a.is_nan() && b.is_nan())).count() as f64
            }
            RangeFunction::Resets => pairs().filter(|(a, b)| b < a).count() as f64,
            _ => {
                let lost: f64 = pairs().filter(|(a, b)| counter && b < a).map(|(a, _)| a).sum();
                let growth = points[points.len() - 1] - points[0] + lost;
                if function == RangeFunction::Rate {
                    growth / (windows.range_ms as f64 / 1000.0)
                } else {
                    growth
                }
            }
        };
        out.set(step, value);
    }
    (!out.is_empty()).then(|| Row { labels: series.labels.clone(), drop_name: true, values: out })
}

/// Two neighbouring samples and a time between them.
struct Line {
    from: (i64, f64),
    to: (i64, f64),
    at: i64,
}

impl Line {
    /// The value at a window's left edge. After a reset the counter grew from zero.
    fn left(&self, counter: bool) -> f64 {
        let start = if counter && self.to.1 < self.from.1 { 0.0 } else { self.from.1 };
        self.between(start, self.to.1)
    }

    /// The value at a window's right edge, on top of what was before a reset.
    fn right(&self, counter: bool) -> f64 {
        let reset = counter && self.to.1 < self.from.1;
        self.between(self.from.1, if reset { self.from.1 + self.to.1 } else { self.to.1 })
    }

    fn between(&self, a: f64, b: f64) -> f64 {
        a + (b - a) * ((self.at - self.from.0) as f64 / (self.to.0 - self.from.0) as f64)
    }
}
