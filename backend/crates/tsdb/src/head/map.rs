//! From the hash of a label set to slots, in shards with a lock each.

use std::hash::BuildHasher as _;

use foldhash::quality::RandomState;
use hashbrown::HashTable;
use model::Labels;
use parking_lot::{Mutex, MutexGuard};

const SHARDS: usize = 64;

/// The map.
#[derive(Debug)]
pub(crate) struct SeriesMap {
    hasher: RandomState,
    shards: Box<[Mutex<Shard>]>,
}

/// A part of the map. An entry keeps half of the hash, so that other series' labels are hardly ever
/// looked at and the table can grow without looking at any.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    table: HashTable<(u32, u32)>,
}

impl Default for SeriesMap {
    fn default() -> Self {
        Self { hasher: RandomState::default(), shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }
}

impl SeriesMap {
    pub(crate) fn hash(&self, labels: &Labels) -> u64 {
        self.hasher.hash_one(labels.key())
    }

    pub(crate) fn shard(&self, hash: u64) -> MutexGuard<'_, Shard> {
        self.shards[hash as usize % SHARDS].lock()
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().table.capacity() * 9).sum()
    }
}

/// The kept half spread over 64 bits again: the table takes its position from the low bits and its tag
/// from the high ones.
fn spread(half: u32) -> u64 {
    u64::from(half).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Shard {
    pub(crate) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let half = (hash >> 32) as u32;
        self.table.find(spread(half), |(held, slot)| *held == half && is_it(*slot)).map(|(_, slot)| *slot)
    }

    pub(crate) fn insert(&mut self, hash: u64, slot: u32) {
        let half = (hash >> 32) as u32;
        self.table.insert_unique(spread(half), (half, slot), |(half, _)| spread(*half));
    }

    pub(crate) fn remove(&mut self, hash: u64, slot: u32) {
        let half = (hash >> 32) as u32;
        if let Ok(entry) = self.table.find_entry(spread(half), |(_, held)| *held == slot) {
            entry.remove();
        }
        if self.table.len() * 4 < self.table.capacity() && self.table.capacity() > 64 {
            self.table.shrink_to(self.table.len() * 2, |(half, _)| spread(*half));
        }
    }
}
