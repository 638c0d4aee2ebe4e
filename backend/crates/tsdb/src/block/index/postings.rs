//! Postings: ascending lists of series references, and what can be done with them without decoding them.
//!
//! A list in the file is an array of big-endian numbers and can be searched as it lies there.

use crate::block::codec::{Decoder, be32_at};
use crate::block::error::Fault;

/// A list in the mapped file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Postings<'a> {
    /// A multiple of four bytes.
    bytes: &'a [u8],
}

impl<'a> Postings<'a> {
    /// The list at `offset`; its checksum is verified if `verify` says so.
    pub(super) fn read(file: &'a [u8], offset: usize, verify: bool) -> Result<Self, Fault> {
        let mut decoder =
            if verify { Decoder::section(file, offset)? } else { Decoder::section_unchecked(file, offset)? };
        let at = decoder.position();
        let count = decoder.be32()? as usize;
        if decoder.remaining() != count.saturating_mul(4) {
            return Err(Fault::new(at, "length and number of entries differ"));
        }
        Ok(Self { bytes: decoder.bytes(count * 4)? })
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len() / 4
    }

    #[inline]
    fn get(&self, index: usize) -> u32 {
        be32_at(self.bytes, index * 4)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + use<'a> {
        let list = *self;
        (0..list.len()).map(move |index| list.get(index))
    }

    /// First index at or behind `from` whose entry is not below `wanted`: steps that double, then halves.
    #[inline]
    fn seek(&self, from: usize, wanted: u32) -> usize {
        let mut low = from;
        let mut step = 1;
        while low + step <= self.len() && self.get(low + step - 1) < wanted {
            low += step;
            step *= 2;
        }
        let mut high = (low + step - 1).min(self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.get(middle) < wanted {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Whether one of `sorted` is in the list.
    pub(crate) fn meets(&self, sorted: &[u32]) -> bool {
        let mut at = 0;
        sorted.iter().any(|wanted| {
            at = self.seek(at, *wanted);
            at < self.len() && self.get(at) == *wanted
        })
    }
}

/// Those of `sorted` that are in `list`.
pub(crate) fn intersect(sorted: &[u32], list: Postings<'_>) -> Vec<u32> {
    let mut at = 0;
    let mut out = sorted.to_vec();
    out.retain(|wanted| {
        at = list.seek(at, *wanted);
        at < list.len() && list.get(at) == *wanted
    });
    out
}

/// Takes those that are in `list` out of `sorted`.
pub(crate) fn subtract(sorted: &mut Vec<u32>, list: Postings<'_>) {
    let mut at = 0;
    sorted.retain(|wanted| {
        at = list.seek(at, *wanted);
        at >= list.len() || list.get(at) != *wanted
    });
}

/// All of several lists that have no member in common, sorted.
pub(crate) fn union<'a>(lists: impl IntoIterator<Item = Postings<'a>>) -> Vec<u32> {
    let mut out = Vec::new();
    let mut count = 0;
    for list in lists {
        out.extend(list.iter());
        count += 1;
    }
    if count > 1 {
        out.sort_unstable();
        out.dedup();
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn operations_are_those_of_sets(
            a in proptest::collection::btree_set(0u32..500, 0..100),
            b in proptest::collection::btree_set(0u32..500, 0..300),
        ) {
            let bytes: Vec<u8> = b.iter().flat_map(|n| n.to_be_bytes()).collect();
            let list = Postings { bytes: &bytes };
            let sorted: Vec<u32> = a.iter().copied().collect();
            prop_assert_eq!(intersect(&sorted, list), a.intersection(&b).copied().collect::<Vec<_>>());
            let mut rest = sorted.clone();
            subtract(&mut rest, list);
            prop_assert_eq!(rest, a.difference(&b).copied().collect::<Vec<_>>());
            prop_assert_eq!(list.meets(&sorted), !a.is_disjoint(&b));
            let other: Vec<u8> = a.difference(&b).flat_map(|n| n.to_be_bytes()).collect();
            let all: BTreeSet<u32> = a.union(&b).copied().collect();
            let got = union([list, Postings { bytes: &other }]);
            prop_assert_eq!(got, all.into_iter().collect::<Vec<_>>());
        }
    }
}
