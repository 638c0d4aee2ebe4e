//! Writing an XOR chunk, and going on with one that was read from bytes.

use std::sync::Arc;

use thiserror::Error;

use crate::bits::push_bits;
use crate::window::Window;
use crate::{ChunkError, XorReader};

/// Length of the header: the number of samples, big-endian.
pub(crate) const HEADER_BYTES: usize = 2;
/// No sample takes more.
const SAMPLE_BYTES: usize = 20;

/// The chunk counts its samples in 16 bits and holds 65,535 already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("chunk is full")]
pub struct ChunkFull;

/// An XOR chunk that is still being written. Holds only what the next sample needs to know of the last.
///
/// The count in the header is filled in only when the bytes are asked for: the start of the bytes is far
/// from their end, and to touch it for each sample would cost a cache miss.
#[derive(Clone, Debug)]
pub struct XorChunk {
    data: Vec<u8>,
    t: i64,
    value_bits: u64,
    t_delta: u64,
    count: u16,
    /// Unused bits of the last byte.
    free: u8,
    window: Window,
}

impl XorChunk {
    /// An empty chunk.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(HEADER_BYTES)
    }

    /// An empty chunk with room for `bytes`.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        let mut data = Vec::with_capacity(bytes.max(HEADER_BYTES));
        data.extend_from_slice(&[0; HEADER_BYTES]);
        Self { data, t: 0, value_bits: 0, t_delta: 0, count: 0, free: 0, window: Window::default() }
    }

    /// Takes up a chunk where its bytes end.
    ///
    /// # Errors
    /// When the bytes are not a chunk.
    pub fn from_bytes(mut data: Vec<u8>) -> Result<Self, ChunkError> {
        let mut reader = XorReader::new(&data)?;
        while reader.next()?.is_some() {}
        let count = reader.total();
        let end = reader.into_end();
        // A chunk without samples may come without room for its header's count only if it is broken;
        // `XorReader::new` has refused that. Bytes behind the last sample are dropped.
        data.truncate(end.bits.div_ceil(8));
        let free = (data.len() * 8 - end.bits) as u8;
        if let Some(last) = data.last_mut() {
            *last = *last >> free << free;
        }
        Ok(Self {
            data,
            t: end.t,
            value_bits: end.value_bits,
            t_delta: end.t_delta,
            count,
            free,
            window: end.window,
        })
    }

    /// Number of samples.
    #[must_use]
    #[inline]
    pub fn len(&self) -> u16 {
        self.count
    }

    /// Whether there is no sample yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A copy of the chunk as it stands.
    #[must_use]
    pub fn to_bytes(&self) -> Arc<[u8]> {
        let mut bytes: Arc<[u8]> = Arc::from(self.data.as_slice());
        if let Some(bytes) = Arc::get_mut(&mut bytes) {
            bytes[..HEADER_BYTES].copy_from_slice(&self.count.to_be_bytes());
        }
        bytes
    }

    /// The finished bytes.
    #[must_use]
    pub fn into_bytes(mut self) -> Vec<u8> {
        self.data[..HEADER_BYTES].copy_from_slice(&self.count.to_be_bytes());
        self.data
    }

    /// The byte that the next sample is written to or behind. A writer of many chunks looks at those of all
    /// of them first, so that the memory comes in for many at a time.
    #[must_use]
    #[inline]
    pub fn last_byte(&self) -> u8 {
        self.data.last().copied().unwrap_or(0)
    }

    /// Bytes of memory held outside of the value itself.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.data.capacity()
    }

    /// Time of the last sample; 0 when there is none.
    #[must_use]
    pub fn last_t(&self) -> i64 {
        self.t
    }

    /// Value of the last sample; 0 when there is none.
    #[must_use]
    pub fn last_value(&self) -> f64 {
        f64::from_bits(self.value_bits)
    }

    /// Adds a sample. Times should ascend; any are encoded faithfully.
    ///
    /// # Errors
    /// [`ChunkFull`] after 65,535 samples.
    #[inline]
    pub fn append(&mut self, t: i64, value: f64) -> Result<(), ChunkFull> {
        let count = self.count;
        let next = count.checked_add(1).ok_or(ChunkFull)?;
        if self.data.capacity() - self.data.len() < SAMPLE_BYTES {
            self.grow();
        }
        let bits = value.to_bits();
        match count {
            0 => {
                let zigzag = ((t << 1) ^ (t >> 63)) as u64;
                self.push_varint(zigzag);
                push_bits(&mut self.data, &mut self.free, bits, 64);
            }
            1 => {
                self.t_delta = t.wrapping_sub(self.t) as u64;
                self.push_varint(self.t_delta);
                self.push_value(bits);
            }
            _ => {
                let delta = t.wrapping_sub(self.t) as u64;
                let change = delta.wrapping_sub(self.t_delta) as i64;
                self.push_delta_change(change);
                self.t_delta = delta;
                self.push_value(bits);
            }
        }
        self.t = t;
        self.value_bits = bits;
        self.count = next;
        Ok(())
    }

    /// Grows by half: with millions of open chunks, doubling would leave much of the memory unused.
    #[cold]
    fn grow(&mut self) {
        self.data.reserve_exact((self.data.len() / 2).max(SAMPLE_BYTES));
    }

    /// The change of the distance between samples, in the smallest of five sizes.
    #[inline]
    fn push_delta_change(&mut self, change: i64) {
        let fits = |bits: u32| -((1 << (bits - 1)) - 1) <= change && change <= 1 << (bits - 1);
        let low = |bits: u32| change as u64 & ((1 << bits) - 1);
        let (data, free) = (&mut self.data, &mut self.free);
        if change == 0 {
            push_bits(data, free, 0, 1);
        } else if fits(14) {
            push_bits(data, free, (0b10 << 14) | low(14), 16);
        } else if fits(17) {
            push_bits(data, free, (0b110 << 17) | low(17), 20);
        } else if fits(20) {
            push_bits(data, free, (0b1110 << 20) | low(20), 24);
        } else {
            push_bits(data, free, 0b1111, 4);
            push_bits(data, free, change as u64, 64);
        }
    }

    /// The bits in which the value differs from the last one.
    #[inline]
    fn push_value(&mut self, bits: u64) {
        self.window.put(&mut self.data, &mut self.free, bits ^ self.value_bits);
    }

    fn push_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            push_bits(&mut self.data, &mut self.free, (value & 0x7f) | 0x80, 8);
            value >>= 7;
        }
        push_bits(&mut self.data, &mut self.free, value, 8);
    }
}

impl Default for XorChunk {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(samples: &[(i64, f64)]) -> XorChunk {
        let mut chunk = XorChunk::new();
        for (t, value) in samples {
            chunk.append(*t, *value).unwrap();
        }
        chunk
    }

    #[test]
    fn an_empty_chunk_is_its_header() {
        assert_eq!(chunk(&[]).to_bytes()[..], [0, 0]);
    }

    /// Worked out by hand: count 1, zigzag varint of 1000 = 2000 = d0 0f, the bits of 1.0.
    #[test]
    fn one_sample() {
        assert_eq!(chunk(&[(1000, 1.0)]).to_bytes()[..], [0, 1, 0xd0, 0x0f, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0]);
    }

    /// By hand. Second sample: delta 15000 = varint 98 75; same value: bit 0. Third: change 0: bit 0;
    /// 1.0 -> 2.0 differs by 7ff0…: bits 11, leading 1 = 00001, width 11 = 001011, eleven ones.
    /// So after the varint: 0 0 11 00001 001011 11111111111 (26 bits), padded with zeros.
    #[test]
    fn repeated_time_distance_and_a_new_window() {
        let bytes = chunk(&[(1000, 1.0), (16_000, 1.0), (31_000, 2.0)]).into_bytes();
        assert_eq!(bytes[..4], [0, 3, 0xd0, 0x0f]);
        assert_eq!(bytes[12..14], [0x98, 0x75]);
        assert_eq!(bytes[14..], [0b0011_0000, 0b1001_0111, 0b1111_1111, 0b1100_0000]);
    }

    /// By hand. The window of the third sample (leading 1, trailing 52) is used again by the fourth, whose
    /// value differs by 7ff0…: 10 and eleven ones. Its time distance grows by 1: 10 and 14 bits of 1.
    #[test]
    fn used_window_and_small_change_of_distance() {
        let bytes = chunk(&[(1000, 1.0), (16_000, 1.0), (31_000, 2.0), (46_001, 1.0)]).into_bytes();
        // 26 bits as above, then 10 00000000000001, then 10 11111111111: 55 bits.
        let bits: String = bytes[14..].iter().map(|b| format!("{b:08b}")).collect();
        assert_eq!(
            bits,
            concat!(
                "0",
                "0",
                "11",
                "00001",
                "001011",
                "11111111111",
                "10",
                "00000000000001",
                "10",
                "11111111111",
                "0"
            )
        );
    }

    /// The five sizes of a change of distance, at their borders: −(2^(n−1)−1) to 2^(n−1).
    #[test]
    fn borders_of_the_distance_sizes() {
        for (change, prefix, bits) in [
            (0, "0", 0),
            (8192, "10", 14),
            (-8191, "10", 14),
            (8193, "110", 17),
            (-8192, "110", 17),
            (65_536, "110", 17),
            (-65_535, "110", 17),
            (65_537, "1110", 20),
            (524_288, "1110", 20),
            (-524_287, "1110", 20),
            (524_289, "1111", 64),
            (-524_288, "1111", 64),
        ] {
            let delta = 1_000_000;
            let samples = [(0, 0.0), (delta, 0.0), (2 * delta + change, 0.0)];
            let written = chunk(&samples);
            let text: String = written.to_bytes()[14..].iter().map(|b| format!("{b:08b}")).collect();
            // One bit for the second value, the change, one bit for the third value.
            assert!(text[1..].starts_with(prefix), "{change}: {text}");
            let used = 1 + prefix.len() + bits + 1;
            assert_eq!(text.len(), used.div_ceil(8) * 8, "{change}: {text}");
        }
    }

    #[test]
    fn full_is_an_error() {
        let mut full = XorChunk::new();
        for t in 0..65_535 {
            full.append(t, 0.0).unwrap();
        }
        assert_eq!(full.append(65_535, 0.0), Err(ChunkFull));
        assert_eq!(full.len(), 65_535);
    }
}
