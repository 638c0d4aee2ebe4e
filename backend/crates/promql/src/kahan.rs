//! Compensated summation (Kahan, in Neumaier's form), step for step as Prometheus does it, so that sums
//! and means agree to the last bit.

/// A running sum with its compensation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum {
    /// The plain sum.
    pub(crate) sum: f64,
    /// What rounding has lost so far.
    pub(crate) compensation: f64,
}

impl Sum {
    /// Adds `value`.
    #[inline]
    pub(crate) fn add(&mut self, value: f64) {
        let total = self.sum + value;
        if total.is_infinite() {
            self.compensation = 0.0;
        } else if self.sum.abs() >= value.abs() {
            self.compensation += (self.sum - total) + value;
        } else {
            self.compensation += (value - total) + self.sum;
        }
        self.sum = total;
    }

    /// The compensated sum.
    #[inline]
    pub(crate) fn value(self) -> f64 {
        self.sum + self.compensation
    }
}

/// A mean: of the sum while that is finite, incremental from then on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mean {
    count: f64,
    sum: Sum,
    incremental: bool,
}

impl Mean {
    /// Adds `value`.
    #[inline]
    pub(crate) fn add(&mut self, value: f64) {
        self.count += 1.0;
        if !self.incremental {
            let mut next = self.sum;
            next.add(value);
            if self.count == 1.0 || !next.sum.is_infinite() {
                self.sum = next;
                return;
            }
            self.incremental = true;
            self.sum.sum /= self.count - 1.0;
            self.sum.compensation /= self.count - 1.0;
        }
        if self.sum.sum.is_infinite() {
            let same_infinity = value.is_infinite() && (self.sum.sum > 0.0) == (value > 0.0);
            if same_infinity || value.is_finite() {
                return; // an infinite mean stays; subtracting would make a NaN of it
            }
        }
        let share = (self.count - 1.0) / self.count;
        let mut next = Sum { sum: self.sum.sum * share, compensation: self.sum.compensation * share };
        next.add(value / self.count);
        self.sum = next;
    }

    /// The mean of what was added.
    #[inline]
    pub(crate) fn value(self) -> f64 {
        if self.incremental {
            self.sum.value()
        } else {
            self.sum.sum / self.count + self.sum.compensation / self.count
        }
    }
}

/// Population variance after Welford, compensated.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Variance {
    count: f64,
    mean: Sum,
    squares: Sum,
}

impl Variance {
    /// Adds `value`.
    #[inline]
    pub(crate) fn add(&mut self, value: f64) {
        self.count += 1.0;
        let delta = value - self.mean.value();
        self.mean.add(delta / self.count);
        self.squares.add(delta * (value - self.mean.value()));
    }

    /// The variance of what was added.
    #[inline]
    pub(crate) fn value(self) -> f64 {
        self.squares.value() / self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(values: &[f64]) -> f64 {
        let mut sum = Sum::default();
        values.iter().for_each(|v| sum.add(*v));
        sum.value()
    }

    fn mean(values: &[f64]) -> f64 {
        let mut mean = Mean::default();
        values.iter().for_each(|v| mean.add(*v));
        mean.value()
    }

    #[test]
    fn small_values_survive_large_ones() {
        assert_eq!(sum(&[1.0, 1e100, 1.0, -1e100]), 2.0);
        assert_eq!(mean(&[1.0, 1e100, 1.0, -1e100]), 0.5);
    }

    #[test]
    fn a_mean_does_not_overflow() {
        let near = mean(&[f64::MAX, f64::MAX, f64::MAX]);
        assert!(near.is_finite() && near > f64::MAX * 0.999_999);
        assert_eq!(mean(&[f64::INFINITY, 0.0, f64::INFINITY]), f64::INFINITY);
        assert!(mean(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
    }

    #[test]
    fn equal_values_have_no_variance() {
        let mut variance = Variance::default();
        (0..3).for_each(|_| variance.add(1.599_050_563_727_786_8));
        assert_eq!(variance.value(), 0.0);
    }
}
