//! Integers in as few bits as their size asks for, and the two floats that have an integer form.
//!
//! A run of *k* ones and a zero say how many bits follow; eight ones say 64. A signed number of *n* bits
//! goes from −(2^(n−1)−1) to 2^(n−1), so that the raw 2^(n−1) is positive, unlike two's complement.

use crate::bits::{BitReader, BitWriter};

/// Bits behind a run of one, two, three … ones.
const SIZES: [u32; 7] = [3, 6, 9, 12, 18, 25, 56];
/// Bits of the longest run of ones.
const LONGEST_RUN: u32 = 8;

pub(super) fn put_int(out: &mut BitWriter, value: i64) {
    let fits = |bits: u32| -((1 << (bits - 1)) - 1) <= value && value <= 1 << (bits - 1);
    put(out, value as u64, fits);
}

pub(super) fn put_uint(out: &mut BitWriter, value: u64) {
    put(out, value, |bits| value >> bits == 0);
}

fn put(out: &mut BitWriter, value: u64, fits: impl Fn(u32) -> bool) {
    if value == 0 {
        out.push(0, 1);
        return;
    }
    match (1u32..).zip(SIZES).find(|(_, bits)| fits(*bits)) {
        Some((ones, bits)) => {
            let prefix = ((1 << ones) - 1) << 1;
            out.push((prefix << bits) | (value & ((1 << bits) - 1)), ones + 1 + bits);
        }
        None => {
            out.push(0xff, LONGEST_RUN);
            out.push(value, 64);
        }
    }
}

/// `None` when the bytes end.
pub(super) fn read_int(bits: &mut BitReader<'_>) -> Option<i64> {
    let (raw, size) = read(bits)?;
    let negative = size > 0 && size < 64 && raw > 1 << (size - 1);
    Some(if negative { raw.wrapping_sub(1 << size) } else { raw } as i64)
}

/// `None` when the bytes end.
pub(super) fn read_uint(bits: &mut BitReader<'_>) -> Option<u64> {
    read(bits).map(|(raw, _)| raw)
}

/// The raw bits and their number.
fn read(bits: &mut BitReader<'_>) -> Option<(u64, u32)> {
    let word = bits.peek();
    let ones = word.leading_ones().min(LONGEST_RUN);
    let Some(place) = (ones as usize).checked_sub(1) else {
        return bits.skip(1).then_some((0, 0));
    };
    match SIZES.get(place) {
        Some(size) => {
            let raw = (word << (ones + 1)) >> (64 - size);
            bits.skip(ones + 1 + size).then_some((raw, *size))
        }
        None => {
            bits.skip(LONGEST_RUN);
            Some((bits.take(64)?, 64))
        }
    }
}

/// A byte for 0 and for the powers of two from 2^−243 to 2^10; 255 and the float's bits for the others.
pub(super) fn put_zero_threshold(out: &mut BitWriter, value: f64) {
    const MANTISSA: u64 = (1 << 52) - 1;
    let bits = value.to_bits();
    // Also a negative number's exponent is out of range: the sign is its highest bit.
    let exponent = (bits >> 52) as i64 - 1023;
    if value == 0.0 {
        out.push(0, 8);
    } else if bits & MANTISSA == 0 && (-243..=10).contains(&exponent) {
        out.push((exponent + 244) as u64, 8);
    } else {
        out.push(255, 8);
        out.push(bits, 64);
    }
}

/// `None` when the bytes end.
pub(super) fn read_zero_threshold(bits: &mut BitReader<'_>) -> Option<f64> {
    Some(match bits.take(8)? {
        0 => 0.0,
        255 => f64::from_bits(bits.take(64)?),
        byte => f64::from_bits((byte + 1023 - 244) << 52),
    })
}

/// Bounds that people write have few decimals: up to three are an integer of thousandths, plus one, because
/// zero announces the bits of any other float.
pub(super) fn put_bound(out: &mut BitWriter, value: f64) {
    /// Takes four bytes with the one added.
    const MOST: f64 = 33_554_430.0;
    let thousandths = value * 1000.0;
    let rounded = thousandths.round();
    if (0.0..=MOST).contains(&thousandths) && rounded / 1000.0 == value {
        put_uint(out, rounded as u64 + 1);
    } else {
        out.push(0, 1);
        out.push(value.to_bits(), 64);
    }
}

/// `None` when the bytes end.
pub(super) fn read_bound(bits: &mut BitReader<'_>) -> Option<f64> {
    Some(match read_uint(bits)? {
        0 => f64::from_bits(bits.take(64)?),
        number => (number - 1) as f64 / 1000.0,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(put: impl FnOnce(&mut BitWriter)) -> (Vec<u8>, usize) {
        let mut out = BitWriter::new(Vec::new());
        put(&mut out);
        let (data, free) = out.into_parts();
        let bits = data.len() * 8 - usize::from(free);
        (data, bits)
    }

    /// The borders of the sizes, from their definition.
    #[test]
    fn sizes_of_signed_numbers() {
        for (value, bits) in [
            (0, 1),
            (1, 2 + 3),
            (4, 2 + 3),
            (-3, 2 + 3),
            (5, 3 + 6),
            (-4, 3 + 6),
            (32, 3 + 6),
            (33, 4 + 9),
            (-255, 4 + 9),
            (-256, 5 + 12),
            (2048, 5 + 12),
            (2049, 6 + 18),
            (131_072, 6 + 18),
            (131_073, 7 + 25),
            (1 << 24, 7 + 25),
            ((1 << 24) + 1, 8 + 56),
            (1 << 55, 8 + 56),
            ((1 << 55) + 1, 8 + 64),
            (i64::MIN, 8 + 64),
        ] {
            assert_eq!(written(|out| put_int(out, value)).1, bits, "{value}");
        }
        // 10 and three bits of −1.
        assert_eq!(written(|out| put_int(out, -1)).0, [0b1011_1000]);
    }

    #[test]
    fn sizes_of_unsigned_numbers() {
        for (value, bits) in [(0, 1), (7, 5), (8, 9), (63, 9), (64, 13), (511, 13), (4095, 17), (1 << 17, 24)]
        {
            assert_eq!(written(|out| put_uint(out, value)).1, bits, "{value}");
        }
        assert_eq!(written(|out| put_uint(out, u64::MAX)).1, 72);
    }

    #[test]
    fn forms_of_the_zero_threshold() {
        for (value, bytes) in [
            (0.0, vec![0]),
            (2f64.powi(-128), vec![116]),
            (2f64.powi(-243), vec![1]),
            (2f64.powi(10), vec![254]),
            (2f64.powi(11), vec![255, 0x40, 0xa0, 0, 0, 0, 0, 0, 0]),
            (0.001, vec![255, 0x3f, 0x50, 0x62, 0x4d, 0xd2, 0xf1, 0xa9, 0xfc]),
            (-1.0, vec![255, 0xbf, 0xf0, 0, 0, 0, 0, 0, 0]),
        ] {
            assert_eq!(written(|out| put_zero_threshold(out, value)).0, bytes, "{value}");
        }
    }

    #[test]
    fn forms_of_a_bound() {
        for (value, bits) in [
            (0.0, 5),
            (0.005, 5),
            (0.05, 9),
            (1.0, 17),
            (33_554.430, 32),
            (33_554.431, 65),
            (0.0001, 65),
            (-1.0, 65),
            (f64::NAN, 65),
        ] {
            assert_eq!(written(|out| put_bound(out, value)).1, bits, "{value}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in any::<i64>(), shift in 0u32..64, float in any::<f64>(), cents in 0u32..10_000_000) {
            let value = value >> shift;
            let bound = f64::from(cents) / 100.0;
            let (data, length) = written(|out| {
                put_int(out, value);
                put_uint(out, value as u64);
                put_zero_threshold(out, float);
                put_bound(out, float);
                put_bound(out, bound);
            });
            let mut bits = BitReader::new(&data, 0);
            prop_assert_eq!(read_int(&mut bits), Some(value));
            prop_assert_eq!(read_uint(&mut bits), Some(value as u64));
            prop_assert_eq!(read_zero_threshold(&mut bits), Some(float));
            prop_assert_eq!(read_bound(&mut bits), Some(float));
            prop_assert_eq!(read_bound(&mut bits), Some(bound));
            prop_assert_eq!(bits.position(), length);
        }
    }
}
