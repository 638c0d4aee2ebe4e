//! Where grid lines stand: round values, powers of ten, and moments of local time.

use crate::units::Unit;
use crate::units::{Steps, push_integer, push_two};

/// Most horizontal grid lines.
pub const MAX_LINES: usize = 5;

/// Distance of ticks so that at most `most` multiples of it lie in `low ..= high`; 0 if there is no range.
#[must_use]
pub fn nice_step(low: f64, high: f64, most: usize, unit: &Unit) -> f64 {
    let span = high - low;
    if !(span.is_finite() && span > 0.0) {
        return 0.0;
    }
    let mut step = round_up(span / (most.max(1) as f64 + 1.0), unit);
    // The estimate may be a step or two too fine (never endless: each step is greater).
    for _ in 0..8 {
        if count(low, high, step) <= most as f64 {
            break;
        }
        step = round_up(step * 1.01, unit);
    }
    step
}

fn count(low: f64, high: f64, step: f64) -> f64 {
    ((high / step) * (1.0 + 1e-12)).floor() - ((low / step) * (1.0 - 1e-12)).ceil() + 1.0
}

/// The smallest distance of the unit's liking that is not below `least`.
fn round_up(least: f64, unit: &Unit) -> f64 {
    match unit.steps() {
        Steps::Decimal => decimal(least),
        Steps::Binary(one) => {
            let n = least / one;
            if n <= 1.0 { decimal(n) * one } else { n.log2().ceil().exp2() * one }
        }
        Steps::Seconds(one) => {
            let n = least / one;
            let clock = [
                60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0, 21_600.0, 43_200.0,
                86_400.0,
            ];
            let whole = if n <= 30.0 {
                // 1, 2, 5, 10, 20, 30 below a minute.
                let d = decimal(n);
                if d > 20.0 { 30.0 } else { d }
            } else {
                clock.into_iter().find(|s| *s >= n).unwrap_or_else(|| decimal(n / 86_400.0) * 86_400.0)
            };
            whole * one
        }
    }
}

/// 1, 2, 2.5 or 5 times a power of ten.
fn decimal(least: f64) -> f64 {
    if !(least.is_finite() && least > 0.0) {
        return 1.0;
    }
    let power = pow10(least.log10().floor());
    if power == 0.0 || !power.is_finite() {
        return least;
    }
    let n = least / power;
    let round = [1.0, 2.0, 2.5, 5.0].into_iter().find(|r| *r >= n * (1.0 - 1e-9)).unwrap_or(10.0);
    round * power
}

/// Exact for the powers that `f64` holds exactly, and close for the others.
fn pow10(exponent: f64) -> f64 {
    if exponent < 0.0 && exponent > -300.0 { 1.0 / 10_f64.powf(-exponent) } else { 10_f64.powf(exponent) }
}

/// Multiples of the nice step within `low ..= high`.
#[must_use]
pub fn linear(low: f64, high: f64, unit: &Unit) -> (Vec<f64>, f64) {
    linear_at_most(low, high, unit, MAX_LINES)
}

/// As [`linear`] with another number of lines.
#[must_use]
pub fn linear_at_most(low: f64, high: f64, unit: &Unit, most: usize) -> (Vec<f64>, f64) {
    let step = nice_step(low, high, most, unit);
    let mut ticks = Vec::with_capacity(most);
    // Where the step is below the values' precision there is nothing to tell apart.
    if step <= 0.0 || !step.is_finite() || step < low.abs().max(high.abs()) * 1e-13 {
        return (ticks, 0.0);
    }
    let first = ((low / step) * (1.0 - 1e-12)).ceil();
    for i in 0..most {
        let tick = (first + i as f64) * step;
        if tick > high + step * 1e-9 {
            break;
        }
        // -0 would be written as such by others.
        ticks.push(if tick == 0.0 { 0.0 } else { tick });
    }
    (ticks, step)
}

/// Powers of ten (of two for binary units) within `low ..= high`, thinned to at most [`MAX_LINES`].
#[must_use]
pub fn logarithmic(low: f64, high: f64, unit: &Unit) -> Vec<f64> {
    if !(low > 0.0 && high >= low && high.is_finite()) {
        return Vec::new();
    }
    if let Steps::Binary(one) = unit.steps() {
        let (from, to) =
            (((low / one).log2() - 1e-9).ceil() as i32, ((high / one).log2() + 1e-9).floor() as i32);
        let fitting = |every: i32| (from.div_euclid(every) + i32::from(from.rem_euclid(every) != 0)) * every;
        // Thousands of bytes where there are some of them, else as fine as needed.
        let count = |every: i32| (to - fitting(every)).div_euclid(every) + 1;
        let fine = [1, 2, 5, 10, 20, 40, 100, 200, 500].into_iter().find(|e| count(*e) <= MAX_LINES as i32);
        let every = fine.unwrap_or(1_000);
        return (0..count(every).max(0))
            .map(|i| f64::from(fitting(every) + i * every).exp2() * one)
            .collect();
    }
    let (from, to) = ((low.log10() - 1e-9).ceil() as i32, (high.log10() + 1e-9).floor() as i32);
    let every = ((to - from + 1).max(1) as usize).div_ceil(MAX_LINES);
    let mut ticks: Vec<f64> = (from..=to).step_by(every).map(|e| pow10(f64::from(e))).collect();
    if ticks.len() < 2 {
        // Within one decade: 1, 2, 5 as far as they fit.
        ticks = (from - 1..=to)
            .flat_map(|e| [1.0, 2.0, 5.0].map(|m| m * pow10(f64::from(e))))
            .filter(|t| *t >= low && *t <= high)
            .take(MAX_LINES)
            .collect();
    }
    ticks
}

/// A tick of the time axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeTick {
    /// Milliseconds since the epoch.
    pub ms: i64,
    /// What is written.
    pub label: String,
    /// Begins a day (on an axis of hours) or a year: written stronger.
    pub strong: bool,
}

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const STEPS: [i64; 31] = [
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    4 * DAY,
    7 * DAY,
    14 * DAY,
];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Ticks of the time axis from `from_ms` to `to_ms`, at most about `most`.
///
/// `offset_at` gives the local zone's offset from UTC in seconds at a moment, so that ticks stand on round
/// local times on both sides of a change of the clocks.
#[must_use]
pub fn time(from_ms: i64, to_ms: i64, most: usize, offset_at: &dyn Fn(i64) -> i32) -> Vec<TimeTick> {
    let span = to_ms.saturating_sub(from_ms);
    // 10 000 years on both sides of 1970: beyond, calendars mean nothing.
    let sane = 315_569_520_000_000;
    if span <= 0 || most == 0 || from_ms < -sane || to_ms > sane {
        return Vec::new();
    }
    let least = span / most as i64;
    match STEPS.into_iter().find(|s| *s > least) {
        Some(step) => even(from_ms, to_ms, step, offset_at),
        None => by_month(from_ms, to_ms, least, offset_at),
    }
}

fn offset(offset_at: &dyn Fn(i64) -> i32, ms: i64) -> i64 {
    i64::from(offset_at(ms)) * SECOND
}

/// The moment at which local clocks show `local`.
fn to_utc(local: i64, offset_at: &dyn Fn(i64) -> i32) -> i64 {
    let guess = local - offset(offset_at, local);
    local - offset(offset_at, guess)
}

fn even(from: i64, to: i64, step: i64, offset_at: &dyn Fn(i64) -> i32) -> Vec<TimeTick> {
    // Weeks begin on Mondays; 1970 began on a Thursday.
    let origin = if step % (7 * DAY) == 0 { 4 * DAY } else { 0 };
    let local_from = from + offset(offset_at, from);
    let mut local = (local_from - origin).div_euclid(step) * step + origin;
    let mut ticks: Vec<TimeTick> = Vec::new();
    // At most one more at each end than fit, and an hour more when clocks change.
    while ticks.len() < 256 {
        let ms = to_utc(local, offset_at);
        if ms > to {
            break;
        }
        // Local times that do not exist (clocks forward) give a moment that shows another time.
        let exists = ms + offset(offset_at, ms) == local;
        if ms >= from && exists && ticks.last().is_none_or(|t| t.ms < ms) {
            ticks.push(tick(ms, local, step));
        }
        local += step;
    }
    ticks
}

fn tick(ms: i64, local: i64, step: i64) -> TimeTick {
    let (_, month, day, second) = civil(local.div_euclid(SECOND));
    let mut label = String::with_capacity(8);
    let mut strong = false;
    if step >= DAY || second == 0 && step >= MINUTE {
        strong = step < DAY;
        label.push_str(MONTHS[month as usize - 1]);
        label.push(' ');
        push_integer(&mut label, u64::from(day));
    } else {
        push_two(&mut label, u64::from(second / 3_600));
        label.push(':');
        push_two(&mut label, u64::from(second / 60 % 60));
        if step < MINUTE {
            label.push(':');
            push_two(&mut label, u64::from(second % 60));
        }
        if step < SECOND {
            let rest = local.rem_euclid(SECOND) as u64;
            label.push('.');
            push_integer(&mut label, rest / 100);
            push_two(&mut label, rest % 100);
        }
    }
    TimeTick { ms, label, strong }
}

fn by_month(from: i64, to: i64, least: i64, offset_at: &dyn Fn(i64) -> i32) -> Vec<TimeTick> {
    let months = (least / (30 * DAY) + 1).max(1);
    let step = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1_200]
        .into_iter()
        .find(|m| *m >= months)
        .unwrap_or((months + 11_999) / 12_000 * 12_000);
    let (year, month, ..) = civil((from + offset(offset_at, from)).div_euclid(SECOND));
    let mut index = (year * 12 + i64::from(month) - 1).div_euclid(step) * step;
    let mut ticks = Vec::new();
    while ticks.len() < 256 {
        let (year, month) = (index.div_euclid(12), index.rem_euclid(12));
        let ms = to_utc(days_from_civil(year, month as u32 + 1, 1) * DAY, offset_at);
        if ms > to {
            break;
        }
        if ms >= from {
            let mut label = String::with_capacity(8);
            if month == 0 {
                if year < 0 {
                    label.push('-');
                }
                push_integer(&mut label, year.unsigned_abs());
            } else {
                label.push_str(MONTHS[month as usize]);
            }
            ticks.push(TimeTick { ms, label, strong: month == 0 && step < 12 });
        }
        index += step;
    }
    ticks
}

/// Year, month, day and second of the day of a moment in seconds since the epoch (proleptic Gregorian
/// calendar, after Howard Hinnant's "chrono-compatible low-level date algorithms").
pub(crate) fn civil(seconds: i64) -> (i64, u32, u32, u32) {
    let z = seconds.div_euclid(86_400) + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month as u32, day as u32, seconds.rem_euclid(86_400) as u32)
}

fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = year - i64::from(month <= 2);
    let yoe = year.rem_euclid(400);
    let mp = i64::from(if month > 2 { month - 3 } else { month + 9 });
    let doy = (153 * mp + 2) / 5 + i64::from(day) - 1;
    year.div_euclid(400) * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(from: i64, to: i64, most: usize, zone: &dyn Fn(i64) -> i32) -> String {
        time(from, to, most, zone).into_iter().map(|t| t.label).collect::<Vec<_>>().join(" ")
    }

    // 2026-11-21 02:40:00 UTC
    const NOW: i64 = 1_795_228_800_000;

    #[test]
    fn civil_and_back() {
        assert_eq!(civil(0), (1970, 1, 1, 0));
        assert_eq!(civil(951_782_399), (2000, 2, 28, 86_399));
        assert_eq!(civil(-1), (1969, 12, 31, 86_399));
        for days in [-800_000, -1, 0, 59, 60, 11_016, 20_778, 2_000_000] {
            let (y, m, d, _) = civil(days * 86_400);
            assert_eq!(days_from_civil(y, m, d), days);
        }
    }

    #[test]
    fn time_ticks_of_common_ranges() {
        let utc = |_: i64| 0;
        let out: String = [
            (2 * SECOND, 6),
            (5 * MINUTE, 6),
            (HOUR, 6),
            (6 * HOUR, 7),
            (DAY, 8),
            (7 * DAY, 8),
            (30 * DAY, 8),
            (90 * DAY, 8),
            (365 * DAY, 7),
            (3_650 * DAY, 8),
            (300_000 * DAY, 8),
        ]
        .into_iter()
        .map(|(span, most)| labels(NOW - span, NOW, most, &utc) + "\n")
        .collect();
        insta::assert_snapshot!(out);
    }

    #[test]
    fn ticks_follow_local_time_across_clock_changes() {
        // Berlin, October 2026: +2 h until 2026-10-25 01:00 UTC, then +1 h.
        let back = 1_792_890_000_000;
        let berlin = |ms: i64| if ms < back { 7_200 } else { 3_600 };
        assert_eq!(labels(back - 14 * HOUR, back + 12 * HOUR, 6, &berlin), "18:00 Oct 25 06:00 12:00");
        // March: from +1 to +2 at 01:00 UTC; local 02:00 to 03:00 does not exist.
        let forth = 1_774_746_000_000;
        let berlin = |ms: i64| if ms < forth { 3_600 } else { 7_200 };
        assert_eq!(
            labels(forth - 2 * HOUR, forth + 3 * HOUR, 6, &berlin),
            "Mar 29 01:00 03:00 04:00 05:00 06:00"
        );
    }

    #[test]
    fn log_ticks_are_powers_or_parts_of_one() {
        let (plain, bytes) = (Unit::parse("short"), Unit::parse("bytes"));
        assert_eq!(logarithmic(1.0, 1000.0, &plain), [1.0, 10.0, 100.0, 1000.0]);
        assert_eq!(logarithmic(1e-9, 1e9, &plain).len(), 5);
        assert_eq!(logarithmic(2.0, 8.0, &plain), [2.0, 5.0]);
        assert!(logarithmic(-1.0, 5.0, &plain).is_empty());
        assert_eq!(
            logarithmic(1024.0, 4.3e9, &bytes),
            [1024.0, 32_768.0, 1_048_576.0, 33_554_432.0, 1_073_741_824.0]
        );
        assert_eq!(logarithmic(1000.0, 20_000.0, &bytes), [1024.0, 2048.0, 4096.0, 8192.0, 16_384.0]);
    }

    proptest! {
        #[test]
        fn linear_ticks_are_few_even_and_inside(low in -1e12_f64..1e12, span in 1e-6_f64..1e12, unit in "short|bytes|s|ms|percentunit|dtdurations") {
            let unit = Unit::parse(&unit);
            let high = low + span;
            let (ticks, step) = linear(low, high, &unit);
            prop_assert!(ticks.len() <= MAX_LINES);
            if step > 0.0 {
                prop_assert!(!ticks.is_empty());
                for pair in ticks.windows(2) {
                    prop_assert!((pair[1] - pair[0] - step).abs() < step * 1e-3);
                }
                for tick in &ticks {
                    prop_assert!(*tick >= low - step * 1e-3 && *tick <= high + step * 1e-3);
                }
            }
        }

        #[test]
        fn time_ticks_are_ordered_and_inside(from in -10_000_000_000_000_i64..10_000_000_000_000, span in 1_i64..100_000_000_000_000, most in 1_usize..20, offset in -50_000_i32..50_000) {
            let ticks = time(from, from + span, most, &|_| offset);
            prop_assert!(ticks.len() <= most + 3);
            for pair in ticks.windows(2) {
                prop_assert!(pair[0].ms < pair[1].ms);
            }
            for tick in ticks {
                prop_assert!(tick.ms >= from && tick.ms <= from + span);
            }
        }

        #[test]
        fn any_range_is_survived(low in any::<f64>(), high in any::<f64>()) {
            let unit = Unit::parse("bytes");
            prop_assert!(linear(low, high, &unit).0.len() <= MAX_LINES);
            prop_assert!(logarithmic(low, high, &unit).len() <= MAX_LINES);
            prop_assert!(logarithmic(low, high, &Unit::parse("s")).len() <= MAX_LINES);
        }

        #[test]
        fn any_time_is_survived(from in any::<i64>(), to in any::<i64>()) {
            prop_assert!(time(from, to, 6, &|_| 3_600).len() < 10);
        }
    }
}
