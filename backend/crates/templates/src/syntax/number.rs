//! Numbers as Go writes them: decimal, `0x`, `0o`, `0b`, with `_` between digits, and characters.

use super::{Number, print::quote, unquote::unquote};

/// Reads a number or a character.
///
/// # Errors
/// When the text is none, or an integer too large for 64 bits.
pub(super) fn read(text: &str) -> Result<Number, String> {
    if text.starts_with('\'') {
        let value = unquote(text).ok_or("malformed character constant: ".to_owned() + text)?;
        let mut chars = value.chars();
        let (Some(c), None) = (chars.next(), chars.next()) else {
            return Err(format!("malformed character constant: {text}"));
        };
        let (int, float) = (Some(i64::from(u32::from(c))), Some(f64::from(u32::from(c))));
        return Ok(Number { text: text.into(), int, float, prefers_float: false });
    }
    if text.ends_with('i') && !text.contains(['x', 'X']) {
        return Err(format!("complex numbers are not supported: {}", quote(text)));
    }
    let illegal = || format!("illegal number syntax: {}", quote(text));
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if let Some(magnitude) = whole(digits) {
        let magnitude = magnitude.ok_or_else(|| format!("integer overflow: {}", quote(text)))?;
        let int =
            if negative { 0_i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() };
        if negative && int.is_none() {
            return Err(format!("integer overflow: {}", quote(text)));
        }
        let size = magnitude as f64;
        let float = Some(if negative { -size } else { size });
        return Ok(Number { text: text.into(), int, float, prefers_float: false });
    }
    let size = fraction(digits).ok_or_else(illegal)?;
    if !text.contains(['.', 'e', 'E', 'p', 'P']) {
        return Err(format!("integer overflow: {}", quote(text)));
    }
    let float = if negative { -size } else { size };
    if float.is_infinite() {
        return Err(illegal());
    }
    let is_whole = float.trunc() == float && float.abs() < 9.2e18;
    let int = is_whole.then_some(float as i64);
    Ok(Number { text: text.into(), int, float: Some(float), prefers_float: true })
}

/// An integer without its sign: `None` if it is written otherwise, `Some(None)` if it is too large.
fn whole(digits: &str) -> Option<Option<u64>> {
    let lower = digits.to_ascii_lowercase();
    let (radix, body) = if let Some(hex) = lower.strip_prefix("0x") {
        (16, hex)
    } else if let Some(octal) = lower.strip_prefix("0o") {
        (8, octal)
    } else if let Some(binary) = lower.strip_prefix("0b") {
        (2, binary)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..])
    } else {
        (10, lower.as_str())
    };
    let body = without_underscores(body, radix != 10)?;
    if body.is_empty() || !body.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    Some(u64::from_str_radix(&body, radix).ok())
}

fn fraction(digits: &str) -> Option<f64> {
    let lower = digits.to_ascii_lowercase();
    if let Some(hex) = lower.strip_prefix("0x") {
        let (mantissa, exponent) = hex.split_once('p')?;
        let exponent: i32 = exponent.parse().ok()?;
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{part}");
        let value = u64::from_str_radix(&all, 16).ok()? as f64;
        let shift = exponent.checked_sub(i32::try_from(part.len()).ok()?.checked_mul(4)?)?;
        return Some(value * 2_f64.powi(shift));
    }
    let plain = without_underscores(&lower, false)?;
    let starts = plain.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    (starts && plain.contains(|c: char| c.is_ascii_digit())).then(|| plain.parse().ok()).flatten()
}

/// Digits without the `_` between them; one may lead only behind a prefix.
fn without_underscores(digits: &str, prefixed: bool) -> Option<String> {
    let leads = digits.starts_with('_') && !prefixed;
    (!leads && !digits.ends_with('_') && !digits.contains("__")).then(|| digits.replace('_', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        for (text, int) in [
            ("0", 0),
            ("42", 42),
            ("-7", -7),
            ("0x1F", 31),
            ("0b101", 5),
            ("0o17", 15),
            ("017", 15),
            ("1_000", 1000),
            ("1e3", 1000),
            ("'a'", 97),
            (r"'\n'", 10),
        ] {
            assert_eq!(read(text).unwrap().int, Some(int), "{text}");
        }
        for (text, float) in [("1.5", 1.5), (".5", 0.5), ("-2e-1", -0.2), ("0x1p4", 16.0), ("0x1.8p1", 3.0)] {
            assert_eq!(read(text).unwrap().float, Some(float), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in ["08", "1__0", "_1", "1_", "1e", ".", "-", "99999999999999999999", "'ab'", "1i", "0x"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
