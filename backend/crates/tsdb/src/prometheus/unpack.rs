//! Decompressing records, within limits.

use std::io::Read;

use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

/// Longest record, decompressed.
pub(super) const MAX_RECORD: usize = 256 << 20;
/// No run of bytes grows more than this when Snappy decompresses it: a copy of 64 bytes takes 3.
const SNAPPY_GROWTH: usize = 22;

/// How a record is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    Snappy,
    Zstd,
}

/// Decompresses records; keeps its buffers.
#[derive(Default)]
pub(super) struct Unpacker {
    zstd: FrameDecoder,
    snappy: snap::raw::Decoder,
    plain: Vec<u8>,
}

impl Unpacker {
    /// The record in plain bytes; `None` when it cannot be decompressed or is too long.
    pub(super) fn unpack<'a>(&'a mut self, packing: Packing, packed: &'a [u8]) -> Option<&'a [u8]> {
        match packing {
            Packing::None => Some(packed),
            Packing::Snappy => {
                let length = snap::raw::decompress_len(packed).ok()?;
                if length > MAX_RECORD || length > packed.len().saturating_mul(SNAPPY_GROWTH) {
                    return None;
                }
                self.plain.resize(length.max(self.plain.len()), 0);
                let written = self.snappy.decompress(packed, &mut self.plain).ok()?;
                self.plain.get(..written)
            }
            Packing::Zstd => {
                self.plain.clear();
                let decoder = StreamingDecoder::new_with_decoder(packed, &mut self.zstd).ok()?;
                decoder.take(MAX_RECORD as u64 + 1).read_to_end(&mut self.plain).ok()?;
                (self.plain.len() <= MAX_RECORD).then_some(&self.plain)
            }
        }
    }
}
