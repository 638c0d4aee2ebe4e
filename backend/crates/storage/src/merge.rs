//! Several stores as one: series with equal labels become one series, its samples merged by time.
//!
//! Where several stores have a sample at the same time, that of the store named first counts.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use model::{CompiledMatcher, Histogram, Labels, ResetHint, TimeRange, TimestampMs};

use crate::{Querier, QueryError, Samples, SelectHints, Series};

/// Asks several queriers and merges what they answer.
pub struct MergeQuerier {
    queriers: Vec<Box<dyn Querier>>,
}

impl MergeQuerier {
    /// A view of all that `queriers` see. Those whose samples are older should come first: then merging is
    /// appending.
    #[must_use]
    pub fn new(queriers: Vec<Box<dyn Querier>>) -> Self {
        Self { queriers }
    }

    fn texts(
        &self,
        hints: &SelectHints,
        ask: impl Fn(&dyn Querier) -> Result<Vec<String>, QueryError>,
    ) -> Result<Vec<String>, QueryError> {
        if let [only] = &self.queriers[..] {
            return ask(&**only);
        }
        let mut merged = BTreeSet::new();
        for querier in &self.queriers {
            hints.cancel.check()?;
            merged.extend(ask(&**querier)?);
        }
        let limit = if hints.limit > 0 { hints.limit } else { usize::MAX };
        Ok(merged.into_iter().take(limit).collect())
    }
}

impl Querier for MergeQuerier {
    fn select(
        &self,
        matchers: &[CompiledMatcher],
        hints: &SelectHints,
    ) -> Result<Vec<Arc<dyn Series>>, QueryError> {
        if let [only] = &self.queriers[..] {
            return only.select(matchers, hints);
        }
        let mut places: HashMap<Labels, usize> = HashMap::new();
        let mut merged: Vec<(Labels, Vec<Arc<dyn Series>>)> = Vec::new();
        for querier in &self.queriers {
            hints.cancel.check()?;
            for series in querier.select(matchers, hints)? {
                let labels = series.labels();
                let place = *places.entry(labels.clone()).or_insert(merged.len());
                match merged.get_mut(place) {
                    Some((_, parts)) => parts.push(series),
                    None => merged.push((labels, vec![series])),
                }
            }
        }
        let join = |(labels, mut parts): (Labels, Vec<Arc<dyn Series>>)| match parts.len() {
            1 => parts.swap_remove(0),
            _ => Arc::new(MergedSeries { labels, parts }),
        };
        Ok(merged.into_iter().map(join).collect())
    }

    fn label_names(
        &self,
        matchers: &[CompiledMatcher],
        hints: &SelectHints,
    ) -> Result<Vec<String>, QueryError> {
        self.texts(hints, |querier| querier.label_names(matchers, hints))
    }

    fn label_values(
        &self,
        name: &str,
        matchers: &[CompiledMatcher],
        hints: &SelectHints,
    ) -> Result<Vec<String>, QueryError> {
        self.texts(hints, |querier| querier.label_values(name, matchers, hints))
    }
}

/// A series that several stores have a part of.
struct MergedSeries {
    labels: Labels,
    parts: Vec<Arc<dyn Series>>,
}

impl Series for MergedSeries {
    fn labels(&self) -> Labels {
        self.labels.clone()
    }

    fn read(&self, range: TimeRange, out: &mut Samples) -> Result<(), QueryError> {
        let first = out.len();
        let mut more = Samples::default();
        for part in &self.parts {
            if out.len() == first {
                part.read(range, out)?;
                continue;
            }
            more.clear();
            part.read(range, &mut more)?;
            add_samples(out, first, &more);
        }
        Ok(())
    }

    fn read_newest(&self, range: TimeRange, out: &mut Samples) -> Result<(), QueryError> {
        let (mut newest, mut one) = (Samples::default(), Samples::default());
        for part in &self.parts {
            one.clear();
            part.read_newest(range, &mut one)?;
            if one.timestamps.last() > newest.timestamps.last() {
                std::mem::swap(&mut newest, &mut one);
            }
        }
        out.push_newest_of(&newest);
        Ok(())
    }
}

/// Merges `more` by time into the samples that `out` has from position `first` on. Where both have a
/// sample at the same time, that of `out` stays.
///
/// What a histogram says of a counter reset is about the sample before it in its own store; where the store
/// changes it is forgotten.
pub fn add_samples(out: &mut Samples, first: usize, more: &Samples) {
    let Some(start) = more.timestamps.first() else { return };
    // Those of `out` that come before all of `more` stay where they are.
    let kept = first + out.timestamps[first..].partition_point(|t| t < start);
    if kept == out.len() {
        append(out, more);
        return;
    }
    let tail = split_off(out, kept);
    let (mut held, mut added) = (Cursor::new(&tail), Cursor::new(more));
    let mut last_was_held = true;
    loop {
        let take_held = match (held.time(), added.time()) {
            (None, None) => break,
            (Some(a), Some(b)) if a == b => {
                added.skip();
                true
            }
            (Some(a), b) => b.is_none_or(|b| a < b),
            (None, Some(_)) => false,
        };
        let changed = take_held != last_was_held;
        if take_held {
            held.take(out, changed);
        } else {
            added.take(out, changed);
        }
        last_was_held = take_held;
    }
}

/// Adds samples that come behind all of `out`.
fn append(out: &mut Samples, more: &Samples) {
    let (base, first) = (out.len() as u32, out.histograms.len());
    out.timestamps.extend_from_slice(&more.timestamps);
    out.floats.extend_from_slice(&more.floats);
    let moved = more.histograms.iter().map(|(position, histogram)| (position + base, Arc::clone(histogram)));
    out.histograms.extend(moved);
    if let Some((position, histogram)) = out.histograms.get_mut(first)
        && *position == base
    {
        forget_reset(histogram);
    }
}

fn forget_reset(histogram: &mut Arc<Histogram>) {
    if matches!(histogram.reset_hint, ResetHint::Reset | ResetHint::NotReset) {
        Arc::make_mut(histogram).reset_hint = ResetHint::Unknown;
    }
}

/// Keeps of the samples from position `first` on those for whose time `keep` says yes.
pub fn retain_samples(out: &mut Samples, first: usize, keep: impl Fn(TimestampMs) -> bool) {
    let Some(gone) = out.timestamps[first..].iter().position(|t| !keep(*t)) else { return };
    let tail = split_off(out, first + gone);
    let mut cursor = Cursor::new(&tail);
    let mut gap = false;
    while let Some(t) = cursor.time() {
        let kept = keep(t);
        if kept {
            cursor.take(out, gap);
        } else {
            cursor.skip();
        }
        gap = !kept;
    }
}

/// Takes the samples from position `at` on out of `out`; histograms keep the positions they had.
fn split_off(out: &mut Samples, at: usize) -> Samples {
    let histograms_at = out.histograms.partition_point(|(position, _)| (*position as usize) < at);
    let mut histograms = out.histograms.split_off(histograms_at);
    for (position, _) in &mut histograms {
        *position -= at as u32;
    }
    Samples { timestamps: out.timestamps.split_off(at), floats: out.floats.split_off(at), histograms }
}

/// Walks over samples and hands them on.
struct Cursor<'a> {
    samples: &'a Samples,
    at: usize,
    histogram: usize,
}

impl<'a> Cursor<'a> {
    fn new(samples: &'a Samples) -> Self {
        Self { samples, at: 0, histogram: 0 }
    }

    fn time(&self) -> Option<TimestampMs> {
        self.samples.timestamps.get(self.at).copied()
    }

    fn here(&self) -> Option<&(u32, Arc<Histogram>)> {
        self.samples.histograms.get(self.histogram).filter(|(position, _)| *position as usize == self.at)
    }

    /// Hands on the sample; a histogram's knowledge of resets is left out if `forget` says so.
    fn take(&mut self, out: &mut Samples, forget: bool) {
        if let Some((_, histogram)) = self.here() {
            let mut histogram = Arc::clone(histogram);
            if forget {
                forget_reset(&mut histogram);
            }
            out.histograms.push((out.timestamps.len() as u32, histogram));
        }
        out.push(self.samples.timestamps[self.at], self.samples.floats[self.at]);
        self.skip();
    }

    fn skip(&mut self) {
        self.histogram += usize::from(self.here().is_some());
        self.at += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::Matcher;
    use proptest::prelude::*;

    use super::*;
    use crate::Storage;
    use crate::memory::MemoryStorage;

    fn samples(held: &BTreeMap<i64, (i32, bool)>) -> Samples {
        let mut out = Samples::default();
        for (t, (value, histogram)) in held {
            if *histogram {
                let sum = f64::from(*value);
                out.push_histogram(*t, Arc::new(Histogram { sum, ..Histogram::default() }));
            } else {
                out.push(*t, f64::from(*value));
            }
        }
        out
    }

    fn map(samples: &Samples) -> BTreeMap<i64, (i32, bool)> {
        let histograms: BTreeMap<u32, f64> = samples.histograms.iter().map(|(p, h)| (*p, h.sum)).collect();
        let value = |(position, t): (usize, &i64)| match histograms.get(&(position as u32)) {
            Some(sum) => (*t, (*sum as i32, true)),
            None => (*t, (samples.floats[position] as i32, false)),
        };
        samples.timestamps.iter().enumerate().map(value).collect()
    }

    fn strategy() -> impl Strategy<Value = BTreeMap<i64, (i32, bool)>> {
        proptest::collection::btree_map(0i64..60, (any::<i32>(), any::<bool>()), 0..30)
    }

    proptest! {
        #[test]
        fn merging_is_a_union_by_time(a in strategy(), b in strategy(), before in strategy()) {
            let mut out = samples(&before);
            let first = out.len();
            let mut tail = samples(&a);
            for (position, _) in &mut tail.histograms {
                *position += first as u32;
            }
            out.timestamps.extend(&tail.timestamps);
            out.floats.extend(&tail.floats);
            out.histograms.extend(tail.histograms);
            add_samples(&mut out, first, &samples(&b));
            prop_assert!(out.timestamps[first..].windows(2).all(|w| w[0] < w[1]));
            prop_assert_eq!(map(&split_off(&mut out, first)), {
                let mut want = b;
                want.extend(a);
                want
            });
            prop_assert_eq!(map(&out), before);
        }

        #[test]
        fn retaining_is_a_filter(a in strategy(), keep in 1i64..5) {
            let mut out = samples(&a);
            retain_samples(&mut out, 0, |t| t % keep == 0);
            prop_assert_eq!(map(&out), a.into_iter().filter(|(t, _)| t % keep == 0).collect());
        }
    }

    #[test]
    fn what_is_known_of_resets_is_forgotten_where_the_store_changes() {
        let hinted = |times: &[i64]| {
            let mut out = Samples::default();
            for t in times {
                let reset_hint = ResetHint::NotReset;
                out.push_histogram(*t, Arc::new(Histogram { reset_hint, ..Histogram::default() }));
            }
            out
        };
        let hints = |samples: &Samples| -> Vec<bool> {
            samples.histograms.iter().map(|(_, h)| h.reset_hint == ResetHint::NotReset).collect()
        };
        let mut out = hinted(&[1, 2]);
        add_samples(&mut out, 0, &hinted(&[3, 4]));
        assert_eq!(hints(&out), [true, true, false, true]);
        let mut out = hinted(&[1, 2, 5, 6]);
        add_samples(&mut out, 0, &hinted(&[3, 4, 5]));
        assert_eq!(hints(&out), [true, true, false, true, false, true]);
        retain_samples(&mut out, 0, |t| t != 1 && t != 2);
        assert_eq!(hints(&out), [false, true, false, true]);
        retain_samples(&mut out, 0, |t| t != 3);
        assert_eq!(hints(&out), [false, false, true]);
    }

    #[test]
    fn stores_answer_as_one() {
        let stores = [MemoryStorage::new(), MemoryStorage::new()];
        let labels = |job: &str| Labels::from_pairs([("__name__", "up"), ("job", job)]);
        for (store, job, times) in
            [(0, "a", [1, 2, 3]), (0, "b", [1, 2, 3]), (1, "b", [2, 3, 4]), (1, "c", [7, 8, 9])]
        {
            let mut appender = stores[store].appender();
            let series = appender.resolve(&labels(job)).unwrap();
            for t in times {
                appender.append(series, t, store as f64).unwrap();
            }
            appender.commit().unwrap();
        }
        let all = stores.iter().map(|store| store.querier(TimeRange::ALL).unwrap()).collect();
        let querier = MergeQuerier::new(all);
        let matcher = CompiledMatcher::new(Matcher::equal("__name__", "up")).unwrap();
        let hints = SelectHints::default();
        let mut found = BTreeMap::new();
        for series in querier.select(&[matcher], &hints).unwrap() {
            let mut out = Samples::default();
            series.read(TimeRange::ALL, &mut out).unwrap();
            let samples: Vec<(i64, f64)> = out.timestamps.into_iter().zip(out.floats).collect();
            found.insert(series.labels().get("job").unwrap().to_owned(), samples);
        }
        assert_eq!(found["a"], [(1, 0.0), (2, 0.0), (3, 0.0)]);
        assert_eq!(found["b"], [(1, 0.0), (2, 0.0), (3, 0.0), (4, 1.0)]);
        assert_eq!(found["c"], [(7, 1.0), (8, 1.0), (9, 1.0)]);
        assert_eq!(querier.label_values("job", &[], &hints).unwrap(), ["a", "b", "c"]);
        assert_eq!(querier.label_values("job", &[], &SelectHints { limit: 2, ..hints }).unwrap(), ["a", "b"]);
    }
}
