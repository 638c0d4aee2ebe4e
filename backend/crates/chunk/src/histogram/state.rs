//! What the next sample is written and read against: the numbers of the last one. Writing and reading
//! leave the same state, so a chunk that was read can be gone on with.

use model::{Histogram, is_stale_nan};

use super::HistogramKind;
use super::varbit::{put_int, put_uint, read_int, read_uint};
use crate::bits::{BitReader, BitWriter};
use crate::window::Window;

/// A whole number, written as the change of its change. Wraps around, so that any bytes can be read.
#[derive(Clone, Copy, Debug, Default)]
struct Ramp {
    value: i64,
    step: i64,
}

impl Ramp {
    fn put(&mut self, out: &mut BitWriter, value: i64) {
        let step = value.wrapping_sub(self.value);
        put_int(out, step.wrapping_sub(self.step));
        *self = Self { value, step };
    }

    fn read(&mut self, bits: &mut BitReader<'_>) -> Option<()> {
        self.step = self.step.wrapping_add(read_int(bits)?);
        self.value = self.value.wrapping_add(self.step);
        Some(())
    }
}

/// A float, written as the bits in which it differs from the one before.
#[derive(Clone, Copy, Debug, Default)]
struct Xor {
    bits: u64,
    window: Window,
}

impl Xor {
    fn value(&self) -> f64 {
        f64::from_bits(self.bits)
    }

    fn put_first(&mut self, out: &mut BitWriter, value: f64) {
        self.bits = value.to_bits();
        out.push(self.bits, 64);
    }

    fn read_first(&mut self, bits: &mut BitReader<'_>) -> Option<()> {
        self.bits = bits.take(64)?;
        Some(())
    }

    fn put(&mut self, out: &mut BitWriter, value: f64) {
        let bits = value.to_bits();
        let (data, free) = out.parts();
        self.window.put(data, free, bits ^ self.bits);
        self.bits = bits;
    }

    fn read(&mut self, bits: &mut BitReader<'_>) -> Option<()> {
        self.bits ^= self.window.read(bits)?;
        Some(())
    }
}

/// Counts of observations: all, those in the zero bucket, those in the positive and then the negative
/// buckets. Integers in buckets are differences to the bucket before of the same sign.
#[derive(Clone, Debug)]
enum Populations {
    Integer { count: Ramp, zero: Ramp, buckets: Vec<Ramp> },
    Float { count: Xor, zero: Xor, buckets: Vec<Xor> },
}

/// The last sample of a chunk.
#[derive(Clone, Debug)]
pub(super) struct State {
    time: Ramp,
    sum: Xor,
    populations: Populations,
    /// How many of the buckets are positive.
    positive: usize,
}

impl State {
    /// Before the first sample.
    pub(super) fn new(kind: HistogramKind, positive: usize, negative: usize) -> Self {
        let buckets = positive + negative;
        let populations = match kind {
            HistogramKind::Integer => Populations::Integer {
                count: Ramp::default(),
                zero: Ramp::default(),
                buckets: vec![Ramp::default(); buckets],
            },
            HistogramKind::Float => Populations::Float {
                count: Xor::default(),
                zero: Xor::default(),
                buckets: vec![Xor::default(); buckets],
            },
        };
        Self { time: Ramp::default(), sum: Xor::default(), populations, positive }
    }

    pub(super) fn t(&self) -> i64 {
        self.time.value
    }

    pub(super) fn sum(&self) -> f64 {
        self.sum.value()
    }

    pub(super) fn count(&self) -> f64 {
        match &self.populations {
            Populations::Integer { count, .. } => count.value as u64 as f64,
            Populations::Float { count, .. } => count.value(),
        }
    }

    pub(super) fn zero_count(&self) -> f64 {
        match &self.populations {
            Populations::Integer { zero, .. } => zero.value as u64 as f64,
            Populations::Float { zero, .. } => zero.value(),
        }
    }

    /// Replaces the contents of the two by the populations of the positive and the negative buckets.
    pub(super) fn buckets_into(&self, positive: &mut Vec<f64>, negative: &mut Vec<f64>) {
        positive.clear();
        negative.clear();
        match &self.populations {
            Populations::Integer { buckets, .. } => {
                let (left, right) = buckets.split_at(self.positive);
                positive.extend(running_sums(left));
                negative.extend(running_sums(right));
            }
            Populations::Float { buckets, .. } => {
                let (left, right) = buckets.split_at(self.positive);
                positive.extend(left.iter().map(Xor::value));
                negative.extend(right.iter().map(Xor::value));
            }
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        match &self.populations {
            Populations::Integer { buckets, .. } => buckets.capacity() * size_of::<Ramp>(),
            Populations::Float { buckets, .. } => buckets.capacity() * size_of::<Xor>(),
        }
    }

    /// Appends the first sample; `histogram` has the buckets of the layout.
    pub(super) fn put_first(&mut self, out: &mut BitWriter, t: i64, histogram: &Histogram) {
        self.time.value = t;
        put_int(out, t);
        match &mut self.populations {
            Populations::Integer { count, zero, buckets } => {
                for (number, value) in [(count, histogram.count), (zero, histogram.zero_count)] {
                    number.value = value as i64;
                    put_uint(out, number.value as u64);
                }
                self.sum.put_first(out, histogram.sum);
                for (bucket, value) in buckets.iter_mut().zip(differences(histogram)) {
                    bucket.value = value;
                    put_int(out, value);
                }
            }
            Populations::Float { count, zero, buckets } => {
                count.put_first(out, histogram.count);
                zero.put_first(out, histogram.zero_count);
                self.sum.put_first(out, histogram.sum);
                for (bucket, value) in buckets.iter_mut().zip(populations(histogram)) {
                    bucket.put_first(out, value);
                }
            }
        }
    }

    /// `None` when the bytes end.
    pub(super) fn read_first(&mut self, bits: &mut BitReader<'_>) -> Option<()> {
        self.time.value = read_int(bits)?;
        match &mut self.populations {
            Populations::Integer { count, zero, buckets } => {
                count.value = read_uint(bits)? as i64;
                zero.value = read_uint(bits)? as i64;
                self.sum.read_first(bits)?;
                for bucket in buckets {
                    bucket.value = read_int(bits)?;
                }
            }
            Populations::Float { count, zero, buckets } => {
                count.read_first(bits)?;
                zero.read_first(bits)?;
                self.sum.read_first(bits)?;
                for bucket in buckets {
                    bucket.read_first(bits)?;
                }
            }
        }
        Some(())
    }

    /// Appends another sample; `histogram` has the buckets of the layout or is stale.
    pub(super) fn put_next(&mut self, out: &mut BitWriter, t: i64, histogram: &Histogram) {
        let stale = is_stale_nan(histogram.sum);
        self.time.put(out, t);
        match &mut self.populations {
            Populations::Integer { count, zero, buckets } => {
                for (number, value) in [(count, histogram.count), (zero, histogram.zero_count)] {
                    // Stale samples have no counts: the shortest form stands in their place.
                    let unchanged = number.value.wrapping_add(number.step);
                    number.put(out, if stale { unchanged } else { value as i64 });
                }
                self.sum.put(out, histogram.sum);
                if !stale {
                    for (bucket, value) in buckets.iter_mut().zip(differences(histogram)) {
                        bucket.put(out, value);
                    }
                }
            }
            Populations::Float { count, zero, buckets } => {
                for (number, value) in [(count, histogram.count), (zero, histogram.zero_count)] {
                    number.put(out, if stale { 0.0 } else { value });
                }
                self.sum.put(out, histogram.sum);
                if !stale {
                    for (bucket, value) in buckets.iter_mut().zip(populations(histogram)) {
                        bucket.put(out, value);
                    }
                }
            }
        }
    }

    /// `None` when the bytes end.
    pub(super) fn read_next(&mut self, bits: &mut BitReader<'_>) -> Option<()> {
        self.time.read(bits)?;
        match &mut self.populations {
            Populations::Integer { count, zero, buckets } => {
                count.read(bits)?;
                zero.read(bits)?;
                self.sum.read(bits)?;
                if !is_stale_nan(self.sum.value()) {
                    for bucket in buckets {
                        bucket.read(bits)?;
                    }
                }
            }
            Populations::Float { count, zero, buckets } => {
                count.read(bits)?;
                zero.read(bits)?;
                self.sum.read(bits)?;
                if !is_stale_nan(self.sum.value()) {
                    for bucket in buckets {
                        bucket.read(bits)?;
                    }
                }
            }
        }
        Some(())
    }
}

fn populations(histogram: &Histogram) -> impl Iterator<Item = f64> {
    histogram.positive_buckets.iter().chain(&histogram.negative_buckets).copied()
}

/// Each bucket's population less that of the bucket before of the same sign. Wraps as [`running_sums`] does:
/// bytes from elsewhere can hold any populations.
fn differences(histogram: &Histogram) -> impl Iterator<Item = i64> {
    [&histogram.positive_buckets, &histogram.negative_buckets].into_iter().flat_map(|buckets| {
        buckets.iter().scan(0, |before, value| {
            let value = *value as i64;
            Some(value.wrapping_sub(std::mem::replace(before, value)))
        })
    })
}

fn running_sums(differences: &[Ramp]) -> impl Iterator<Item = f64> {
    differences.iter().scan(0i64, |sum, difference| {
        *sum = sum.wrapping_add(difference.value);
        Some(*sum as f64)
    })
}
