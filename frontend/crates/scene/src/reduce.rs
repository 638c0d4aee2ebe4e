//! One number from a series. Places without a sample and NaN do not count.

use dashboard::Calc;

/// All numbers of a series at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Newest.
    pub last: f64,
    /// Mean.
    pub mean: f64,
    /// Least.
    pub min: f64,
    /// Greatest.
    pub max: f64,
    /// Sum.
    pub sum: f64,
}

impl Summary {
    /// One of them.
    #[must_use]
    pub fn get(&self, calc: Calc) -> f64 {
        match calc {
            Calc::Last => self.last,
            Calc::Mean => self.mean,
            Calc::Min => self.min,
            Calc::Max => self.max,
            Calc::Sum => self.sum,
        }
    }
}

/// Summarises values; `None` when no number is among them.
#[must_use]
pub fn summarise(values: &[f64]) -> Option<Summary> {
    let mut count = 0u32;
    let mut s = Summary { last: f64::NAN, mean: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY, sum: 0.0 };
    for v in values.iter().copied().filter(|v| !v.is_nan()) {
        count += 1;
        s.last = v;
        s.sum += v;
        s.min = s.min.min(v);
        s.max = s.max.max(v);
    }
    s.mean = s.sum / f64::from(count);
    (count > 0).then_some(s)
}

/// Reduces values to one number.
#[must_use]
pub fn reduce(values: &[f64], calc: Calc) -> Option<f64> {
    summarise(values).map(|s| s.get(calc))
}

/// What a calculation is called.
#[must_use]
pub fn calc_name(calc: Calc) -> &'static str {
    match calc {
        Calc::Last => "Last",
        Calc::Mean => "Mean",
        Calc::Min => "Min",
        Calc::Max => "Max",
        Calc::Sum => "Sum",
    }
}

/// All calculations.
pub const CALCS: [Calc; 5] = [Calc::Last, Calc::Mean, Calc::Min, Calc::Max, Calc::Sum];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_do_not_count() {
        let gap = f64::from_bits(api::frame::ABSENT_BITS);
        let values = [gap, 1.0, f64::NAN, 3.0, gap];
        assert_eq!(CALCS.map(|c| reduce(&values, c).unwrap()), [3.0, 2.0, 1.0, 3.0, 4.0]);
        assert_eq!(reduce(&[gap, f64::NAN], Calc::Last), None);
        assert_eq!(reduce(&[], Calc::Sum), None);
    }
}
