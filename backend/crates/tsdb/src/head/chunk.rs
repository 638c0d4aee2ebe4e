//! Chunks that take no more samples, in memory or in a file.

use std::ops::Deref;
use std::sync::Arc;

use chunk::Encoding;
use model::TimeRange;
use platform::FileBytes;
use storage::Samples;

use crate::block::{self, DecodeError, decode_samples};

/// A file of chunks, written once and mapped.
#[derive(Debug)]
pub(crate) struct ChunkFile {
    pub(crate) number: u64,
    pub(crate) bytes: FileBytes,
}

/// A chunk in a file.
#[derive(Clone, Debug)]
pub(crate) struct FileChunk {
    pub(crate) file: Arc<ChunkFile>,
    /// Where the chunk's record begins in the file.
    pub(crate) record: u32,
    /// Where its bytes begin.
    pub(crate) start: u32,
    pub(crate) length: u32,
}

impl FileChunk {
    fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + self.length as usize
    }
}

/// The bytes of a sealed chunk. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum ChunkBytes {
    Memory(Arc<[u8]>),
    File(FileChunk),
}

impl ChunkBytes {
    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            // Two counters stand before the bytes.
            Self::Memory(bytes) => bytes.len() + 16,
            Self::File(_) => 0,
        }
    }
}

impl Deref for ChunkBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Memory(bytes) => bytes,
            Self::File(chunk) => chunk.file.bytes.get(chunk.range()).unwrap_or_default(),
        }
    }
}

impl From<ChunkBytes> for block::ChunkBytes {
    fn from(bytes: ChunkBytes) -> Self {
        match bytes {
            ChunkBytes::Memory(bytes) => bytes.into(),
            ChunkBytes::File(chunk) => Self::Mapped(chunk.file.bytes.clone(), chunk.range()),
        }
    }
}

/// A chunk that takes no more samples. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct SealedChunk {
    pub(crate) min_t: i64,
    pub(crate) max_t: i64,
    pub(crate) encoding: Encoding,
    pub(crate) data: ChunkBytes,
}

impl SealedChunk {
    /// Whether the times between its first and its last sample meet the range.
    pub(crate) fn overlaps(&self, range: TimeRange) -> bool {
        self.min_t <= range.end_ms && self.max_t >= range.start_ms
    }

    /// Appends the samples within `range`.
    pub(crate) fn read(&self, range: TimeRange, out: &mut Samples) -> Result<(), DecodeError> {
        if self.encoding == Encoding::Xor && range.start_ms <= self.min_t && self.max_t <= range.end_ms {
            chunk::decode_xor(&self.data, |t, value| {
                out.push(t, value);
                true
            })?;
            return Ok(());
        }
        decode_samples(self.encoding.id(), &self.data, range, out)
    }
}
