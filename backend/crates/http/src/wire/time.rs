//! Times and durations in parameters.

use jiff::Timestamp;
use model::parse_duration;

/// Prometheus' words for "since ever" and "for ever", which no calendar can read.
const MIN_TIME: &str = "-292273086-05-16T16:47:06Z";
const MAX_TIME: &str = "292277025-08-18T07:12:54.999999999Z";

/// Reads Unix seconds with fractions, or RFC 3339, into milliseconds since the epoch.
pub(crate) fn parse_time(text: &str) -> Result<i64, String> {
    let invalid = || format!("cannot parse {text:?} to a valid timestamp");
    if let Some(seconds) = parse_go_float(text) {
        if !seconds.is_finite() || seconds.abs() > 9e15 {
            return Err(invalid());
        }
        let whole = seconds.trunc();
        return Ok(whole as i64 * 1000 + ((seconds - whole) * 1000.0).round() as i64);
    }
    match text {
        MIN_TIME => return Ok(i64::MIN),
        MAX_TIME => return Ok(i64::MAX),
        _ => {}
    }
    let is_rfc3339 = text.len() >= 20 && text.as_bytes()[10] == b'T' && text.is_ascii();
    let time: Timestamp = text.parse().map_err(|_| invalid())?;
    if is_rfc3339 { Ok(time.as_millisecond()) } else { Err(invalid()) }
}

/// Reads seconds with fractions, or a duration such as `1h30m`, into milliseconds.
pub(crate) fn parse_step(text: &str) -> Result<i64, String> {
    if let Some(seconds) = parse_go_float(text) {
        if seconds.is_nan() || seconds.abs() > 9_223_372_036.0 {
            return Err(format!("cannot parse {text:?} to a valid duration. It overflows int64"));
        }
        return Ok((seconds * 1000.0) as i64);
    }
    parse_duration(text).map_err(|_| format!("cannot parse {text:?} to a valid duration"))
}

/// A float as Go reads one; Rust's reader knows neither hexadecimal ones nor underscores, which nobody
/// writes here.
fn parse_go_float(text: &str) -> Option<f64> {
    text.parse().ok()
}

/// A time as Go writes one in JSON: `2026-01-02T03:04:05.678Z`.
pub(crate) fn rfc3339(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |time| time.to_string())
}

/// A time as part of a file name: `20260102T030405Z`.
pub(crate) fn compact(ms: i64) -> String {
    Timestamp::from_millisecond(ms)
        .map_or_else(|_| ms.to_string(), |time| time.strftime("%Y%m%dT%H%M%SZ").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_file_names() {
        assert_eq!(compact(1_512_940_344_999), "20171210T211224Z");
    }

    #[test]
    fn times_as_prometheus_reads_them() {
        assert_eq!(parse_time("1435781451.781"), Ok(1_435_781_451_781));
        assert_eq!(parse_time("1e9"), Ok(1_000_000_000_000));
        assert_eq!(parse_time("-1.5"), Ok(-1_500));
        assert_eq!(parse_time("2015-06-03T13:21:58.555Z"), Ok(1_433_337_718_555));
        assert_eq!(parse_time("2015-06-03T14:21:58.555+01:00"), Ok(1_433_337_718_555));
        assert_eq!(parse_time(MIN_TIME), Ok(i64::MIN));
        assert_eq!(parse_time(MAX_TIME), Ok(i64::MAX));
        for bad in ["", "30s", "2015-06-03", "2015-06-03T13:21:58.555", "inf", "NaN", "1e300", "now"] {
            assert_eq!(parse_time(bad), Err(format!("cannot parse {bad:?} to a valid timestamp")), "{bad}");
        }
    }

    #[test]
    fn steps_as_prometheus_reads_them() {
        assert_eq!(parse_step("15"), Ok(15_000));
        assert_eq!(parse_step("0.25"), Ok(250));
        assert_eq!(parse_step("1h30m"), Ok(5_400_000));
        assert!(parse_step("1e300").unwrap_err().contains("overflows"));
        assert!(parse_step("soon").unwrap_err().contains("valid duration"));
    }

    #[test]
    fn written_as_go_writes_them() {
        assert_eq!(rfc3339(1_433_337_718_555), "2015-06-03T13:21:58.555Z");
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
    }
}
