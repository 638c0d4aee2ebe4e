//! Times and numbers as people say them.

use crate::Zone;
use crate::civil;

/// `just now`, `12 s ago`, `3 min ago`, `2 h 5 min ago`, `4 days ago`.
#[must_use]
pub fn ago(then_ms: i64, now_ms: i64) -> String {
    let elapsed = now_ms - then_ms;
    if elapsed < 1_000 {
        return "just now".to_owned();
    }
    let mut text = duration(elapsed);
    text.push_str(" ago");
    text
}

/// `850 ms`, `12 s`, `3 min`, `2 h 5 min`, `4 days`: at most two units.
#[must_use]
pub fn duration(ms: i64) -> String {
    let ms = ms.max(0);
    let pair = |big: i64, big_unit: &str, small: i64, small_unit: &str| {
        if small == 0 {
            format!("{big} {big_unit}")
        } else {
            format!("{big} {big_unit} {small} {small_unit}")
        }
    };
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{} s", ms / 1_000),
        60_000..600_000 => pair(ms / 60_000, "min", ms / 1_000 % 60, "s"),
        600_000..3_600_000 => format!("{} min", ms / 60_000),
        3_600_000..86_400_000 => pair(ms / 3_600_000, "h", ms / 60_000 % 60, "min"),
        86_400_000..172_800_000 => pair(1, "day", ms / 3_600_000 % 24, "h"),
        _ => format!("{} days", ms / 86_400_000),
    }
}

/// `2026-11-21 14:05:09 (UTC+1)`.
#[must_use]
pub fn absolute(t_ms: i64, zone: Zone<'_>) -> String {
    format!("{} ({})", civil::format_local(t_ms, zone), zone_text(zone(t_ms)))
}

/// `UTC`, `UTC+1`, `UTC−3:30`.
#[must_use]
pub fn zone_text(offset_ms: i64) -> String {
    if offset_ms == 0 {
        return "UTC".to_owned();
    }
    let sign = if offset_ms < 0 { '−' } else { '+' };
    let minutes = offset_ms.abs() / 60_000;
    if minutes % 60 == 0 {
        format!("UTC{sign}{}", minutes / 60)
    } else {
        format!("UTC{sign}{}:{:02}", minutes / 60, minutes % 60)
    }
}

/// `1 panel`, `3 panels`.
#[must_use]
pub fn count(n: usize, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let say =
            [850, 12_999, 185_000, 1_500_000, 7_500_000, 7_200_000, 90_000_000, 400_000_000].map(duration);
        assert_eq!(say, ["850 ms", "12 s", "3 min 5 s", "25 min", "2 h 5 min", "2 h", "1 day 1 h", "4 days"]);
        assert_eq!(ago(10_000, 10_500), "just now");
        assert_eq!(ago(10_000, 22_500), "12 s ago");
    }

    #[test]
    fn zones() {
        assert_eq!(absolute(0, &|_| 3_600_000), "1970-01-01 01:00:00 (UTC+1)");
        assert_eq!(zone_text(-12_600_000), "UTC−3:30");
        assert_eq!(zone_text(0), "UTC");
    }
}
