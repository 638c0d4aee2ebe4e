//! How a float is written against the one before it: the bits in which they differ, within a window of
//! significant bits.

use crate::bits::{BitReader, push_bits};

/// The significant bits of the last difference that set a window, told by the zeros on both sides of it.
///
/// Before one is set a writer sets one; a reader takes all 64 bits, which a chunk that was taken up by its
/// writer may have.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Window {
    leading: u8,
    trailing: u8,
    set: bool,
}

impl Window {
    /// Appends `differing`, the XOR of two values' bits.
    #[inline]
    pub(crate) fn put(&mut self, data: &mut Vec<u8>, free: &mut u8, differing: u64) {
        if differing == 0 {
            push_bits(data, free, 0, 1);
            return;
        }
        let leading = (differing.leading_zeros() as u8).min(31); // five bits hold it
        let trailing = differing.trailing_zeros() as u8;
        if self.set && leading >= self.leading && trailing >= self.trailing {
            let width = 64 - u32::from(self.leading) - u32::from(self.trailing);
            if width <= 62 {
                push_bits(data, free, (0b10 << width) | (differing >> self.trailing), width + 2);
            } else {
                push_bits(data, free, 0b10, 2);
                push_bits(data, free, differing >> self.trailing, width);
            }
            return;
        }
        *self = Self { leading, trailing, set: true };
        let width = 64 - u32::from(leading) - u32::from(trailing);
        // Width 64 does not fit six bits and is written as 0; a width of 0 cannot occur.
        let head = (0b11 << 11) | (u64::from(leading) << 6) | u64::from(width & 63);
        push_bits(data, free, head, 13);
        push_bits(data, free, differing >> trailing, width);
    }

    /// Reads the XOR of two values' bits; `None` when the bytes end.
    #[inline]
    pub(crate) fn read(&mut self, bits: &mut BitReader<'_>) -> Option<u64> {
        let (differing, used) = self.read_from(bits, bits.peek(), 0);
        bits.skip(used).then_some(differing)
    }

    /// Reads the XOR of two values' bits, `at` bits ahead of the reader, where `word` holds what is there, the first
    /// 40 bits of it at least. Gives the number of bits up to behind it as well, and does not move the reader:
    /// whether the bytes reach so far is for the caller to see.
    #[inline]
    pub(crate) fn read_from(&mut self, bits: &BitReader<'_>, word: u64, at: u32) -> (u64, u32) {
        if word >> 63 == 0 {
            return (0, at + 1);
        }
        let head = if (word >> 62) & 1 == 0 {
            2
        } else {
            let leading = (word >> 57) as u32 & 31;
            let width = match (word >> 51) as u32 & 63 {
                0 => 64,
                width => width,
            };
            // Leading zeros and width can contradict each other in broken bytes only.
            let trailing = 64u32.saturating_sub(leading + width);
            *self = Self { leading: leading as u8, trailing: trailing as u8, set: true };
            13
        };
        let (leading, trailing) = (u32::from(self.leading), u32::from(self.trailing));
        let width = 64 - leading - trailing;
        let end = at + head + width;
        let significant = if end <= 64 { word << head } else { bits.peek_behind(at + head) };
        (significant >> (64 - width) << trailing, end)
    }
}
