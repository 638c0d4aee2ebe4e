//! Floats in a record of samples: four bits say how each stands, and its value takes the bytes it needs.
//!
//! What is said by difference is so to samples of the same record only: a record that is lost changes no
//! other.

use super::codec::{Cursor, Malformed, put_float, put_int, zigzag};
use crate::head::{MAX_SLOTS, slot_of};

/// A damaged record loses this many samples at most.
pub(super) const SAMPLES_PER_RECORD: usize = 8192;

/// How a value stands: three bits. The numbers are part of the format.
mod form {
    /// Eight bytes.
    pub(super) const BITS: u8 = 0;
    /// A whole number.
    pub(super) const INTEGER: u8 = 1;
    /// A whole number, as the difference to the last one that was written as [`INTEGER`] or so.
    pub(super) const STEP: u8 = 2;
    /// +0, in no byte.
    pub(super) const ZERO: u8 = 3;
    /// That of the sample before, in no byte.
    pub(super) const SAME: u8 = 4;
    /// A whole number of hundredths, thousandths or millionths.
    pub(super) const HUNDREDTHS: u8 = 5;
    pub(super) const THOUSANDTHS: u8 = 6;
    pub(super) const MILLIONTHS: u8 = 7;
}

/// The fourth bit: the series is not the one numbered next, or the time not that of the sample before.
const ELSEWHERE: u8 = 8;

/// Up to here an integer takes no more than seven bytes.
const INTEGER_MAX: f64 = (1u64 << 48) as f64;

const DECIMALS: [(u8, f64); 3] = [(form::HUNDREDTHS, 1e2), (form::THOUSANDTHS, 1e3), (form::MILLIONTHS, 1e6)];

/// What a sample is told apart from.
#[derive(Default)]
struct Before {
    series: u64,
    t: i64,
    bits: u64,
    integer: i64,
}

/// Writes the payload of a record, sample by sample.
pub(super) struct FloatWriter<'a> {
    out: &'a mut Vec<u8>,
    /// Where the payload begins: with the number of samples.
    start: usize,
    count: u16,
    /// Where the four bits of this sample and of its neighbour are.
    tags_at: usize,
    before: Before,
}

impl<'a> FloatWriter<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        out.extend_from_slice(&[0; 2]);
        Self { out, start, count: 0, tags_at: 0, before: Before::default() }
    }

    /// Adds a sample; no more than [`SAMPLES_PER_RECORD`] times.
    #[inline]
    pub(super) fn push(&mut self, series: u64, t: i64, value: f64) {
        if self.count.is_multiple_of(2) {
            self.tags_at = self.out.len();
            self.out.push(0);
        }
        let mut tag = 0;
        let expected = self.before.series.wrapping_add(1);
        if series != expected || t != self.before.t {
            tag = ELSEWHERE;
            if t != self.before.t {
                put_int(self.out, 0);
                put_int(self.out, t.wrapping_sub(self.before.t));
                self.before.t = t;
            }
            put_int(self.out, series.wrapping_sub(expected) as i64);
        }
        self.before.series = series;
        tag |= self.put_value(value);
        self.out[self.tags_at] |= tag << (4 * (self.count % 2));
        self.count += 1;
    }

    pub(super) fn finish(self) {
        self.out[self.start..self.start + 2].copy_from_slice(&self.count.to_le_bytes());
    }

    /// The shortest form that gives back each bit.
    #[inline]
    fn put_value(&mut self, value: f64) -> u8 {
        let bits = value.to_bits();
        if bits == self.before.bits {
            return form::SAME;
        }
        self.before.bits = bits;
        if bits == 0 {
            return form::ZERO;
        }
        let integer = value as i64;
        if value.abs() < INTEGER_MAX && (integer as f64).to_bits() == bits {
            let step = integer - self.before.integer;
            self.before.integer = integer;
            let is_nearer = zigzag(step) < zigzag(integer);
            put_int(self.out, if is_nearer { step } else { integer });
            return if is_nearer { form::STEP } else { form::INTEGER };
        }
        for (form, scale) in DECIMALS {
            let scaled = value * scale;
            let whole = (scaled + 0.5f64.copysign(scaled)) as i64;
            if scaled.abs() < INTEGER_MAX && (whole as f64 / scale).to_bits() == bits {
                put_int(self.out, whole);
                return form;
            }
        }
        put_float(self.out, value);
        form::BITS
    }
}

/// How many samples a payload says it holds.
pub(super) fn count(payload: &[u8]) -> usize {
    payload.first_chunk().map_or(0, |count| usize::from(u16::from_le_bytes(*count)))
}

/// Visits the samples of a record's payload.
#[inline]
pub(super) fn read_floats(payload: &[u8], mut visit: impl FnMut(u64, i64, f64)) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(payload);
    let count = u16::from_le_bytes(cursor.array()?);
    let mut before = Before::default();
    let mut tags = 0;
    for number in 0..count {
        tags = if number.is_multiple_of(2) { cursor.byte()? } else { tags >> 4 };
        before.series = before.series.wrapping_add(1);
        if tags & ELSEWHERE != 0 {
            let mut step = cursor.int()?;
            if step == 0 {
                before.t = before.t.wrapping_add(cursor.int()?);
                step = cursor.int()?;
            }
            before.series = before.series.wrapping_add(step as u64);
        }
        if slot_of(before.series) >= MAX_SLOTS {
            return Err(Malformed);
        }
        let value = match tags & 7 {
            form::SAME => f64::from_bits(before.bits),
            form::ZERO => 0.0,
            form::INTEGER => {
                before.integer = cursor.int()?;
                before.integer as f64
            }
            form::STEP => {
                before.integer = before.integer.wrapping_add(cursor.int()?);
                before.integer as f64
            }
            form::HUNDREDTHS => cursor.int()? as f64 / 1e2,
            form::THOUSANDTHS => cursor.int()? as f64 / 1e3,
            form::MILLIONTHS => cursor.int()? as f64 / 1e6,
            _ => cursor.float()?,
        };
        before.bits = value.to_bits();
        visit(before.series, before.t, value);
    }
    // Of the last tags half is not used where the count is odd.
    let is_whole = count.is_multiple_of(2) || tags < 16;
    if cursor.is_empty() && is_whole { Ok(()) } else { Err(Malformed) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Sample = (u64, i64, f64);

    fn write(samples: &[Sample]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut writer = FloatWriter::new(&mut out);
        samples.iter().for_each(|(series, t, value)| writer.push(*series, *t, *value));
        writer.finish();
        out
    }

    fn read(payload: &[u8]) -> Result<Vec<(u64, i64, u64)>, Malformed> {
        let mut out = Vec::new();
        read_floats(payload, |series, t, value| out.push((series, t, value.to_bits())))?;
        Ok(out)
    }

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<u64>().prop_map(f64::from_bits),
            (-1000i32..1000).prop_map(f64::from),
            any::<i64>().prop_map(|whole| whole as f64),
            (any::<i32>(), prop_oneof![Just(1e2), Just(1e3), Just(1e6), Just(1e9)])
                .prop_map(|(whole, scale)| f64::from(whole) / scale),
            prop_oneof![Just(0.0), Just(-0.0), Just(f64::INFINITY), Just(f64::NAN), Just(f64::MIN_POSITIVE)],
        ]
    }

    fn samples() -> impl Strategy<Value = Vec<Sample>> {
        let series = (0u64..1 << 20, 1u64..u64::from(u32::MAX)).prop_map(|(slot, high)| high << 32 | slot);
        let next = prop_oneof![
            3 => value().prop_map(|value| (None, value)),
            1 => (series, any::<i64>(), value()).prop_map(|(series, t, value)| (Some((series, t)), value)),
        ];
        proptest::collection::vec(next, 0..40).prop_map(|steps| {
            let mut place = (1 << 32, 0);
            let mut next = |to: Option<(u64, i64)>| {
                place = to.unwrap_or((place.0 + 1, place.1));
                place
            };
            steps
                .into_iter()
                .map(|(to, value)| {
                    let (series, t) = next(to);
                    (series, t, value)
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn every_bit_comes_back(samples in samples()) {
            let expected: Vec<_> = samples.iter().map(|(s, t, v)| (*s, *t, v.to_bits())).collect();
            prop_assert_eq!(read(&write(&samples)).unwrap(), expected);
        }

        #[test]
        fn cut_or_longer_it_makes_no_sense(samples in samples(), cut in any::<prop::sample::Index>(), more: u8) {
            let mut payload = write(&samples);
            prop_assert_eq!(read(&payload[..cut.index(payload.len())]), Err(Malformed));
            payload.push(more);
            prop_assert_eq!(read(&payload), Err(Malformed));
        }

        #[test]
        fn any_bytes_are_read_or_refused(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&payload);
        }
    }

    #[test]
    fn forms_take_what_they_need() {
        let one = |value: f64| write(&[(1 << 32, 0, 7.0), ((1 << 32) + 1, 0, value)]).len();
        let none = one(7.0);
        let bytes: Vec<usize> = [0.0, 8.0, -3.0, 1e6, 0.25, 0.125, 1e-6, 0.1 + 0.2, f64::NAN, -0.0]
            .into_iter()
            .map(|value| one(value) - none)
            .collect();
        assert_eq!(bytes, [0, 1, 1, 3, 1, 2, 1, 8, 8, 8]);
    }
}
