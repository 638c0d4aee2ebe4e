//! Time intervals: when a route is muted or active.
//!
//! An interval is a set of conditions on the wall clock of a place (UTC unless said). All that are given have
//! to hold; each holds if one of its ranges does. Times count by the minute, the end excluded; the other
//! ranges include both ends.

mod read;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::TimestampMs;

/// Minutes of a day.
const DAY_MINUTES: u16 = 24 * 60;

/// A range of minutes within a day; the end is excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeOfDayRange {
    /// First minute, counted from midnight.
    pub start_minute: u16,
    /// First minute that is outside again; 1440 is the end of the day.
    pub end_minute: u16,
}

/// A range whose ends are both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InclusiveRange {
    /// First.
    pub begin: i32,
    /// Last.
    pub end: i32,
}

impl InclusiveRange {
    fn contains(self, value: i32) -> bool {
        self.begin <= value && value <= self.end
    }
}

/// Conditions on a moment. What is `None` was not said and holds always; an empty list holds never.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeInterval {
    /// Times of the day.
    pub times: Option<Vec<TimeOfDayRange>>,
    /// Days of the week; 0 is Sunday.
    pub weekdays: Option<Vec<InclusiveRange>>,
    /// Days of the month, from 1; negative ones count from its end, -1 being the last day.
    pub days_of_month: Option<Vec<InclusiveRange>>,
    /// Months, from 1.
    pub months: Option<Vec<InclusiveRange>>,
    /// Years.
    pub years: Option<Vec<InclusiveRange>>,
    /// Whose wall clock counts; UTC if not said.
    pub location: Option<TimeZone>,
}

/// A list of intervals with a name that routes refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedIntervals {
    /// Name.
    pub name: String,
    /// Intervals; a moment is inside if one of them contains it.
    pub intervals: Vec<TimeInterval>,
}

impl NamedIntervals {
    /// Whether a moment lies in one of the intervals.
    #[must_use]
    pub fn contains(&self, at_ms: TimestampMs) -> bool {
        self.intervals.iter().any(|interval| interval.contains(at_ms))
    }
}

impl TimeInterval {
    /// Whether a moment lies in the interval. A moment that no calendar has (beyond the year 9999) does not.
    #[must_use]
    pub fn contains(&self, at_ms: TimestampMs) -> bool {
        let Ok(instant) = Timestamp::from_millisecond(at_ms) else { return false };
        let zone = self.location.clone().unwrap_or(TimeZone::UTC);
        let local = instant.to_zoned(zone).datetime();
        let minute = u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
        let in_times = |r: &TimeOfDayRange| r.start_minute <= minute && minute < r.end_minute;
        let day = i32::from(local.day());
        let last_day = i32::from(local.date().days_in_month());
        let weekday = i32::from(local.weekday().to_sunday_zero_offset());
        any(self.times.as_deref(), in_times)
            && any(self.days_of_month.as_deref(), |range| in_days(*range, day, last_day))
            && any(self.months.as_deref(), |range| range.contains(i32::from(local.month())))
            && any(self.weekdays.as_deref(), |range| range.contains(weekday))
            && any(self.years.as_deref(), |range| range.contains(i32::from(local.year())))
    }
}

fn any<T>(ranges: Option<&[T]>, test: impl Fn(&T) -> bool) -> bool {
    ranges.is_none_or(|ranges| ranges.iter().any(test))
}

/// Whether a day is in a range of a month with `last_day` days. A range that begins after the month has ended
/// is none; one that ends later ends with it.
fn in_days(range: InclusiveRange, day: i32, last_day: i32) -> bool {
    let from_start = |n: i32| if n < 0 { last_day + n + 1 } else { n };
    let (begin, end) = (from_start(range.begin), from_start(range.end));
    begin <= last_day && InclusiveRange { begin, end: end.min(last_day) }.contains(day)
}

#[cfg(test)]
mod tests;
