//! Bits in a byte vector, most significant bit first.

/// Appends the low `count` (0 to 64) bits of `value`. `free` is the number of unused low bits in the last
/// byte, 0 to 7.
#[inline]
pub(crate) fn push_bits(data: &mut Vec<u8>, free: &mut u8, value: u64, count: u32) {
    if count == 0 {
        return;
    }
    // The bits to write, left-aligned: everything below them is zero.
    let aligned = value << (64 - count);
    let mut left = count;
    let mut rest = aligned;
    if *free > 0 {
        let room = u32::from(*free);
        let taken = left.min(room);
        if let Some(last) = data.last_mut() {
            *last |= ((aligned >> 56) as u8) >> (8 - room);
        }
        *free -= taken as u8;
        left -= taken;
        if left == 0 {
            return;
        }
        rest = aligned << taken;
    }
    let bytes = left.div_ceil(8) as usize;
    data.extend_from_slice(&rest.to_be_bytes()[..bytes]);
    *free = (bytes as u32 * 8 - left) as u8;
}

/// Bytes that are written bit by bit.
#[derive(Clone, Debug)]
pub(crate) struct BitWriter {
    pub(crate) data: Vec<u8>,
    /// Unused low bits of the last byte, 0 to 7.
    free: u8,
}

impl BitWriter {
    /// Goes on behind `data`.
    pub(crate) fn new(data: Vec<u8>) -> Self {
        Self { data, free: 0 }
    }

    /// Goes on at a bit within `data`; what is behind it is dropped.
    pub(crate) fn at(mut data: Vec<u8>, bits: usize) -> Self {
        data.truncate(bits.div_ceil(8));
        let free = (data.len() * 8).saturating_sub(bits) as u8;
        if let Some(last) = data.last_mut() {
            *last = *last >> free << free;
        }
        Self { data, free }
    }

    /// Appends the low `count` (0 to 64) bits of `value`; those above them must be zero where `count` is
    /// not a whole number of bytes.
    pub(crate) fn push(&mut self, value: u64, count: u32) {
        push_bits(&mut self.data, &mut self.free, value, count);
    }

    /// Unused low bits of the last byte and the bytes.
    pub(crate) fn into_parts(self) -> (Vec<u8>, u8) {
        (self.data, self.free)
    }

    pub(crate) fn parts(&mut self) -> (&mut Vec<u8>, &mut u8) {
        (&mut self.data, &mut self.free)
    }
}

/// Reads bits at a position.
#[derive(Clone, Debug)]
pub(crate) struct BitReader<'a> {
    data: &'a [u8],
    /// In bits from the start of `data`.
    position: usize,
}

impl<'a> BitReader<'a> {
    pub(crate) fn new(data: &'a [u8], position: usize) -> Self {
        Self { data, position }
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Bits up to the end.
    pub(crate) fn left(&self) -> usize {
        (self.data.len() * 8).saturating_sub(self.position)
    }

    /// The next `count` (1 to 64) bits, or `None` when there are not so many.
    #[inline]
    pub(crate) fn take(&mut self, count: u32) -> Option<u64> {
        let value = self.peek() >> (64 - count);
        self.skip(count).then_some(value)
    }

    /// The next 64 bits, left-aligned; bits behind the end read as zeros.
    #[inline]
    pub(crate) fn peek(&self) -> u64 {
        self.peek_behind(0)
    }

    /// As [`peek`](Self::peek), `ahead` bits further on.
    #[inline]
    pub(crate) fn peek_behind(&self, ahead: u32) -> u64 {
        let position = self.position + ahead as usize;
        let byte = position >> 3;
        let shift = (position & 7) as u32;
        match self.data.get(byte..byte + 9) {
            Some(window) => {
                let mut word = [0; 8];
                word.copy_from_slice(&window[..8]);
                // The double shift keeps a shift by 8 (for shift 0) out of the u8's way.
                (u64::from_be_bytes(word) << shift) | u64::from((window[8] >> 1) >> (7 - shift))
            }
            None => word_near_end(self.data, position),
        }
    }

    /// Moves on by `count` bits; `false` when that leads behind the end.
    #[inline]
    pub(crate) fn skip(&mut self, count: u32) -> bool {
        self.position += count as usize;
        self.position <= self.data.len() * 8
    }
}

/// The bits from `position` to the end, which is no more than eight bytes away, left-aligned.
///
/// Takes no reference to the reader: one that a call could keep hold of would have to live in memory, and
/// every bit read would go through there.
#[inline]
fn word_near_end(data: &[u8], position: usize) -> u64 {
    let (before, last) = match data.last_chunk::<8>() {
        Some(last) => (data.len() - 8, *last),
        None => {
            let mut last = [0; 8];
            last[..data.len()].copy_from_slice(data);
            (0, last)
        }
    };
    // Behind the end there is nothing to shift into sight.
    u64::from_be_bytes(last).checked_shl((position - before * 8) as u32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_pushed_is_read(values in proptest::collection::vec((any::<u64>(), 0u32..=64), 0..50)) {
            let mut data = Vec::new();
            let mut free = 0;
            for (value, count) in &values {
                push_bits(&mut data, &mut free, *value, *count);
            }
            let bits: usize = values.iter().map(|(_, count)| *count as usize).sum();
            prop_assert_eq!(data.len() * 8 - usize::from(free), bits);
            let mut reader = BitReader::new(&data, 0);
            for (value, count) in &values {
                if *count > 0 {
                    prop_assert_eq!(reader.peek() >> (64 - count), value << (64 - count) >> (64 - count));
                }
                prop_assert!(reader.skip(*count));
            }
        }
    }

    #[test]
    fn the_end_is_noticed() {
        let mut reader = BitReader::new(&[0xff], 0);
        assert!(reader.skip(8));
        assert_eq!(reader.peek(), 0);
        assert!(!reader.skip(1));
    }
}
