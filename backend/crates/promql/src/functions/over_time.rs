//! Aggregations over a window's samples.

use std::sync::Arc;

use model::Histogram;

use crate::annotations::Flags;
use crate::column::Column;
use crate::histogram;
use crate::kahan::{Mean, Sum, Variance};
use crate::select::RangeSeries;
use crate::window::{Window, Windows};

/// `sum_over_time` and `avg_over_time`.
pub(crate) fn sum_or_mean(mean: bool, w: &Window<'_>, out: &mut Column, flags: &mut Flags) {
    if w.is_mixed() {
        flags.raise(Flags::MIXED_FLOATS_HISTOGRAMS);
        return;
    }
    if w.floats.is_empty() {
        let mut sum = histogram::aggregate::Accumulator::default();
        for histogram in w.histograms {
            sum.add(histogram);
        }
        if let Some(histogram) = sum.finish(mean, flags) {
            out.set_histogram(w.step, Arc::new(histogram));
        }
        return;
    }
    let value = if mean {
        let mut mean = Mean::default();
        w.floats.iter().for_each(|v| mean.add(*v));
        mean.value()
    } else {
        let mut sum = Sum::default();
        w.floats.iter().for_each(|v| sum.add(*v));
        sum.value()
    };
    out.set(w.step, value);
}

/// The first or last sample.
pub(crate) fn edge(last: bool, w: &Window<'_>, out: &mut Column) {
    let (float, histogram) = if last {
        (w.floats.len().checked_sub(1), w.histograms.len().checked_sub(1))
    } else {
        ((!w.floats.is_empty()).then_some(0), (!w.histograms.is_empty()).then_some(0))
    };
    let float_wins = match (float, histogram) {
        (Some(f), Some(h)) => (w.float_times[f] > w.histogram_times[h]) == last,
        (float, _) => float.is_some(),
    };
    match (float, histogram) {
        (Some(at), _) if float_wins => out.set(w.step, w.floats[at]),
        (_, Some(at)) => out.set_histogram(w.step, Arc::clone(&w.histograms[at])),
        _ => {}
    }
}

/// Least value; NaN only when there is nothing else.
pub(crate) fn min(w: &Window<'_>) -> f64 {
    w.floats[1..].iter().fold(w.floats[0], |min, v| if *v < min || min.is_nan() { *v } else { min })
}

/// Greatest value; NaN only when there is nothing else.
pub(crate) fn max(w: &Window<'_>) -> f64 {
    w.floats[1..].iter().fold(w.floats[0], |max, v| if *v > max || max.is_nan() { *v } else { max })
}

/// Time of the last sample with the least value.
pub(crate) fn time_of_min(w: &Window<'_>) -> f64 {
    time_of(w, |value, best| value <= best)
}

/// Time of the last sample with the greatest value.
pub(crate) fn time_of_max(w: &Window<'_>) -> f64 {
    time_of(w, |value, best| value >= best)
}

fn time_of(w: &Window<'_>, better: impl Fn(f64, f64) -> bool) -> f64 {
    let mut best = 0;
    for (i, value) in w.floats.iter().enumerate() {
        if better(*value, w.floats[best]) || w.floats[best].is_nan() {
            best = i;
        }
    }
    w.float_times[best] as f64 / 1000.0
}

/// Population variance.
pub(crate) fn variance(w: &Window<'_>) -> f64 {
    let mut variance = Variance::default();
    w.floats.iter().for_each(|v| variance.add(*v));
    variance.value()
}

/// Median of the distances from the median.
pub(crate) fn mad(w: &Window<'_>, scratch: &mut Vec<f64>) -> f64 {
    if w.floats.iter().any(|v| v.is_nan()) {
        return f64::NAN;
    }
    scratch.clear();
    scratch.extend_from_slice(w.floats);
    let median = quantile(0.5, scratch);
    scratch.iter_mut().for_each(|v| *v = (*v - median).abs());
    quantile(0.5, scratch)
}

/// The φ-quantile of `values`, which are sorted on the way; NaN counts as less than all numbers.
pub(crate) fn quantile(phi: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || phi.is_nan() {
        return f64::NAN;
    }
    if phi < 0.0 {
        return f64::NEG_INFINITY;
    }
    if phi > 1.0 {
        return f64::INFINITY;
    }
    values.sort_unstable_by(|a, b| {
        b.is_nan().cmp(&a.is_nan()).then_with(|| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal))
    });
    let n = values.len() as f64;
    let rank = phi * (n - 1.0);
    let lower = rank.floor().max(0.0);
    let upper = (lower + 1.0).min(n - 1.0);
    let weight = rank - rank.floor();
    values[lower as usize] * (1.0 - weight) + values[upper as usize] * weight
}

/// `changes`: between neighbours that differ. NaN does not differ from NaN; a histogram differs from a float.
pub(crate) fn changes(series: &RangeSeries, windows: &Windows, out: &mut Column) {
    let differ = |a: f64, b: f64| a != b && !(a.is_nan() && b.is_nan());
    count_pairs(series, windows, out, differ, |a, b| !histogram::ops::equal(a, b));
}

/// `resets`: between neighbours that fall. A change between histogram and float counts.
pub(crate) fn resets(series: &RangeSeries, windows: &Windows, out: &mut Column) {
    count_pairs(series, windows, out, |a, b| b < a, |a, b| histogram::reset::detect(b, a));
}

fn count_pairs(
    series: &RangeSeries,
    windows: &Windows,
    out: &mut Column,
    floats: impl Fn(f64, f64) -> bool,
    histograms: impl Fn(&Histogram, &Histogram) -> bool,
) {
    if series.histograms.is_empty() {
        // Pairs counted from the start of the series: a window's count is a difference.
        let mut pairs = Vec::with_capacity(series.floats.len());
        let mut total = 0_u32;
        pairs.push(0);
        for pair in series.floats.windows(2) {
            total += u32::from(floats(pair[0], pair[1]));
            pairs.push(total);
        }
        windows.slide(series, |w| {
            let count = pairs[w.first + w.floats.len() - 1] - pairs[w.first];
            out.set(w.step, f64::from(count));
        });
        return;
    }
    windows.slide(series, |w| {
        let mut count = 0;
        let (mut f, mut h) = (0, 0);
        let mut previous: Option<Sample<'_>> = None;
        while f < w.floats.len() || h < w.histograms.len() {
            let float_next =
                h >= w.histograms.len() || (f < w.floats.len() && w.float_times[f] < w.histogram_times[h]);
            let current = if float_next {
                f += 1;
                Sample::Float(w.floats[f - 1])
            } else {
                h += 1;
                Sample::Histogram(&w.histograms[h - 1])
            };
            count += match (previous, current) {
                (None, _) => 0,
                (Some(Sample::Float(a)), Sample::Float(b)) => i32::from(floats(a, b)),
                (Some(Sample::Histogram(a)), Sample::Histogram(b)) => i32::from(histograms(a, b)),
                _ => 1,
            };
            previous = Some(current);
        }
        out.set(w.step, f64::from(count));
    });
}

#[derive(Clone, Copy)]
enum Sample<'a> {
    Float(f64),
    Histogram(&'a Histogram),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_neighbours() {
        assert_eq!(quantile(0.75, &mut [4.0, 0.0, 1.0]), 2.5);
        assert_eq!(quantile(1.0, &mut [4.0, 0.0, 1.0]), 4.0);
        assert_eq!(quantile(-0.1, &mut [1.0]), f64::NEG_INFINITY);
        assert!(quantile(0.2, &mut [0.0, f64::NAN, 1.0]).is_nan());
        assert_eq!(quantile(0.8, &mut [0.0, f64::NAN, 1.0]), 0.6000000000000001);
    }
}
