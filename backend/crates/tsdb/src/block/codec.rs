//! The numbers and texts that block files are made of.
//!
//! Integers of fixed width are big-endian; the others are base-128 varints, signed ones zigzag-coded. A
//! section is a length of four bytes, so many bytes, and their CRC32C.

use std::ops::Range;

use super::error::Fault;

/// Bytes of a checksum.
pub(crate) const CRC_BYTES: usize = 4;

/// Reads from a stretch of a file; every place it names is one in the whole file.
#[derive(Clone, Debug)]
pub(crate) struct Decoder<'a> {
    file: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Decoder<'a> {
    /// A reader of `range`, which must lie within the file.
    pub(crate) fn new(file: &'a [u8], range: Range<usize>) -> Result<Self, Fault> {
        if range.start > range.end || range.end > file.len() {
            return Err(Fault::new(range.start, "lies outside of the file"));
        }
        Ok(Self { file, at: range.start, end: range.end })
    }

    /// The body of the section at `offset`, its checksum verified.
    pub(crate) fn section(file: &'a [u8], offset: usize) -> Result<Self, Fault> {
        let body = Self::section_unchecked(file, offset)?;
        let bytes = &file[body.at..body.end];
        verify(file, body.end, crc32c::crc32c(bytes))?;
        Ok(body)
    }

    /// The body of the section at `offset`.
    pub(crate) fn section_unchecked(file: &'a [u8], offset: usize) -> Result<Self, Fault> {
        let header = offset.checked_add(4).filter(|end| *end <= file.len());
        let start = header.ok_or_else(|| Fault::new(offset, "section lies outside of the file"))?;
        let length = be32_at(file, offset) as usize;
        let end = start.checked_add(length).filter(|end| file.len().checked_sub(*end) >= Some(CRC_BYTES));
        let end = end.ok_or_else(|| Fault::new(offset, "section reaches beyond the file"))?;
        Ok(Self { file, at: start, end })
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    pub(crate) fn remaining(&self) -> usize {
        self.end - self.at
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.at == self.end
    }

    pub(crate) fn fault(&self, reason: &'static str) -> Fault {
        Fault::new(self.at, reason)
    }

    #[inline]
    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        if count > self.remaining() {
            return Err(self.fault("ends too early"));
        }
        let bytes = &self.file[self.at..self.at + count];
        self.at += count;
        Ok(bytes)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Fault> {
        Ok(self.bytes(1)?[0])
    }

    pub(crate) fn be32(&mut self) -> Result<u32, Fault> {
        let at = self.at;
        self.bytes(4)?;
        Ok(be32_at(self.file, at))
    }

    pub(crate) fn be64(&mut self) -> Result<u64, Fault> {
        let (high, low) = (self.be32()?, self.be32()?);
        Ok(u64::from(high) << 32 | u64::from(low))
    }

    #[inline]
    pub(crate) fn uvarint(&mut self) -> Result<u64, Fault> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let Some(byte) = self.file.get(self.at).filter(|_| self.at < self.end) else {
                return Err(self.fault("ends too early"));
            };
            self.at += 1;
            if shift == 63 && *byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.fault("an integer of more than 64 bits"))
    }

    pub(crate) fn uvarint32(&mut self) -> Result<u32, Fault> {
        let at = self.at;
        u32::try_from(self.uvarint()?).map_err(|_| Fault::new(at, "an integer of more than 32 bits"))
    }

    pub(crate) fn varint(&mut self) -> Result<i64, Fault> {
        let zigzag = self.uvarint()?;
        Ok((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }

    #[inline]
    pub(crate) fn text_bytes(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.uvarint()?;
        self.bytes(usize::try_from(length).unwrap_or(usize::MAX))
    }

    #[inline]
    pub(crate) fn text(&mut self) -> Result<&'a str, Fault> {
        let at = self.at;
        std::str::from_utf8(self.text_bytes()?).map_err(|_| Fault::new(at, "a text that is not UTF-8"))
    }
}

/// Compares the checksum stored at `offset`, which must have four bytes there. For fuzzing, all are right.
pub(crate) fn verify(file: &[u8], offset: usize, computed: u32) -> Result<(), Fault> {
    if cfg!(fuzzing) || be32_at(file, offset) == computed {
        Ok(())
    } else {
        Err(Fault::new(offset, "checksum does not match"))
    }
}

/// The four bytes at `offset`, which must be there.
#[inline]
pub(crate) fn be32_at(file: &[u8], offset: usize) -> u32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&file[offset..offset + 4]);
    u32::from_be_bytes(bytes)
}

pub(crate) fn put_uvarint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn put_varint(out: &mut Vec<u8>, value: i64) {
    put_uvarint(out, (value << 1 ^ value >> 63) as u64);
}

pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_uvarint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// How many bytes [`put_uvarint`] takes.
pub(crate) fn uvarint_len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros()).div_ceil(7) as usize
}

/// How many bytes [`put_text`] takes.
pub(crate) fn text_len(text: &str) -> usize {
    uvarint_len(text.len() as u64) + text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(a in any::<u64>(), b in any::<i64>(), text in ".{0,200}") {
            let mut out = Vec::new();
            put_uvarint(&mut out, a);
            prop_assert_eq!(out.len(), uvarint_len(a));
            put_varint(&mut out, b);
            put_text(&mut out, &text);
            let mut decoder = Decoder::new(&out, 0..out.len()).unwrap();
            prop_assert_eq!(decoder.uvarint().unwrap(), a);
            prop_assert_eq!(decoder.varint().unwrap(), b);
            prop_assert_eq!(decoder.text().unwrap(), &text);
            prop_assert!(decoder.is_empty());
        }

        #[test]
        fn any_section_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..40), at in 0usize..50) {
            let _ = Decoder::section(&bytes, at);
            let _ = Decoder::section_unchecked(&bytes, at);
        }
    }

    #[test]
    fn borders_of_sizes() {
        for (value, length) in [(0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (u64::MAX, 10)] {
            assert_eq!(uvarint_len(value), length, "{value}");
        }
    }
}
