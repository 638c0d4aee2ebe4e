//! Parts of a date, in UTC, of a Unix time in seconds.

const DAY: i64 = 86_400;

/// The function called `name`, if it is one of these.
pub(crate) fn part(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "day_of_month" => |t| date(t).day as f64,
        "day_of_week" => |t| (days(t) + 4).rem_euclid(7) as f64,
        "day_of_year" => |t| {
            let date = date(t);
            (days(t) - days_before(date.year, 1, 1) + 1) as f64
        },
        "days_in_month" => |t| {
            let date = date(t);
            let (year, month) =
                if date.month == 12 { (date.year + 1, 1) } else { (date.year, date.month + 1) };
            (days_before(year, month, 1) - days_before(date.year, date.month, 1)) as f64
        },
        "hour" => |t| (seconds(t).rem_euclid(DAY) / 3600) as f64,
        "minute" => |t| (seconds(t).rem_euclid(3600) / 60) as f64,
        "month" => |t| date(t).month as f64,
        "year" => |t| date(t).year as f64,
        _ => return None,
    })
}

/// Whole seconds, within what a calendar can say.
fn seconds(t: f64) -> i64 {
    (t as i64).clamp(-62_135_596_800 * 1000, 253_402_300_799 * 1000)
}

fn days(t: f64) -> i64 {
    seconds(t).div_euclid(DAY)
}

struct Date {
    year: i64,
    month: i64,
    day: i64,
}

/// The civil date, counted in eras of 400 years that begin in March.
fn date(t: f64) -> Date {
    let shifted = days(t) + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    Date {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: day_of_year - (153 * shifted_month + 2) / 5 + 1,
    }
}

/// Days since 1970 at a civil date.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(name: &str, t: f64) -> f64 {
        part(name).expect("a known part")(t)
    }

    #[test]
    fn the_leap_day_and_the_days_around_it() {
        assert_eq!((at("month", 1_456_790_399.0), at("day_of_month", 1_456_790_399.0)), (2.0, 29.0));
        assert_eq!((at("month", 1_456_790_400.0), at("day_of_month", 1_456_790_400.0)), (3.0, 1.0));
        assert_eq!(at("day_of_year", 1_483_191_420.0), 366.0);
        assert_eq!(at("days_in_month", 1_454_284_800.0), 29.0);
    }

    #[test]
    fn before_the_epoch() {
        assert_eq!((at("year", -1.0), at("day_of_week", -1.0), at("hour", -1.0)), (1969.0, 3.0, 23.0));
    }

    #[test]
    fn nonsense_does_not_overflow() {
        for t in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
            assert!(at("year", t).is_finite() && at("days_in_month", t) <= 31.0);
        }
    }
}
