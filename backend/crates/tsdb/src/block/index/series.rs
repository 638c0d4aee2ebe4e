//! One series of an index: its labels as symbols and where its chunks are.

use super::SERIES_ALIGNMENT;
use crate::block::chunks::ChunkRef;
use crate::block::codec::{CRC_BYTES, Decoder, put_uvarint, put_varint, verify};
use crate::block::error::Fault;

/// No chunk takes less in a series entry.
const MIN_CHUNK_BYTES: usize = 3;

/// Where a chunk is and what times it covers, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkMeta {
    pub(crate) min_t: i64,
    pub(crate) max_t: i64,
    pub(crate) chunk: ChunkRef,
}

/// The entry of a series, its checksum verified.
#[derive(Clone, Debug)]
pub(super) struct SeriesEntry<'a> {
    labels: Decoder<'a>,
    label_count: u64,
}

impl<'a> SeriesEntry<'a> {
    /// The entry of the series with this reference; `section` is where the series are in the file.
    pub(super) fn read(file: &'a [u8], section: (usize, usize), series: u32) -> Result<Self, Fault> {
        let offset = u64::from(series) * SERIES_ALIGNMENT;
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        if start < section.0 || start >= section.1 {
            return Err(Fault::new(start, "no series here, but postings name one"));
        }
        let mut header = Decoder::new(file, start..section.1)?;
        let length = usize::try_from(header.uvarint()?).unwrap_or(usize::MAX);
        let from = header.position();
        let body = header.bytes(length)?;
        let crc_at = header.position();
        header.bytes(CRC_BYTES)?;
        verify(file, crc_at, crc32c::crc32c(body))?;
        let mut labels = Decoder::new(file, from..crc_at)?;
        let label_count = labels.uvarint()?;
        if label_count > labels.remaining() as u64 / 2 {
            return Err(labels.fault("more labels than bytes"));
        }
        Ok(Self { labels, label_count })
    }

    /// Visits the numbers of names and values with their place, in order, until the visitor says `false`.
    #[inline]
    pub(super) fn labels(&self, mut visit: impl FnMut(usize, u32, u32) -> bool) -> Result<(), Fault> {
        let mut decoder = self.labels.clone();
        for _ in 0..self.label_count {
            let at = decoder.position();
            if !visit(at, decoder.uvarint32()?, decoder.uvarint32()?) {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn label_count(&self) -> usize {
        self.label_count as usize
    }

    /// Visits the chunks, oldest first.
    #[inline]
    pub(super) fn chunks(&self, mut visit: impl FnMut(ChunkMeta)) -> Result<(), Fault> {
        let mut decoder = self.labels.clone();
        for _ in 0..self.label_count * 2 {
            decoder.uvarint()?;
        }
        let count = decoder.uvarint()?;
        if count > (decoder.remaining() / MIN_CHUNK_BYTES) as u64 {
            return Err(decoder.fault("more chunks than bytes"));
        }
        let mut before: Option<ChunkMeta> = None;
        for _ in 0..count {
            let at = decoder.position();
            let overflow = || Fault::new(at, "a chunk beyond the range of times and places");
            let min_t = match before {
                None => decoder.varint()?,
                // Chunks that overlap make it wrap around.
                Some(before) => before.max_t.wrapping_add(decoder.uvarint()? as i64),
            };
            let max_t = min_t.checked_add_unsigned(decoder.uvarint()?).ok_or_else(overflow)?;
            let chunk = match before {
                None => decoder.uvarint()?,
                Some(before) => before.chunk.0.checked_add_signed(decoder.varint()?).ok_or_else(overflow)?,
            };
            let meta = ChunkMeta { min_t, max_t, chunk: ChunkRef(chunk) };
            visit(meta);
            before = Some(meta);
        }
        Ok(())
    }
}

/// Encodes the part of an entry that is about chunks. They must ascend without overlap.
pub(super) fn put_chunks(out: &mut Vec<u8>, chunks: &[ChunkMeta]) {
    put_uvarint(out, chunks.len() as u64);
    let mut before: Option<&ChunkMeta> = None;
    for meta in chunks {
        match before {
            None => put_varint(out, meta.min_t),
            Some(before) => put_uvarint(out, meta.min_t.wrapping_sub(before.max_t) as u64),
        }
        put_uvarint(out, meta.max_t.wrapping_sub(meta.min_t) as u64);
        match before {
            None => put_uvarint(out, meta.chunk.0),
            Some(before) => put_varint(out, meta.chunk.0.wrapping_sub(before.chunk.0) as i64),
        }
        before = Some(meta);
    }
}
