//! How a float is written against the one before it: the bits in which they differ, within a window of
//! significant bits.

use crate::bits::{BitReader, push_bits};

/// "No window has been set yet".
const NONE: u8 = 0xff;

/// The significant bits of the last difference that set a window, told by the zeros on both sides of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    leading: u8,
    trailing: u8,
}

impl Default for Window {
    fn default() -> Self {
        Self { leading: NONE, trailing: 0 }
    }
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
        if self.leading != NONE && leading >= self.leading && trailing >= self.trailing {
            let width = 64 - u32::from(self.leading) - u32::from(self.trailing);
            if width <= 62 {
                push_bits(data, free, (0b10 << width) | (differing >> self.trailing), width + 2);
            } else {
                push_bits(data, free, 0b10, 2);
                push_bits(data, free, differing >> self.trailing, width);
            }
            return;
        }
        *self = Self { leading, trailing };
        let width = 64 - u32::from(leading) - u32::from(trailing);
        // Width 64 does not fit six bits and is written as 0; a width of 0 cannot occur.
        let head = (0b11 << 11) | (u64::from(leading) << 6) | u64::from(width & 63);
        push_bits(data, free, head, 13);
        push_bits(data, free, differing >> trailing, width);
    }

    /// Reads the XOR of two values' bits; `None` when the bytes end.
    #[inline]
    pub(crate) fn read(&mut self, bits: &mut BitReader<'_>) -> Option<u64> {
        let word = bits.peek();
        if word >> 63 == 0 {
            return bits.skip(1).then_some(0);
        }
        let (head, leading, width) = if (word >> 62) & 1 == 0 {
            // A chunk that was taken up by its writer may use the full width before it sets a window.
            let (leading, trailing) =
                if self.leading == NONE { (0, 0) } else { (self.leading, self.trailing) };
            (2, u32::from(leading), 64 - u32::from(leading) - u32::from(trailing))
        } else {
            let leading = (word >> 57) as u32 & 31;
            let width = match (word >> 51) as u32 & 63 {
                0 => 64,
                width => width,
            };
            // Leading zeros and width can contradict each other in broken bytes only.
            let trailing = 64u32.saturating_sub(leading + width);
            *self = Self { leading: leading as u8, trailing: trailing as u8 };
            (13, leading, width)
        };
        let significant = if head + width <= 64 {
            (word << head) >> (64 - width)
        } else {
            let mut behind = bits.clone();
            behind.skip(head);
            behind.peek() >> (64 - width)
        };
        let trailing = 64u32.saturating_sub(leading + width);
        bits.skip(head + width).then_some(significant << trailing)
    }
}
