//! Limits of series: what is refused is said and counted, what is known goes on.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise, helpers included")]

mod common;

use common::{START_MS, everything, open, options};
use model::Labels;
use platform::SimulatedDisk;
use storage::{AppendError, Appender, Storage};
use tsdb::{Options, SeriesLimits};

fn labels(metric: &str, job: &str, number: usize) -> Labels {
    Labels::from_pairs([("__name__", metric), ("job", job), ("n", &number.to_string())])
}

fn try_series(appender: &mut dyn Appender, labels: &Labels) -> Result<(), String> {
    match appender.resolve(labels) {
        Ok(series) => {
            appender.append(series, START_MS, 1.0).unwrap();
            Ok(())
        }
        Err(AppendError::TooManySeries(why)) => Err(why),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn each_limit_refuses_what_goes_beyond_it() {
    let limits = SeriesLimits { total: 6, per_metric: 3, per_job: 4 };
    let store = open(&SimulatedDisk::new(1), Options { series_limits: limits, ..options() }).0;
    let mut appender = store.appender();
    for number in 0..3 {
        try_series(&mut *appender, &labels("a", "x", number)).unwrap();
    }
    let why = try_series(&mut *appender, &labels("a", "y", 3)).unwrap_err();
    assert_eq!(why, "metric a has 3 series already (limit per metric)");
    // Known ones are no new ones.
    try_series(&mut *appender, &labels("a", "x", 2)).unwrap();
    try_series(&mut *appender, &labels("b", "x", 0)).unwrap();
    let why = try_series(&mut *appender, &labels("c", "x", 0)).unwrap_err();
    assert_eq!(why, "job x has 4 series already (limit per job)");
    try_series(&mut *appender, &labels("c", "y", 0)).unwrap();
    try_series(&mut *appender, &labels("d", "z", 0)).unwrap();
    for number in 0..2 {
        let why = try_series(&mut *appender, &labels("e", "q", number)).unwrap_err();
        assert_eq!(why, "the store holds 6 series already (limit of all series)");
    }
    appender.commit().unwrap();
    assert_eq!(everything(&store).len(), 6);
    let refused = store.stats(2).refused_by_metric;
    let refused: Vec<(&str, u64)> = refused.iter().map(|one| (one.name.as_str(), one.count)).collect();
    assert_eq!(refused, [("e", 2), ("a", 1)]);
}

#[test]
fn short_of_memory_only_known_series_are_taken() {
    let store = open(&SimulatedDisk::new(1), options()).0;
    let mut appender = store.appender();
    try_series(&mut *appender, &labels("a", "x", 0)).unwrap();
    store.refuse_new_series(true);
    assert_eq!(
        try_series(&mut *appender, &labels("a", "x", 1)),
        Err("the server is short of memory".to_owned())
    );
    try_series(&mut *appender, &labels("a", "x", 0)).unwrap();
    store.refuse_new_series(false);
    try_series(&mut *appender, &labels("a", "x", 1)).unwrap();
    appender.commit().unwrap();
    assert_eq!(everything(&store).len(), 2);
}
