//! Chunks: runs of samples of one series, compressed. They are bit-exact with Prometheus', so that blocks
//! can be exchanged; `backend/docs/format/chunk-xor.md` and `chunk-histogram.md` have the formats.
//!
//! Nothing here knows series, files or time ranges. Bytes may come from anywhere: reading them gives an
//! error or samples, never a panic, and never more samples than the bytes can hold.

mod bits;
mod decode;
mod encoding;
mod histogram;
mod window;
mod xor;
mod xor_reader;

pub use decode::decode;
pub use encoding::{Encoding, UnknownEncoding};
pub use histogram::{
    HistogramChunk, HistogramKind, HistogramReader, Refused, ResetHeader, decode_histograms, next_histogram,
};
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
    /// The resolution of the chunk's histograms is none of those that are known.
    #[error("chunk holds histograms of unknown schema {0}")]
    Schema(i64),
    /// The buckets of the chunk's histograms overlap or have indexes out of reason.
    #[error("chunk holds histograms with impossible spans")]
    Spans,
}
