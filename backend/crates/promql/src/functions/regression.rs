//! Trends within a window: least squares and double exponential smoothing.

use crate::kahan::Sum;
use crate::window::Window;

/// Slope per second and value at `at_ms` of the least-squares line.
fn line(w: &Window<'_>, at_ms: i64) -> (f64, f64) {
    let first = w.floats[0];
    if w.floats.iter().all(|v| *v == first) {
        return if first.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first) };
    }
    let (mut sum_x, mut sum_y) = (Sum::default(), Sum::default());
    let (mut sum_xy, mut sum_xx) = (Sum::default(), Sum::default());
    for (t, y) in w.float_times.iter().zip(w.floats) {
        let x = (t - at_ms) as f64 / 1000.0;
        sum_x.add(x);
        sum_y.add(*y);
        sum_xy.add(x * y);
        sum_xx.add(x * x);
    }
    let n = w.floats.len() as f64;
    let (x, y) = (sum_x.value(), sum_y.value());
    let covariance = sum_xy.value() - x * y / n;
    let variance = sum_xx.value() - x * x / n;
    let slope = covariance / variance;
    (slope, y / n - slope * x / n)
}

/// Slope per second.
pub(crate) fn deriv(w: &Window<'_>) -> f64 {
    // Counted from the first sample: times since 1970 would cost precision.
    line(w, w.float_times[0]).0
}

/// Value `seconds` after the time of the evaluation.
pub(crate) fn predict_linear(w: &Window<'_>, seconds: f64) -> f64 {
    let (slope, now) = line(w, w.now);
    slope * seconds + now
}

/// Holt's linear method: a level smoothed by `smoothing`, a trend smoothed by `trend`.
pub(crate) fn double_exponential_smoothing(w: &Window<'_>, smoothing: f64, trend: f64) -> f64 {
    let mut level = w.floats[0];
    let mut before = 0.0;
    let mut slope = w.floats[1] - w.floats[0];
    for (i, value) in w.floats.iter().enumerate().skip(1) {
        if i > 1 {
            slope = trend * (level - before) + (1.0 - trend) * slope;
        }
        let next = smoothing * value + (1.0 - smoothing) * (level + slope);
        before = level;
        level = next;
    }
    level
}
