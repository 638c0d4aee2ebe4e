//! Numbers for people, as both programs write them.

use super::float::general;
use crate::value::{Duration, Time};

const LARGER: [&str; 8] = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
const SMALLER: [&str; 8] = ["m", "u", "n", "p", "f", "a", "z", "y"];
const BINARY: [&str; 8] = ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];

/// Four digits.
fn short(value: f64) -> String {
    general(value, Some(4))
}

/// Divided by `base` as often as it takes, with the prefix that tells how often.
fn scaled_down(mut value: f64, base: f64, prefixes: &[&'static str]) -> (f64, &'static str) {
    let mut prefix = "";
    for next in prefixes {
        if value.abs() < base {
            break;
        }
        prefix = next;
        value /= base;
    }
    (value, prefix)
}

fn scaled_up(mut value: f64) -> (f64, &'static str) {
    let mut prefix = "";
    for next in SMALLER {
        if value.abs() >= 1.0 {
            break;
        }
        prefix = next;
        value *= 1000.0;
    }
    (value, prefix)
}

/// With a metric prefix: `1.235k`.
pub(crate) fn humanize(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return short(value);
    }
    let (value, prefix) =
        if value.abs() >= 1.0 { scaled_down(value, 1000.0, &LARGER) } else { scaled_up(value) };
    format!("{}{prefix}", short(value))
}

/// With a binary prefix: `1.206ki`.
pub(crate) fn humanize1024(value: f64) -> String {
    if value.abs() <= 1.0 || !value.is_finite() {
        return short(value);
    }
    let (value, prefix) = scaled_down(value, 1024.0, &BINARY);
    format!("{}{prefix}", short(value))
}

/// Seconds in days, hours, minutes and seconds: `1h 2m 5s`; less than a second with a prefix.
pub(crate) fn humanize_duration(value: f64) -> String {
    if !value.is_finite() {
        return short(value);
    }
    if value == 0.0 {
        return format!("{}s", short(value));
    }
    if value.abs() < 1.0 {
        let (value, prefix) = scaled_up(value);
        return format!("{}{prefix}s", short(value));
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let value = value.abs();
    let whole = value as i64;
    let (seconds, minutes) = (whole % 60, whole / 60 % 60);
    let (hours, days) = (whole / 3600 % 24, whole / 86_400);
    if days != 0 {
        format!("{sign}{days}d {hours}h {minutes}m {seconds}s")
    } else if hours != 0 {
        format!("{sign}{hours}h {minutes}m {seconds}s")
    } else if minutes != 0 {
        format!("{sign}{minutes}m {seconds}s")
    } else {
        format!("{sign}{}s", short(value))
    }
}

/// A ratio in percent: `12.34%`.
pub(crate) fn humanize_percentage(value: f64) -> String {
    format!("{}%", short(value * 100.0))
}

/// Seconds since the epoch as a time in UTC.
///
/// # Errors
/// When the number is none, or no time that 64 bits of nanoseconds hold.
pub(crate) fn time(value: f64) -> Result<Time, String> {
    if !value.is_finite() {
        return Err("value is NaN or Inf".to_owned());
    }
    let nanos = value * 1e9;
    if nanos > i64::MAX as f64 || nanos < i64::MIN as f64 {
        return Err(format!(
            "{} cannot be represented as a nanoseconds timestamp since it overflows int64",
            general(value, None)
        ));
    }
    Ok(Time::from_millis(nanos as i64 / 1_000_000))
}

/// Seconds since the epoch as a time in UTC is written; what is no number stays as it is.
///
/// # Errors
/// When it is no time that 64 bits of nanoseconds hold.
pub(crate) fn humanize_timestamp(value: f64) -> Result<String, String> {
    if !value.is_finite() {
        return Ok(short(value));
    }
    Ok(time(value)?.to_string())
}

/// The seconds of a duration as Prometheus writes durations.
///
/// # Errors
/// When the text is none.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let ms = model::parse_duration(text).map_err(|error| error.to_string())?;
    ms.checked_mul(1_000_000).map(Duration).ok_or_else(|| "duration out of range".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_chosen() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (1234.567, "1.235k"),
            (-99_999_999.0, "-100M"),
            (0.05, "50m"),
            (1e30, "1e+06Y"),
        ] {
            assert_eq!(humanize(value), text);
        }
        assert_eq!(humanize1024(1_048_576.0), "1Mi");
        assert_eq!(humanize1024(f64::NEG_INFINITY), "-Inf");
    }

    #[test]
    fn durations_are_split() {
        for (value, text) in [
            (0.0, "0s"),
            (0.25, "250ms"),
            (59.9, "59.9s"),
            (60.0, "1m 0s"),
            (-3725.5, "-1h 2m 5s"),
            (90_061.0, "1d 1h 1m 1s"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(humanize_duration(value), text);
        }
    }

    #[test]
    fn times_end_where_nanoseconds_do() {
        assert_eq!(humanize_timestamp(1.5).as_deref(), Ok("1970-01-01 00:00:01.5 +0000 UTC"));
        assert_eq!(humanize_timestamp(f64::INFINITY).as_deref(), Ok("+Inf"));
        assert!(humanize_timestamp(1e20).is_err());
    }
}
