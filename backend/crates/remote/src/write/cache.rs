//! Which label bytes stand for which series of the store.
//!
//! Keys are 128 bits of hash with seeds of this process instead of the bytes themselves, which would be the
//! larger part of what a series costs in memory. All senders share the cache: a series is known whichever
//! connection it comes over.

use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::atomic::{AtomicU32, Ordering};

use foldhash::quality::RandomState;
use hashbrown::HashTable;
use storage::SeriesRef;

/// The hash of a series' labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    low: u64,
    high: u64,
}

impl Key {
    /// A digest of a number and two keys.
    pub(crate) fn digest(number: u64, a: Option<Self>, b: Option<Self>) -> u32 {
        let low = |key: Option<Self>| key.map_or(1, |key| key.low);
        let mixed =
            low(a).rotate_left(17) ^ low(b).rotate_left(41) ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 32) as u32 ^ mixed as u32
    }
}

/// Makes keys. Two of these never agree.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyMaker {
    low: RandomState,
    high: RandomState,
}

impl KeyMaker {
    /// The key of bytes.
    #[inline]
    pub(crate) fn of_bytes(&self, bytes: &[u8]) -> Key {
        let mut low = self.low.build_hasher();
        low.write(bytes);
        let mut high = self.high.build_hasher();
        high.write(bytes);
        Key { low: low.finish(), high: high.finish() }
    }

    /// The key of a sequence of things with keys of their own.
    #[inline]
    pub(crate) fn of_keys(&self, keys: impl Iterator<Item = Key>) -> Key {
        let (mut low, mut high) = (self.low.build_hasher(), self.high.build_hasher());
        for key in keys {
            low.write_u64(key.low);
            high.write_u64(key.high);
        }
        Key { low: low.finish(), high: high.finish() }
    }
}

#[derive(Debug)]
struct Known {
    key: Key,
    series: SeriesRef,
    /// The period in which it was last asked for.
    seen: AtomicU32,
    /// What was last said about its metric, as a hash; 0 for nothing.
    metadata: AtomicU32,
}

/// There are as many of these as series: a larger one is a decision.
const _: () = assert!(size_of::<Known>() == 32);

/// The cache.
#[derive(Debug)]
pub(crate) struct SeriesCache {
    table: HashTable<Known>,
    period: u32,
    limit: usize,
}

impl SeriesCache {
    /// An empty cache of at most `limit` series.
    pub(crate) fn new(limit: usize) -> Self {
        Self { table: HashTable::new(), period: 0, limit }
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.table.allocation_size()
    }

    #[inline]
    fn find(&self, key: Key) -> Option<&Known> {
        self.table.find(key.low, |known| known.key == key)
    }

    /// The series that the key stands for.
    #[inline]
    pub(crate) fn get(&self, key: Key) -> Option<SeriesRef> {
        let known = self.find(key)?;
        if known.seen.load(Ordering::Relaxed) != self.period {
            known.seen.store(self.period, Ordering::Relaxed);
        }
        Some(known.series)
    }

    /// Whether `metadata` (a hash) is other than what was last said; it counts as said from now on.
    pub(crate) fn says_anew(&self, key: Key, metadata: u32) -> bool {
        self.find(key).is_none_or(|known| known.metadata.swap(metadata, Ordering::Relaxed) != metadata)
    }

    /// Forgets what was said about metrics, because it did not reach the store.
    pub(crate) fn forget_metadata(&self) {
        for known in &self.table {
            known.metadata.store(0, Ordering::Relaxed);
        }
    }

    /// Remembers a series. When the cache is full it is not remembered, which costs time and nothing else.
    pub(crate) fn insert(&mut self, key: Key, series: SeriesRef) {
        let (seen, metadata) = (AtomicU32::new(self.period), AtomicU32::new(0));
        let known = Known { key, series, seen, metadata };
        if let Some(held) = self.table.find_mut(key.low, |held| held.key == key) {
            *held = known;
        } else if self.table.len() < self.limit {
            self.table.insert_unique(key.low, known, |known| known.key.low);
        }
    }

    /// Ends a period: series that nobody asked for in it are forgotten.
    pub(crate) fn end_period(&mut self) {
        let period = self.period;
        self.table.retain(|known| known.seen.load(Ordering::Relaxed) == period);
        if self.table.len() < self.table.capacity() / 4 {
            self.table.shrink_to_fit(|known| known.key.low);
        }
        self.period = period.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_found_until_nobody_asks_for_them() {
        let keys = KeyMaker::default();
        let (a, b, c) = (keys.of_bytes(b"a"), keys.of_bytes(b"b"), keys.of_bytes(b"c"));
        let mut cache = SeriesCache::new(2);
        for (number, key) in [a, b, c].into_iter().enumerate() {
            cache.insert(key, SeriesRef(number as u64));
        }
        assert_eq!((cache.get(a), cache.get(b)), (Some(SeriesRef(0)), Some(SeriesRef(1))));
        assert_eq!(cache.get(c), None, "full");
        cache.insert(a, SeriesRef(7));
        assert_eq!(cache.get(a), Some(SeriesRef(7)));
        cache.end_period();
        assert_eq!(cache.get(a), Some(SeriesRef(7)));
        cache.end_period();
        assert_eq!((cache.get(b), cache.len()), (None, 1));
        assert!(cache.bytes() > 0);
    }

    #[test]
    fn metadata_is_news_once() {
        let key = KeyMaker::default().of_bytes(b"a");
        let mut cache = SeriesCache::new(2);
        cache.insert(key, SeriesRef(1));
        assert!(cache.says_anew(key, 5));
        assert!(!cache.says_anew(key, 5));
        assert!(cache.says_anew(key, 6));
        cache.forget_metadata();
        assert!(cache.says_anew(key, 6));
    }

    #[test]
    fn keys_of_sequences_know_the_order() {
        let (of_symbol, of_series) = (KeyMaker::default(), KeyMaker::default());
        let (a, b) = (of_symbol.of_bytes(b"a"), of_symbol.of_bytes(b"b"));
        let key = |keys: &[Key]| of_series.of_keys(keys.iter().copied());
        assert_eq!(key(&[a, b]), key(&[a, b]));
        assert_ne!(key(&[a, b]), key(&[b, a]));
        assert_ne!(key(&[a]), key(&[a, a]));
    }
}
