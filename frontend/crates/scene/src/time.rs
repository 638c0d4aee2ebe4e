//! The time range of a view: `now-1h` … `now`, `now/d`, or fixed milliseconds; and moving, widening and
//! narrowing it.

use model::TimeRange;

use crate::Zone;
use crate::civil::{self, Civil, DAY_MS};

/// A unit of calendar arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// `s`
    Second,
    /// `m`
    Minute,
    /// `h`
    Hour,
    /// `d`
    Day,
    /// `w`, beginning on Monday
    Week,
    /// `M`
    Month,
    /// `y`
    Year,
}

impl Unit {
    fn from_char(c: u8) -> Option<Self> {
        Some(match c {
            b's' => Self::Second,
            b'm' => Self::Minute,
            b'h' => Self::Hour,
            b'd' => Self::Day,
            b'w' => Self::Week,
            b'M' => Self::Month,
            b'y' => Self::Year,
            _ => return None,
        })
    }

    fn as_char(self) -> char {
        match self {
            Self::Second => 's',
            Self::Minute => 'm',
            Self::Hour => 'h',
            Self::Day => 'd',
            Self::Week => 'w',
            Self::Month => 'M',
            Self::Year => 'y',
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    fn fixed_ms(self) -> Option<i64> {
        match self {
            Self::Second => Some(1_000),
            Self::Minute => Some(60_000),
            Self::Hour => Some(3_600_000),
            _ => None,
        }
    }
}

/// One end of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeExpr {
    /// Milliseconds since the epoch.
    Absolute(i64),
    /// `now`, moved by some units and then rounded to the beginning (or, as an end, the end) of a unit.
    Relative {
        /// Signed number of units.
        count: i64,
        /// Of what.
        unit: Unit,
        /// Rounded to.
        round: Option<Unit>,
    },
}

/// The moment itself.
pub const NOW: TimeExpr = TimeExpr::Relative { count: 0, unit: Unit::Second, round: None };

/// Largest count of a relative time, so that arithmetic stays far from its limits.
const COUNT_MAX: i64 = 1_000_000_000;
/// Largest absolute time (year 9999).
const ABSOLUTE_MAX: i64 = 253_402_300_799_999;

impl TimeExpr {
    /// Reads `now`, `now-1h`, `now/d`, `now-1d/d` or milliseconds since the epoch.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let Some(rest) = text.strip_prefix("now") else {
            let ms: i64 = text.parse().ok()?;
            return (0..=ABSOLUTE_MAX).contains(&ms).then_some(Self::Absolute(ms));
        };
        let (shift, round) = match rest.split_once('/') {
            Some((shift, unit)) => (shift, Some(single_unit(unit)?)),
            None => (rest, None),
        };
        if shift.is_empty() {
            return Some(Self::Relative { count: 0, unit: Unit::Second, round });
        }
        let sign = match shift.as_bytes()[0] {
            b'-' => -1,
            b'+' => 1,
            _ => return None,
        };
        let body = shift.get(1..)?;
        let split = body.len().checked_sub(1)?;
        let (digits, unit) = (body.get(..split)?, single_unit(body.get(split..)?)?);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let count: i64 = digits.parse().ok()?;
        let count_max = match unit {
            Unit::Second => COUNT_MAX,
            Unit::Minute => COUNT_MAX / 60,
            Unit::Hour => COUNT_MAX / 3_600,
            _ => 10_000,
        };
        (count <= count_max).then_some(Self::Relative { count: sign * count, unit, round })
    }

    /// The text that [`TimeExpr::parse`] reads.
    #[must_use]
    pub fn print(self) -> String {
        match self {
            Self::Absolute(ms) => ms.to_string(),
            Self::Relative { count, unit, round } => {
                let mut out = String::from("now");
                if count != 0 {
                    out.push(if count < 0 { '-' } else { '+' });
                    out.push_str(&count.unsigned_abs().to_string());
                    out.push(unit.as_char());
                }
                if let Some(round) = round {
                    out.push('/');
                    out.push(round.as_char());
                }
                out
            }
        }
    }

    /// Milliseconds since the epoch. An end that is rounded means the last millisecond of its unit.
    #[must_use]
    pub fn resolve(self, now_ms: i64, zone: Zone<'_>, is_end: bool) -> i64 {
        match self {
            Self::Absolute(ms) => ms,
            Self::Relative { count, unit, round } => {
                let moved = shift(now_ms, count, unit, zone);
                match round {
                    None => moved,
                    Some(round) => {
                        let begin = floor(moved, round, zone);
                        if is_end { shift(begin, 1, round, zone) - 1 } else { begin }
                    }
                }
            }
        }
    }
}

fn single_unit(text: &str) -> Option<Unit> {
    match text.as_bytes() {
        [c] => Unit::from_char(*c),
        _ => None,
    }
}

fn shift(t: i64, count: i64, unit: Unit, zone: Zone<'_>) -> i64 {
    if let Some(ms) = unit.fixed_ms() {
        return t + count * ms;
    }
    let local = civil::utc_to_local(t, zone);
    let moved = match unit {
        Unit::Month => local.add_months(count),
        Unit::Year => local.add_months(count * 12),
        Unit::Week => Civil::from_ms(local.to_ms() + count * 7 * DAY_MS),
        _ => Civil::from_ms(local.to_ms() + count * DAY_MS),
    };
    civil::local_to_utc(moved, zone)
}

fn floor(t: i64, unit: Unit, zone: Zone<'_>) -> i64 {
    let mut local = civil::utc_to_local(t, zone);
    match unit {
        Unit::Second => local.ms -= local.ms % 1_000,
        Unit::Minute => local.ms -= local.ms % 60_000,
        Unit::Hour => local.ms -= local.ms % 3_600_000,
        Unit::Day => local.ms = 0,
        Unit::Week => {
            local.ms = 0;
            local = Civil::from_ms(local.to_ms() - local.weekday() * DAY_MS);
        }
        Unit::Month => local = Civil { day: 1, ms: 0, ..local },
        Unit::Year => local = Civil { month: 1, day: 1, ms: 0, ..local },
    }
    civil::local_to_utc(local, zone)
}

/// A range as the user said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawRange {
    /// Start.
    pub from: TimeExpr,
    /// End.
    pub to: TimeExpr,
}

impl Default for RawRange {
    fn default() -> Self {
        Self::last(1, Unit::Hour)
    }
}

/// Shortest range that zooming makes, in milliseconds.
pub const RANGE_MS_MIN: i64 = 1_000;

impl RawRange {
    /// `now-COUNTunit` to `now`.
    #[must_use]
    pub const fn last(count: i64, unit: Unit) -> Self {
        Self { from: TimeExpr::Relative { count: -count, unit, round: None }, to: NOW }
    }

    /// Fixed ends.
    #[must_use]
    pub fn absolute(start_ms: i64, end_ms: i64) -> Self {
        Self { from: TimeExpr::Absolute(start_ms.max(0)), to: TimeExpr::Absolute(end_ms.max(0)) }
    }

    /// Reads both ends.
    #[must_use]
    pub fn parse(from: &str, to: &str) -> Option<Self> {
        Some(Self { from: TimeExpr::parse(from)?, to: TimeExpr::parse(to)? })
    }

    /// Whether the range ends now, and so moves on.
    #[must_use]
    pub fn follows_now(self) -> bool {
        matches!(self.to, TimeExpr::Relative { count: 0, round: None, .. })
    }

    /// The range at this moment; ends in the wrong order are put right, and an empty range is widened.
    #[must_use]
    pub fn resolve(self, now_ms: i64, zone: Zone<'_>) -> TimeRange {
        let a = self.from.resolve(now_ms, zone, false);
        let b = self.to.resolve(now_ms, zone, true);
        let (start, end) = if a <= b { (a, b) } else { (b, a) };
        TimeRange::new(start, end.max(start + RANGE_MS_MIN))
    }

    /// Half a range to the left (`-1`) or right (`1`), as fixed ends.
    #[must_use]
    pub fn shifted(self, direction: i64, now_ms: i64, zone: Zone<'_>) -> Self {
        let range = self.resolve(now_ms, zone);
        let by = (range.end_ms - range.start_ms) / 2 * direction;
        Self::absolute(range.start_ms + by, range.end_ms + by)
    }

    /// Twice as wide around the same middle; a range that ends now keeps doing so.
    #[must_use]
    pub fn zoomed_out(self, now_ms: i64, zone: Zone<'_>) -> Self {
        if let (true, TimeExpr::Relative { count, unit, round: None }) = (self.follows_now(), self.from)
            && count < 0
        {
            let wider = TimeExpr::Relative { count: count * 2, unit, round: None };
            if TimeExpr::parse(&wider.print()).is_some() {
                return Self { from: wider, to: self.to };
            }
        }
        let range = self.resolve(now_ms, zone);
        let half = (range.end_ms - range.start_ms) / 2;
        Self::absolute(range.start_ms - half, range.end_ms + half)
    }

    /// What the picker's button says.
    #[must_use]
    pub fn describe(self, zone: Zone<'_>) -> String {
        if let (TimeExpr::Relative { count, unit, round }, true) = (self.from, self.follows_now()) {
            match round {
                None if count < 0 => return last_text(-count, unit),
                Some(unit) if count == 0 => {
                    return if unit == Unit::Day {
                        "Today so far".to_owned()
                    } else {
                        format!("This {} so far", unit.word())
                    };
                }
                _ => {}
            }
        }
        for (text, from, to) in PRESETS.iter().chain(CALENDAR_PRESETS) {
            if Self::parse(from, to) == Some(self) {
                return (*text).to_owned();
            }
        }
        let end = |e: TimeExpr| match e {
            TimeExpr::Absolute(ms) => civil::format_local(ms, zone),
            relative => relative.print(),
        };
        let (from, to) = (end(self.from), end(self.to));
        // The day is said once when both ends lie on it.
        match (from.split_once(' '), to.split_once(' ')) {
            (Some((a, _)), Some((b, clock))) if a == b => format!("{from} – {clock}"),
            _ => format!("{from} – {to}"),
        }
    }
}

fn last_text(count: i64, unit: Unit) -> String {
    if count == 1 { format!("Last {}", unit.word()) } else { format!("Last {count} {}s", unit.word()) }
}

/// Quick ranges: text, from, to.
pub const PRESETS: &[(&str, &str, &str)] = &[
    ("Last 5 minutes", "now-5m", "now"),
    ("Last 15 minutes", "now-15m", "now"),
    ("Last 30 minutes", "now-30m", "now"),
    ("Last hour", "now-1h", "now"),
    ("Last 3 hours", "now-3h", "now"),
    ("Last 6 hours", "now-6h", "now"),
    ("Last 12 hours", "now-12h", "now"),
    ("Last 24 hours", "now-24h", "now"),
    ("Last 2 days", "now-2d", "now"),
    ("Last 7 days", "now-7d", "now"),
    ("Last 30 days", "now-30d", "now"),
    ("Last 90 days", "now-90d", "now"),
];

/// Ranges of the calendar: text, from, to.
pub const CALENDAR_PRESETS: &[(&str, &str, &str)] = &[
    ("Today", "now/d", "now/d"),
    ("Today so far", "now/d", "now"),
    ("Yesterday", "now-1d/d", "now-1d/d"),
    ("This week so far", "now/w", "now"),
    ("Previous week", "now-1w/w", "now-1w/w"),
    ("This month so far", "now/M", "now"),
];

/// Reads an end as a person types it: relative, milliseconds, or a local date.
#[must_use]
pub fn parse_typed(text: &str, zone: Zone<'_>) -> Option<TimeExpr> {
    TimeExpr::parse(text).or_else(|| civil::parse_local(text, zone).map(TimeExpr::Absolute))
}

/// Writes an end as a person would type it.
#[must_use]
pub fn print_typed(expr: TimeExpr, zone: Zone<'_>) -> String {
    match expr {
        TimeExpr::Absolute(ms) => civil::format_local(ms, zone),
        relative => relative.print(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UTC: Zone<'static> = &|_| 0;
    // Saturday, 2026-11-21 14:05:09.123 UTC
    const NOW_MS: i64 = 1_795_269_909_123;

    fn at(text: &str, is_end: bool) -> String {
        let t = TimeExpr::parse(text).unwrap().resolve(NOW_MS, UTC, is_end);
        civil::format_local(t, UTC)
    }

    #[test]
    fn relative_times() {
        assert_eq!(at("now", true), "2026-11-21 14:05:09");
        assert_eq!(at("now-1h", false), "2026-11-21 13:05:09");
        assert_eq!(at("now/d", false), "2026-11-21 00:00:00");
        assert_eq!(at("now/d", true), "2026-11-21 23:59:59");
        assert_eq!(at("now-1d/d", true), "2026-11-20 23:59:59");
        assert_eq!(at("now/w", false), "2026-11-16 00:00:00");
        assert_eq!(at("now-1M/M", false), "2026-10-01 00:00:00");
        assert_eq!(at("now-1M/M", true), "2026-10-31 23:59:59");
        assert_eq!(at("now/y", false), "2026-01-01 00:00:00");
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in [
            "",
            "nowx",
            "now-",
            "now-h",
            "now-1",
            "now-1x",
            "now/",
            "now/dd",
            "-5",
            "1e3",
            "now--1h",
            "now-99999999999999999999h",
            "now-1é",
            "99999999999999999",
        ] {
            assert_eq!(TimeExpr::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_day_may_have_23_hours() {
        // Summer time begins at hour 100: the offset grows by an hour.
        let zone = |t: i64| if t < 100 * 3_600_000 { 0 } else { 3_600_000 };
        let day = TimeExpr::parse("now/d").unwrap();
        let now = 101 * 3_600_000;
        let length = day.resolve(now, &zone, true) + 1 - day.resolve(now, &zone, false);
        assert_eq!(length, 23 * 3_600_000);
    }

    #[test]
    fn what_the_button_says() {
        let say = |from, to| RawRange::parse(from, to).unwrap().describe(UTC);
        assert_eq!(say("now-1h", "now"), "Last hour");
        assert_eq!(say("now-45m", "now"), "Last 45 minutes");
        assert_eq!(say("now/d", "now"), "Today so far");
        assert_eq!(say("now-1d/d", "now-1d/d"), "Yesterday");
        assert_eq!(say("0", "60000"), "1970-01-01 00:00:00 – 00:01:00");
    }

    #[test]
    fn moving_and_widening() {
        let hour = RawRange::default();
        assert_eq!(hour.zoomed_out(NOW_MS, UTC), RawRange::last(2, Unit::Hour));
        let fixed = RawRange::absolute(1_000_000, 2_000_000);
        assert_eq!(fixed.zoomed_out(NOW_MS, UTC), RawRange::absolute(500_000, 2_500_000));
        assert_eq!(fixed.shifted(-1, NOW_MS, UTC), RawRange::absolute(500_000, 1_500_000));
        let swapped = RawRange::parse("2000000", "1000000").unwrap().resolve(NOW_MS, UTC);
        assert_eq!(swapped, TimeRange::new(1_000_000, 2_000_000));
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read(count in -10_000i64..10_000, unit in 0usize..7, round in 0usize..8) {
            let units = [Unit::Second, Unit::Minute, Unit::Hour, Unit::Day, Unit::Week, Unit::Month, Unit::Year];
            let unit = if count == 0 { Unit::Second } else { units[unit] };
            let e = TimeExpr::Relative { count, unit, round: units.get(round).copied() };
            prop_assert_eq!(TimeExpr::parse(&e.print()), Some(e));
            prop_assert!(e.resolve(NOW_MS, UTC, true) >= e.resolve(NOW_MS, UTC, false));
        }
        #[test]
        fn any_text_is_survived(text in ".{0,20}") {
            if let Some(e) = TimeExpr::parse(&text) {
                prop_assert!(e.resolve(NOW_MS, UTC, true) >= e.resolve(NOW_MS, UTC, false));
            }
        }
    }
}
