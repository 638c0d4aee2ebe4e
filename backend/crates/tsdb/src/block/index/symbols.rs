//! The symbols of an index: all texts of its labels, sorted, known by their position.

use crate::block::codec::Decoder;
use crate::block::error::Fault;

/// Every so many symbols the offset is held.
const STRIDE: u32 = 4;

/// Finds symbols in the mapped file.
#[derive(Debug)]
pub(super) struct Symbols {
    count: u32,
    /// Where the section's body is in the file.
    start: usize,
    end: usize,
    /// Offsets in the body, which 32 bits hold, of symbols 0, `STRIDE`, 2 × `STRIDE` …
    offsets: Vec<u32>,
}

impl Symbols {
    /// Checks the section at `offset`.
    pub(super) fn open(file: &[u8], offset: usize) -> Result<Self, Fault> {
        let mut decoder = Decoder::section(file, offset)?;
        let start = decoder.position();
        let count = decoder.be32()?;
        if count as usize > decoder.remaining() {
            return Err(Fault::new(start, "more symbols than bytes"));
        }
        let mut offsets = Vec::with_capacity(count.div_ceil(STRIDE) as usize);
        for number in 0..count {
            if number.is_multiple_of(STRIDE) {
                offsets.push((decoder.position() - start) as u32);
            }
            decoder.text()?;
        }
        Ok(Self { count, start, end: decoder.position(), offsets })
    }

    /// The text with this number; `at` is the place in the file that named it.
    #[inline]
    pub(super) fn get<'a>(&self, file: &'a [u8], number: u32, at: usize) -> Result<&'a str, Fault> {
        if number >= self.count {
            return Err(Fault::new(at, "a symbol that is not there"));
        }
        let start = self.start + self.offsets[(number / STRIDE) as usize] as usize;
        let mut decoder = Decoder::new(file, start..self.end)?;
        for _ in 0..number % STRIDE {
            decoder.text_bytes()?;
        }
        decoder.text()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.offsets.capacity() * 4
    }
}
