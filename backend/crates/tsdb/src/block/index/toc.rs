//! The table of contents at the end of an index.

use super::{HEADER_BYTES, MAGIC, VERSION};
use crate::block::codec::{CRC_BYTES, Decoder, be32_at, verify};
use crate::block::error::Fault;

/// Six offsets and a checksum.
pub(super) const TOC_BYTES: usize = 6 * 8 + CRC_BYTES;

/// Where the sections begin; 0 for one that is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Toc {
    pub(super) symbols: u64,
    pub(super) series: u64,
    pub(super) label_indices: u64,
    pub(super) label_table: u64,
    pub(super) postings: u64,
    pub(super) postings_table: u64,
}

impl Toc {
    /// Checks the header of the file and reads the table at its end.
    pub(super) fn read(file: &[u8]) -> Result<Self, Fault> {
        if file.len() < HEADER_BYTES + TOC_BYTES {
            return Err(Fault::new(file.len(), "ends too early"));
        }
        if be32_at(file, 0) != MAGIC {
            return Err(Fault::new(0, "is no index"));
        }
        if file[4] != VERSION {
            return Err(Fault::new(4, format!("index version {} is not supported, only 2 is", file[4])));
        }
        let start = file.len() - TOC_BYTES;
        let crc_at = file.len() - CRC_BYTES;
        verify(file, crc_at, crc32c::crc32c(&file[start..crc_at]))?;
        let mut decoder = Decoder::new(file, start..crc_at)?;
        let mut offset = || {
            let at = decoder.position();
            let offset = decoder.be64()?;
            if offset <= start as u64 {
                Ok(offset)
            } else {
                Err(Fault::new(at, "points beyond the sections"))
            }
        };
        Ok(Self {
            symbols: offset()?,
            series: offset()?,
            label_indices: offset()?,
            label_table: offset()?,
            postings: offset()?,
            postings_table: offset()?,
        })
    }

    pub(super) fn to_bytes(self) -> [u8; TOC_BYTES] {
        let mut out = [0; TOC_BYTES];
        let offsets = [
            self.symbols,
            self.series,
            self.label_indices,
            self.label_table,
            self.postings,
            self.postings_table,
        ];
        for (slot, offset) in out.chunks_exact_mut(8).zip(offsets) {
            slot.copy_from_slice(&offset.to_be_bytes());
        }
        let crc = crc32c::crc32c(&out[..TOC_BYTES - CRC_BYTES]);
        out[TOC_BYTES - CRC_BYTES..].copy_from_slice(&crc.to_be_bytes());
        out
    }
}
