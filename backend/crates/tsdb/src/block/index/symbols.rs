//! The symbols of an index: all texts of its labels, sorted, known by their position.

use std::cmp::Ordering;

use crate::block::codec::Decoder;
use crate::block::error::Fault;

/// Every so many symbols the offset is held.
const STRIDE: u32 = 4;

/// The texts that were looked up last, by their place in a label set: in order of labels, most of those of a
/// series are those of the series before.
#[derive(Debug, Default)]
pub(crate) struct SymbolCache<'a>(Vec<(u32, &'a str)>);

impl<'a> SymbolCache<'a> {
    #[inline]
    pub(super) fn get(
        &mut self,
        place: usize,
        number: u32,
        find: impl FnOnce() -> Result<&'a str, Fault>,
    ) -> Result<&'a str, Fault> {
        match self.0.get_mut(place) {
            Some((held, text)) if *held == number => return Ok(text),
            Some(held) => {
                *held = (number, find()?);
                return Ok(held.1);
            }
            None => {}
        }
        let text = find()?;
        self.0.push((number, text));
        Ok(text)
    }
}

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

    /// The number of a text.
    pub(super) fn find(&self, file: &[u8], text: &str) -> Result<Option<u32>, Fault> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(file, middle, self.start)?.cmp(text) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Ok(Some(middle)),
                Ordering::Greater => high = middle,
            }
        }
        Ok(None)
    }

    /// Fails at the first text that does not come behind the one before it.
    pub(super) fn check_order(&self, file: &[u8]) -> Result<(), Fault> {
        let mut decoder = Decoder::new(file, self.start..self.end)?;
        decoder.be32()?;
        let mut before = None;
        for _ in 0..self.count {
            let at = decoder.position();
            let text = decoder.text()?;
            if before.is_some_and(|before| before >= text) {
                return Err(Fault::new(at, "symbols that do not ascend"));
            }
            before = Some(text);
        }
        Ok(())
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.offsets.capacity() * 4
    }
}
