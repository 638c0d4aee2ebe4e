//! Dense series: of each pixel column only the first, least, greatest and last value are drawn (M4), which
//! gives the same picture as all of them.

/// What of one pixel column is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Column {
    /// First finite value.
    pub first: f64,
    /// Least and greatest finite value.
    pub low: f64,
    pub high: f64,
    /// Whether the least value comes before the greatest.
    pub low_first: bool,
    /// Last finite value.
    pub last: f64,
}

impl Column {
    /// Summary of a column's values; none if no value is finite.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        // Four lanes without dependence on each other; comparisons with NaN are false, so gaps fall out.
        let mut lows = [f64::INFINITY; 4];
        let mut highs = [f64::NEG_INFINITY; 4];
        let chunks = values.chunks_exact(4);
        let rest = chunks.remainder();
        for chunk in chunks {
            for lane in 0..4 {
                let value = chunk[lane];
                lows[lane] = if value < lows[lane] { value } else { lows[lane] };
                highs[lane] = if value > highs[lane] { value } else { highs[lane] };
            }
        }
        for &value in lows.iter().chain(rest) {
            if value < low {
                low = value;
            }
        }
        for &value in highs.iter().chain(rest) {
            if value > high {
                high = value;
            }
        }
        if low > high {
            return None;
        }
        if !low.is_finite() || !high.is_finite() {
            return Self::of_some(values);
        }
        let first = values.iter().copied().find(|v| v.is_finite())?;
        let last = values.iter().rev().copied().find(|v| v.is_finite())?;
        let low_first = first == low
            || first != high && values.iter().find(|v| **v == low || **v == high).is_some_and(|v| *v == low);
        Some(Self { first, low, high, low_first, last })
    }

    /// The slow way, where infinities have to be sorted out.
    fn of_some(values: &[f64]) -> Option<Self> {
        let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        if finite.is_empty() { None } else { Self::of(&finite) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_column_keeps_first_least_greatest_and_last(values in prop::collection::vec(prop_oneof![4 => -1e9_f64..1e9, 1 => any::<f64>()], 0..50)) {
            let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
            match Column::of(&values) {
                None => prop_assert!(finite.is_empty()),
                Some(c) => {
                    prop_assert_eq!(c.first, finite[0]);
                    prop_assert_eq!(c.last, finite[finite.len() - 1]);
                    prop_assert_eq!(c.low, finite.iter().copied().fold(f64::INFINITY, f64::min));
                    prop_assert_eq!(c.high, finite.iter().copied().fold(f64::NEG_INFINITY, f64::max));
                    let place = |x: f64| finite.iter().position(|v| *v == x);
                    prop_assert!(c.low == c.high || c.low_first == (place(c.low) < place(c.high)));
                }
            }
        }
    }
}
