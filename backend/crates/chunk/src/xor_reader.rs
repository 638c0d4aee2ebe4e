//! Reading an XOR chunk.

use crate::ChunkError;
use crate::bits::BitReader;
use crate::window::Window;
use crate::xor::HEADER_BYTES;

/// Reads the samples of an XOR chunk one by one.
#[derive(Clone, Debug)]
pub struct XorReader<'a> {
    bits: BitReader<'a>,
    total: u16,
    read: u16,
    t: i64,
    value_bits: u64,
    t_delta: u64,
    window: Window,
}

/// Where a chunk ends and in what state, for going on with it.
pub(crate) struct End {
    pub(crate) bits: usize,
    pub(crate) t: i64,
    pub(crate) value_bits: u64,
    pub(crate) t_delta: u64,
    pub(crate) window: Window,
}

impl<'a> XorReader<'a> {
    /// A reader at the first sample.
    ///
    /// # Errors
    /// When not even the header is there.
    pub fn new(data: &'a [u8]) -> Result<Self, ChunkError> {
        let header = data.get(..HEADER_BYTES).ok_or(ChunkError::Truncated(0))?;
        Ok(Self {
            total: u16::from_be_bytes([header[0], header[1]]),
            bits: BitReader::new(data, HEADER_BYTES * 8),
            read: 0,
            t: 0,
            value_bits: 0,
            t_delta: 0,
            window: Window::default(),
        })
    }

    /// Number of samples that the header counts.
    #[must_use]
    pub fn total(&self) -> u16 {
        self.total
    }

    /// The next sample, or `None` behind the last.
    ///
    /// # Errors
    /// When the bytes do not hold it.
    #[expect(clippy::should_implement_trait, reason = "an iterator would hide the error's place")]
    #[inline]
    pub fn next(&mut self) -> Result<Option<(i64, f64)>, ChunkError> {
        if self.read == self.total {
            return Ok(None);
        }
        if self.read < 2 {
            self.first_two()?;
        } else {
            self.following()?;
        }
        Ok(Some((self.t, f64::from_bits(self.value_bits))))
    }

    /// The third sample or one behind it. As a call of its own it would find the reader in memory each time.
    #[inline(always)]
    fn following(&mut self) -> Result<(), ChunkError> {
        let word = self.bits.peek();
        let (differing, used) = if word >> 63 == 0 {
            // The same distance: most samples by far.
            self.window.read_from(&self.bits, word << 1, 1)
        } else {
            let (change, used) = delta_change(&self.bits, word);
            self.t_delta = self.t_delta.wrapping_add(change);
            let word = if used < 64 { word << used } else { self.bits.peek_behind(used) };
            self.window.read_from(&self.bits, word, used)
        };
        // Behind the end there are only zeros, so it is enough to look once.
        self.skip(used)?;
        self.t = self.t.wrapping_add(self.t_delta as i64);
        self.value_bits ^= differing;
        self.read += 1;
        Ok(())
    }

    pub(crate) fn into_end(self) -> End {
        End {
            bits: self.bits.position(),
            t: self.t,
            value_bits: self.value_bits,
            t_delta: self.t_delta,
            window: self.window,
        }
    }

    #[cold]
    fn first_two(&mut self) -> Result<(), ChunkError> {
        let varint = self.varint()?;
        if self.read == 0 {
            self.t = (varint >> 1) as i64 ^ -((varint & 1) as i64);
            self.value_bits = self.bits.peek();
            self.skip(64)?;
        } else {
            self.t_delta = varint;
            self.t = self.t.wrapping_add(varint as i64);
            self.value_bits ^= self.window.read(&mut self.bits).ok_or(ChunkError::Truncated(self.read))?;
        }
        self.read += 1;
        Ok(())
    }

    #[inline]
    fn skip(&mut self, count: u32) -> Result<(), ChunkError> {
        if self.bits.skip(count) { Ok(()) } else { Err(ChunkError::Truncated(self.read)) }
    }

    fn varint(&mut self) -> Result<u64, ChunkError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.bits.peek() >> 56;
            self.skip(8)?;
            if shift == 63 && byte > 1 {
                break;
            }
            value |= (byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(ChunkError::Overlong(self.read))
    }
}

/// The change of the distance between samples at the reader, where `word` is, and the bits it takes: at most 24, or
/// 68.
#[inline]
fn delta_change(bits: &BitReader<'_>, word: u64) -> (u64, u32) {
    let ones = word.leading_ones();
    match ones {
        0 => (0, 1),
        1..=3 => {
            // 10 and 14 bits, 110 and 17, 1110 and 20.
            let (prefix, size) = (ones + 1, 11 + 3 * ones);
            let raw = (word << prefix) >> (64 - size);
            // Values up to and including 2^(size-1) are positive: the range is not that of two's complement.
            let change = if raw > 1 << (size - 1) { raw.wrapping_sub(1 << size) } else { raw };
            (change, prefix + size)
        }
        _ => (bits.peek_behind(4), 68),
    }
}

/// Calls `visit` with each sample of a chunk, oldest first, until it returns `false`.
///
/// # Errors
/// When the bytes are not a chunk; `visit` has then seen the samples before the fault.
#[inline]
pub fn decode_xor(data: &[u8], mut visit: impl FnMut(i64, f64) -> bool) -> Result<(), ChunkError> {
    let mut reader = XorReader::new(data)?;
    while reader.read < 2 {
        let Some((t, value)) = reader.next()? else { return Ok(()) };
        if !visit(t, value) {
            return Ok(());
        }
    }
    // Nothing but inlined code sees this copy: it can live in registers.
    let mut reader = reader.clone();
    while reader.read < reader.total {
        reader.following()?;
        if !visit(reader.t, f64::from_bits(reader.value_bits)) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::XorChunk;

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<u64>().prop_map(f64::from_bits), // any NaN payload, infinity, subnormal
            (-1000i32..1000).prop_map(f64::from),
            Just(0.0),
            Just(-0.0),
            Just(f64::INFINITY),
            Just(f64::from_bits(0x7ff0_0000_0000_0002)),
        ]
    }

    fn samples() -> impl Strategy<Value = Vec<(i64, f64)>> {
        let regular = (any::<i32>(), proptest::collection::vec((14_990i64..15_010, value()), 0..300))
            .prop_map(|(start, steps)| {
                let mut t = i64::from(start);
                steps
                    .into_iter()
                    .map(|(step, value)| {
                        t += step;
                        (t, value)
                    })
                    .collect()
            });
        prop_oneof![regular, proptest::collection::vec((any::<i64>(), value()), 0..100)]
    }

    fn read(data: &[u8]) -> Vec<(i64, u64)> {
        let mut out = Vec::new();
        decode_xor(data, |t, value| {
            out.push((t, value.to_bits()));
            true
        })
        .unwrap();
        out
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(samples in samples(), split in any::<prop::sample::Index>()) {
            let mut chunk = XorChunk::new();
            let mut resumed = XorChunk::new();
            let split = split.index(samples.len() + 1);
            for (i, (t, value)) in samples.iter().enumerate() {
                if i == split {
                    resumed = XorChunk::from_bytes(resumed.into_bytes()).unwrap();
                }
                chunk.append(*t, *value).unwrap();
                resumed.append(*t, *value).unwrap();
            }
            prop_assert_eq!(chunk.to_bytes(), resumed.to_bytes());
            let want: Vec<(i64, u64)> = samples.iter().map(|(t, v)| (*t, v.to_bits())).collect();
            prop_assert_eq!(read(&chunk.to_bytes()), want);
        }

        #[test]
        fn any_bytes_are_read_or_refused(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut count = 0usize;
            let outcome = decode_xor(&data, |_, _| { count += 1; true });
            prop_assert!(count <= data.len() * 4);
            prop_assert_eq!(XorChunk::from_bytes(data).is_ok(), outcome.is_ok());
        }

        #[test]
        fn a_cut_chunk_is_refused(samples in samples(), cut in any::<prop::sample::Index>()) {
            let mut chunk = XorChunk::new();
            for (t, value) in &samples {
                chunk.append(*t, *value).unwrap();
            }
            let data = chunk.to_bytes();
            let cut = cut.index(data.len());
            let outcome = decode_xor(&data[..cut], |_, _| true);
            prop_assert!(outcome.is_err());
        }
    }

    /// Prometheus takes a chunk up with a window of all 64 bits where none was set: `10` and 64 bits.
    #[test]
    fn full_width_before_any_window() {
        let mut data = vec![0, 2, 0xd0, 0x0f];
        data.extend_from_slice(&1.0f64.to_be_bytes());
        data.push(1); // delta 1
        let differing = 1.0f64.to_bits() ^ 2.5f64.to_bits();
        let bits = (0b10u128 << 126) | (u128::from(differing) << 62);
        data.extend_from_slice(&bits.to_be_bytes()[..9]);
        assert_eq!(read(&data), [(1000, 1.0f64.to_bits()), (1001, 2.5f64.to_bits())]);
    }
}
