//! Calendar arithmetic on milliseconds: days, months, years, and their beginnings in local time.
//!
//! The proleptic Gregorian calendar; formulas after Howard Hinnant's "chrono-compatible low-level date
//! algorithms". Knows no time zone by itself: callers pass the offset.

use crate::Zone;

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;

/// A moment as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Year.
    pub year: i64,
    /// Month, 1–12.
    pub month: u32,
    /// Day, 1–31.
    pub day: u32,
    /// Milliseconds since midnight.
    pub ms: i64,
}

impl Civil {
    /// Reads milliseconds that already include the zone's offset.
    #[must_use]
    pub fn from_ms(ms: i64) -> Self {
        let days = ms.div_euclid(DAY_MS);
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
        let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
        let year = yoe + era * 400 + i64::from(month <= 2);
        Self { year, month, day, ms: ms.rem_euclid(DAY_MS) }
    }

    /// The opposite of [`Civil::from_ms`].
    #[must_use]
    pub fn to_ms(self) -> i64 {
        let year = self.year - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let yoe = year.rem_euclid(400);
        let month = i64::from(self.month);
        let mp = if month > 2 { month - 3 } else { month + 9 };
        let doy = (153 * mp + 2) / 5 + i64::from(self.day) - 1;
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        (era * 146_097 + doe - 719_468) * DAY_MS + self.ms
    }

    /// Some months later (or earlier); the day is kept within the month's length.
    #[must_use]
    pub fn add_months(self, months: i64) -> Self {
        let total = self.year * 12 + i64::from(self.month) - 1 + months;
        let (year, month) = (total.div_euclid(12), total.rem_euclid(12) as u32 + 1);
        Self { year, month, day: self.day.min(days_in_month(year, month)), ms: self.ms }
    }

    /// 0 for Monday … 6 for Sunday.
    #[must_use]
    pub fn weekday(self) -> i64 {
        (self.to_ms().div_euclid(DAY_MS) + 3).rem_euclid(7)
    }
}

/// Number of days of a month.
#[must_use]
pub fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// The local moment `civil` as milliseconds since the epoch.
#[must_use]
pub fn local_to_utc(civil: Civil, zone: Zone<'_>) -> i64 {
    let wall = civil.to_ms();
    // The offset is asked at a guess and again at the corrected moment: right but within a changed hour.
    let guess = wall - zone(wall);
    wall - zone(guess)
}

/// `t` as local calendar fields.
#[must_use]
pub fn utc_to_local(t: i64, zone: Zone<'_>) -> Civil {
    Civil::from_ms(t + zone(t))
}

/// `2026-11-21 14:05:09` in local time.
#[must_use]
pub fn format_local(t: i64, zone: Zone<'_>) -> String {
    let c = utc_to_local(t, zone);
    let mut out = String::with_capacity(19);
    push_padded(&mut out, c.year, 4);
    out.push('-');
    push_padded(&mut out, i64::from(c.month), 2);
    out.push('-');
    push_padded(&mut out, i64::from(c.day), 2);
    out.push(' ');
    out.push_str(&clock_text(c.ms));
    out
}

/// `14:05:09`.
#[must_use]
pub fn clock_text(ms_of_day: i64) -> String {
    let mut out = String::with_capacity(8);
    push_padded(&mut out, ms_of_day / 3_600_000, 2);
    out.push(':');
    push_padded(&mut out, ms_of_day / 60_000 % 60, 2);
    out.push(':');
    push_padded(&mut out, ms_of_day / 1_000 % 60, 2);
    out
}

fn push_padded(out: &mut String, number: i64, width: usize) {
    let digits = number.to_string();
    for _ in digits.len()..width {
        out.push('0');
    }
    out.push_str(&digits);
}

/// Reads `2026-11-21`, `2026-11-21 14:05` or `2026-11-21 14:05:09` (also with `T`) as local time.
#[must_use]
pub fn parse_local(text: &str, zone: Zone<'_>) -> Option<i64> {
    let text = text.trim();
    let (date, clock) = match text.split_once([' ', 'T']) {
        Some((date, clock)) => (date, clock.trim()),
        None => (text, "00:00"),
    };
    let mut parts = date.split('-');
    let (year, month, day) = (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
    if parts.next().is_some() || !(1..=12).contains(&month) || !(1970..=9999).contains(&year) {
        return None;
    }
    let month = month as u32;
    if day < 1 || day > i64::from(days_in_month(year, month)) {
        return None;
    }
    let mut parts = clock.split(':');
    let (hour, minute) = (number(parts.next()?)?, number(parts.next()?)?);
    let second = parts.next().map_or(Some(0), number)?;
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let ms = ((hour * 60 + minute) * 60 + second) * 1000;
    Some(local_to_utc(Civil { year, month, day: day as u32, ms }, zone))
}

fn number(text: &str) -> Option<i64> {
    if text.is_empty() || text.len() > 4 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_dates() {
        assert_eq!(Civil::from_ms(0), Civil { year: 1970, month: 1, day: 1, ms: 0 });
        assert_eq!(Civil::from_ms(1_709_164_800_000), Civil { year: 2024, month: 2, day: 29, ms: 0 });
        assert_eq!(Civil::from_ms(0).weekday(), 3);
        let leap = Civil { year: 2024, month: 2, day: 29, ms: 5 };
        assert_eq!(leap.add_months(-12), Civil { year: 2023, month: 2, day: 28, ms: 5 });
        assert_eq!(leap.add_months(11).month, 1);
    }

    #[test]
    fn text_is_read_and_refused() {
        let berlin = |_| 3_600_000;
        assert_eq!(parse_local("1970-01-01 01:00", &berlin), Some(0));
        assert_eq!(format_local(0, &berlin), "1970-01-01 01:00:00");
        assert_eq!(parse_local("2026-02-28T23:59:59", &|_| 0).map(|t| t % 1000), Some(0));
        for bad in ["", "2026", "2026-13-01", "2026-02-29", "2026-01-01 24:00", "2026-01-01 1", "x-y-z"] {
            assert_eq!(parse_local(bad, &|_| 0), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn there_and_back(ms in -10_000_000_000_000i64..10_000_000_000_000) {
            prop_assert_eq!(Civil::from_ms(ms).to_ms(), ms);
        }
        #[test]
        fn printed_times_are_read_back(seconds in 0i64..4_000_000_000, hours in -12i64..14) {
            let zone = move |_| hours * 3_600_000;
            let text = format_local(seconds * 1000, &zone);
            prop_assume!(!text.starts_with("1969"));
            prop_assert_eq!(parse_local(&text, &zone), Some(seconds * 1000));
        }
    }
}
