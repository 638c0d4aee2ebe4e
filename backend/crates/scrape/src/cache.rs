//! What a loop knows of its target's series: which bytes of the body stand for which series of the store.
//!
//! A body mostly has the same series in the same order as the one before. So the entries lie in the order
//! in which they were first seen, and the one after the last hit is tried first; only a miss goes through
//! the hash table. Keys are 128 bits of hash with a seed of this process instead of the bytes themselves,
//! which would be the larger part of a scraper's memory.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::quality::RandomState;
use hashbrown::HashTable;
use storage::SeriesRef;

/// The hash of a series' bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    low: u64,
    high: u64,
}

/// What is known of a series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    key: Key,
    /// The series; `None` if the rules drop it.
    pub series: Option<SeriesRef>,
    /// The scrape that last had it.
    seen: u32,
    /// Whether it is marked stale when it vanishes.
    tracked: bool,
    /// Whether the scrape before the running one had it, if the running one has it.
    before: bool,
}

/// There are as many of these as series: a larger one is a decision.
const _: () = assert!(size_of::<Known>() == 40);

/// The series of a target.
pub(crate) struct Cache {
    entries: Vec<Known>,
    table: HashTable<u32>,
    low: RandomState,
    high: RandomState,
    /// Number of the running scrape.
    scrape: u32,
    /// The entry that is expected next.
    cursor: usize,
    /// Tracked entries that the scrape before had.
    tracked_before: usize,
    /// Of these, how many the running scrape has met again.
    met_again: usize,
    /// Tracked entries that the running scrape has.
    tracked_now: usize,
    /// Series of the time before a change of configuration, to be marked stale unless they come again.
    orphans: Vec<SeriesRef>,
}

impl Cache {
    pub(crate) fn new() -> Self {
        Self {
            entries: Vec::new(),
            table: HashTable::new(),
            low: RandomState::default(),
            high: RandomState::default(),
            scrape: 1,
            cursor: 0,
            tracked_before: 0,
            met_again: 0,
            tracked_now: 0,
            orphans: Vec::new(),
        }
    }

    /// Number of series known.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Known>() + self.table.allocation_size()
    }

    #[inline]
    pub(crate) fn key(&self, raw: &[u8]) -> Key {
        let mut low = self.low.build_hasher();
        low.write(raw);
        let mut high = self.high.build_hasher();
        high.write(raw);
        Key { low: low.finish(), high: high.finish() }
    }

    /// Finds a series.
    #[inline]
    pub(crate) fn find(&mut self, key: Key) -> Option<usize> {
        if self.entries.get(self.cursor).is_some_and(|entry| entry.key == key) {
            let at = self.cursor;
            self.cursor += 1;
            return Some(at);
        }
        let entries = &self.entries;
        let at = *self.table.find(key.low, |at| entries[*at as usize].key == key)? as usize;
        self.cursor = at + 1;
        Some(at)
    }

    /// The entry at a place that [`Cache::find`] or [`Cache::insert`] gave.
    #[inline]
    pub(crate) fn get(&self, at: usize) -> Known {
        self.entries[at]
    }

    /// Remembers a series that is not there yet. Not seen by any scrape before [`Cache::saw`] says so.
    pub(crate) fn insert(&mut self, key: Key, series: Option<SeriesRef>) -> usize {
        let at = self.entries.len();
        self.entries.push(Known { key, series, seen: 0, tracked: false, before: false });
        let entries = &self.entries;
        // Four billion series of one target do not fit into memory.
        self.table.insert_unique(key.low, at as u32, |at| entries[*at as usize].key.low);
        self.cursor = at + 1;
        at
    }

    /// Gives a series another reference, because the store no longer knows the old one.
    pub(crate) fn set_series(&mut self, at: usize, series: SeriesRef) {
        self.entries[at].series = Some(series);
    }

    /// Notes that the running scrape has the series. Dropped series are noted as well, so that they are not
    /// forgotten. `track` says whether it is to be marked stale when it vanishes.
    #[inline]
    pub(crate) fn saw(&mut self, at: usize, track: bool) {
        let entry = &mut self.entries[at];
        if entry.seen == self.scrape {
            if track && !entry.tracked {
                entry.tracked = true;
                self.tracked_now += 1;
            }
            return;
        }
        entry.before = entry.tracked && entry.seen + 1 == self.scrape;
        entry.seen = self.scrape;
        entry.tracked = track;
        self.met_again += usize::from(entry.before);
        self.tracked_now += usize::from(track);
    }

    /// Calls `stale` for each series that the scrape before had and the running one has not.
    pub(crate) fn vanished(&self, mut stale: impl FnMut(SeriesRef)) {
        if self.met_again < self.tracked_before {
            let gone = self.entries.iter().filter(|e| e.tracked && e.seen + 1 == self.scrape);
            gone.filter_map(|entry| entry.series).for_each(&mut stale);
        }
        if !self.orphans.is_empty() {
            let current: HashSet<SeriesRef> = self.current().collect();
            self.orphans.iter().filter(|series| !current.contains(*series)).copied().for_each(stale);
        }
    }

    /// Tracked series of the running scrape.
    fn current(&self) -> impl Iterator<Item = SeriesRef> {
        self.entries.iter().filter(|e| e.tracked && e.seen == self.scrape).filter_map(|e| e.series)
    }

    /// Forgets that the running scrape has seen anything: it failed half-way.
    pub(crate) fn take_back(&mut self) {
        for entry in self.entries.iter_mut().filter(|entry| entry.seen == self.scrape) {
            entry.seen = if entry.before { self.scrape - 1 } else { 0 };
            entry.tracked = entry.before;
        }
        self.met_again = 0;
        self.tracked_now = 0;
        self.cursor = 0;
    }

    /// Ends the running scrape. After a good one, series that it did not have for some scrapes are forgotten.
    pub(crate) fn end_scrape(&mut self, good: bool) {
        const KEPT_FOR: u32 = 2;
        let scrape = self.scrape;
        if good {
            self.orphans.clear();
            let old = |entry: &Known| scrape - entry.seen > KEPT_FOR;
            if self.entries.len() > self.tracked_now && self.entries.iter().any(old) {
                self.entries.retain(|entry| !old(entry));
                self.rebuild();
            }
        } else {
            self.orphans.clear();
            // Scrapes that always fail half-way and always bring other series must not fill the memory.
            if self.entries.len() > 2 * self.tracked_before + 10_000 {
                self.entries.retain(|entry| entry.seen != 0);
                self.rebuild();
            }
        }
        if self.scrape == u32::MAX - 1 {
            self.restart_numbers();
        }
        self.scrape += 1;
        self.cursor = 0;
        self.tracked_before = self.tracked_now;
        self.met_again = 0;
        self.tracked_now = 0;
    }

    fn rebuild(&mut self) {
        let entries = &self.entries;
        self.table.clear();
        for (at, entry) in entries.iter().enumerate() {
            self.table.insert_unique(entry.key.low, at as u32, |at| entries[*at as usize].key.low);
        }
        if self.entries.len() < self.entries.capacity() / 2 {
            self.entries.shrink_to_fit();
            let entries = &self.entries;
            self.table.shrink_to_fit(|at| entries[*at as usize].key.low);
        }
    }

    /// Counts anew before the numbers end (after 136 years of a scrape each second).
    fn restart_numbers(&mut self) {
        let scrape = self.scrape;
        for entry in &mut self.entries {
            entry.seen = u32::from(entry.seen == scrape) * 2;
        }
        self.scrape = 2;
    }

    /// Calls `stale` for all series that the last scrape had: the target is gone.
    pub(crate) fn all_of_last(&self, mut stale: impl FnMut(SeriesRef)) {
        let last = self.entries.iter().filter(|e| e.tracked && e.seen + 1 == self.scrape);
        last.filter_map(|entry| entry.series).for_each(&mut stale);
        self.orphans.iter().copied().for_each(stale);
    }

    /// Begins anew, because the same bytes may now stand for other series. What the last scrape had is marked
    /// stale at the end of the next one unless that has it too.
    pub(crate) fn reset(&mut self) {
        let mut orphans = Vec::new();
        self.all_of_last(|series| orphans.push(series));
        let (low, high) = (self.low.clone(), self.high.clone());
        *self = Self { orphans, low, high, ..Self::new() };
    }
}
