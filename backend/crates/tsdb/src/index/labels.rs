//! All label names, and the label sets of series as numbers.
//!
//! A series keeps its labels as pairs of (name number, value number), each a variable-length integer, in
//! order of the names' text: about three to five bytes a label. Names are never forgotten: there are few.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use model::{Labels, LabelsWriter};
use parking_lot::RwLock;
use storage::AppendError;

use super::values::{ValueId, Values};

/// The labels of a series as numbers.
pub(crate) type PackedLabels = Box<[u8]>;

/// The values of one name.
#[derive(Debug)]
pub(crate) struct NameIndex {
    pub(crate) id: u32,
    pub(crate) name: Arc<str>,
    pub(crate) values: RwLock<Values>,
}

#[derive(Debug, Default)]
struct Names {
    by_name: HashMap<Arc<str>, u32, RandomState>,
    list: Vec<Arc<NameIndex>>,
}

/// Names and values of the series that was added before: neighbours share most of them, so that a look at
/// a text saves a search.
#[derive(Debug, Default)]
pub(crate) struct Neighbour {
    labels: Vec<(Arc<NameIndex>, Option<ValueId>)>,
    /// What is being packed: its memory is kept from one series to the next.
    packed: Vec<u8>,
}

/// The inverted index.
#[derive(Debug, Default)]
pub(crate) struct LabelIndex {
    names: RwLock<Names>,
}

impl Neighbour {
    /// The name of the label at this place, and the value it had there.
    fn at(&mut self, at: usize, name: &str, of: &LabelIndex) -> (&NameIndex, &mut Option<ValueId>) {
        if self.labels.get(at).is_none_or(|(held, _)| *held.name != *name) {
            // What is behind stays: labels of the same name may follow.
            let new = (of.name_or_insert(name), None);
            match self.labels.get_mut(at) {
                Some(held) => *held = new,
                None => self.labels.push(new),
            }
        }
        let (index, value) = &mut self.labels[at];
        (index, value)
    }
}

impl LabelIndex {
    /// Enters a series and hands back its labels as numbers.
    ///
    /// # Errors
    /// [`AppendError::InvalidLabels`] when the texts of a label name grow beyond 4 GiB.
    pub(crate) fn add_series(
        &self,
        labels: &Labels,
        slot: u32,
        neighbour: &mut Neighbour,
    ) -> Result<PackedLabels, AppendError> {
        let mut packed = std::mem::take(&mut neighbour.packed);
        packed.clear();
        for (at, (name, value)) in labels.into_iter().enumerate() {
            let (index, known) = neighbour.at(at, name, self);
            let Some(id) = index.values.write().add(value, slot, *known) else {
                self.remove_series(&packed, slot);
                let reason = format!("label {name:?} has more than 4 GiB of values");
                return Err(AppendError::InvalidLabels(reason));
            };
            *known = Some(id);
            push_varint(&mut packed, index.id);
            push_varint(&mut packed, id);
        }
        let labels = PackedLabels::from(packed.as_slice());
        neighbour.packed = packed;
        Ok(labels)
    }

    /// Takes a series out.
    pub(crate) fn remove_series(&self, packed: &[u8], slot: u32) {
        for (name, value) in pairs(packed) {
            self.name_by_id(name).values.write().remove(value, slot);
        }
    }

    /// Whether a series' labels are these.
    pub(crate) fn is_equal(&self, packed: &[u8], labels: &Labels) -> bool {
        let names = self.names.read();
        let mut held = pairs(packed);
        for (name, value) in labels {
            let Some((name_id, value_id)) = held.next() else { return false };
            let index = &names.list[name_id as usize];
            if &*index.name != name || index.values.read().text(value_id) != value {
                return false;
            }
        }
        held.next().is_none()
    }

    /// A series' labels as text.
    pub(crate) fn unpack(&self, packed: &[u8]) -> Labels {
        Unpacker::new(self).unpack(packed)
    }

    /// The text of one label of a series.
    pub(crate) fn value_of(&self, packed: &[u8], name: &str) -> Option<String> {
        let index = self.name(name)?;
        let value = value_id_of(packed, index.id)?;
        Some(index.values.read().text(value).to_owned())
    }

    pub(crate) fn name(&self, name: &str) -> Option<Arc<NameIndex>> {
        let names = self.names.read();
        let id = *names.by_name.get(name)?;
        Some(Arc::clone(&names.list[id as usize]))
    }

    /// How many series have this label.
    pub(crate) fn count(&self, name: &str, value: &str) -> u64 {
        let Some(name) = self.name(name) else { return 0 };
        let values = name.values.read();
        values.find(value).map_or(0, |id| values.postings(id).len())
    }

    /// All names that were ever seen; some may have no value any more.
    pub(crate) fn all_names(&self) -> Vec<Arc<NameIndex>> {
        self.names.read().list.clone()
    }

    pub(crate) fn name_by_id(&self, id: u32) -> Arc<NameIndex> {
        Arc::clone(&self.names.read().list[id as usize])
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        let names = self.all_names();
        names.iter().map(|index| index.name.len() * 2 + 200 + index.values.read().heap_bytes()).sum()
    }

    fn name_or_insert(&self, name: &str) -> Arc<NameIndex> {
        if let Some(index) = self.name(name) {
            return index;
        }
        let mut names = self.names.write();
        if let Some(id) = names.by_name.get(name) {
            return Arc::clone(&names.list[*id as usize]);
        }
        let id = names.list.len() as u32;
        let text: Arc<str> = Arc::from(name);
        names.by_name.insert(Arc::clone(&text), id);
        let index = Arc::new(NameIndex { id, name: text, values: RwLock::default() });
        names.list.push(Arc::clone(&index));
        index
    }
}

/// Gives the labels of many series as text. Remembers those of the series before, because neighbours share
/// most of them: no series may be removed as long as it is used.
pub(crate) struct Unpacker<'a> {
    index: &'a LabelIndex,
    /// Of each place: name, value and its text.
    before: Vec<(u32, ValueId, String)>,
    writer: LabelsWriter,
}

impl<'a> Unpacker<'a> {
    pub(crate) fn new(index: &'a LabelIndex) -> Self {
        Self { index, before: Vec::new(), writer: LabelsWriter::default() }
    }

    pub(crate) fn unpack(&mut self, packed: &[u8]) -> Labels {
        let names = self.index.names.read();
        for (at, (name_id, value_id)) in pairs(packed).enumerate() {
            let name = &names.list[name_id as usize];
            if at == self.before.len() {
                self.before.push((name_id, value_id, name.values.read().text(value_id).to_owned()));
            }
            let (held_name, held_value, text) = &mut self.before[at];
            if (*held_name, *held_value) != (name_id, value_id) {
                (*held_name, *held_value) = (name_id, value_id);
                text.clear();
                text.push_str(name.values.read().text(value_id));
            }
            self.writer.push(&name.name, text);
        }
        self.writer.finish()
    }
}

/// The pairs of a packed label set.
pub(crate) fn pairs(packed: &[u8]) -> impl Iterator<Item = (u32, ValueId)> {
    let mut rest = packed;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        Some((take_varint(&mut rest), take_varint(&mut rest)))
    })
}

/// The value number that a series has for the name with number `name`.
pub(crate) fn value_id_of(packed: &[u8], name: u32) -> Option<ValueId> {
    pairs(packed).find(|(held, _)| *held == name).map(|(_, value)| value)
}

fn push_varint(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Only ever reads what `push_varint` wrote.
fn take_varint(rest: &mut &[u8]) -> u32 {
    let mut value = 0;
    let mut shift = 0;
    while let Some((byte, after)) = rest.split_first() {
        *rest = after;
        value |= u32::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            break;
        }
        shift += 7;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_come_back_as_they_went_in() {
        let index = LabelIndex::default();
        let (mut held, mut neighbour) = (Vec::new(), Neighbour::default());
        for slot in 0..300u32 {
            let labels = Labels::from_pairs([
                ("__name__", "up".to_owned()),
                ("instance", format!("host-{slot}")),
                ("zone", format!("z{}", slot % 3)),
            ]);
            held.push((index.add_series(&labels, slot, &mut neighbour).unwrap(), labels));
        }
        let mut unpacker = Unpacker::new(&index);
        for (packed, labels) in &held {
            assert_eq!(&index.unpack(packed), labels);
            assert_eq!(&unpacker.unpack(packed), labels);
            assert!(index.is_equal(packed, labels));
            assert!(!index.is_equal(packed, &labels.without_metric_name()));
            assert_eq!(index.value_of(packed, "zone").as_deref(), labels.get("zone"));
        }
        for (slot, (packed, _)) in held.iter().enumerate() {
            index.remove_series(packed, slot as u32);
        }
        assert!(index.all_names().iter().all(|name| name.values.read().len() == 0));
    }
}
