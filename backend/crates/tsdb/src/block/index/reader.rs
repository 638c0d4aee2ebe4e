//! The index of a block, open for reading.

use std::path::{Path, PathBuf};

use hashbrown::HashSet;
use model::Labels;
use parking_lot::RwLock;
use platform::{Disk, FileBytes};

use super::postings::Postings;
use super::series::{ChunkMeta, SeriesEntry};
use super::symbols::{SymbolCache, Symbols};
use super::table::{NameEntry, PostingsTable, TableEntry};
use super::toc::{TOC_BYTES, Toc};
use super::{HEADER_BYTES, INDEX_FILE, SERIES_ALIGNMENT};
use crate::block::BlockError;
use crate::block::error::Fault;

/// Longer lists are verified once; shorter ones each time, which costs less than to remember them.
const REMEMBERED_BYTES: usize = 4096;

/// The index of a block.
#[derive(Debug)]
pub(crate) struct Index {
    path: PathBuf,
    file: FileBytes,
    symbols: Symbols,
    table: PostingsTable,
    /// Where series may be.
    series: (usize, usize),
    verified: RwLock<HashSet<usize>>,
}

impl Index {
    /// Maps the index of the block in `dir`; checks header, table of contents, symbols and the table of
    /// postings. Series and postings are checked when they are read.
    pub(crate) fn open(disk: &dyn Disk, dir: &Path) -> Result<Self, BlockError> {
        let path = dir.join(INDEX_FILE);
        let file = disk.map(&path).map_err(|e| BlockError::io("map", &path, e))?;
        Self::from_bytes(&path, file)
    }

    /// As [`Index::open`], of bytes that were read from `path`.
    pub(crate) fn from_bytes(path: &Path, file: FileBytes) -> Result<Self, BlockError> {
        Self::parse(path.to_owned(), file).map_err(|fault| fault.within(path))
    }

    fn parse(path: PathBuf, file: FileBytes) -> Result<Self, Fault> {
        let toc = Toc::read(&file)?;
        let end = file.len() - TOC_BYTES;
        let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).max(HEADER_BYTES);
        let symbols = Symbols::open(&file, at(toc.symbols))?;
        let table = PostingsTable::open(&file, at(toc.postings_table), end)?;
        // What follows the series differs from writer to writer; it is the nearest section behind them.
        let behind = [toc.label_indices, toc.label_table, toc.postings, toc.postings_table];
        let series_end =
            behind.into_iter().filter(|offset| *offset > toc.series).map(at).min().unwrap_or(end);
        Ok(Self {
            path,
            symbols,
            table,
            series: (at(toc.series), series_end),
            file,
            verified: RwLock::default(),
        })
    }

    /// Puts the file's name to a fault.
    pub(crate) fn blame(&self, fault: Fault) -> BlockError {
        fault.within(&self.path)
    }

    pub(crate) fn len(&self) -> u64 {
        self.file.len() as u64
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.symbols.heap_bytes() + self.table.heap_bytes()
    }

    /// The label names, sorted.
    pub(crate) fn names(&self) -> impl Iterator<Item = &NameEntry> {
        self.table.names()
    }

    pub(crate) fn name(&self, name: &str) -> Option<&NameEntry> {
        self.table.name(name)
    }

    /// The values of a name in order, from the first that is not below `from`.
    pub(crate) fn values_from(
        &self,
        name: &NameEntry,
        from: &str,
    ) -> Result<impl Iterator<Item = Result<TableEntry<'_>, Fault>>, Fault> {
        self.table.values_from(&self.file, name, from)
    }

    pub(crate) fn find(&self, name: &NameEntry, value: &str) -> Result<Option<TableEntry<'_>>, Fault> {
        self.table.find(&self.file, name, value)
    }

    /// The series of an entry.
    pub(crate) fn postings(&self, entry: TableEntry<'_>) -> Result<Postings<'_>, Fault> {
        let known = self.verified.read().contains(&entry.postings);
        let list = Postings::read(&self.file, entry.postings, !known)?;
        if !known && list.len() * 4 > REMEMBERED_BYTES {
            self.verified.write().insert(entry.postings);
        }
        Ok(list)
    }

    /// The series with this label.
    pub(crate) fn series_with(&self, name: &str, value: &str) -> Result<Option<Postings<'_>>, Fault> {
        let Some(name) = self.table.name(name) else { return Ok(None) };
        let entry = self.find(name, value)?;
        entry.map(|entry| self.postings(entry)).transpose()
    }

    /// All series, in order of labels.
    pub(crate) fn all_series(&self) -> Result<Vec<u32>, Fault> {
        Ok(self.series_with("", "")?.map(|list| list.iter().collect()).unwrap_or_default())
    }

    /// Chunks of a series, oldest first.
    pub(crate) fn chunks(&self, series: u32, visit: impl FnMut(ChunkMeta)) -> Result<(), Fault> {
        self.entry(series)?.chunks(visit)
    }

    /// Labels of a series, and its chunks, if `wanted` likes one of them.
    pub(crate) fn series<'a>(
        &'a self,
        series: u32,
        cache: &mut SymbolCache<'a>,
        chunks: &mut Vec<ChunkMeta>,
        mut wanted: impl FnMut(&ChunkMeta) -> bool,
    ) -> Result<Option<Labels>, Fault> {
        let entry = self.entry(series)?;
        chunks.clear();
        entry.chunks(|meta| {
            if wanted(&meta) {
                chunks.push(meta);
            }
        })?;
        if chunks.is_empty() { Ok(None) } else { self.labels(series, &entry, cache).map(Some) }
    }

    fn entry(&self, series: u32) -> Result<SeriesEntry<'_>, Fault> {
        SeriesEntry::read(&self.file, self.series, series)
    }

    fn labels<'a>(
        &'a self,
        series: u32,
        entry: &SeriesEntry<'a>,
        cache: &mut SymbolCache<'a>,
    ) -> Result<Labels, Fault> {
        let mut pairs: Vec<(&str, &str)> = Vec::with_capacity(entry.label_count());
        let mut failed = None;
        entry.labels(|at, name, value| {
            let place = pairs.len() * 2;
            let name = cache.get(place, name, || self.symbols.get(&self.file, name, at));
            let value = cache.get(place + 1, value, || self.symbols.get(&self.file, value, at));
            match name.and_then(|name| Ok((name, value?))) {
                Ok(pair) => pairs.push(pair),
                Err(fault) => failed = Some(fault),
            }
            failed.is_none()
        })?;
        if let Some(fault) = failed {
            return Err(fault);
        }
        let ascend = pairs.windows(2).all(|pair| pair[0].0 < pair[1].0);
        if !ascend || pairs.iter().any(|(_, value)| value.is_empty()) {
            let offset = u64::from(series) * SERIES_ALIGNMENT;
            return Err(Fault::new(offset as usize, "labels that do not ascend or are empty"));
        }
        Ok(Labels::from_sorted(&pairs))
    }

    /// The number of a text among the symbols.
    pub(crate) fn symbol(&self, text: &str) -> Result<Option<u32>, Fault> {
        self.symbols.find(&self.file, text)
    }

    /// The symbol with a number.
    pub(crate) fn text(&self, symbol: u32) -> Result<&str, Fault> {
        self.symbols.get(&self.file, symbol, HEADER_BYTES)
    }

    /// The value that a series has for the name with the number `name`.
    pub(crate) fn value_of(&self, series: u32, name: u32) -> Result<Option<&str>, Fault> {
        let mut found = None;
        self.entry(series)?.labels(|at, held, value| {
            if held == name {
                found = Some((at, value));
            }
            held != name
        })?;
        found.map(|(at, value)| self.symbols.get(&self.file, value, at)).transpose()
    }

    /// Visits the numbers of names and values of a series.
    pub(crate) fn pairs_of(&self, series: u32, mut visit: impl FnMut(u32, u32)) -> Result<(), Fault> {
        self.entry(series)?.labels(|_, name, value| {
            visit(name, value);
            true
        })
    }

    /// Whether the symbols ascend, as finding one by its text needs it: the first that does not.
    pub(crate) fn check_symbols(&self) -> Result<(), Fault> {
        self.symbols.check_order(&self.file)
    }

    /// Where the entry of a series is.
    pub(crate) fn place(&self, series: u32) -> u64 {
        u64::from(series) * SERIES_ALIGNMENT
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Visits the numbers of the label names of a series.
    pub(crate) fn names_of(&self, series: u32, mut visit: impl FnMut(u32)) -> Result<(), Fault> {
        self.entry(series)?.labels(|_, name, _| {
            visit(name);
            true
        })
    }
}
