//! The labels of an index being built: each text once, each pair of name and value once.

use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};

use crate::block::BlockError;

/// Texts and pairs, numbered as they came; in order after [`Pairs::rank`].
#[derive(Debug, Default)]
pub(super) struct Pairs {
    text: String,
    /// Where each text ends.
    ends: Vec<usize>,
    by_text: HashTable<u32>,
    hasher: RandomState,
    by_numbers: HashMap<(u32, u32), u32, RandomState>,
    pairs: Vec<Pair>,
    /// Numbers of texts in order of the texts.
    order: Vec<u32>,
    /// Position of each text in `order`.
    ranks: Vec<u32>,
    sorted: Vec<u32>,
}

#[derive(Debug)]
struct Pair {
    name: u32,
    value: u32,
    series: u32,
}

impl Pairs {
    /// The number of a pair, which one more series has.
    pub(super) fn add(&mut self, name: &str, value: &str) -> Result<u32, BlockError> {
        let numbers = (self.intern(name)?, self.intern(value)?);
        let next = self.pairs.len() as u32;
        let pair = *self.by_numbers.entry(numbers).or_insert(next);
        if pair == next {
            self.pairs.push(Pair { name: numbers.0, value: numbers.1, series: 0 });
        }
        self.pairs[pair as usize].series += 1;
        Ok(pair)
    }

    fn intern(&mut self, text: &str) -> Result<u32, BlockError> {
        let hash = self.hasher.hash_one(text);
        let (all, ends) = (&self.text, &self.ends);
        if let Some(number) = self.by_text.find(hash, |number| slice(all, ends, *number) == text) {
            return Ok(*number);
        }
        let number = u32::try_from(self.ends.len())
            .map_err(|_| BlockError::Unwritable("more than 4 billion symbols".to_owned()))?;
        self.text.push_str(text);
        self.ends.push(self.text.len());
        let (all, ends, hasher) = (&self.text, &self.ends, &self.hasher);
        self.by_text.insert_unique(hash, number, |number| hasher.hash_one(slice(all, ends, *number)));
        Ok(number)
    }

    /// Puts texts and pairs in order. Nothing is added after it.
    pub(super) fn rank(&mut self) {
        self.by_text = HashTable::new();
        self.by_numbers = HashMap::default();
        let (all, ends) = (&self.text, &self.ends);
        let mut order: Vec<u32> = (0..ends.len() as u32).collect();
        order.sort_unstable_by_key(|number| slice(all, ends, *number));
        self.ranks = vec![0; order.len()];
        for (rank, number) in order.iter().enumerate() {
            self.ranks[*number as usize] = rank as u32;
        }
        self.order = order;
        let mut sorted: Vec<u32> = (0..self.pairs.len() as u32).collect();
        sorted.sort_unstable_by_key(|pair| self.ranks(*pair));
        self.sorted = sorted;
    }

    pub(super) fn len(&self) -> usize {
        self.pairs.len()
    }

    /// The texts in order.
    pub(super) fn symbols(&self) -> impl Iterator<Item = &str> {
        self.order.iter().map(|number| slice(&self.text, &self.ends, *number))
    }

    /// Positions of a pair's name and value among the symbols.
    pub(super) fn ranks(&self, pair: u32) -> (u32, u32) {
        let pair = &self.pairs[pair as usize];
        (self.ranks[pair.name as usize], self.ranks[pair.value as usize])
    }

    /// A pair's name and value.
    pub(super) fn texts(&self, pair: u32) -> (&str, &str) {
        let pair = &self.pairs[pair as usize];
        (slice(&self.text, &self.ends, pair.name), slice(&self.text, &self.ends, pair.value))
    }

    /// How many series have a pair.
    pub(super) fn series_of(&self, pair: u32) -> u32 {
        self.pairs[pair as usize].series
    }

    /// Numbers of the pairs in order of name and value.
    pub(super) fn sorted(&self) -> &[u32] {
        &self.sorted
    }
}

fn slice<'a>(all: &'a str, ends: &[usize], number: u32) -> &'a str {
    let number = number as usize;
    let start = number.checked_sub(1).map_or(0, |before| ends[before]);
    &all[start..ends[number]]
}
