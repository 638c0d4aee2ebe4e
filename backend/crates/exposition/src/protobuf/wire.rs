//! The protobuf wire format: fields of a message, read in place. Knows no schema.

use crate::error::ParseError;

/// A message, or a stream of messages, being read.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    /// Where `rest` begins in the body.
    offset: usize,
}

/// A field with its number and its undecoded value.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub number: u64,
    offset: usize,
    value: Wire<'a>,
}

#[derive(Clone, Copy)]
enum Wire<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Fixed32,
    Bytes(&'a [u8]),
}

impl<'a> Reader<'a> {
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self { rest: body, offset: 0 }
    }

    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    pub(super) fn error(&self, why: impl Into<String>) -> ParseError {
        ParseError::in_bytes(self.offset, why)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        self.offset += length;
        Some(taken)
    }

    fn varint(&mut self) -> Result<u64, ParseError> {
        let mut value = 0;
        for (at, byte) in self.rest.iter().enumerate().take(10) {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                self.take(at + 1);
                return Ok(value);
            }
        }
        Err(self.error(if self.rest.len() < 10 {
            "the body ends inside a number"
        } else {
            "a number is too long"
        }))
    }

    fn bytes(&mut self) -> Result<&'a [u8], ParseError> {
        let length = self.varint()?;
        let left = self.rest.len();
        usize::try_from(length)
            .ok()
            .and_then(|length| self.take(length))
            .ok_or_else(|| self.error(format!("a length of {length} bytes is announced, {left} are left")))
    }

    /// The next message of a length-delimited stream.
    pub(super) fn delimited(&mut self) -> Result<Option<Reader<'a>>, ParseError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let rest = self.bytes()?;
        Ok(Some(Reader { rest, offset: self.offset - rest.len() }))
    }

    /// The next field of the message.
    pub(super) fn field(&mut self) -> Result<Option<Field<'a>>, ParseError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let start = *self;
        let key = self.varint()?;
        let short = || start.error("the message ends inside a field");
        let value = match key & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => {
                let bytes = self.take(8).and_then(|b| <[u8; 8]>::try_from(b).ok()).ok_or_else(short)?;
                Wire::Fixed64(bytes)
            }
            2 => Wire::Bytes(self.bytes()?),
            5 => {
                self.take(4).ok_or_else(short)?;
                Wire::Fixed32
            }
            other => return Err(start.error(format!("wire type {other} is not supported"))),
        };
        let number = key >> 3;
        if number == 0 {
            return Err(start.error("field number 0 is not allowed"));
        }
        let length = if let Wire::Bytes(bytes) = value { bytes.len() } else { 0 };
        Ok(Some(Field { number, offset: self.offset - length, value }))
    }
}

impl<'a> Field<'a> {
    fn wrong_type(&self, wanted: &str) -> ParseError {
        ParseError::in_bytes(self.offset, format!("field {} should be {wanted}", self.number))
    }

    pub(super) fn uint(&self) -> Result<u64, ParseError> {
        match self.value {
            Wire::Varint(value) => Ok(value),
            _ => Err(self.wrong_type("a whole number")),
        }
    }

    /// An `int64`: negative numbers are stored as their two's complement.
    pub(super) fn int(&self) -> Result<i64, ParseError> {
        self.uint().map(u64::cast_signed)
    }

    /// A `sint32` (zigzag).
    pub(super) fn zigzag32(&self) -> Result<i32, ParseError> {
        i32::try_from(unzigzag(self.uint()?)).map_err(|_| self.wrong_type("a 32-bit number"))
    }

    pub(super) fn uint32(&self) -> Result<u32, ParseError> {
        u32::try_from(self.uint()?).map_err(|_| self.wrong_type("a 32-bit number"))
    }

    pub(super) fn double(&self) -> Result<f64, ParseError> {
        match self.value {
            Wire::Fixed64(bytes) => Ok(f64::from_le_bytes(bytes)),
            _ => Err(self.wrong_type("a double")),
        }
    }

    pub(super) fn string(&self) -> Result<&'a str, ParseError> {
        let Wire::Bytes(bytes) = self.value else { return Err(self.wrong_type("a string")) };
        std::str::from_utf8(bytes)
            .map_err(|error| ParseError::in_bytes(self.offset + error.valid_up_to(), "invalid UTF-8"))
    }

    pub(super) fn message(&self) -> Result<Reader<'a>, ParseError> {
        let Wire::Bytes(rest) = self.value else { return Err(self.wrong_type("a message")) };
        Ok(Reader { rest, offset: self.offset })
    }

    /// Doubles of a repeated field, packed or one by one.
    pub(super) fn append_doubles(&self, out: &mut Vec<f64>) -> Result<(), ParseError> {
        let Wire::Bytes(packed) = self.value else {
            out.push(self.double()?);
            return Ok(());
        };
        let (doubles, rest) = packed.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(self.wrong_type("a list of doubles"));
        }
        out.extend(doubles.iter().map(|bytes| f64::from_le_bytes(*bytes)));
        Ok(())
    }

    /// `sint64` numbers of a repeated field, packed or one by one.
    pub(super) fn append_zigzags(&self, out: &mut Vec<i64>) -> Result<(), ParseError> {
        let Wire::Bytes(rest) = self.value else {
            out.push(unzigzag(self.uint()?));
            return Ok(());
        };
        let mut packed = Reader { rest, offset: self.offset };
        while !packed.rest.is_empty() {
            out.push(unzigzag(packed.varint()?));
        }
        Ok(())
    }
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zigzag() {
        for (coded, want) in [(0, 0), (1, -1), (2, 1), (3, -2), (u64::MAX, i64::MIN)] {
            assert_eq!(unzigzag(coded), want);
        }
    }

    #[test]
    fn lengths_beyond_the_body_are_refused() {
        let error = Reader::new(&[0x0a, 0xff, 0x01, b'x']).field().err().unwrap();
        assert_eq!(error.to_string(), "byte 3: a length of 255 bytes is announced, 1 are left");
        assert!(Reader::new(&[0x80; 12]).field().is_err());
        assert!(Reader::new(&[0x0b]).field().is_err());
    }
}
