//! The values of one label name: their text, their numbers and their postings.
//!
//! Texts stand one after another in an arena. A value that loses its last series gives its number back at
//! once; the arena is rebuilt when half of it is dead.

use foldhash::quality::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher as _;

use super::postings::Postings;

/// The arena is not rebuilt for less.
const COMPACT_MIN_BYTES: usize = 4096;

/// The number of a value under its name, as long as a series has it.
pub(crate) type ValueId = u32;

#[derive(Debug)]
struct Entry {
    offset: u32,
    len: u32,
    postings: Postings,
}

/// All values of a name.
#[derive(Debug, Default)]
pub(crate) struct Values {
    arena: String,
    entries: Vec<Entry>,
    table: HashTable<ValueId>,
    free: Vec<ValueId>,
    dead_bytes: usize,
    hasher: RandomState,
}

impl Values {
    /// Adds the series at `slot` to the postings of `value`; `guess` is looked at before the value is
    /// searched for. `None` when the texts of this name would take more than 4 GiB.
    pub(crate) fn add(&mut self, value: &str, slot: u32, guess: Option<ValueId>) -> Option<ValueId> {
        // The text of a number that is not in use is empty, no value is.
        let guessed = guess.filter(|guess| self.text(*guess) == value);
        let id = match guessed.or_else(|| self.find(value)) {
            Some(id) => id,
            None => self.insert(value)?,
        };
        self.entries[id as usize].postings.insert(slot);
        Some(id)
    }

    /// Takes the series at `slot` out of the postings of the value.
    pub(crate) fn remove(&mut self, id: ValueId, slot: u32) {
        let Some(entry) = self.entries.get_mut(id as usize) else { return };
        entry.postings.remove(slot);
        if !entry.postings.is_empty() || entry.len == 0 {
            return;
        }
        let hash = self.hasher.hash_one(self.text(id));
        if let Ok(found) = self.table.find_entry(hash, |held| *held == id) {
            found.remove();
        }
        let entry = &mut self.entries[id as usize];
        self.dead_bytes += entry.len as usize;
        entry.len = 0;
        self.free.push(id);
        if self.dead_bytes > COMPACT_MIN_BYTES && self.dead_bytes * 2 > self.arena.len() {
            self.compact();
        }
    }

    pub(crate) fn find(&self, value: &str) -> Option<ValueId> {
        let hash = self.hasher.hash_one(value);
        self.table.find(hash, |id| self.text(*id) == value).copied()
    }

    /// The text of a value that is in use; "" for one that is not.
    pub(crate) fn text(&self, id: ValueId) -> &str {
        let Some(entry) = self.entries.get(id as usize) else { return "" };
        &self.arena[entry.offset as usize..entry.offset as usize + entry.len as usize]
    }

    pub(crate) fn postings(&self, id: ValueId) -> &Postings {
        &self.entries[id as usize].postings
    }

    /// The values in use, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ValueId, &str, &Postings)> {
        self.table.iter().map(|id| (*id, self.text(*id), self.postings(*id)))
    }

    /// Number of values in use.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Bytes on the heap: texts, table, postings.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.arena.capacity()
            + self.entries.capacity() * size_of::<Entry>()
            + self.table.capacity() * (size_of::<ValueId>() + 1)
            + self.entries.iter().map(|entry| entry.postings.heap_bytes()).sum::<usize>()
    }

    fn insert(&mut self, value: &str) -> Option<ValueId> {
        let offset = u32::try_from(self.arena.len()).ok()?;
        let len = u32::try_from(value.len()).ok()?;
        self.arena.push_str(value);
        let entry = Entry { offset, len, postings: Postings::Empty };
        let id = match self.free.pop() {
            Some(id) => {
                self.entries[id as usize] = entry;
                id
            }
            None => {
                self.entries.push(entry);
                u32::try_from(self.entries.len() - 1).ok()?
            }
        };
        let hash = self.hasher.hash_one(value);
        let (arena, entries, hasher) = (&self.arena, &self.entries, &self.hasher);
        self.table.insert_unique(hash, id, |id| {
            let entry = &entries[*id as usize];
            hasher.hash_one(&arena[entry.offset as usize..entry.offset as usize + entry.len as usize])
        });
        Some(id)
    }

    fn compact(&mut self) {
        let mut arena = String::with_capacity(self.arena.len() - self.dead_bytes);
        for entry in &mut self.entries {
            let start = entry.offset as usize;
            // Never longer than the arena before, whose length fitted.
            entry.offset = arena.len() as u32;
            arena.push_str(&self.arena[start..start + entry.len as usize]);
        }
        self.arena = arena;
        self.dead_bytes = 0;
        if self.table.len() * 4 < self.table.capacity() {
            let (arena, entries, hasher) = (&self.arena, &self.entries, &self.hasher);
            self.table.shrink_to_fit(|id| {
                let entry = &entries[*id as usize];
                hasher.hash_one(&arena[entry.offset as usize..entry.offset as usize + entry.len as usize])
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_memory_come_back() {
        let mut values = Values::default();
        for round in 0..20 {
            let ids: Vec<ValueId> =
                (0..1000).map(|i| values.add(&format!("pod-{round}-{i}"), i, None).unwrap()).collect();
            assert_eq!(values.len(), 1000);
            for (slot, id) in ids.into_iter().enumerate() {
                assert_eq!(values.text(id), format!("pod-{round}-{slot}"));
                values.remove(id, slot as u32);
            }
            assert_eq!(values.len(), 0);
        }
        assert_eq!(values.entries.len(), 1000);
        assert!(values.arena.len() < 40_000, "{}", values.arena.len());
    }

    #[test]
    fn compaction_keeps_the_living() {
        let mut values = Values::default();
        let keep = values.add("keep", 7, None).unwrap();
        for i in 0..5000 {
            let id = values.add(&format!("gone-{i}"), 1, Some(keep)).unwrap();
            values.remove(id, 1);
        }
        assert_eq!(values.text(keep), "keep");
        assert_eq!(values.find("keep"), Some(keep));
        assert_eq!(values.find("gone-3"), None);
    }
}
