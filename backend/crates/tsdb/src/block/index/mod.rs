//! `index`: from labels to series and from series to chunks (Prometheus' index format, version 2).
//!
//! Sections, in order: symbols, series, postings (with a table of their offsets), table of contents.
//! Readers work on the mapped file; in memory are only every so many offsets of symbols and postings.

mod pairs;
mod postings;
mod reader;
mod series;
mod symbols;
mod table;
#[cfg(test)]
mod tests;
mod toc;
mod writer;

pub(crate) use postings::{Postings, intersect, subtract, union};
pub(crate) use reader::Index;
pub(crate) use series::ChunkMeta;
pub(crate) use symbols::SymbolCache;
pub(crate) use table::{NameEntry, TableEntry};
pub(crate) use writer::IndexBuilder;

/// Name of the file in a block's directory.
pub(crate) const INDEX_FILE: &str = "index";
const MAGIC: u32 = 0xBAAA_D700;
const VERSION: u8 = 2;
/// Magic and version.
const HEADER_BYTES: usize = 5;
/// Series begin at multiples of this; a reference is the offset divided by it.
const SERIES_ALIGNMENT: u64 = 16;
