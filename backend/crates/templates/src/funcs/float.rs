//! Floats as Go writes them.

/// The name of what is no number with digits, if `value` is such.
fn special(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value.is_infinite() {
        Some(if value > 0.0 { "+Inf" } else { "-Inf" })
    } else {
        None
    }
}

/// Verb `e`: `1.5e+06`; without a precision as many digits as tell the value.
pub(crate) fn exponent(value: f64, precision: Option<usize>) -> String {
    if let Some(name) = special(value) {
        return name.to_owned();
    }
    let text = match precision {
        Some(precision) => format!("{value:.precision$e}"),
        None => format!("{value:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// Verb `f`: `1500000.25`.
pub(crate) fn fixed(value: f64, precision: Option<usize>) -> String {
    match (special(value), precision) {
        (Some(name), _) => name.to_owned(),
        (None, Some(precision)) => format!("{value:.precision$}"),
        (None, None) => format!("{value}"),
    }
}

/// Verb `g`: the shorter of the two; `precision` counts all digits.
pub(crate) fn general(value: f64, precision: Option<usize>) -> String {
    if let Some(name) = special(value) {
        return name.to_owned();
    }
    let digits = precision.map(|precision| precision.max(1));
    let scientific = exponent(value, digits.map(|digits| digits - 1));
    let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    let mantissa = match mantissa.split_once('.') {
        Some((whole, part)) if precision.is_some() => {
            let part = part.trim_end_matches('0');
            if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
        }
        _ => mantissa.to_owned(),
    };
    // What is shown has this many digits, and a precision beyond them does not delay the exponent.
    let shown = mantissa.bytes().filter(u8::is_ascii_digit).count();
    let limit = match digits {
        None => 6,
        Some(digits) => {
            let whole = usize::try_from(power + 1).unwrap_or(0);
            if digits > shown && shown >= whole { shown } else { digits }
        }
    };
    if power < -4 || power >= i32::try_from(limit).unwrap_or(i32::MAX) {
        let sign = if power < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", power.abs());
    }
    match digits {
        None => format!("{value}"),
        Some(digits) => {
            let decimals = i32::try_from(digits).unwrap_or(i32::MAX).saturating_sub(1).saturating_sub(power);
            let text = format!("{value:.*}", usize::try_from(decimals).unwrap_or(0));
            match text.split_once('.') {
                None => text,
                Some((whole, part)) => {
                    let part = part.trim_end_matches('0');
                    if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_go_writes_them() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (0.1, "0.1"),
            (123_456.0, "123456"),
            (1_000_000.0, "1e+06"),
            (123_456_789.5, "1.234567895e+08"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(general(value, None), text);
        }
        for (value, precision, text) in [
            (1e6, 4, "1e+06"),
            (99_999.0, 4, "1e+05"),
            (0.1, 4, "0.1"),
            (15.0, 0, "2e+01"),
            (1e6, 10, "1000000"),
            (0.000_012_34, 3, "1.23e-05"),
            (1234.5678, 6, "1234.57"),
            (0.0, 4, "0"),
        ] {
            assert_eq!(general(value, Some(precision)), text, "{value} {precision}");
        }
        assert_eq!(exponent(1234.5, Some(6)), "1.234500e+03");
        assert_eq!(fixed(1234.5678, Some(2)), "1234.57");
    }
}
