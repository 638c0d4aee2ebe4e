//! Building an index from series that come in order of labels.
//!
//! Symbols stand first in the file and series name them by their position, which is known only at the end.
//! So entries first go into a scratch file, with labels numbered as they come; at the end they are copied
//! with the final numbers. Postings are gathered a batch of label names at a time, so that memory stays
//! bounded whatever the number of series.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::Labels;
use platform::{Disk, FileBytes};

use super::pairs::Pairs;
use super::series::{ChunkMeta, put_chunks};
use super::toc::Toc;
use super::{INDEX_FILE, MAGIC, SERIES_ALIGNMENT, VERSION};
use crate::block::BlockError;
use crate::block::codec::{Decoder, put_text, put_uvarint, text_len, uvarint_len};
use crate::block::error::Fault;
use crate::block::file::FileWriter;

/// Name of the scratch file.
const SCRATCH_FILE: &str = "series.scratch";
/// Entries of postings that are gathered at a time: 32 MiB.
const BATCH_ENTRIES: usize = 8 << 20;

/// Entries that are encoded at a time.
const PIECE_ENTRIES: usize = 16 << 10;

/// An index being built.
#[derive(Debug)]
pub(crate) struct IndexBuilder {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    scratch: FileWriter,
    pairs: Pairs,
    series: u64,
    last: Option<Labels>,
    record: Vec<u8>,
}

impl IndexBuilder {
    pub(crate) fn create(disk: Arc<dyn Disk>, dir: &Path) -> Result<Self, BlockError> {
        let scratch = FileWriter::create(&*disk, &dir.join(SCRATCH_FILE))?;
        let (pairs, record) = (Pairs::default(), Vec::new());
        Ok(Self { disk, dir: dir.to_owned(), scratch, pairs, series: 0, last: None, record })
    }

    /// Adds a series that comes behind all before it.
    pub(crate) fn add(&mut self, labels: &Labels, chunks: &[ChunkMeta]) -> Result<(), BlockError> {
        if self.last.as_ref().is_some_and(|last| last >= labels) {
            return Err(BlockError::Unwritable(format!("series {labels} comes out of order")));
        }
        self.record.clear();
        put_uvarint(&mut self.record, labels.len() as u64);
        for (name, value) in labels {
            let pair = self.pairs.add(name, value)?;
            put_uvarint(&mut self.record, u64::from(pair));
        }
        let mut body = Vec::with_capacity(16 * chunks.len());
        put_chunks(&mut body, chunks);
        put_uvarint(&mut self.record, body.len() as u64);
        self.record.extend_from_slice(&body);
        self.scratch.write(&self.record)?;
        self.series += 1;
        self.last = Some(labels.clone());
        Ok(())
    }

    /// Writes the index and forces it onto the medium. The directory is left to the caller to sync. `pace` is
    /// called for each series of each walk over them.
    pub(crate) fn finish(mut self, pace: &mut dyn FnMut() -> ControlFlow<()>) -> Result<(), BlockError> {
        self.scratch.flush()?;
        let scratch_path = self.dir.join(SCRATCH_FILE);
        let map = self.disk.map(&scratch_path).map_err(|e| BlockError::io("map", &scratch_path, e))?;
        let mut scratch = Scratch { path: scratch_path, map, series: self.series, pace };
        let file = FileWriter::create(&*self.disk, &self.dir.join(INDEX_FILE))?;
        let mut writer = IndexWriter { file, toc: Toc::default() };
        writer.file.write(&MAGIC.to_be_bytes())?;
        writer.file.write(&[VERSION])?;
        self.pairs.rank();
        writer.symbols(&self.pairs)?;
        let refs = writer.series(&self.pairs, &mut scratch)?;
        let table = writer.postings(&self.pairs, &mut scratch, &refs)?;
        writer.postings_table(&self.pairs, &table)?;
        let toc = writer.toc.to_bytes();
        writer.file.write(&toc)?;
        writer.file.finish()?;
        let path = scratch.path.clone();
        drop(scratch);
        self.disk.remove_file(&path).map_err(|e| BlockError::io("remove", &path, e))
    }
}

/// The scratch file, complete.
struct Scratch<'a> {
    path: PathBuf,
    map: FileBytes,
    series: u64,
    pace: &'a mut dyn FnMut() -> ControlFlow<()>,
}

impl Scratch<'_> {
    /// Visits the pair numbers and encoded chunks of each series.
    fn visit(
        &mut self,
        mut visit: impl FnMut(&[u32], &[u8]) -> Result<(), BlockError>,
    ) -> Result<(), BlockError> {
        let blame = |fault: Fault| fault.within(&self.path);
        let mut decoder = Decoder::new(&self.map, 0..self.map.len()).map_err(blame)?;
        let mut pairs = Vec::new();
        for _ in 0..self.series {
            if (self.pace)().is_break() {
                return Err(BlockError::Cancelled);
            }
            pairs.clear();
            for _ in 0..decoder.uvarint().map_err(blame)? {
                pairs.push(decoder.uvarint32().map_err(blame)?);
            }
            visit(&pairs, decoder.text_bytes().map_err(blame)?)?;
        }
        Ok(())
    }
}

struct IndexWriter {
    file: FileWriter,
    toc: Toc,
}

impl IndexWriter {
    /// Begins a section: its length, then its checksum starts.
    fn begin_section(&mut self, length: usize) -> Result<u64, BlockError> {
        let place = self.file.position();
        let length = u32::try_from(length)
            .map_err(|_| BlockError::Unwritable("a section of the index grows beyond 4 GiB".to_owned()))?;
        self.file.write(&length.to_be_bytes())?;
        self.file.begin_checksum();
        Ok(place)
    }

    fn count(&mut self, count: usize) -> Result<(), BlockError> {
        let count = u32::try_from(count)
            .map_err(|_| BlockError::Unwritable("more than 4 billion entries in the index".to_owned()))?;
        self.file.write(&count.to_be_bytes())
    }

    fn symbols(&mut self, pairs: &Pairs) -> Result<(), BlockError> {
        let length = 4 + pairs.symbols().map(text_len).sum::<usize>();
        self.toc.symbols = self.begin_section(length)?;
        self.count(pairs.symbols().count())?;
        let mut text = Vec::new();
        for symbol in pairs.symbols() {
            text.clear();
            put_text(&mut text, symbol);
            self.file.write(&text)?;
        }
        self.file.write_checksum()
    }

    /// Writes the entries and hands back their references.
    fn series(&mut self, pairs: &Pairs, scratch: &mut Scratch<'_>) -> Result<Vec<u32>, BlockError> {
        self.file.pad(SERIES_ALIGNMENT)?;
        self.toc.series = self.file.position();
        let mut refs = Vec::with_capacity(scratch.series as usize);
        let (mut body, mut length) = (Vec::new(), Vec::new());
        scratch.visit(|numbers, chunks| {
            self.file.pad(SERIES_ALIGNMENT)?;
            let series = u32::try_from(self.file.position() / SERIES_ALIGNMENT);
            refs.push(series.map_err(|_| {
                BlockError::Unwritable("the series of the index grow beyond 64 GiB".to_owned())
            })?);
            body.clear();
            put_uvarint(&mut body, numbers.len() as u64);
            for pair in numbers {
                let (name, value) = pairs.ranks(*pair);
                put_uvarint(&mut body, u64::from(name));
                put_uvarint(&mut body, u64::from(value));
            }
            body.extend_from_slice(chunks);
            length.clear();
            put_uvarint(&mut length, body.len() as u64);
            self.file.write(&length)?;
            self.file.begin_checksum();
            self.file.write(&body)?;
            self.file.write_checksum()
        })?;
        Ok(refs)
    }

    /// Writes all lists and hands back where they are: first that of all series, then by name and value.
    fn postings(
        &mut self,
        pairs: &Pairs,
        scratch: &mut Scratch<'_>,
        refs: &[u32],
    ) -> Result<Vec<u64>, BlockError> {
        self.file.pad(4)?;
        // Sections of label values, which nobody reads any more, are empty.
        self.toc.label_indices = self.file.position();
        self.toc.postings = self.file.position();
        let mut places = vec![self.list(refs)?];
        let mut sorted = pairs.sorted();
        let mut slots = vec![u32::MAX; pairs.len()];
        while !sorted.is_empty() {
            let mut entries = 0;
            let fit = sorted.iter().take_while(|pair| {
                entries += pairs.series_of(**pair) as usize;
                entries <= BATCH_ENTRIES
            });
            let batch = fit.count().max(1);
            let (batch, rest) = sorted.split_at(batch);
            self.batch(pairs, scratch, refs, batch, &mut slots, &mut places)?;
            sorted = rest;
        }
        Ok(places)
    }

    /// Writes the lists of some pairs, in one walk over the series.
    fn batch(
        &mut self,
        pairs: &Pairs,
        scratch: &mut Scratch<'_>,
        refs: &[u32],
        batch: &[u32],
        slots: &mut [u32],
        places: &mut Vec<u64>,
    ) -> Result<(), BlockError> {
        let mut starts = Vec::with_capacity(batch.len() + 1);
        let mut total = 0usize;
        for (slot, pair) in batch.iter().enumerate() {
            slots[*pair as usize] = slot as u32;
            starts.push(total);
            total += pairs.series_of(*pair) as usize;
        }
        let mut entries = vec![0u32; total];
        let mut next = starts.clone();
        let mut number = 0;
        scratch.visit(|numbers, _| {
            for pair in numbers {
                let slot = slots[*pair as usize];
                if slot != u32::MAX {
                    let at = &mut next[slot as usize];
                    entries[*at] = refs[number];
                    *at += 1;
                }
            }
            number += 1;
            Ok(())
        })?;
        for (slot, pair) in batch.iter().enumerate() {
            slots[*pair as usize] = u32::MAX;
            places.push(self.list(&entries[starts[slot]..next[slot]])?);
        }
        Ok(())
    }

    fn list(&mut self, refs: &[u32]) -> Result<u64, BlockError> {
        self.file.pad(4)?;
        let place = self.begin_section(4 + refs.len() * 4)?;
        self.count(refs.len())?;
        let mut bytes = Vec::with_capacity(4 * refs.len().min(PIECE_ENTRIES));
        for piece in refs.chunks(PIECE_ENTRIES) {
            bytes.clear();
            bytes.extend(piece.iter().flat_map(|series| series.to_be_bytes()));
            self.file.write(&bytes)?;
        }
        self.file.write_checksum()?;
        Ok(place)
    }

    fn postings_table(&mut self, pairs: &Pairs, places: &[u64]) -> Result<(), BlockError> {
        self.toc.label_table = self.begin_section(4)?;
        self.count(0)?;
        self.file.write_checksum()?;
        let sorted = pairs.sorted();
        let texts = || std::iter::once(("", "")).chain(sorted.iter().map(|pair| pairs.texts(*pair)));
        let length = texts()
            .zip(places)
            .map(|((name, value), place)| 1 + text_len(name) + text_len(value) + uvarint_len(*place));
        self.toc.postings_table = self.begin_section(4 + length.sum::<usize>())?;
        self.count(places.len())?;
        let mut entry = Vec::new();
        for ((name, value), place) in texts().zip(places) {
            entry.clear();
            entry.push(2);
            put_text(&mut entry, name);
            put_text(&mut entry, value);
            put_uvarint(&mut entry, *place);
            self.file.write(&entry)?;
        }
        self.file.write_checksum()
    }
}
