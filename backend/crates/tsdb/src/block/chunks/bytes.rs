//! A chunk on its way from one block to another, or from the head into a block.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use platform::FileBytes;

/// The encoded samples of a chunk. Cheap to clone.
#[derive(Clone)]
pub enum ChunkBytes {
    /// A part of a mapped file.
    Mapped(FileBytes, Range<usize>),
    /// In memory.
    Held(Arc<[u8]>),
}

impl Deref for ChunkBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(file, range) => file.get(range.clone()).unwrap_or_default(),
            Self::Held(bytes) => bytes,
        }
    }
}

impl From<Vec<u8>> for ChunkBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Held(bytes.into())
    }
}

impl From<Arc<[u8]>> for ChunkBytes {
    fn from(bytes: Arc<[u8]>) -> Self {
        Self::Held(bytes)
    }
}

impl fmt::Debug for ChunkBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChunkBytes({} bytes)", self.len())
    }
}

/// A chunk with what has to be known about it.
#[derive(Clone, Debug)]
pub struct EncodedChunk {
    /// Time of the first sample in milliseconds.
    pub min_t: i64,
    /// Time of the last sample in milliseconds.
    pub max_t: i64,
    /// Number of the encoding on disk; see [`chunk::Encoding`].
    pub encoding: u8,
    /// The encoded samples.
    pub data: ChunkBytes,
}

impl EncodedChunk {
    /// Number of samples, which every encoding states in the first two bytes.
    #[must_use]
    pub fn samples(&self) -> u16 {
        samples_of(&self.data)
    }
}

/// Number of samples of a chunk's data.
pub(crate) fn samples_of(data: &[u8]) -> u16 {
    match data {
        [high, low, ..] => u16::from_be_bytes([*high, *low]),
        _ => 0,
    }
}
