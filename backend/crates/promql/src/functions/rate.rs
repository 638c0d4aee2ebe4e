//! The rate family: differences over a window, extrapolated to its edges, and over its last two samples.

use std::sync::Arc;

use crate::annotations::Flags;
use crate::column::Column;
use crate::functions::range::RangeFunction;
use crate::histogram;
use crate::select::RangeSeries;
use crate::window::{Window, Windows};

/// `rate`, `increase` and `delta`.
pub(crate) fn extrapolated(
    function: RangeFunction,
    series: &RangeSeries,
    windows: &Windows,
    out: &mut Column,
    flags: &mut Flags,
) {
    let counter = function != RangeFunction::Delta;
    let per_second = function == RangeFunction::Rate;
    // Where the series falls. Only these are looked at again in each window, so a series without resets
    // costs the same for wide windows as for narrow ones, and the additions stay in Prometheus' order.
    let resets: Vec<usize> = if counter {
        (1..series.floats.len()).filter(|i| series.floats[*i] < series.floats[i - 1]).collect()
    } else {
        Vec::new()
    };
    let mut next_reset = 0;
    windows.slide(series, |w| {
        if w.is_mixed() {
            flags.raise(Flags::MIXED_FLOATS_HISTOGRAMS);
            return;
        }
        if w.histograms.len() > 1 {
            let Some(mut difference) = histogram::rate::difference(w.histograms, counter, flags) else {
                return;
            };
            let first = w.histograms[0].count;
            let growth = difference.count;
            let factor = extrapolation(&w, w.histogram_times, counter, first, growth);
            let factor = if per_second { factor / (windows.range_ms as f64 / 1000.0) } else { factor };
            histogram::ops::scale(&mut difference, factor);
            out.set_histogram(w.step, Arc::new(difference));
        } else if w.floats.len() > 1 {
            let mut growth = w.floats[w.floats.len() - 1] - w.floats[0];
            while resets.get(next_reset).is_some_and(|at| *at <= w.first) {
                next_reset += 1;
            }
            for at in &resets[next_reset..] {
                if *at >= w.first + w.floats.len() {
                    break;
                }
                growth += series.floats[at - 1];
            }
            let factor = extrapolation(&w, w.float_times, counter, w.floats[0], growth);
            let factor = if per_second { factor / (windows.range_ms as f64 / 1000.0) } else { factor };
            out.set(w.step, growth * factor);
        }
    });
}

/// By what the observed growth is multiplied to cover the whole window. Up to an edge that is nearer than
/// 1.1 sample distances the growth is taken to go on, else for half a distance; and a counter is not
/// extrapolated to below zero.
fn extrapolation(w: &Window<'_>, times: &[i64], counter: bool, first: f64, growth: f64) -> f64 {
    let (first_t, last_t) = (times[0], times[times.len() - 1]);
    let mut to_start = (first_t - w.start) as f64 / 1000.0;
    let mut to_end = (w.end - last_t) as f64 / 1000.0;
    let sampled = (last_t - first_t) as f64 / 1000.0;
    let average = sampled / (times.len() - 1) as f64;
    let threshold = average * 1.1;
    if to_start >= threshold {
        to_start = average / 2.0;
    }
    if counter && growth > 0.0 && first >= 0.0 {
        to_start = to_start.min(sampled * (first / growth));
    }
    if to_end >= threshold {
        to_end = average / 2.0;
    }
    (sampled + to_start + to_end) / sampled
}

/// `irate` and `idelta`.
pub(crate) fn instant(per_second: bool, w: &Window<'_>, out: &mut Column, flags: &mut Flags) {
    if w.floats.len() + w.histograms.len() < 2 {
        return;
    }
    // The last two samples of either kind.
    let mut newest: Vec<(i64, Option<f64>, usize)> = Vec::with_capacity(4);
    for i in w.floats.len().saturating_sub(2)..w.floats.len() {
        newest.push((w.float_times[i], Some(w.floats[i]), i));
    }
    for i in w.histograms.len().saturating_sub(2)..w.histograms.len() {
        newest.push((w.histogram_times[i], None, i));
    }
    newest.sort_unstable_by_key(|(t, _, _)| *t);
    let (last_t, last, last_at) = newest[newest.len() - 1];
    let (previous_t, previous, previous_at) = newest[newest.len() - 2];
    let seconds = (last_t - previous_t) as f64 / 1000.0;
    match (previous, last) {
        (Some(previous), Some(last)) => {
            let difference = if per_second && last < previous { last } else { last - previous };
            out.set(w.step, if per_second { difference / seconds } else { difference });
        }
        (None, None) => {
            let pair = (&w.histograms[previous_at], &w.histograms[last_at]);
            if let Some(mut difference) = histogram::rate::instant(pair.0, pair.1, per_second, flags) {
                if per_second {
                    histogram::ops::scale(&mut difference, 1.0 / seconds);
                }
                out.set_histogram(w.step, Arc::new(difference));
            }
        }
        _ => flags.raise(Flags::MIXED_FLOATS_HISTOGRAMS),
    }
}
