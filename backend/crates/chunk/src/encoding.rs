//! The encodings of a chunk and their numbers on disk.

use thiserror::Error;

/// How a chunk's samples are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Encoding {
    /// Floats, XOR-compressed.
    Xor = 1,
    /// Native histograms with integer populations.
    Histogram = 2,
    /// Native histograms with float populations.
    FloatHistogram = 3,
}

/// An encoding number that this version does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown chunk encoding {0}")]
pub struct UnknownEncoding(pub u8);

impl Encoding {
    /// The number that stands for it on disk.
    #[must_use]
    pub fn id(self) -> u8 {
        self as u8
    }
}

impl TryFrom<u8> for Encoding {
    type Error = UnknownEncoding;

    fn try_from(id: u8) -> Result<Self, UnknownEncoding> {
        match id {
            1 => Ok(Self::Xor),
            2 => Ok(Self::Histogram),
            3 => Ok(Self::FloatHistogram),
            other => Err(UnknownEncoding(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_both_ways() {
        for id in 0..=u8::MAX {
            match Encoding::try_from(id) {
                Ok(encoding) => assert_eq!(encoding.id(), id),
                Err(error) => assert_eq!(error, UnknownEncoding(id)),
            }
        }
        assert_eq!(Encoding::try_from(1), Ok(Encoding::Xor));
    }
}
