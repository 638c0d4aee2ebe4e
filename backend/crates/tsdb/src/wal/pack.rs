//! New series, many in a record: neighbours share most of their labels, so compressed they are small.

use std::fmt;

use model::Labels;
use snap::raw::{Decoder, Encoder, decompress_len, max_compress_len};

use super::codec::{Malformed, put_uint};
use super::frame;
use super::record::{kind, put_labels};

/// A pack is ended when it has grown by this many bytes; as long as snappy looks back.
const PACK_BYTES: usize = 64 << 10;
/// What a record may claim to hold. Labels of one series are bounded by those who send them.
const MAX_UNPACKED: usize = 64 << 20;

/// Series that will be one record.
pub(crate) struct SeriesPack {
    raw: Vec<u8>,
    packed: Vec<u8>,
    snappy: Encoder,
}

impl Default for SeriesPack {
    fn default() -> Self {
        Self { raw: Vec::new(), packed: Vec::new(), snappy: Encoder::new() }
    }
}

impl fmt::Debug for SeriesPack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SeriesPack({} bytes)", self.raw.len())
    }
}

impl SeriesPack {
    /// Adds a series; a full pack is written to `frames` as a record.
    pub(crate) fn add(&mut self, series: u64, labels: &Labels, frames: &mut Vec<u8>) {
        put_uint(&mut self.raw, series);
        put_labels(&mut self.raw, labels);
        if self.raw.len() >= PACK_BYTES {
            self.finish(frames);
        }
    }

    /// Bytes that wait for their record.
    pub(crate) fn len(&self) -> usize {
        self.raw.len()
    }

    /// Writes the series there are as a record, if there are any.
    pub(crate) fn finish(&mut self, frames: &mut Vec<u8>) {
        if self.raw.is_empty() {
            return;
        }
        self.packed.resize(max_compress_len(self.raw.len()), 0);
        // There is room, and far less than 4 GiB of input: nothing else can go wrong.
        let length = self.snappy.compress(&self.raw, &mut self.packed).unwrap_or(0);
        let start = frame::begin(frames, kind::SERIES);
        frames.extend_from_slice(&self.packed[..length]);
        frame::finish(frames, start);
        self.raw.clear();
    }
}

/// The series of a record's payload, still encoded.
pub(super) fn unpack(payload: &[u8]) -> Result<Vec<u8>, Malformed> {
    let length = decompress_len(payload).map_err(|_| Malformed)?;
    // Snappy copies at most 64 bytes for three of input.
    if length > MAX_UNPACKED || length > payload.len().saturating_mul(22) {
        return Err(Malformed);
    }
    let mut raw = vec![0; length];
    let written = Decoder::new().decompress(payload, &mut raw).map_err(|_| Malformed)?;
    if written == length && length > 0 { Ok(raw) } else { Err(Malformed) }
}
