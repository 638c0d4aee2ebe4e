//! Durations as Prometheus writes them: `1h30m`, units y w d h m s ms, each at most once and in order.

use thiserror::Error;

/// A duration that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DurationError {
    /// The text is empty.
    #[error("empty duration string")]
    Empty,
    /// The text is not a duration.
    #[error("not a valid duration string: {0:?}")]
    Invalid(String),
    /// The duration does not fit 64 bits of nanoseconds (about 292 years).
    #[error("duration out of range: {0:?}")]
    OutOfRange(String),
}

/// Unit name and its length in milliseconds, longest first. A year has 365 days.
const UNITS: [(&str, i64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Reads a duration into milliseconds. "0" needs no unit.
///
/// # Errors
/// When the text is empty, not a duration, or too long a time.
pub fn parse_duration(text: &str) -> Result<i64, DurationError> {
    match text {
        "" => return Err(DurationError::Empty),
        "0" => return Ok(0),
        _ => {}
    }
    let invalid = || DurationError::Invalid(text.to_owned());
    let out_of_range = || DurationError::OutOfRange(text.to_owned());
    let mut total: i64 = 0;
    let mut next_unit = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let letters = rest[digits..].bytes().take_while(u8::is_ascii_alphabetic).count();
        if digits == 0 || letters == 0 {
            return Err(invalid());
        }
        let (number, after) = rest.split_at(digits);
        let (unit, after) = after.split_at(letters);
        let position = UNITS.iter().position(|(name, _)| *name == unit).ok_or_else(invalid)?;
        if position < next_unit {
            return Err(invalid());
        }
        next_unit = position + 1;
        let number: i64 = number.parse().map_err(|_| out_of_range())?;
        let part = number.checked_mul(UNITS[position].1).ok_or_else(out_of_range)?;
        total = total.checked_add(part).ok_or_else(out_of_range)?;
        rest = after;
    }
    if total > i64::MAX / 1_000_000 {
        return Err(out_of_range());
    }
    Ok(total)
}

/// Writes milliseconds as Prometheus does: `1h30m`. Weeks and years only when nothing is left over.
#[must_use]
pub fn format_duration(milliseconds: i64) -> String {
    if milliseconds == 0 {
        return "0s".to_owned();
    }
    let mut out = String::new();
    if milliseconds < 0 {
        out.push('-');
    }
    let mut rest = milliseconds.unsigned_abs();
    for (unit, length) in UNITS {
        let length = length.unsigned_abs();
        let exact_only = matches!(unit, "y" | "w");
        if exact_only && !rest.is_multiple_of(length) {
            continue;
        }
        if rest / length > 0 {
            out.push_str(&format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_prometheus_reads() {
        assert_eq!(parse_duration("0"), Ok(0));
        assert_eq!(parse_duration("1h30m"), Ok(5_400_000));
        assert_eq!(parse_duration("4w2d3h4m5s6ms"), Ok(2_603_045_006));
        assert_eq!(parse_duration("10y"), Ok(315_360_000_000));
    }

    #[test]
    fn refuses_what_prometheus_refuses() {
        assert_eq!(parse_duration(""), Err(DurationError::Empty));
        for bad in ["1", "-1w", "1.5d", "d", "1m1h", "1m1m", "1S", "5 m", "1h "] {
            assert!(matches!(parse_duration(bad), Err(DurationError::Invalid(_))), "{bad}");
        }
        for huge in ["294y", "99999999999999999999s", "200y10400w"] {
            assert!(matches!(parse_duration(huge), Err(DurationError::OutOfRange(_))), "{huge}");
        }
    }

    #[test]
    fn written_with_the_fewest_units() {
        assert_eq!(format_duration(0), "0s");
        assert_eq!(format_duration(14 * 86_400_000), "2w");
        assert_eq!(format_duration(15 * 86_400_000), "15d");
        assert_eq!(format_duration(5_400_000), "1h30m");
        assert_eq!(format_duration(-300_000), "-5m");
    }

    proptest! {
        #[test]
        fn written_and_read_again(ms in 0..9_000_000_000_000_i64) {
            prop_assert_eq!(parse_duration(&format_duration(ms)), Ok(ms));
        }
    }
}
