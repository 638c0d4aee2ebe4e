//! The slots of the series that share a label pair.
//!
//! Most pairs of a fleet belong to one or a few series (a pod's name), a few belong to nearly all
//! (`job`). The first kind must be small, the second must be quick to insert into, to remove from and to
//! intersect: so one number, a short sorted vector, or a roaring bitmap.

use roaring::RoaringBitmap;

/// Beyond this many slots a bitmap is smaller and quicker than a vector.
const VECTOR_MAX: usize = 64;
/// Up to so many slots a roaring bitmap keeps them as sorted arrays.
const SORTED_MAX: u64 = 4096;

/// A set of slots.
#[derive(Debug, Default)]
pub(crate) enum Postings {
    #[default]
    Empty,
    One(u32),
    Few(Vec<u32>),
    Many(Box<RoaringBitmap>),
}

impl Postings {
    pub(crate) fn insert(&mut self, slot: u32) {
        match self {
            Self::Empty => *self = Self::One(slot),
            Self::One(held) if *held == slot => {}
            Self::One(held) => *self = Self::Few(vec![slot.min(*held), slot.max(*held)]),
            Self::Few(slots) => {
                if let Err(at) = slots.binary_search(&slot) {
                    slots.insert(at, slot);
                }
                if slots.len() > VECTOR_MAX {
                    *self = Self::Many(Box::new(slots.iter().copied().collect()));
                }
            }
            Self::Many(slots) => {
                // New slots mostly ascend. Within sorted arrays that saves a search; a set of more may have
                // its bits in words, where to find the greatest would take longer than to insert.
                let pushed = slots.len() <= SORTED_MAX && slots.try_push(slot).is_ok();
                if !pushed {
                    slots.insert(slot);
                }
            }
        }
    }

    pub(crate) fn remove(&mut self, slot: u32) {
        match self {
            Self::Empty => {}
            Self::One(held) => {
                if *held == slot {
                    *self = Self::Empty;
                }
            }
            Self::Few(slots) => {
                if let Ok(at) = slots.binary_search(&slot) {
                    slots.remove(at);
                }
                match slots.as_slice() {
                    [] => *self = Self::Empty,
                    [last] => *self = Self::One(*last),
                    _ => {}
                }
            }
            Self::Many(slots) => {
                slots.remove(slot);
                // Half the limit, so that a set at the border does not go to and fro.
                if slots.len() <= VECTOR_MAX as u64 / 2 {
                    *self = Self::Few(slots.iter().collect());
                }
            }
        }
    }

    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::One(_) => 1,
            Self::Few(slots) => slots.len() as u64,
            Self::Many(slots) => slots.len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds all slots to `out`.
    pub(crate) fn add_to(&self, out: &mut RoaringBitmap) {
        match self {
            Self::Empty => {}
            Self::One(slot) => {
                out.insert(*slot);
            }
            Self::Few(slots) => out.extend(slots.iter().copied()),
            Self::Many(slots) => *out |= slots.as_ref(),
        }
    }

    /// Whether a slot is in both sets.
    pub(crate) fn meets(&self, other: &RoaringBitmap) -> bool {
        match self {
            Self::Empty => false,
            Self::One(slot) => other.contains(*slot),
            Self::Few(slots) => slots.iter().any(|slot| other.contains(*slot)),
            Self::Many(slots) => !slots.is_disjoint(other),
        }
    }

    /// The slots that are in both sets.
    pub(crate) fn intersect(&self, other: &RoaringBitmap) -> RoaringBitmap {
        match self {
            Self::Many(slots) => slots.as_ref() & other,
            Self::Few(slots) => slots.iter().copied().filter(|slot| other.contains(*slot)).collect(),
            Self::One(slot) => Some(*slot).into_iter().filter(|slot| other.contains(*slot)).collect(),
            Self::Empty => RoaringBitmap::new(),
        }
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Empty | Self::One(_) => 0,
            Self::Few(slots) => slots.capacity() * size_of::<u32>(),
            Self::Many(slots) => size_of::<RoaringBitmap>() + slots.serialized_size(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn behaves_like_a_set(ops in proptest::collection::vec((any::<bool>(), 0u32..150), 0..600)) {
            let mut postings = Postings::default();
            let mut set = BTreeSet::new();
            for (insert, slot) in ops {
                if insert {
                    postings.insert(slot);
                    set.insert(slot);
                } else {
                    postings.remove(slot);
                    set.remove(&slot);
                }
                prop_assert_eq!(postings.len(), set.len() as u64);
            }
            let mut all = RoaringBitmap::new();
            postings.add_to(&mut all);
            prop_assert_eq!(all.iter().collect::<Vec<_>>(), set.iter().copied().collect::<Vec<_>>());
            let even: RoaringBitmap = (0..150).step_by(2).collect();
            let both = postings.intersect(&even);
            prop_assert_eq!(both.iter().collect::<Vec<_>>(),
                set.iter().copied().filter(|s| s % 2 == 0).collect::<Vec<_>>());
            prop_assert_eq!(postings.meets(&even), !both.is_empty());
        }
    }
}
