//! Layouts of Go: a time is written as the reference time, 15:04:05 on 2 January 2006, is written in them.

use super::Time;

/// Names of months, January first.
pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Names of days, Sunday first.
pub(crate) const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// What a layout can ask for, the longer of two that begin alike first.
const PARTS: [(&str, Part); 38] = [
    ("January", Part::LongMonth),
    ("Jan", Part::Month),
    ("Monday", Part::LongDay),
    ("Mon", Part::Day),
    ("MST", Part::Zone),
    ("002", Part::ZeroYearDay),
    ("01", Part::ZeroNumMonth),
    ("02", Part::ZeroDay),
    ("03", Part::ZeroHour12),
    ("04", Part::ZeroMinute),
    ("05", Part::ZeroSecond),
    ("06", Part::ShortYear),
    ("15", Part::Hour),
    ("1", Part::NumMonth),
    ("2006", Part::Year),
    ("2", Part::NumDay),
    ("__2", Part::UnderYearDay),
    ("_2", Part::UnderDay),
    ("3", Part::Hour12),
    ("4", Part::Minute),
    ("5", Part::Second),
    ("PM", Part::Upper),
    ("pm", Part::Lower),
    ("-07:00:00", Part::Offset("-", 3, ":")),
    ("-070000", Part::Offset("-", 3, "")),
    ("-07:00", Part::Offset("-", 2, ":")),
    ("-0700", Part::Offset("-", 2, "")),
    ("-07", Part::Offset("-", 1, "")),
    ("Z07:00:00", Part::Offset("Z", 3, ":")),
    ("Z070000", Part::Offset("Z", 3, "")),
    ("Z07:00", Part::Offset("Z", 2, ":")),
    ("Z0700", Part::Offset("Z", 2, "")),
    ("Z07", Part::Offset("Z", 1, "")),
    (".0", Part::Fraction),
    (".9", Part::Fraction),
    (",0", Part::Fraction),
    (",9", Part::Fraction),
    ("_2006", Part::UnderYear),
];

#[derive(Clone, Copy)]
enum Part {
    LongMonth,
    Month,
    NumMonth,
    ZeroNumMonth,
    LongDay,
    Day,
    NumDay,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    Year,
    /// A literal `_` and the year, which is no day in two places.
    UnderYear,
    ShortYear,
    Upper,
    Lower,
    Zone,
    /// Sign, or `Z` for UTC; how many of hours, minutes and seconds; what stands between them.
    Offset(&'static str, usize, &'static str),
    Fraction,
}

/// `time` in the manner of `layout`.
pub(super) fn format(time: &Time, layout: &str) -> String {
    let mut out = String::with_capacity(layout.len() + 16);
    let mut rest = layout;
    while let Some(c) = rest.chars().next() {
        match part(rest) {
            Some((length, found)) => {
                write(time, found, &rest[..length], &mut out);
                rest = &rest[length..];
            }
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}

/// The part that `rest` begins with, and its length.
fn part(rest: &str) -> Option<(usize, Part)> {
    let first = *rest.as_bytes().first()?;
    if !b"JM0123456_Pp-Z.,".contains(&first) {
        return None;
    }
    if rest.starts_with("_2006") {
        return Some(("_2006".len(), Part::UnderYear));
    }
    let (text, found) = PARTS.iter().find(|(text, _)| rest.starts_with(text))?;
    match found {
        // "Jan" and "Mon" begin longer words too, such as "Month".
        Part::Month | Part::Day if rest[text.len()..].starts_with(|c: char| c.is_ascii_lowercase()) => None,
        Part::Fraction => {
            let digit = rest.as_bytes()[1];
            let digits = rest.bytes().skip(1).take_while(|&b| b == digit).count();
            let ends = !rest[1 + digits..].starts_with(|c: char| c.is_ascii_digit());
            ends.then_some((1 + digits, Part::Fraction))
        }
        _ => Some((text.len(), *found)),
    }
}

fn write(time: &Time, part: Part, text: &str, out: &mut String) {
    let at = time.civil();
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    let hour12 = if hour % 12 == 0 { 12 } else { hour % 12 };
    let month = MONTHS[usize::try_from(at.month() - 1).unwrap_or(0) % 12];
    let day = DAYS[usize::try_from(at.weekday().to_sunday_zero_offset()).unwrap_or(0) % 7];
    let year = at.year();
    let long_year = if year < 0 { format!("-{:04}", -year) } else { format!("{year:04}") };
    let written = match part {
        Part::LongMonth => month.to_owned(),
        Part::Month => month[..3].to_owned(),
        Part::NumMonth => at.month().to_string(),
        Part::ZeroNumMonth => format!("{:02}", at.month()),
        Part::LongDay => day.to_owned(),
        Part::Day => day[..3].to_owned(),
        Part::NumDay => at.day().to_string(),
        Part::UnderDay => format!("{:2}", at.day()),
        Part::ZeroDay => format!("{:02}", at.day()),
        Part::UnderYearDay => format!("{:3}", at.day_of_year()),
        Part::ZeroYearDay => format!("{:03}", at.day_of_year()),
        Part::Hour => format!("{hour:02}"),
        Part::Hour12 => hour12.to_string(),
        Part::ZeroHour12 => format!("{hour12:02}"),
        Part::Minute => minute.to_string(),
        Part::ZeroMinute => format!("{minute:02}"),
        Part::Second => second.to_string(),
        Part::ZeroSecond => format!("{second:02}"),
        Part::Year => long_year,
        Part::UnderYear => format!("_{long_year}"),
        Part::ShortYear => format!("{:02}", year.rem_euclid(100)),
        Part::Upper => (if hour >= 12 { "PM" } else { "AM" }).to_owned(),
        Part::Lower => (if hour >= 12 { "pm" } else { "am" }).to_owned(),
        Part::Zone => time.offset().1,
        Part::Offset(sign, parts, between) => offset(time.offset().0, sign, parts, between),
        Part::Fraction => fraction(text, at.subsec_nanosecond()),
    };
    out.push_str(&written);
}

fn offset(seconds: i32, sign: &str, parts: usize, between: &str) -> String {
    if sign == "Z" && seconds == 0 {
        return "Z".to_owned();
    }
    let size = seconds.unsigned_abs();
    let all = [size / 3600, size / 60 % 60, size % 60].map(|part| format!("{part:02}"));
    format!("{}{}", if seconds < 0 { '-' } else { '+' }, all[..parts].join(between))
}

/// A fraction of a second in as many digits as `text` has; with 9 instead of 0 no zeros at its end.
fn fraction(text: &str, nanos: i32) -> String {
    let digits = format!("{nanos:09}");
    let wanted = text.len() - 1;
    let shown = format!("{digits:0<wanted$}");
    let shown = &shown[..wanted];
    let mark = &text[..1];
    if text.ends_with('9') {
        let shown = shown.trim_end_matches('0');
        return if shown.is_empty() { String::new() } else { format!("{mark}{shown}") };
    }
    format!("{mark}{shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_read_as_go_reads_them() {
        let time = Time::from_millis(1_704_207_845_123);
        for (layout, text) in [
            ("2006-01-02T15:04:05Z07:00", "2024-01-02T15:04:05Z"),
            ("Mon, 02 Jan 2006 15:04:05 MST", "Tue, 02 Jan 2024 15:04:05 UTC"),
            ("Monday, January _2 3:04PM", "Tuesday, January  2 3:04PM"),
            ("03:04:05.000 pm", "03:04:05.123 pm"),
            ("15:04:05.999999", "15:04:05.123"),
            ("15:04:05,00", "15:04:05,12"),
            ("05.0000000000000", "05.1230000000000"),
            ("002 __2 06 1 2", "002   2 24 1 2"),
            ("-0700 -07:00 -07 Z0700", "+0000 +00:00 +00 Z"),
            ("Month Janet é", "Month Janet é"),
            ("_2006", "_2024"),
            ("", ""),
        ] {
            assert_eq!(time.format(layout), text, "{layout}");
        }
        let far = time.in_zone("America/New_York").unwrap();
        assert_eq!(far.format("15:04 -07:00 MST Z07"), "10:04 -05:00 EST -05");
    }
}
