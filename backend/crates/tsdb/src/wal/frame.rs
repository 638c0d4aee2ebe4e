//! The envelope of a record, and finding records in a file that may be damaged.
//!
//! A record's checksum covers its place (file and offset) too. Bytes that merely look like a record, in a
//! sample's value or left over from another file, do not pass for one at another place, so that after a
//! damaged stretch the next record can be searched for byte by byte.

use std::ops::Range;

/// First bytes of each file: name and version of the format.
pub(crate) const FILE_HEADER: [u8; 8] = *b"WFWAL\0\0\x02";
/// Length of a record's envelope.
pub(crate) const FRAME_BYTES: usize = 16;
/// Longest payload.
pub(crate) const MAX_PAYLOAD: usize = 64 << 20;
/// First bytes of a record. 0xff is in no UTF-8 text, so no label or help text can hold it.
const MARK: [u8; 4] = [0xf1, 0xff, 0x9e, 0xc5];

/// Begins a record; what is pushed to `frames` until [`finish`] is its payload.
pub(crate) fn begin(frames: &mut Vec<u8>, kind: u8) -> usize {
    let start = frames.len();
    frames.extend_from_slice(&MARK);
    frames.extend_from_slice(&[0; 8]);
    frames.extend_from_slice(&[kind, 0, 0, 0]);
    start
}

/// Ends a record: its length and the checksum of its payload alone are known now.
pub(crate) fn finish(frames: &mut [u8], start: usize) {
    let payload = &frames[start + FRAME_BYTES..];
    let (length, crc) = (payload.len() as u32, crc32c::crc32c(payload));
    frames[start + 4..start + 8].copy_from_slice(&length.to_le_bytes());
    frames[start + 8..start + 12].copy_from_slice(&crc.to_le_bytes());
}

/// Completes the checksums of finished records that will stand at `offset` of `file`.
pub(crate) fn place(frames: &mut [u8], file: u64, offset: u64) {
    let mut at = 0;
    while let Some(header) = frames.get(at..at + FRAME_BYTES) {
        let length = u32_at(header, 4) as usize;
        let crc = placed(u32_at(header, 8), header, file, offset + at as u64);
        frames[at + 8..at + 12].copy_from_slice(&crc.to_le_bytes());
        at += FRAME_BYTES + length;
    }
}

/// Drops the records of other kinds; the rest is as [`finish`] left it, to be placed anew.
pub(crate) fn retain(frames: &mut Vec<u8>, keep: impl Fn(u8) -> bool) {
    let (mut at, mut end) = (0, 0);
    while let Some(header) = frames.get(at..at + FRAME_BYTES) {
        let length = FRAME_BYTES + u32_at(header, 4) as usize;
        if keep(header[12]) {
            frames.copy_within(at..at + length, end);
            finish(&mut frames[..end + length], end);
            end += length;
        }
        at += length;
    }
    frames.truncate(end);
}

/// The checksum of payload, place, length and kind.
fn placed(payload_crc: u32, header: &[u8], file: u64, offset: u64) -> u32 {
    let mut rest = [0; 24];
    rest[..8].copy_from_slice(&file.to_le_bytes());
    rest[8..16].copy_from_slice(&offset.to_le_bytes());
    rest[16..20].copy_from_slice(&header[4..8]);
    rest[20..24].copy_from_slice(&header[12..16]);
    crc32c::crc32c_append(payload_crc, &rest)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

/// A record in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) payload: Range<usize>,
}

/// What is in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scan {
    /// The readable records, in order.
    pub(crate) frames: Vec<Frame>,
    /// Stretches that are no record and have a record behind them.
    pub(crate) gaps: Vec<Range<usize>>,
    /// A stretch at the end that is no record.
    pub(crate) tail: Option<Range<usize>>,
}

/// The version of a file that another version wrote: then nothing in it may be judged.
pub(crate) fn other_version(data: &[u8]) -> Option<u8> {
    let (mark, ours) = (&FILE_HEADER[..7], FILE_HEADER[7]);
    let version = *data.get(7)?;
    (data.starts_with(mark) && version != ours && version != 0).then_some(version)
}

/// Finds the records of `file`.
pub(crate) fn scan(data: &[u8], file: u64) -> Scan {
    let mut out = Scan::default();
    let mut at = if data.starts_with(&FILE_HEADER) { FILE_HEADER.len() } else { 0 };
    // The search after damage checks whatever looks like a record; this bounds its work.
    let mut budget = data.len().saturating_mul(16);
    while at < data.len() {
        if let Some(frame) = read(data, at, file) {
            at = frame.payload.end;
            out.frames.push(frame);
            continue;
        }
        match search(data, at + 1, file, &mut budget) {
            Some(next) => {
                out.gaps.push(at..next);
                at = next;
            }
            None => {
                out.tail = Some(at..data.len());
                break;
            }
        }
    }
    out
}

/// The record that begins at `at`, if there is one.
pub(crate) fn read(data: &[u8], at: usize, file: u64) -> Option<Frame> {
    let header = data.get(at..at + FRAME_BYTES)?;
    if header[..4] != MARK || header[13..] != [0; 3] {
        return None;
    }
    let length = u32_at(header, 4) as usize;
    let start = at + FRAME_BYTES;
    let payload = data.get(start..start.checked_add(length)?)?;
    let fits = length <= MAX_PAYLOAD
        && placed(crc32c::crc32c(payload), header, file, at as u64) == u32_at(header, 8);
    fits.then(|| Frame { kind: header[12], payload: start..start + length })
}

fn search(data: &[u8], from: usize, file: u64, budget: &mut usize) -> Option<usize> {
    let mut at = from;
    while at + FRAME_BYTES <= data.len() {
        at += data[at..].iter().position(|byte| *byte == MARK[0])?;
        if data[at..].starts_with(&MARK) {
            if read(data, at, file).is_some() {
                return Some(at);
            }
            let length = data.get(at + 4..at + 8).map_or(0, |_| u32_at(data, at + 4) as usize);
            *budget = budget.checked_sub(length.min(data.len() - at))?;
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(payloads: &[Vec<u8>]) -> Vec<u8> {
        let mut frames = Vec::new();
        for payload in payloads {
            let start = begin(&mut frames, 2);
            frames.extend_from_slice(payload);
            finish(&mut frames, start);
        }
        place(&mut frames, 9, 8);
        [FILE_HEADER.as_slice(), &frames].concat()
    }

    fn payloads() -> impl Strategy<Value = Vec<Vec<u8>>> {
        proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 1..8)
    }

    proptest! {
        #[test]
        fn what_is_framed_is_found(payloads in payloads()) {
            let data = file(&payloads);
            let found = scan(&data, 9);
            prop_assert!(found.gaps.is_empty() && found.tail.is_none());
            let got: Vec<&[u8]> = found.frames.iter().map(|f| &data[f.payload.clone()]).collect();
            prop_assert_eq!(got, payloads.iter().map(Vec::as_slice).collect::<Vec<_>>());
        }

        /// One changed byte costs one record, wherever it is.
        #[test]
        fn a_changed_byte_costs_one_record(
            payloads in payloads(),
            at in any::<prop::sample::Index>(),
            change in 1u8..,
        ) {
            let mut data = file(&payloads);
            let at = 8 + at.index(data.len() - 8);
            data[at] ^= change;
            let found = scan(&data, 9);
            prop_assert_eq!(found.frames.len(), payloads.len() - 1);
            prop_assert_eq!(found.gaps.len() + usize::from(found.tail.is_some()), 1);
        }

        #[test]
        fn a_cut_file_has_a_tail(payloads in payloads(), cut in any::<prop::sample::Index>()) {
            let data = file(&payloads);
            let cut = 8 + cut.index(data.len() - 8);
            let found = scan(&data[..cut], 9);
            let end = found.frames.last().map_or(8, |f| f.payload.end);
            prop_assert_eq!(found.tail, (end < cut).then_some(end..cut));
            prop_assert!(found.gaps.is_empty());
        }
    }

    #[test]
    fn kept_records_can_be_placed_again() {
        let mut frames = Vec::new();
        for (kind, payload) in [(1, "one"), (2, "two"), (1, "three")] {
            let start = begin(&mut frames, kind);
            frames.extend_from_slice(payload.as_bytes());
            finish(&mut frames, start);
        }
        place(&mut frames, 9, 8);
        retain(&mut frames, |kind| kind == 1);
        place(&mut frames, 10, 8);
        let data = [FILE_HEADER.as_slice(), &frames].concat();
        let found = scan(&data, 10);
        let texts: Vec<&[u8]> = found.frames.iter().map(|f| &data[f.payload.clone()]).collect();
        assert_eq!(texts, [b"one".as_slice(), b"three"]);
        assert!(found.gaps.is_empty() && found.tail.is_none());
    }

    #[test]
    fn a_record_at_another_place_is_none() {
        let inner = file(&[b"forged".to_vec()]);
        let mut data = file(&[inner[8..].to_vec(), b"next".to_vec()]);
        data[8] = 0; // the outer record is damaged: the search must not find the inner one
        let found = scan(&data, 9);
        assert_eq!(found.frames.len(), 1);
        assert_eq!(&data[found.frames[0].payload.clone()], b"next");
        assert!(scan(&file(&[b"x".to_vec()]), 10).frames.is_empty());
    }
}
