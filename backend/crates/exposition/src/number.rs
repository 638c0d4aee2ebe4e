//! Floats as expositions write them: read with a short path for plain decimals, written as Go's `%g` with
//! the ".0" that OpenMetrics asks for.

/// The bit pattern Prometheus stores for every NaN that is not the staleness marker, so that a body cannot
/// smuggle in the marker.
const NORMAL_NAN: u64 = 0x7ff8_0000_0000_0001;

const POWERS_OF_TEN: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// Reads a float: decimal or exponent notation, `NaN`, `Inf` or `Infinity` in any case. `None` when it is
/// none of these, or when the number is too large for a float. Hexadecimal and `_` are refused.
#[inline]
#[must_use]
pub fn parse_float(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 19 {
        return parse_any_float(text);
    }
    let mut mantissa: u64 = 0;
    let mut point = None;
    for (at, byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
        } else if *byte == b'.' && point.is_none() {
            point = Some(at);
        } else {
            return parse_any_float(text);
        }
    }
    let decimals = point.map_or(0, |at| digits.len() - at - 1);
    // At most 19 digits do not wrap; below 2^53 mantissa and power are exact and the division rounds once.
    if mantissa > 1 << 53 || (point.is_some() && digits.len() == 1) {
        return parse_any_float(text);
    }
    let value = mantissa as f64 / POWERS_OF_TEN[decimals];
    Some(if negative { -value } else { value })
}

fn parse_any_float(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let value: f64 = text.parse().ok()?;
    if value.is_nan() {
        let unsigned = !text.starts_with(['+', '-']);
        return unsigned.then(|| f64::from_bits(NORMAL_NAN));
    }
    let out_of_range = value.is_infinite() && text.bytes().any(|b| b.is_ascii_digit());
    (!out_of_range).then_some(value)
}

/// Any NaN as the ordinary one.
pub(crate) fn ordinary(value: f64) -> f64 {
    if value.is_nan() { f64::from_bits(NORMAL_NAN) } else { value }
}

/// Writes a float as Prometheus writes `le` and `quantile`: shortest digits that read back the same,
/// exponent notation below 1e-4 and from 1e+06 on, otherwise with at least one decimal.
#[must_use]
pub fn format_float(value: f64) -> String {
    let mut out = String::new();
    push_float(&mut out, value, true);
    out
}

/// Appends a float in Go's shortest `%g` notation; `decimal_point` adds ".0" to whole numbers.
pub(crate) fn push_float(out: &mut String, value: f64, decimal_point: bool) {
    use std::fmt::Write as _;
    if value.is_nan() {
        return out.push_str("NaN");
    }
    if value.is_infinite() {
        return out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    }
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e6).contains(&magnitude) {
        let scientific = format!("{value:e}");
        let Some((digits, exponent)) = scientific.split_once('e') else { return out.push_str(&scientific) };
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(rest) => ('-', rest),
            None => ('+', exponent),
        };
        // Writing into a String cannot fail.
        let _ = write!(out, "{digits}e{sign}{exponent:0>2}");
        return;
    }
    let _ = write!(out, "{value}");
    if decimal_point && value.fract() == 0.0 {
        out.push_str(".0");
    }
}

/// Reads a time in seconds as milliseconds, rounded towards zero and held within 64 bits. What misses a whole
/// millisecond only by the error of the float is that millisecond.
pub(crate) fn parse_seconds(text: &[u8]) -> Option<i64> {
    let milliseconds = parse_float(text)? * 1000.0;
    let nearest = milliseconds.round();
    let exact = if (nearest - milliseconds).abs() < 2e-3 { nearest } else { milliseconds };
    milliseconds.is_finite().then_some(exact as i64)
}

/// Reads a time in whole milliseconds.
#[inline]
pub(crate) fn parse_milliseconds(text: &[u8]) -> Option<i64> {
    if text.first() == Some(&b'+') {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_prometheus_reads() {
        for (text, want) in [
            ("0", 0.0),
            ("1", 1.0),
            ("-3.5", -3.5),
            ("+2", 2.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("1.2e-3", 0.0012),
            ("9007199254740993", 9_007_199_254_740_992.0),
            ("+Inf", f64::INFINITY),
            ("-inf", f64::NEG_INFINITY),
            ("Infinity", f64::INFINITY),
            ("0000000000000000000000000000000000000000001.2e-1", 0.12),
        ] {
            assert_eq!(parse_float(text.as_bytes()), Some(want), "{text}");
        }
        assert_eq!(parse_float(b"nan").map(f64::to_bits), Some(NORMAL_NAN));
        assert!(parse_float(b"-0").is_some_and(f64::is_sign_negative));
    }

    #[test]
    fn refuses_what_prometheus_refuses() {
        for bad in
            ["", "-", "+", ".", "-.", "1_0", "0x1p-3", "0x1", "0b1", "1e", "1e400", "+NaN", "1 ", "1\r"]
        {
            assert_eq!(parse_float(bad.as_bytes()), None, "{bad:?}");
        }
    }

    #[test]
    fn written_as_go_does() {
        for (value, want) in [
            (1.0, "1.0"),
            (0.0, "0.0"),
            (0.5, "0.5"),
            (100_000.0, "100000.0"),
            (1e6, "1e+06"),
            (1_555_555.5, "1.5555555e+06"),
            (0.0001, "0.0001"),
            (1e-5, "1e-05"),
            (-2.5e-7, "-2.5e-07"),
            (1e100, "1e+100"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(format_float(value), want);
        }
    }

    proptest! {
        #[test]
        fn short_path_agrees_with_the_library(text in "-?[0-9]{0,12}(\\.[0-9]{0,12})?") {
            prop_assert_eq!(parse_float(text.as_bytes()), text.parse().ok());
        }

        #[test]
        fn written_and_read_again(value in any::<f64>()) {
            let back = parse_float(format_float(value).as_bytes()).unwrap();
            prop_assert!(back == value || (back.is_nan() && value.is_nan()));
        }
    }
}
