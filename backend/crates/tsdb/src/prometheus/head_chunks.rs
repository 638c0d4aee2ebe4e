//! Chunks in a file of `chunks_head/`.
//!
//! A file is a header and one chunk after another, each with a checksum over all of it. The file is
//! longer than its chunks while it is written; zeros end them.

use std::ops::Range;

use super::search::Budget;

/// First bytes of a file: the mark, and version 1 of the format.
pub(super) const FILE_HEADER: [u8; 5] = [0x01, 0x30, 0xbc, 0x91, 1];
/// Length of a file's header.
pub(super) const FILE_HEADER_BYTES: usize = 8;
/// Length of series reference, first and last time, and encoding.
const FIXED_BYTES: usize = 25;
/// Longest length field.
const MAX_LENGTH_BYTES: usize = 5;
const CRC_BYTES: usize = 4;
/// Bit of the encoding that tells a chunk of samples that came late.
const LATE: u8 = 0x80;

/// A chunk in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HeadChunk {
    /// Prometheus' reference of the series.
    pub(super) series: u64,
    pub(super) min_t: i64,
    pub(super) max_t: i64,
    /// Number of the encoding.
    pub(super) encoding: u8,
    /// Whether its samples came late.
    pub(super) late: bool,
    /// Where its bytes are.
    pub(super) data: Range<usize>,
}

/// What a scan comes across, in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A chunk, and where it begins.
    Chunk { offset: usize, chunk: HeadChunk },
    /// A stretch that cannot be read.
    Damage { at: Range<usize>, reason: &'static str },
    /// A stretch at the end that cannot be read: mostly a write that was not finished.
    Tail { at: Range<usize>, reason: &'static str },
}

/// Finds the chunks of a file.
pub(super) fn scan(data: &[u8], mut visit: impl FnMut(Found)) {
    if !data.starts_with(&FILE_HEADER) || data.len() < FILE_HEADER_BYTES {
        if data.iter().any(|byte| *byte != 0) {
            let reason = "this is no file of head chunks of version 1";
            visit(Found::Damage { at: 0..data.len(), reason });
        }
        return;
    }
    // Zeros at the end are room that was never used.
    let end = data.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let mut budget = Budget::of(data.len());
    let mut bad = None;
    let mut at = FILE_HEADER_BYTES;
    while at < end {
        match read(data, at, &mut None) {
            Ok(chunk) => {
                if let Some((start, reason)) = bad.take() {
                    visit(Found::Damage { at: start..at, reason });
                }
                let next = chunk.data.end + CRC_BYTES;
                visit(Found::Chunk { offset: at, chunk });
                at = next;
            }
            Err(reason) => {
                bad.get_or_insert((at, reason));
                let mut budget = Some(&mut budget);
                at = (at + 1..end).find(|at| read(data, *at, &mut budget).is_ok()).unwrap_or(end);
            }
        }
    }
    if let Some((start, reason)) = bad {
        visit(Found::Tail { at: start..end, reason });
    }
}

/// Reads a chunk. With a budget, bytes that do not look like a chunk are not summed.
fn read(data: &[u8], at: usize, budget: &mut Option<&mut Budget>) -> Result<HeadChunk, &'static str> {
    let cut = "a chunk is cut off";
    let fixed = data.get(at..at + FIXED_BYTES).ok_or(cut)?;
    let word = |from: usize| {
        let mut word = [0; 8];
        word.copy_from_slice(&fixed[from..from + 8]);
        u64::from_be_bytes(word)
    };
    let (series, min_t, max_t) = (word(0), word(8) as i64, word(16) as i64);
    let encoding = fixed[24] & !LATE;
    if series == 0 || min_t > max_t {
        return Err("no chunk begins here");
    }
    if budget.is_some() && !(1..=3).contains(&encoding) {
        return Err("no chunk begins here");
    }
    let (length, start) = length_at(data, at + FIXED_BYTES).ok_or("a chunk has no length")?;
    let end = start.checked_add(length).ok_or(cut)?;
    let sum = data.get(end..end + CRC_BYTES).ok_or(cut)?;
    if let Some(budget) = budget
        && !budget.take(end - at)
    {
        return Err("the search took too long");
    }
    if crc32c::crc32c(&data[at..end]).to_be_bytes() != sum {
        return Err("a checksum is wrong");
    }
    let late = fixed[24] & LATE != 0;
    Ok(HeadChunk { series, min_t, max_t, encoding, late, data: start..end })
}

/// A length, and where what it counts begins.
fn length_at(data: &[u8], at: usize) -> Option<(usize, usize)> {
    let mut length = 0usize;
    for (i, byte) in data.get(at..)?.iter().take(MAX_LENGTH_BYTES).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * i);
        if *byte < 0x80 {
            return Some((length, at + i + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::encode::{FileChunk, chunk_file};
    use super::*;

    fn chunks() -> impl Strategy<Value = Vec<FileChunk>> {
        let samples = proptest::collection::btree_map(any::<i64>(), any::<f64>(), 1..20)
            .prop_map(|samples| samples.into_iter().collect::<Vec<_>>());
        let encoding = prop_oneof![Just(1u8), Just(0x81)];
        proptest::collection::vec((1u64.., encoding, samples), 1..8)
    }

    fn read(data: &[u8]) -> (Vec<(usize, HeadChunk)>, usize) {
        let (mut found, mut bad) = (Vec::new(), 0);
        scan(data, |event| match event {
            Found::Chunk { offset, chunk } => found.push((offset, chunk)),
            Found::Damage { .. } | Found::Tail { .. } => bad += 1,
        });
        (found, bad)
    }

    proptest! {
        #[test]
        fn what_is_written_is_found(chunks in chunks(), room in 0usize..5000) {
            let (mut data, numbers) = chunk_file(5, &chunks);
            data.resize(data.len() + room, 0);
            let (found, bad) = read(&data);
            prop_assert_eq!(bad, 0);
            prop_assert_eq!(found.len(), chunks.len());
            for (((offset, got), number), (series, encoding, samples)) in found.iter().zip(numbers).zip(&chunks) {
                prop_assert_eq!(5 << 32 | *offset as u64, number);
                prop_assert_eq!((got.series, got.late, got.encoding), (*series, encoding & LATE != 0, 1));
                let (first, last) = (samples[0].0, samples[samples.len() - 1].0);
                prop_assert_eq!((got.min_t, got.max_t), (first, last));
                let mut decoded = Vec::new();
                chunk::decode_xor(&data[got.data.clone()], |t, value| {
                    decoded.push((t, value.to_bits()));
                    true
                }).unwrap();
                let want: Vec<_> = samples.iter().map(|(t, value)| (*t, value.to_bits())).collect();
                prop_assert_eq!(decoded, want);
            }
        }

        /// One changed byte costs one chunk.
        #[test]
        fn a_changed_byte_costs_one_chunk(
            chunks in chunks(),
            at in any::<prop::sample::Index>(),
            change in 1u8..,
        ) {
            let (mut data, _) = chunk_file(1, &chunks);
            let at = FILE_HEADER_BYTES + at.index(data.len() - FILE_HEADER_BYTES);
            data[at] ^= change;
            let (found, bad) = read(&data);
            prop_assert_eq!((found.len(), bad), (chunks.len() - 1, 1));
        }

        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let mut data = FILE_HEADER.to_vec();
            data.extend_from_slice(&[0; 3]);
            data.extend_from_slice(&bytes);
            let _ = read(&data);
            let _ = read(&bytes);
        }
    }

    #[test]
    fn another_file_is_told_apart() {
        assert_eq!(read(b"WFHEAD\0\x01").1, 1);
        assert_eq!(read(&[0; 100]).1, 0, "a file that was made and never written");
        assert_eq!(read(&[]).1, 0);
    }
}
