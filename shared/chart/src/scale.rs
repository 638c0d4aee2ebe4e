//! From values and times to pixels and back. The scales are plotters coordinates too ([`Ranged`]), so that
//! plotters' own elements can be put on them.

use std::ops::Range;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};

use crate::ticks;
use crate::units::Unit;

/// Farthest pixel that a value is mapped to: off any surface, but safe to add to.
const FAR: f64 = 1e6;

/// The value axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValueScale {
    low: f64,
    high: f64,
    log: bool,
    // Of the axis' own space: values themselves, or their logarithms; halved so that the difference of the
    // two greatest numbers is finite.
    from: f64,
    span: f64,
}

impl ValueScale {
    /// A linear scale; an empty, reversed or infinite range becomes one that can be drawn.
    #[must_use]
    pub fn linear(low: f64, high: f64) -> Self {
        let (low, high) = sane(low, high);
        Self { low, high, log: false, from: low / 2.0, span: high / 2.0 - low / 2.0 }
    }

    /// A logarithmic scale; needs positive bounds, otherwise 0.1 to 10 is taken.
    #[must_use]
    pub fn log10(low: f64, high: f64) -> Self {
        let (low, high) = sane(low, high);
        let (low, high) = if low > 0.0 {
            (low, high)
        } else if high > 0.0 {
            (high / 1000.0, high)
        } else {
            (0.1, 10.0)
        };
        let low = low.max(f64::MIN_POSITIVE);
        let high = high.max(low * (1.0 + 1e-9));
        Self { low, high, log: true, from: low.log10() / 2.0, span: (high.log10() - low.log10()) / 2.0 }
    }

    /// Least value shown.
    #[must_use]
    pub fn low(&self) -> f64 {
        self.low
    }

    /// Greatest value shown.
    #[must_use]
    pub fn high(&self) -> f64 {
        self.high
    }

    /// Whether the scale is logarithmic.
    #[must_use]
    pub fn is_log(&self) -> bool {
        self.log
    }

    /// Share of the way from low to high; beyond 0–1 outside. NaN for what has no place (NaN, or not
    /// positive on a logarithmic scale).
    #[must_use]
    pub fn share(&self, value: f64) -> f64 {
        let own = if self.log {
            if value <= 0.0 {
                return f64::NAN;
            }
            value.log10()
        } else {
            value
        };
        (own / 2.0 - self.from) / self.span
    }

    /// Value at a share of the way.
    #[must_use]
    pub fn value(&self, share: f64) -> f64 {
        let own = 2.0 * (self.from + share * self.span);
        if self.log { 10_f64.powf(own) } else { own }
    }

    /// Grid lines and their distance (0 when logarithmic).
    #[must_use]
    pub fn ticks(&self, unit: &Unit, most: usize) -> (Vec<f64>, f64) {
        if self.log {
            (ticks::logarithmic(self.low, self.high, unit), 0.0)
        } else {
            ticks::linear_at_most(self.low, self.high, unit, most)
        }
    }
}

fn sane(low: f64, high: f64) -> (f64, f64) {
    let (low, high) = match (low.is_finite(), high.is_finite()) {
        (true, true) => (low.min(high), low.max(high)),
        (true, false) => (low, low),
        (false, true) => (high, high),
        (false, false) => (0.0, 1.0),
    };
    // Too close together to be told apart by a division.
    let room = (low.abs().max(high.abs()) * 1e-12).max(f64::MIN_POSITIVE * 1e12);
    if high - low > room {
        (low, high)
    } else if low == 0.0 {
        (0.0, 1.0)
    } else {
        (low - low.abs() / 2.0, high + high.abs() / 2.0)
    }
}

impl Ranged for ValueScale {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = self.share(*value);
        if share.is_nan() {
            return limit.0;
        }
        clamp_pixel(f64::from(limit.0) + share * f64::from(limit.1 - limit.0))
    }

    fn key_points<H: KeyPointHint>(&self, hint: H) -> Vec<f64> {
        self.ticks(&Unit::parse("none"), hint.max_num_points()).0
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

/// The time axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeScale {
    /// First moment shown, milliseconds since the epoch.
    pub from_ms: i64,
    /// Last moment shown; after `from_ms`.
    pub to_ms: i64,
}

impl TimeScale {
    /// A scale of at least one millisecond.
    #[must_use]
    pub fn new(from_ms: i64, to_ms: i64) -> Self {
        let from_ms = from_ms.min(i64::MAX - 1);
        Self { from_ms, to_ms: to_ms.max(from_ms + 1) }
    }

    /// Share of the way.
    #[must_use]
    pub fn share(&self, ms: i64) -> f64 {
        (ms as f64 - self.from_ms as f64) / self.span()
    }

    /// Moment at a share of the way.
    #[must_use]
    pub fn time(&self, share: f64) -> i64 {
        (self.from_ms as f64 + share * self.span()).round() as i64
    }

    pub(crate) fn span(&self) -> f64 {
        self.to_ms as f64 - self.from_ms as f64
    }
}

impl Ranged for TimeScale {
    type FormatOption = DefaultFormatting;
    type ValueType = i64;

    fn map(&self, ms: &i64, limit: (i32, i32)) -> i32 {
        clamp_pixel(f64::from(limit.0) + self.share(*ms) * f64::from(limit.1 - limit.0))
    }

    fn key_points<H: KeyPointHint>(&self, hint: H) -> Vec<i64> {
        ticks::time(self.from_ms, self.to_ms, hint.max_num_points(), &|_| 0)
            .into_iter()
            .map(|t| t.ms)
            .collect()
    }

    fn range(&self) -> Range<i64> {
        self.from_ms..self.to_ms
    }
}

/// The nearest whole pixel within what can be drawn; NaN becomes 0.
pub(crate) fn clamp_pixel(at: f64) -> i32 {
    // `floor` is one instruction in the browser, `round` a function.
    (at.clamp(-FAR, FAR) + 0.5).floor() as i32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_map_and_come_back() {
        let s = ValueScale::linear(-10.0, 30.0);
        assert_eq!(s.map(&0.0, (100, 0)), 75);
        assert!((s.value(s.share(12.5)) - 12.5).abs() < 1e-12);
        let s = ValueScale::log10(1.0, 10_000.0);
        assert_eq!(s.map(&100.0, (0, 100)), 50);
        assert!((s.value(0.25) - 10.0).abs() < 1e-9);
        assert!(s.share(0.0).is_nan() && s.share(-5.0).is_nan());
        let t = TimeScale::new(1_000, 3_000);
        assert_eq!(t.map(&2_000, (0, 100)), 50);
        assert_eq!(t.time(0.5), 2_000);
    }

    #[test]
    fn the_greatest_numbers_have_a_scale() {
        let s = ValueScale::linear(-f64::MAX, f64::MAX);
        assert!((s.share(0.0) - 0.5).abs() < 1e-12);
        assert_eq!(s.map(&f64::INFINITY, (0, 100)), 1_000_000);
        let t = TimeScale::new(i64::MIN, i64::MAX);
        assert!((t.share(0) - 0.5).abs() < 1e-12);
        assert!(TimeScale::new(i64::MAX, 0).span() >= 0.0);
    }

    proptest! {
        #[test]
        fn any_scale_maps_any_value(low in any::<f64>(), high in any::<f64>(), value in any::<f64>()) {
            for s in [ValueScale::linear(low, high), ValueScale::log10(low, high)] {
                prop_assert!(s.low() < s.high());
                prop_assert!(s.low().is_finite() && s.high().is_finite());
                let at = s.map(&value, (500, 0));
                prop_assert!((-1_000_000..=1_000_000).contains(&at));
            }
        }
    }
}
