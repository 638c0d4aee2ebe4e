//! The table of postings offsets: sorted by name and value, searched by binary search.
//!
//! Held in memory are the names, and of each name every so many places of its values.

use std::ops::Range;

use crate::block::codec::Decoder;
use crate::block::error::Fault;

/// Every so many values of a name the place is held.
const STRIDE: u32 = 32;
/// An entry is told by two texts.
const KEYS: u8 = 2;
/// No entry takes less.
const MIN_ENTRY_BYTES: usize = 4;

/// The table of an index.
#[derive(Debug)]
pub(crate) struct PostingsTable {
    /// Place of the body in the file; the offsets below count from its start.
    start: usize,
    names: Vec<NameEntry>,
    samples: Vec<u32>,
}

/// A name and where its values are.
#[derive(Clone, Debug)]
pub(crate) struct NameEntry {
    pub(crate) name: Box<str>,
    pub(crate) value_count: u32,
    entries: Range<u32>,
    samples: Range<usize>,
}

/// One value of a name, and the place of its postings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TableEntry<'a> {
    pub(crate) value: &'a str,
    pub(crate) postings: usize,
}

impl PostingsTable {
    /// Checks the table at `offset`: checksum, order, texts, and that postings lie before `end`.
    pub(super) fn open(file: &[u8], offset: usize, end: usize) -> Result<Self, Fault> {
        let mut decoder = Decoder::section(file, offset)?;
        let start = decoder.position();
        let count = decoder.be32()?;
        if count as usize > decoder.remaining() / MIN_ENTRY_BYTES {
            return Err(Fault::new(start, "more entries than bytes"));
        }
        let mut table = Self { start, names: Vec::new(), samples: Vec::new() };
        let mut before = "";
        for _ in 0..count {
            let at = decoder.position();
            let place = (at - start) as u32; // the length of a section has 32 bits
            let (name, entry) = entry(&mut decoder)?;
            if entry.postings >= end {
                return Err(Fault::new(at, "postings beyond the sections"));
            }
            match table.names.last_mut().filter(|last| *last.name == *name) {
                Some(_) if before >= entry.value => {
                    return Err(Fault::new(at, "values that do not ascend"));
                }
                Some(last) => {
                    if last.value_count.is_multiple_of(STRIDE) {
                        table.samples.push(place);
                    }
                    last.value_count += 1;
                }
                None => {
                    if table.names.last().is_some_and(|last| *last.name > *name) {
                        return Err(Fault::new(at, "names that do not ascend"));
                    }
                    let samples = table.samples.len()..table.samples.len();
                    table.samples.push(place);
                    table.names.push(NameEntry {
                        name: name.into(),
                        value_count: 1,
                        entries: place..place,
                        samples,
                    });
                }
            }
            before = entry.value;
            if let Some(last) = table.names.last_mut() {
                last.entries.end = (decoder.position() - start) as u32;
                last.samples.end = table.samples.len();
            }
        }
        table.samples.shrink_to_fit();
        Ok(table)
    }

    /// The label names with values, sorted. The list of all series, with the name "", is not among them.
    pub(crate) fn names(&self) -> impl Iterator<Item = &NameEntry> {
        self.names.iter().filter(|entry| !entry.name.is_empty())
    }

    pub(crate) fn name(&self, name: &str) -> Option<&NameEntry> {
        let at = self.names.binary_search_by(|entry| (*entry.name).cmp(name)).ok()?;
        Some(&self.names[at])
    }

    /// The values of a name in order, from the first that is not below `from`.
    pub(crate) fn values_from<'a>(
        &self,
        file: &'a [u8],
        name: &NameEntry,
        from: &str,
    ) -> Result<impl Iterator<Item = Result<TableEntry<'a>, Fault>> + use<'a>, Fault> {
        let samples = &self.samples[name.samples.clone()];
        let mut low = 0;
        let mut high = samples.len();
        while low < high {
            let middle = low + (high - low) / 2;
            let mut decoder = self.decoder(file, samples[middle], name)?;
            if entry(&mut decoder)?.1.value <= from {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let place = low.checked_sub(1).map_or(name.entries.start, |before| samples[before]);
        let mut decoder = self.decoder(file, place, name)?;
        let mut ahead = None;
        while !decoder.is_empty() {
            let found = entry(&mut decoder)?.1;
            if found.value >= from {
                ahead = Some(found);
                break;
            }
        }
        let rest = std::iter::from_fn(move || {
            if decoder.is_empty() { None } else { Some(entry(&mut decoder).map(|(_, entry)| entry)) }
        });
        Ok(ahead.map(Ok).into_iter().chain(rest))
    }

    /// The entry of a value.
    pub(crate) fn find<'a>(
        &self,
        file: &'a [u8],
        name: &NameEntry,
        value: &str,
    ) -> Result<Option<TableEntry<'a>>, Fault> {
        let first = self.values_from(file, name, value)?.next().transpose()?;
        Ok(first.filter(|entry| entry.value == value))
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let names: usize = self.names.iter().map(|entry| entry.name.len() + size_of::<NameEntry>()).sum();
        names + self.samples.capacity() * 4
    }

    fn decoder<'a>(&self, file: &'a [u8], place: u32, name: &NameEntry) -> Result<Decoder<'a>, Fault> {
        let at = |place: u32| self.start + place as usize;
        Decoder::new(file, at(place)..at(name.entries.end))
    }
}

fn entry<'a>(decoder: &mut Decoder<'a>) -> Result<(&'a str, TableEntry<'a>), Fault> {
    let at = decoder.position();
    if decoder.u8()? != KEYS {
        return Err(Fault::new(at, "an entry that is not one of name and value"));
    }
    let (name, value) = (decoder.text()?, decoder.text()?);
    let postings = usize::try_from(decoder.uvarint()?).unwrap_or(usize::MAX);
    Ok((name, TableEntry { value, postings }))
}
