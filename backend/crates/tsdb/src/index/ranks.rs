//! The order of label sets without their texts.
//!
//! A block wants its series in order of labels. Texts of a million series would take hundreds of megabytes;
//! ranks take eight bytes a label and compare the same way.

use super::LabelIndex;
use super::labels::pairs;

/// The places of all names, and of all values of each name, in the order of their texts. Values that come
/// later have none.
pub(crate) struct Ranks {
    names: Vec<u32>,
    /// By number of the name, then by number of the value.
    values: Vec<Vec<u32>>,
}

impl LabelIndex {
    /// The places of names and values as they are now.
    pub(crate) fn ranks(&self) -> Ranks {
        let all = self.all_names();
        let mut names: Vec<(&str, u32)> = all.iter().map(|name| (&*name.name, name.id)).collect();
        let values = all.iter().map(|name| {
            let values = name.values.read();
            rank(values.iter().map(|(id, text, _)| (text, id)).collect())
        });
        let values = values.collect();
        names.sort_unstable();
        Ranks { names: rank(names), values }
    }
}

impl Ranks {
    /// Appends a key that compares like the labels. `false` when a label came after the ranks were made.
    pub(crate) fn push_key(&self, packed: &[u8], key: &mut Vec<u32>) -> bool {
        for (name, value) in pairs(packed) {
            let place = self.names.get(name as usize);
            let of_value = self.values.get(name as usize).and_then(|values| values.get(value as usize));
            match (place, of_value) {
                (Some(place), Some(of_value)) if *of_value != NONE => key.extend([*place, *of_value]),
                _ => return false,
            }
        }
        true
    }
}

/// The rank of a number that is not in use.
const NONE: u32 = u32::MAX;

/// The place of each number in the order of the texts.
fn rank(mut texts: Vec<(&str, u32)>) -> Vec<u32> {
    texts.sort_unstable();
    let most = texts.iter().map(|(_, id)| *id as usize + 1).max().unwrap_or(0);
    let mut ranks = vec![NONE; most];
    for (place, (_, id)) in texts.iter().enumerate() {
        ranks[*id as usize] = place as u32;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use model::Labels;
    use proptest::prelude::*;

    use super::*;
    use crate::index::Neighbour;

    proptest! {
        #[test]
        fn keys_compare_like_labels(
            sets in proptest::collection::btree_set(
                proptest::collection::btree_map("[a-c]{1,2}", "[x-z]{1,3}", 1..4), 2..30),
        ) {
            let index = LabelIndex::default();
            let (mut held, mut neighbour) = (Vec::new(), Neighbour::default());
            for (slot, set) in sets.iter().enumerate() {
                let labels = Labels::from_pairs(set);
                held.push((index.add_series(&labels, slot as u32, &mut neighbour).unwrap(), labels));
            }
            let ranks = index.ranks();
            let key = |packed: &[u8]| {
                let mut key = Vec::new();
                assert!(ranks.push_key(packed, &mut key));
                key
            };
            for (a, labels_a) in &held {
                for (b, labels_b) in &held {
                    prop_assert_eq!(key(a).cmp(&key(b)), labels_a.cmp(labels_b), "{} {}", labels_a, labels_b);
                }
            }
        }
    }
}
