//! Durations as people say them, clocks, and dates.

use super::number::{push_integer, push_two, significant};
use crate::ticks::civil;

const PARTS: [(f64, &str); 7] = [
    (31_536_000.0, "y"),
    (604_800.0, "w"),
    (86_400.0, "d"),
    (3_600.0, "h"),
    (60.0, "min"),
    (1.0, "s"),
    (0.001, "ms"),
];

/// `2 h 5 min`: the largest parts, at most `parts` of them.
pub(super) fn words(seconds: f64, parts: usize) -> String {
    let mut rest = seconds.abs();
    if rest < 0.001 {
        return if rest == 0.0 { "0 s".to_owned() } else { significant(seconds * 1000.0) + "\u{a0}ms" };
    }
    if rest >= 1e13 {
        return significant(seconds / PARTS[0].0) + "\u{a0}y";
    }
    let parts = parts.clamp(1, PARTS.len());
    let first = PARTS.iter().position(|(size, _)| rest >= *size).unwrap_or(PARTS.len() - 1);
    let last = (first + parts).min(PARTS.len());
    // Rounded to the smallest part shown, so that 3599.9999 s is an hour.
    let unit = PARTS[last - 1].0;
    rest = (rest / unit).round() * unit;
    let first = PARTS.iter().position(|(size, _)| rest >= *size * (1.0 - 1e-9)).unwrap_or(first);
    let mut out = String::with_capacity(16);
    if seconds < 0.0 {
        out.push('-');
    }
    let mut written = false;
    for (size, name) in &PARTS[first..last.max(first + 1)] {
        let n = (rest / size + 1e-9).floor();
        rest = (rest - n * size).max(0.0);
        if n > 0.0 {
            if written {
                out.push(' ');
            }
            push_integer(&mut out, n as u64);
            out.push('\u{a0}');
            out.push_str(name);
            written = true;
        }
    }
    out
}

/// `02:05:10`, with days in front when there are any.
pub(super) fn clock(seconds: f64) -> String {
    let all = seconds.abs().min(1e15).round() as u64;
    let mut out = String::with_capacity(12);
    if seconds < 0.0 && all > 0 {
        out.push('-');
    }
    if all >= 86_400 {
        push_integer(&mut out, all / 86_400);
        out.push_str("\u{a0}d ");
    }
    for (i, n) in [all / 3_600 % 24, all / 60 % 60, all % 60].into_iter().enumerate() {
        if i > 0 {
            out.push(':');
        }
        push_two(&mut out, n);
    }
    out
}

/// `2026-11-21 02:40:00Z` of milliseconds since the epoch.
pub(super) fn iso(ms: f64) -> String {
    // Years beyond four digits are no dates that anybody measured.
    if ms.abs() > 253_402_300_799_999.0 {
        return significant(ms);
    }
    let (year, month, day, second) = civil((ms / 1000.0).floor() as i64);
    let mut out = String::with_capacity(20);
    if year < 0 {
        out.push('-');
    }
    push_integer(&mut out, year.unsigned_abs());
    for part in [month, day] {
        out.push('-');
        push_two(&mut out, u64::from(part));
    }
    out.push(' ');
    for (i, part) in [second / 3_600, second / 60 % 60, second % 60].into_iter().enumerate() {
        if i > 0 {
            out.push(':');
        }
        push_two(&mut out, u64::from(part));
    }
    out.push('Z');
    out
}
