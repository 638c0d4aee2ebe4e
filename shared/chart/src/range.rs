//! Which part of the value axis is shown.

use crate::scale::ValueScale;
use crate::units::Unit;

/// Least and greatest of the values seen, and the least positive one (for a logarithmic axis).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// Least value.
    pub low: f64,
    /// Greatest value.
    pub high: f64,
    /// Least positive value.
    pub positive: f64,
}

impl Default for Extent {
    fn default() -> Self {
        Self { low: f64::INFINITY, high: f64::NEG_INFINITY, positive: f64::INFINITY }
    }
}

impl Extent {
    /// Takes a value in; what is not finite is left out.
    pub fn add(&mut self, value: f64) {
        if value.is_finite() {
            self.low = self.low.min(value);
            self.high = self.high.max(value);
            if value > 0.0 {
                self.positive = self.positive.min(value);
            }
        }
    }

    /// Takes many values in.
    pub fn add_all(&mut self, values: &[f64]) {
        // Without branches that depend on the data: comparisons with NaN are false, and infinities are
        // rare enough to be sorted out afterwards.
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for &value in values {
            if value < low {
                low = value;
            }
            if value > high {
                high = value;
            }
        }
        if low.is_finite() && high.is_finite() {
            self.low = self.low.min(low);
            self.high = self.high.max(high);
        } else {
            values.iter().for_each(|v| self.add(*v));
        }
    }

    /// Takes in the positive values alone (a logarithmic axis has no place for others).
    pub fn add_positive(&mut self, values: &[f64]) {
        for &value in values {
            if value > 0.0 && value.is_finite() {
                self.add(value);
            }
        }
    }

    /// Whether nothing was seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.low > self.high
    }
}

/// Chooses the axis for what was seen; `min` and `max` as configured win.
#[must_use]
pub fn choose(
    seen: Extent,
    min: Option<f64>,
    max: Option<f64>,
    unit: &Unit,
    log: bool,
    zero: bool,
) -> ValueScale {
    let (min, max) = (min.filter(|v| v.is_finite()), max.filter(|v| v.is_finite()));
    if log {
        let low =
            min.filter(|v| *v > 0.0).unwrap_or(if seen.positive.is_finite() { seen.positive } else { 1.0 });
        let high = max.unwrap_or(if seen.is_empty() { 10.0 * low } else { seen.high });
        let high = if high > low { high } else { low * 10.0 };
        // To the next power of ten where nothing was configured.
        let low = if min.is_some_and(|v| v > 0.0) { low } else { down_to_decade(low) };
        return ValueScale::log10(low, if max.is_some() { high } else { high * 1.2 });
    }
    if seen.is_empty() {
        let low = min.unwrap_or_else(|| max.map_or(0.0, |m| m.min(0.0)));
        return ValueScale::linear(low, max.unwrap_or(low + 1.0));
    }
    let (mut low, mut high) = (seen.low, seen.high);
    if low == high {
        // A constant: zero to a bit above it says "constant" and how much.
        let room = if low == 0.0 { 1.0 } else { low.abs() * 0.2 };
        if unit.from_zero() || low == 0.0 {
            (low, high) = if low >= 0.0 { (0.0, high + room) } else { (low - room, 0.0) };
        } else {
            (low, high) = (low - room, high + room);
        }
    }
    let span = high / 2.0 - low / 2.0;
    // Zero is shown where it is near (or must be), as a cut axis exaggerates.
    let near = if unit.from_zero() { 2.0 } else { 0.3 };
    if low > 0.0 && (zero || low / 2.0 < near * span) {
        low = 0.0;
    } else if high < 0.0 && (zero || -high / 2.0 < near * span) {
        high = 0.0;
    }
    let air = (high / 2.0 - low / 2.0) * 0.12;
    let padded_low = if low == 0.0 { 0.0 } else { low - air };
    let padded_high = if high == 0.0 { 0.0 } else { high + air };
    // A share is at most 100 % unless it was seen above.
    let clip = |v: f64| if v.is_finite() { v } else { v.signum() * f64::MAX };
    let (low, high) = (min.unwrap_or(clip(padded_low)), max.unwrap_or(clip(padded_high)));
    if low < high {
        ValueScale::linear(low, high)
    } else if max.is_some() && min.is_none() {
        ValueScale::linear(high - high.abs().max(1.0), high)
    } else {
        ValueScale::linear(low, low + low.abs().max(1.0))
    }
}

fn down_to_decade(value: f64) -> f64 {
    let decade = 10_f64.powf(value.log10().floor());
    if decade > 0.0 { decade } else { value }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seen(values: &[f64]) -> Extent {
        let mut extent = Extent::default();
        extent.add_all(values);
        extent
    }

    fn bounds(values: &[f64], unit: &str) -> (f64, f64) {
        let s = choose(seen(values), None, None, &Unit::parse(unit), false, false);
        (s.low(), s.high())
    }

    #[test]
    fn zero_is_shown_when_near() {
        assert_eq!(bounds(&[10.0, 100.0], "short").0, 0.0);
        assert_eq!(bounds(&[60.0, 100.0], "bytes").0, 0.0);
        assert!(bounds(&[60.0, 62.0], "celsius").0 > 55.0);
        assert!(bounds(&[1000.0, 1001.0], "short").0 > 999.0);
        assert_eq!(bounds(&[-100.0, -10.0], "short").1, 0.0);
        let (low, high) = bounds(&[-5.0, 5.0], "short");
        assert!(low < -5.0 && high > 5.0);
    }

    #[test]
    fn constants_get_room() {
        assert_eq!(bounds(&[0.0], "short"), (0.0, 1.06));
        let (low, high) = bounds(&[5.0, 5.0], "short");
        assert!(low == 0.0 && high > 6.0);
        let (low, high) = bounds(&[60.0], "celsius");
        assert!(low > 40.0 && low < 60.0 && high > 60.0);
    }

    #[test]
    fn configured_bounds_win_even_when_senseless() {
        let unit = Unit::parse("percent");
        let s = choose(seen(&[20.0, 40.0]), Some(0.0), Some(100.0), &unit, false, false);
        assert_eq!((s.low(), s.high()), (0.0, 100.0));
        let s = choose(seen(&[20.0]), Some(100.0), Some(0.0), &unit, false, false);
        assert!(s.low() < s.high());
        let s = choose(seen(&[20.0]), Some(f64::NAN), None, &unit, false, false);
        assert!(s.high() > 20.0);
        let s = choose(seen(&[-20.0]), Some(0.0), None, &unit, false, false);
        assert!(s.low() == 0.0 && s.high() > 0.0);
    }

    proptest! {
        #[test]
        fn what_was_seen_is_shown(values in prop::collection::vec(any::<f64>(), 0..20), unit in "short|celsius") {
            let extent = seen(&values);
            let s = choose(extent, None, None, &Unit::parse(&unit), false, false);
            prop_assert!(s.low() < s.high());
            if !extent.is_empty() {
                prop_assert!(s.low() <= extent.low && s.high() >= extent.high);
            }
            let mut positive = Extent::default();
            positive.add_positive(&values);
            let s = choose(positive, None, None, &Unit::parse(&unit), true, false);
            prop_assert!(s.low() > 0.0 && s.low() < s.high());
        }
    }
}
