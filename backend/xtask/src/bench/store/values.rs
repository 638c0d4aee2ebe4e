//! How the values of a pod's series move from step to step.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng as _;

use super::fleet::{Line, POD_SERIES};

/// The way a value takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Motion {
    /// Stays.
    Constant,
    /// Counts events, fewer than `most` a step and none at all in every eighth.
    Count { most: u32 },
    /// A whole number between 0 and `most` that goes up or down by a tenth of it at most.
    Walk { most: u32 },
    /// A counter of seconds, to the hundredth.
    Seconds,
    /// A power in watts, to the thousandth.
    Watts,
    /// A ratio of two whole numbers, in full precision.
    Ratio,
    /// Counts the observations of a histogram, whose sum and buckets come right behind it.
    Observed { most: u32 },
    /// The sum of the observations.
    Sum,
    /// Counts those observations that lie within a bound.
    Bucket { share: f64 },
}

/// The values of a pod's series at one step.
pub(super) struct Values {
    random: Pcg64Mcg,
    now: Vec<f64>,
}

impl Values {
    /// The values before the first step: counters have a history.
    pub(super) fn new(pod: usize, lines: &[Line]) -> Self {
        let mut values =
            Self { random: Pcg64Mcg::new(0x5eed << 64 | pod as u128), now: vec![0.0; POD_SERIES] };
        for _ in 0..200 {
            values.step(lines);
        }
        for (at, line) in lines.iter().enumerate() {
            if let Motion::Constant = line.motion {
                values.now[at] = [0.0, 0.0, 1.0, 2_619.0][values.below(4) as usize];
            }
        }
        values
    }

    /// The values, in the order of the lines.
    pub(super) fn now(&self) -> &[f64] {
        &self.now
    }

    /// Moves every value on by one interval.
    pub(super) fn step(&mut self, lines: &[Line]) {
        let mut observed = 0;
        for (at, line) in lines.iter().enumerate() {
            let before = self.now[at];
            self.now[at] = match line.motion {
                Motion::Constant => before,
                Motion::Count { most } => {
                    if self.below(8) == 0 {
                        before
                    } else {
                        before + f64::from(self.below(most))
                    }
                }
                Motion::Walk { most } => self.walk(before, most),
                Motion::Seconds => ((before * 100.0).round() + f64::from(self.below(1_500))) / 100.0,
                Motion::Watts => self.walk((before * 1_000.0).round(), 700_000) / 1_000.0,
                Motion::Ratio => self.walk((before * 27_931.0).round(), 27_931) / 27_931.0,
                Motion::Observed { most } => {
                    observed = self.below(most);
                    before + f64::from(observed)
                }
                Motion::Sum => before + f64::from(observed) * f64::from(self.below(1 << 20)) / 1e6,
                Motion::Bucket { share } => before + (f64::from(observed) * share).floor(),
            };
        }
    }

    fn walk(&mut self, before: f64, most: u32) -> f64 {
        let reach = (most / 10).max(1);
        let change = f64::from(self.below(2 * reach + 1)) - f64::from(reach);
        (before + change).clamp(0.0, f64::from(most))
    }

    /// A random number below `bound`.
    fn below(&mut self, bound: u32) -> u32 {
        (((self.random.next_u64() >> 32) * u64::from(bound)) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::super::fleet::lines;
    use super::*;

    /// The mixture that was measured: 28 % constant, 59 % whole, 13 % fractions.
    #[test]
    fn shares_of_the_kinds() {
        let lines = lines();
        let (mut constant, mut fraction, mut all) = (0, 0, 0);
        for pod in 0..8 {
            let mut values = Values::new(pod, &lines);
            let first = values.now().to_vec();
            let mut moved = vec![false; POD_SERIES];
            let mut whole = vec![true; POD_SERIES];
            for _ in 0..120 {
                values.step(&lines);
                for (at, value) in values.now().iter().enumerate() {
                    moved[at] |= *value != first[at];
                    whole[at] &= value.fract() == 0.0;
                }
            }
            all += POD_SERIES;
            constant += moved.iter().filter(|moved| !**moved).count();
            fraction += whole.iter().filter(|whole| !**whole).count();
        }
        let percent = |count: usize| count * 100 / all;
        assert!((26..=30).contains(&percent(constant)), "{} % constant", percent(constant));
        assert!((12..=15).contains(&percent(fraction)), "{} % fractions", percent(fraction));
    }

    #[test]
    fn buckets_never_hold_more_than_the_next() {
        let lines = lines();
        let mut values = Values::new(7, &lines);
        values.step(&lines);
        for (at, pair) in lines.windows(2).enumerate() {
            if let [Motion::Bucket { .. }, Motion::Bucket { .. }] = [pair[0].motion, pair[1].motion] {
                assert!(values.now()[at] <= values.now()[at + 1]);
            }
        }
    }

    #[test]
    fn a_pod_is_always_the_same() {
        let lines = lines();
        assert_eq!(Values::new(3, &lines).now(), Values::new(3, &lines).now());
    }
}
