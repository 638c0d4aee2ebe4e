//! The cache against a plain model of what it promises.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use storage::SeriesRef;

use crate::cache::Cache;

/// One scrape: which series, in which order, and whether it succeeds.
fn scrapes() -> impl Strategy<Value = Vec<(Vec<u8>, bool)>> {
    proptest::collection::vec((proptest::collection::vec(0..12_u8, 0..16), prop::bool::weighted(0.8)), 0..12)
}

fn stale(cache: &Cache) -> BTreeSet<u64> {
    let mut found = BTreeSet::new();
    cache.vanished(|series| {
        assert!(found.insert(series.0), "each series is marked once");
    });
    found
}

proptest! {
    #[test]
    fn marks_exactly_what_vanished(scrapes in scrapes()) {
        let mut cache = Cache::new();
        let mut before: BTreeSet<u64> = BTreeSet::new();
        let mut refs: BTreeMap<u8, usize> = BTreeMap::new();
        for (body, good) in scrapes {
            for name in &body {
                let key = cache.key(&[*name]);
                let at = match cache.find(key) {
                    Some(at) => at,
                    None => cache.insert(key, Some(SeriesRef(u64::from(*name)))),
                };
                prop_assert_eq!(cache.get(at).series, Some(SeriesRef(u64::from(*name))));
                refs.insert(*name, at);
                cache.saw(at, true);
            }
            let now: BTreeSet<u64> =
                if good { body.iter().map(|name| u64::from(*name)).collect() } else { BTreeSet::new() };
            if !good {
                cache.take_back();
            }
            let want: BTreeSet<u64> = before.difference(&now).copied().collect();
            prop_assert_eq!(stale(&cache), want);
            cache.end_scrape(good);
            let mut last = BTreeSet::new();
            cache.all_of_last(|series| {
                last.insert(series.0);
            });
            prop_assert_eq!(&last, &now);
            before = now;
        }
        cache.reset();
        prop_assert_eq!(cache.len(), 0);
        prop_assert_eq!(stale(&cache), before, "after a reset all are marked unless they come again");
    }
}

#[test]
fn series_that_stay_away_are_forgotten() {
    let mut cache = Cache::new();
    let scrape = |cache: &mut Cache, names: &[u8]| {
        for name in names {
            let key = cache.key(&[*name]);
            let at = cache.find(key).unwrap_or_else(|| cache.insert(key, Some(SeriesRef(u64::from(*name)))));
            cache.saw(at, true);
        }
        cache.end_scrape(true);
    };
    scrape(&mut cache, &[1, 2, 3]);
    for _ in 0..4 {
        scrape(&mut cache, &[3]);
    }
    assert_eq!(cache.len(), 1);
    let key = cache.key(&[3]);
    assert_eq!(cache.find(key).map(|at| cache.get(at).series), Some(Some(SeriesRef(3))));
}

#[test]
fn scrapes_that_always_fail_do_not_fill_the_memory() {
    let mut cache = Cache::new();
    for round in 0..40_u32 {
        for series in 0..1_000_u32 {
            let key = cache.key(&[round.to_le_bytes(), series.to_le_bytes()].concat());
            let at = cache.insert(key, Some(SeriesRef(1)));
            cache.saw(at, true);
        }
        cache.take_back();
        cache.end_scrape(false);
    }
    assert!(cache.len() <= 12_000, "{}", cache.len());
}
