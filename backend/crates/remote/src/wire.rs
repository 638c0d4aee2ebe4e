//! The protobuf wire format: messages read in place, field by field, and written. Knows no schema.
//!
//! A reader hands out tags (field number and wire type as they stand); whoever reads compares them with the
//! constants made by [`varint`], [`fixed64`] and [`bytes`] and passes the rest to [`Reader::skip`], as
//! protobuf wants it for unknown fields.

use thiserror::Error;

/// A body that is no protobuf message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("byte {offset}: {what}")]
pub struct WireError {
    /// Where in the uncompressed body.
    pub offset: usize,
    /// What is wrong there.
    pub what: &'static str,
}

/// The tag of a field that is a variable-length number.
pub(crate) const fn varint(field: u32) -> u32 {
    field << 3
}

/// The tag of a field of eight bytes.
pub(crate) const fn fixed64(field: u32) -> u32 {
    field << 3 | 1
}

/// The tag of a field that is a text, a message or packed numbers.
pub(crate) const fn bytes(field: u32) -> u32 {
    field << 3 | 2
}

/// A message, or a part of one, being read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// Where `rest` ends in the body.
    end: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self { rest: body, end: body.len() }
    }

    /// The bytes that are not read yet.
    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    #[cold]
    pub(crate) fn error(&self, what: &'static str) -> WireError {
        WireError { offset: self.end - self.rest.len(), what }
    }

    /// The next tag; `None` at the end of the message.
    #[inline]
    pub(crate) fn tag(&mut self) -> Result<Option<u32>, WireError> {
        match self.rest {
            [] => Ok(None),
            [byte, rest @ ..] if *byte < 0x80 => {
                self.rest = rest;
                Ok(Some(u32::from(*byte)))
            }
            _ => {
                let tag = self.number()?;
                u32::try_from(tag).map(Some).map_err(|_| self.error("a field number is too large"))
            }
        }
    }

    /// A variable-length number.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<u64, WireError> {
        if let [byte, rest @ ..] = self.rest
            && *byte < 0x80
        {
            self.rest = rest;
            return Ok(u64::from(*byte));
        }
        self.long_number()
    }

    #[inline]
    fn long_number(&mut self) -> Result<u64, WireError> {
        let mut value = 0;
        for (at, byte) in self.rest.iter().enumerate().take(10) {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if *byte < 0x80 {
                self.rest = &self.rest[at + 1..];
                return Ok(value);
            }
        }
        Err(self.error(if self.rest.len() < 10 {
            "the message ends inside a number"
        } else {
            "a number is longer than 64 bits"
        }))
    }

    /// An `int64`: negative numbers are stored as their two's complement.
    #[inline]
    pub(crate) fn int(&mut self) -> Result<i64, WireError> {
        self.number().map(u64::cast_signed)
    }

    /// The `int64` that a message has under a tag, whatever else it has; 0 when it is not there.
    pub(crate) fn int_of(mut self, wanted: u32) -> Result<i64, WireError> {
        let mut value = 0;
        while let Some(tag) = self.tag()? {
            if tag == wanted {
                value = self.int()?;
            } else {
                self.skip(tag)?;
            }
        }
        Ok(value)
    }

    /// A `uint32`; as in other implementations, higher bits are dropped.
    #[inline]
    pub(crate) fn uint32(&mut self) -> Result<u32, WireError> {
        self.number().map(|number| number as u32)
    }

    /// A `sint64` (zigzag).
    pub(crate) fn zigzag(&mut self) -> Result<i64, WireError> {
        self.number().map(|number| (number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    /// A `sint32` (zigzag).
    pub(crate) fn zigzag32(&mut self) -> Result<i32, WireError> {
        let value = self.zigzag()?;
        i32::try_from(value).map_err(|_| self.error("a number does not fit into 32 bits"))
    }

    #[inline]
    pub(crate) fn double(&mut self) -> Result<f64, WireError> {
        let Some((bytes, rest)) = self.rest.split_first_chunk::<8>() else {
            return Err(self.error("the message ends inside a double"));
        };
        self.rest = rest;
        Ok(f64::from_le_bytes(*bytes))
    }

    /// A length and as many bytes, to be read as a message.
    #[inline]
    pub(crate) fn message(&mut self) -> Result<Reader<'a>, WireError> {
        let length = self.number()?;
        let taken = usize::try_from(length).ok().and_then(|length| self.rest.split_at_checked(length));
        let Some((taken, rest)) = taken else {
            return Err(self.error("a length reaches beyond the end of the message"));
        };
        self.rest = rest;
        Ok(Reader { rest: taken, end: self.end - rest.len() })
    }

    /// Passes over a field that nobody wants.
    pub(crate) fn skip(&mut self, tag: u32) -> Result<(), WireError> {
        if tag >> 3 == 0 {
            return Err(self.error("field number 0 is not allowed"));
        }
        match tag & 7 {
            0 => self.number().map(drop),
            1 => self.double().map(drop),
            2 => self.message().map(drop),
            5 => {
                let Some((_, rest)) = self.rest.split_first_chunk::<4>() else {
                    return Err(self.error("the message ends inside a number of four bytes"));
                };
                self.rest = rest;
                Ok(())
            }
            _ => Err(self.error("a wire type is not supported")),
        }
    }
}

/// Writes `value` as a variable-length number.
pub(crate) fn put_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Writes a number field; zero is what an absent field means, and is left out.
pub(crate) fn put_varint(out: &mut Vec<u8>, field: u32, value: u64) {
    if value != 0 {
        put_number(out, u64::from(varint(field)));
        put_number(out, value);
    }
}

/// Writes a field of a double; positive zero is left out.
pub(crate) fn put_double(out: &mut Vec<u8>, field: u32, value: f64) {
    if value.to_bits() != 0 {
        put_number(out, u64::from(fixed64(field)));
        out.extend_from_slice(&value.to_le_bytes());
    }
}

/// Writes a field of bytes; none are left out.
pub(crate) fn put_bytes(out: &mut Vec<u8>, field: u32, value: &[u8]) {
    if !value.is_empty() {
        put_number(out, u64::from(bytes(field)));
        put_number(out, value.len() as u64);
        out.extend_from_slice(value);
    }
}

/// Writes a field that is a message, which `write` fills.
pub(crate) fn put_message(out: &mut Vec<u8>, field: u32, write: impl FnOnce(&mut Vec<u8>)) {
    put_number(out, u64::from(bytes(field)));
    // Most messages are short: one byte of length is kept free, and room made when that is too little.
    let at = out.len();
    out.push(0);
    write(out);
    let length = out.len() - at - 1;
    if length < 0x80 {
        out[at] = length as u8;
    } else {
        let mut head = Vec::with_capacity(5);
        put_number(&mut head, length as u64);
        out.splice(at..=at, head);
    }
}

/// The zigzag form of a signed number.
pub(crate) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_message_is_refused_with_its_place() {
        let told = |body: &[u8]| {
            let mut reader = Reader::new(body);
            loop {
                match reader.tag().and_then(|tag| tag.map(|tag| reader.skip(tag)).transpose()) {
                    Ok(None) => return "read".to_owned(),
                    Ok(Some(())) => {}
                    Err(error) => return error.to_string(),
                }
            }
        };
        assert_eq!(told(&[0x08, 0x01, 0x12, 0x01, b'x']), "read");
        assert_eq!(told(&[0x12, 0xff, 0x01, b'x']), "byte 3: a length reaches beyond the end of the message");
        assert_eq!(told(&[0x08]), "byte 1: the message ends inside a number");
        assert_eq!(told(&[0x08, 0x80]), "byte 1: the message ends inside a number");
        assert_eq!(told(&[0x80; 12]), "byte 0: a number is longer than 64 bits");
        assert_eq!(told(&[0x09, 1, 2]), "byte 1: the message ends inside a double");
        assert_eq!(told(&[0x0b]), "byte 1: a wire type is not supported");
        assert_eq!(told(&[0x02, 0]), "byte 1: field number 0 is not allowed");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(number: u64, int: i64, double: f64, text in ".{0,200}") {
            let mut out = Vec::new();
            put_varint(&mut out, 1, number);
            put_message(&mut out, 2, |out| {
                put_bytes(out, 1, text.as_bytes());
                put_varint(out, 2, zigzag(int));
            });
            put_double(&mut out, 3, double);
            let (mut got, mut got_int, mut got_text, mut got_double) = (0, 0, Vec::new(), 0.0);
            let mut reader = Reader::new(&out);
            while let Some(tag) = reader.tag().unwrap() {
                if tag == varint(1) {
                    got = reader.number().unwrap();
                } else if tag == bytes(2) {
                    let mut inner = reader.message().unwrap();
                    while let Some(tag) = inner.tag().unwrap() {
                        if tag == bytes(1) {
                            got_text = inner.message().unwrap().rest().to_vec();
                        } else {
                            got_int = inner.zigzag().unwrap();
                        }
                    }
                } else {
                    got_double = reader.double().unwrap();
                }
            }
            prop_assert_eq!((got, got_int, got_text.as_slice()), (number, int, text.as_bytes()));
            prop_assert_eq!(got_double.to_bits(), double.to_bits());
        }
    }
}
