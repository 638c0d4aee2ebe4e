//! Reading time intervals from a configuration.

use config::{Node, Problem, Read, Section};
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::{DAY_MINUTES, InclusiveRange, NamedIntervals, TimeInterval, TimeOfDayRange};

const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl NamedIntervals {
    /// Reads an element of `time_intervals`.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn read(node: &Node) -> Result<Self, Problem> {
        let mut section = Section::of(node, "time_interval")?;
        let name: String = section.require("name")?;
        if name.is_empty() {
            return Err(section.problem("name", "must not be empty"));
        }
        let intervals = section.list("time_intervals", TimeInterval::read)?;
        section.finish()?;
        Ok(Self { name, intervals })
    }
}

impl TimeInterval {
    /// Reads one interval.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn read(node: &Node) -> Result<Self, Problem> {
        let mut section = Section::of(node, "time_interval")?;
        let interval = Self {
            times: ranges(&mut section, "times", time_range)?,
            weekdays: ranges(&mut section, "weekdays", |node| range(node, "weekdays", weekday))?,
            days_of_month: ranges(&mut section, "days_of_month", days)?,
            months: ranges(&mut section, "months", |node| range(node, "months", month))?,
            years: ranges(&mut section, "years", |node| range(node, "years", year))?,
            location: section.node("location").map(location).transpose()?,
        };
        section.finish()?;
        Ok(interval)
    }
}

fn ranges<T>(
    section: &mut Section<'_>,
    key: &'static str,
    element: impl Fn(&Node) -> Result<T, Problem>,
) -> Result<Option<Vec<T>>, Problem> {
    let there = section.has(key);
    let list = section.list(key, element)?;
    Ok(there.then_some(list))
}

fn time_range(node: &Node) -> Result<TimeOfDayRange, Problem> {
    let mut section = Section::of(node, "times")?;
    let mut minute = |key| -> Result<u16, Problem> {
        let text: String = section.require(key)?;
        parse_minute(&text).ok_or_else(|| {
            section.problem(key, format!("{text:?} is no time of day; write HH:MM from 00:00 to 24:00"))
        })
    };
    let range = TimeOfDayRange { start_minute: minute("start_time")?, end_minute: minute("end_time")? };
    if range.start_minute >= range.end_minute {
        let why = "must be later than start_time; for a range over midnight write two ranges";
        return Err(section.problem("end_time", why));
    }
    section.finish()?;
    Ok(range)
}

/// `HH:MM` in minutes since midnight.
fn parse_minute(text: &str) -> Option<u16> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).filter(|b| b.is_ascii_digit()).map(|b| u16::from(b - b'0'));
    if bytes.len() != 5 || bytes[2] != b':' {
        return None;
    }
    let (hour, minute) = (digit(0)? * 10 + digit(1)?, digit(3)? * 10 + digit(4)?);
    let total = hour * 60 + minute;
    (minute < 60 && total <= DAY_MINUTES).then_some(total)
}

/// `a` or `a:b`, in any case of letters.
fn range(
    node: &Node,
    name: &str,
    member: impl Fn(&str) -> Result<i32, String>,
) -> Result<InclusiveRange, Problem> {
    let text = String::read(node, name)?.to_lowercase();
    let problem = |why: String| Problem::new(node.place(), format!("{name}: {text:?}: {why}"));
    let (begin, end) = text.split_once(':').unwrap_or((&text, &text));
    let range = InclusiveRange { begin: member(begin).map_err(problem)?, end: member(end).map_err(problem)? };
    if name != "days_of_month" && range.begin > range.end {
        return Err(problem("the end is before the begin; write two ranges".to_owned()));
    }
    Ok(range)
}

fn weekday(text: &str) -> Result<i32, String> {
    position(&WEEKDAYS, text).map(|at| at - 1).ok_or_else(|| format!("{text:?} is no day of the week"))
}

fn month(text: &str) -> Result<i32, String> {
    // A number that no month has is taken, as Alertmanager does; it never holds.
    position(&MONTHS, text).or(text.parse().ok()).ok_or_else(|| format!("{text:?} is no month"))
}

fn year(text: &str) -> Result<i32, String> {
    text.parse().map_err(|_| format!("{text:?} is no year"))
}

fn day(text: &str) -> Result<i32, String> {
    let number: Option<i32> = text.parse().ok();
    number
        .filter(|n| *n != 0 && (-31..=31).contains(n))
        .ok_or_else(|| format!("{text:?} is no day of a month; write 1 to 31, or -1 to -31 from its end"))
}

/// Place of a word in a list, counted from 1.
fn position(words: &[&str], word: &str) -> Option<i32> {
    words.iter().position(|known| *known == word).and_then(|at| i32::try_from(at + 1).ok())
}

fn days(node: &Node) -> Result<InclusiveRange, Problem> {
    let range = range(node, "days_of_month", day)?;
    let problem = |why: &str| Problem::new(node.place(), format!("days_of_month: {why}"));
    if range.begin < 0 && range.end > 0 {
        return Err(problem("the end must be negative if the begin is"));
    }
    // Only what is the wrong way round in every month is refused here; the shortest has 28 days.
    let in_shortest = |n: i32| if n < 0 { 28 + n } else { n };
    if in_shortest(range.begin) > in_shortest(range.end) {
        return Err(problem("the end is always before the begin"));
    }
    Ok(range)
}

fn location(node: &Node) -> Result<TimeZone, Problem> {
    let name = String::read(node, "location")?;
    match name.as_str() {
        "" | "UTC" => Ok(TimeZone::UTC),
        "Local" => {
            let why = "location: Local is not supported, as it differs from machine to machine; name a zone \
                       such as Europe/Berlin";
            Err(Problem::new(node.place(), why))
        }
        name => {
            let zone = TimeZoneDatabase::bundled().get(name).ok();
            // Names are found in any case of letters, but only their own spelling is portable.
            zone.filter(|zone| zone.iana_name() == Some(name)).ok_or_else(|| {
                let why = "write an IANA name such as Europe/Berlin";
                Problem::new(node.place(), format!("location: unknown time zone {name:?}; {why}"))
            })
        }
    }
}
