//! Chunks: runs of samples of one series, compressed. Float chunks are bit-exact with Prometheus' XOR
//! chunks, so that blocks can be exchanged; `backend/docs/format/chunk-xor.md` has the format.
//!
//! Nothing here knows series, files or time ranges. Bytes may come from anywhere: reading them gives an
//! error or samples, never a panic, and never more samples than the bytes can hold.

mod bits;
mod encoding;
mod xor;
mod xor_reader;

pub use encoding::{Encoding, UnknownEncoding};
pub use xor::{ChunkFull, XorChunk};
pub use xor_reader::{XorReader, decode_xor};

use thiserror::Error;

/// Chunk bytes that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ChunkError {
    /// The bytes end before the samples that the header counts.
    #[error("chunk ends in the middle of sample {0}")]
    Truncated(u16),
    /// A variable-length integer is longer than 64 bits.
    #[error("chunk holds an integer of more than 64 bits in sample {0}")]
    Overlong(u16),
}
