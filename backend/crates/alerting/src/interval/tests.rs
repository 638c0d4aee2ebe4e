//! Moments inside and outside of intervals, and what is refused.

use std::path::Path;

use config::Document;

use super::*;

fn read(text: &str) -> Result<TimeInterval, String> {
    let document = Document::parse(Path::new("t.yml"), text).unwrap();
    TimeInterval::read(document.root()).map_err(|problem| problem.message)
}

/// Of the moments, those that the interval contains.
fn contained<'t>(interval: &str, moments: &[&'t str]) -> Vec<&'t str> {
    let interval = read(interval).unwrap();
    let at = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
    moments.iter().copied().filter(|moment| interval.contains(at(moment))).collect()
}

#[test]
fn times_count_by_the_minute_without_the_end() {
    let interval =
        "times: [{start_time: '09:00', end_time: '17:00'}, {start_time: '23:59', end_time: '24:00'}]";
    let moments = [
        "2024-03-01T08:59:59.999Z",
        "2024-03-01T09:00:00Z",
        "2024-03-01T16:59:59.999Z",
        "2024-03-01T17:00:00Z",
        "2024-03-01T23:59:30Z",
    ];
    assert_eq!(contained(interval, &moments), [moments[1], moments[2], moments[4]]);
}

#[test]
fn days_of_the_month_from_both_ends() {
    let last = ["2024-02-28T12:00:00Z", "2024-02-29T12:00:00Z", "2023-02-28T12:00:00Z"];
    assert_eq!(contained("days_of_month: ['-1']", &last), [last[1], last[2]]);
    let moments = ["2024-02-29T00:00:00Z", "2024-03-31T00:00:00Z", "2024-03-30T00:00:00Z"];
    assert_eq!(contained("days_of_month: ['30:31']", &moments), [moments[1], moments[2]]);
    assert_eq!(contained("days_of_month: ['26:-1']", &moments), moments, "the end is cut to the month");
    let long =
        ["2024-02-01T00:00:00Z", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z", "2024-03-02T00:00:00Z"];
    assert_eq!(contained("days_of_month: ['-31:-30']", &long), [long[2], long[3]]);
}

#[test]
fn weekdays_months_and_years() {
    let moments = ["2024-12-25T10:00:00Z", "2024-12-28T10:00:00Z", "2025-01-01T10:00:00Z"];
    assert_eq!(contained("weekdays: ['Monday:friday']", &moments), [moments[0], moments[2]]);
    assert_eq!(contained("months: [december, '2:3']", &moments), [moments[0], moments[1]]);
    assert_eq!(contained("years: ['2025:2030']", &moments), [moments[2]]);
    assert_eq!(contained("{weekdays: [saturday], months: ['12']}", &moments), [moments[1]]);
    assert!(contained("weekdays: []", &moments).is_empty(), "an empty list never holds");
    assert_eq!(contained("{}", &moments), moments);
}

#[test]
fn the_clock_of_a_place() {
    let office = "{times: [{start_time: '09:00', end_time: '10:00'}], location: Europe/Berlin}";
    let moments = ["2024-01-15T08:30:00Z", "2024-07-15T08:30:00Z", "2024-07-15T07:30:00Z"];
    assert_eq!(contained(office, &moments), [moments[0], moments[2]], "summer time counts");
    let sunday = "{weekdays: [sunday], location: Australia/Sydney}";
    assert_eq!(contained(sunday, &["2024-06-08T15:00:00Z"]), ["2024-06-08T15:00:00Z"]);
    assert!(!read(office).unwrap().contains(i64::MAX), "no calendar has that moment");
}

#[test]
fn refused() {
    for (text, why) in [
        ("times: [{start_time: '9:00', end_time: '10:00'}]", "no time of day"),
        ("times: [{start_time: '24:01', end_time: '24:02'}]", "no time of day"),
        ("times: [{start_time: '10:00', end_time: '10:00'}]", "two ranges"),
        ("times: [{start_time: '10:00'}]", "end_time is missing"),
        ("weekdays: [funday]", "no day of the week"),
        ("weekdays: ['friday:monday']", "two ranges"),
        ("days_of_month: ['0']", "no day of a month"),
        ("days_of_month: ['32']", "no day of a month"),
        ("days_of_month: ['-3:5']", "must be negative"),
        ("days_of_month: ['-1:-3']", "always before"),
        ("days_of_month: ['10:-25']", "always before"),
        ("months: ['x']", "no month"),
        ("months: ['may:april']", "two ranges"),
        ("years: ['2020:x']", "no year"),
        ("years: ['1:2:3']", "no year"),
        ("location: Europe/Atlantis", "unknown time zone"),
        ("location: europe/berlin", "unknown time zone"),
        ("location: Local", "not supported"),
        ("dates: []", "unknown key"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.contains(why), "{text}: {error}");
    }
}
