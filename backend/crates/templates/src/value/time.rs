//! Times and durations with what Go lets a template ask of them.

use std::fmt::{self, Display, Formatter};

use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, civil};

use super::layout;

const NANOS: i64 = 1_000_000_000;
/// Go's zero time, 0001-01-01 00:00:00 UTC, in seconds of Unix.
const ZERO_SECONDS: i64 = -62_135_596_800;

/// A time with a time zone to show it in.
#[derive(Clone, Debug)]
pub(crate) struct Time {
    instant: Timestamp,
    /// `None` is UTC.
    zone: Option<TimeZone>,
}

impl Time {
    /// A time in UTC; what lies beyond the years that can be shown is moved to the nearest that can.
    pub(crate) fn from_millis(ms: i64) -> Self {
        let nearest = if ms < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Self { instant: Timestamp::from_millisecond(ms).unwrap_or(nearest), zone: None }
    }

    /// Go's zero time.
    pub(crate) fn zero() -> Self {
        Self::from_millis(ZERO_SECONDS * 1000)
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.instant.as_nanosecond() == i128::from(ZERO_SECONDS) * i128::from(NANOS)
    }

    fn at(&self, nanos: i128) -> Result<Self, String> {
        let instant = Timestamp::from_nanosecond(nanos).map_err(|_| "time out of range".to_owned())?;
        Ok(Self { instant, zone: self.zone.clone() })
    }

    pub(crate) fn nanos(&self) -> i128 {
        self.instant.as_nanosecond()
    }

    /// Whole seconds of Unix.
    pub(crate) fn unix(&self) -> i64 {
        i64::try_from(self.nanos().div_euclid(i128::from(NANOS))).unwrap_or(0)
    }

    /// Units of `nanos` nanoseconds since the epoch, as 64 bits can hold them.
    pub(crate) fn unix_in(&self, nanos: i64) -> i64 {
        self.nanos().div_euclid(i128::from(nanos)) as i64
    }

    /// The same time shown in UTC.
    pub(crate) fn utc(&self) -> Self {
        Self { instant: self.instant, zone: None }
    }

    /// The same time shown in a zone of the time zone database that is built in.
    ///
    /// # Errors
    /// When there is no such zone.
    pub(crate) fn in_zone(&self, name: &str) -> Result<Self, String> {
        if matches!(name, "" | "UTC" | "Local") {
            return Ok(self.utc());
        }
        let zone = TimeZoneDatabase::bundled().get(name).map_err(|_| format!("unknown time zone {name}"))?;
        Ok(Self { instant: self.instant, zone: Some(zone) })
    }

    /// The zone's name.
    pub(crate) fn location(&self) -> &str {
        self.zone.as_ref().and_then(TimeZone::iana_name).unwrap_or("UTC")
    }

    /// Date and time of day in the zone.
    pub(crate) fn civil(&self) -> civil::DateTime {
        self.zone.as_ref().unwrap_or(&TimeZone::UTC).to_datetime(self.instant)
    }

    /// The zone's distance from UTC in seconds, and its abbreviation.
    pub(crate) fn offset(&self) -> (i32, String) {
        match &self.zone {
            None => (0, "UTC".to_owned()),
            Some(zone) => {
                let info = zone.to_offset_info(self.instant);
                (info.offset().seconds(), info.abbreviation().to_owned())
            }
        }
    }

    /// The distance between two times, held to what a duration can be.
    pub(crate) fn since(&self, earlier: &Self) -> Duration {
        let nanos = self.nanos() - earlier.nanos();
        Duration(i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX }))
    }

    pub(crate) fn add(&self, duration: Duration) -> Result<Self, String> {
        self.at(self.nanos() + i128::from(duration.0))
    }

    /// Years, months and days later; a day beyond its month's end runs on into the next.
    pub(crate) fn add_date(&self, years: i64, months: i64, days: i64) -> Result<Self, String> {
        let out_of_range = || "time out of range".to_owned();
        let now = self.civil();
        let month = i64::from(now.month()) - 1;
        let total = years
            .checked_mul(12)
            .and_then(|sum| sum.checked_add(months))
            .and_then(|sum| sum.checked_add(month))
            .ok_or_else(out_of_range)?;
        let year = i64::from(now.year()).checked_add(total.div_euclid(12)).ok_or_else(out_of_range)?;
        let year = i16::try_from(year).map_err(|_| out_of_range())?;
        let month = i8::try_from(total.rem_euclid(12) + 1).map_err(|_| out_of_range())?;
        let days = days.checked_add(i64::from(now.day()) - 1).ok_or_else(out_of_range)?;
        let first = civil::DateTime::new(
            year,
            month,
            1,
            now.hour(),
            now.minute(),
            now.second(),
            now.subsec_nanosecond(),
        )
        .map_err(|_| out_of_range())?;
        let span = jiff::Span::new().try_days(days).map_err(|_| out_of_range())?;
        let moved = first.checked_add(span).map_err(|_| out_of_range())?;
        let zone = self.zone.clone().unwrap_or(TimeZone::UTC);
        let zoned = zone.to_zoned(moved).map_err(|_| out_of_range())?;
        Ok(Self { instant: zoned.timestamp(), zone: self.zone.clone() })
    }

    /// Down to a multiple of `step` since Go's zero time.
    pub(crate) fn truncate(&self, step: Duration) -> Result<Self, String> {
        if step.0 <= 0 {
            return Ok(self.clone());
        }
        self.at(self.nanos() - self.beyond(step))
    }

    /// To the nearest multiple of `step` since Go's zero time, halves up.
    pub(crate) fn round(&self, step: Duration) -> Result<Self, String> {
        if step.0 <= 0 {
            return Ok(self.clone());
        }
        let beyond = self.beyond(step);
        let up = if beyond + beyond < i128::from(step.0) { 0 } else { i128::from(step.0) };
        self.at(self.nanos() - beyond + up)
    }

    fn beyond(&self, step: Duration) -> i128 {
        (self.nanos() - i128::from(ZERO_SECONDS) * i128::from(NANOS)).rem_euclid(i128::from(step.0))
    }

    /// The time written as `layout` writes Go's reference time.
    pub(crate) fn format(&self, layout: &str) -> String {
        layout::format(self, layout)
    }

    /// As RFC 3339 with the fraction it has.
    pub(crate) fn rfc3339(&self) -> String {
        self.format("2006-01-02T15:04:05.999999999Z07:00")
    }
}

impl Display for Time {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format("2006-01-02 15:04:05.999999999 -0700 MST"))
    }
}

/// Same instant, and shown in the same zone.
impl PartialEq for Time {
    fn eq(&self, other: &Self) -> bool {
        self.instant == other.instant && self.location() == other.location()
    }
}

/// A length of time in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Duration(pub(crate) i64);

impl Duration {
    pub(crate) fn seconds(self) -> f64 {
        self.in_units(NANOS)
    }

    /// Units of `nanos` nanoseconds, whole ones and the rest apart as Go counts them.
    pub(crate) fn in_units(self, nanos: i64) -> f64 {
        (self.0 / nanos) as f64 + (self.0 % nanos) as f64 / nanos as f64
    }

    /// Towards zero to a multiple of `step`.
    pub(crate) fn truncate(self, step: Self) -> Self {
        if step.0 <= 0 { self } else { Self(self.0 - self.0 % step.0) }
    }

    /// To the nearest multiple of `step`, halves away from zero.
    pub(crate) fn round(self, step: Self) -> Self {
        if step.0 <= 0 {
            return self;
        }
        let (whole, rest) = (i128::from(self.0), i128::from(self.0 % step.0));
        let step = i128::from(step.0);
        let nearest = if rest.abs() * 2 < step { whole - rest } else { whole - rest + step * rest.signum() };
        Self(i64::try_from(nearest).unwrap_or(if nearest < 0 { i64::MIN } else { i64::MAX }))
    }
}

impl Display for Duration {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        if nanos == 0 {
            return f.write_str("0s");
        }
        let sign = if self.0 < 0 { "-" } else { "" };
        let (unit, size) = match nanos {
            0..1_000 => ("ns", 1),
            1_000..1_000_000 => ("µs", 1_000),
            1_000_000..1_000_000_000 => ("ms", 1_000_000),
            _ => {
                let seconds = nanos / 1_000_000_000;
                write!(f, "{sign}")?;
                if seconds >= 3600 {
                    write!(f, "{}h", seconds / 3600)?;
                }
                if seconds >= 60 {
                    write!(f, "{}m", seconds / 60 % 60)?;
                }
                return write!(f, "{}s", decimal(nanos % 60_000_000_000, 1_000_000_000));
            }
        };
        write!(f, "{sign}{}{unit}", decimal(nanos, size))
    }
}

/// `value / size` without zeros at the end.
fn decimal(value: u64, size: u64) -> String {
    let digits = size.ilog10() as usize;
    let text = format!("{}.{:0digits$}", value / size, value % size);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_writes_them() {
        for (nanos, text) in [
            (0, "0s"),
            (1, "1ns"),
            (1_100, "1.1µs"),
            (2_200_000, "2.2ms"),
            (3_300_000_000, "3.3s"),
            (245_000_000_000, "4m5s"),
            (18_367_001_000_000, "5h6m7.001s"),
            (-480_000_000_000, "-8m0s"),
            (i64::MIN, "-2562047h47m16.854775808s"),
            (i64::MAX, "2562047h47m16.854775807s"),
        ] {
            assert_eq!(Duration(nanos).to_string(), text);
        }
    }

    #[test]
    fn durations_are_rounded_as_go_rounds_them() {
        let rounded = |nanos, step| Duration(nanos).round(Duration(step)).0;
        assert_eq!(rounded(1_500, 1_000), 2_000);
        assert_eq!(rounded(-1_500, 1_000), -2_000);
        assert_eq!(rounded(1_499, 1_000), 1_000);
        assert_eq!(rounded(i64::MAX, 1_000_000_000), i64::MAX);
        assert_eq!(rounded(7, 0), 7);
        assert_eq!(Duration(-1_999).truncate(Duration(1_000)).0, -1_000);
    }

    #[test]
    fn a_day_beyond_its_month_runs_on() {
        let time = Time::from_millis(1_706_659_200_000); // 2024-01-31
        assert_eq!(time.add_date(0, 1, 0).unwrap().to_string(), "2024-03-02 00:00:00 +0000 UTC");
        assert_eq!(time.add_date(-1, 0, -31).unwrap().to_string(), "2022-12-31 00:00:00 +0000 UTC");
        assert!(time.add_date(i64::MAX, 1, 1).is_err());
        assert!(time.add_date(0, 0, i64::MAX).is_err());
    }

    #[test]
    fn zones_are_known_by_name() {
        let time = Time::from_millis(1_706_659_200_000);
        assert_eq!(time.in_zone("Asia/Tokyo").unwrap().to_string(), "2024-01-31 09:00:00 +0900 JST");
        assert_eq!(time.in_zone("Nowhere/X").unwrap_err(), "unknown time zone Nowhere/X");
        assert!(time.in_zone("../etc/passwd").is_err());
        assert!(Time::zero().is_zero());
        assert_eq!(Time::zero().to_string(), "0001-01-01 00:00:00 +0000 UTC");
    }
}
