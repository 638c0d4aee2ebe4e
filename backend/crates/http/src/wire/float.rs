//! Numbers as Prometheus' JSON has them: the shortest digits that read back the same, without an exponent
//! from 1e-6 up to 1e21 (Go's `'f'`), with one of at least two digits beyond (Go's `'e'`).

use std::ops::Range;

/// Appends `value`, without quotes.
pub(crate) fn push_float(out: &mut Vec<u8>, value: f64) {
    push(out, value, -6..21);
}

/// As [`push_float`], never with an exponent: Prometheus writes scalars so.
pub(crate) fn push_scalar(out: &mut Vec<u8>, value: f64) {
    push(out, value, i32::MIN..i32::MAX);
}

/// Writes an exponent when it lies outside of `plain`.
fn push(out: &mut Vec<u8>, value: f64, plain: Range<i32>) {
    if value.is_nan() {
        return out.extend_from_slice(b"NaN");
    }
    if value.is_infinite() {
        return out.extend_from_slice(if value > 0.0 { b"+Inf" } else { b"-Inf" });
    }
    // Most values are whole numbers; up to 2^53 each has one decimal form.
    if value.abs() < 9_007_199_254_740_992.0 && value.fract() == 0.0 {
        if value == 0.0 && value.is_sign_negative() {
            out.push(b'-');
        }
        let mut buffer = itoa::Buffer::new();
        return out.extend_from_slice(buffer.format(value as i64).as_bytes());
    }
    let mut buffer = ryu::Buffer::new();
    let text = buffer.format_finite(value);
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return out.extend_from_slice(text.strip_suffix(".0").unwrap_or(text).as_bytes());
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    out.extend_from_slice(sign.as_bytes());
    if plain.contains(&exponent) {
        push_plain(out, mantissa, exponent);
    } else {
        out.extend_from_slice(mantissa.strip_suffix(".0").unwrap_or(mantissa).as_bytes());
        out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
        if exponent.abs() < 10 {
            out.push(b'0');
        }
        let mut buffer = itoa::Buffer::new();
        out.extend_from_slice(buffer.format(exponent.abs()).as_bytes());
    }
}

/// Appends `d.ddd × 10^exponent` without an exponent.
fn push_plain(out: &mut Vec<u8>, mantissa: &str, exponent: i32) {
    let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + exponent.unsigned_abs() as usize - 1, b'0');
        out.extend_from_slice(&digits);
        return;
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        out.extend_from_slice(&digits);
        out.resize(out.len() + whole - digits.len(), b'0');
    } else {
        out.extend_from_slice(&digits[..whole]);
        out.push(b'.');
        out.extend_from_slice(&digits[whole..]);
    }
}

/// Appends a time in milliseconds as seconds: `1.500`, `2`.
pub(crate) fn push_seconds(out: &mut Vec<u8>, milliseconds: i64) {
    if milliseconds < 0 {
        out.push(b'-');
    }
    let milliseconds = milliseconds.unsigned_abs();
    let mut buffer = itoa::Buffer::new();
    out.extend_from_slice(buffer.format(milliseconds / 1000).as_bytes());
    let rest = milliseconds % 1000;
    if rest != 0 {
        out.extend_from_slice(&[
            b'.',
            b'0' + (rest / 100) as u8,
            b'0' + (rest / 10 % 10) as u8,
            b'0' + (rest % 10) as u8,
        ]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn float(value: f64) -> String {
        let mut out = Vec::new();
        push_float(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    fn seconds(milliseconds: i64) -> String {
        let mut out = Vec::new();
        push_seconds(&mut out, milliseconds);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn written_as_go_writes_them() {
        for (value, want) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (1e-6, "0.000001"),
            (1.25e-6, "0.00000125"),
            (-1e-5, "-0.00001"),
            (1e-7, "1e-07"),
            (1.5e-300, "1.5e-300"),
            (123_456_789.123, "123456789.123"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (1e20, "100000000000000000000"),
            (1.2345e20, "123450000000000000000"),
            (1e21, "1e+21"),
            (-1.7976931348623157e308, "-1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(float(value), want);
        }
    }

    #[test]
    fn scalars_have_no_exponent() {
        for (value, want) in
            [(1e-7, "0.0000001"), (-1.5e22, "-15000000000000000000000"), (0.5, "0.5"), (f64::NAN, "NaN")]
        {
            let mut out = Vec::new();
            push_scalar(&mut out, value);
            assert_eq!(String::from_utf8(out).unwrap(), want);
        }
    }

    #[test]
    fn times_keep_three_digits_or_none() {
        for (ms, want) in [
            (0, "0"),
            (1, "0.001"),
            (1_500, "1.500"),
            (-1_050, "-1.050"),
            (1_700_000_000_999, "1700000000.999"),
        ] {
            assert_eq!(seconds(ms), want);
        }
    }

    proptest! {
        #[test]
        fn reads_back_the_same(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(float(value).parse::<f64>().unwrap().to_bits(), bits);
        }

        #[test]
        fn small_and_middling_ones_too(value in -1e22..1e22_f64, digits in 0_i32..12) {
            let value = (value * 10_f64.powi(-digits)).abs();
            prop_assert_eq!(float(value).parse::<f64>().unwrap(), value);
            prop_assert_eq!(float(value).contains('e'), value != 0.0 && !(1e-6..1e21).contains(&value));
        }
    }
}
