//! Reading a frame: every number is checked before it is used, nothing is allocated that the bytes do not
//! pay for (but for constant series, whose total is bounded).

use thiserror::Error;

use super::layout::{CONSTANT, DENSE, MAGIC, VALUES_MAX, VERSION};
use super::{Frame, FrameSeries};

/// Bytes that are not a frame. Positions count bytes from the start.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// The first bytes are not a frame's.
    #[error("not a frame: the first four bytes are not WFRM")]
    NotAFrame,
    /// A format version that this reader does not know.
    #[error("frame version {0} is not known; reload the page to get a newer app")]
    Version(u16),
    /// The bytes end within the frame.
    #[error("the frame is cut off at byte {0}")]
    CutOff(usize),
    /// The bytes contradict themselves.
    #[error("the frame is broken at byte {at}: {what}")]
    Broken {
        /// Position.
        at: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// The frame holds more values than one may.
    #[error(
        "the frame holds {0} values, more than the limit of {VALUES_MAX}; ask for fewer series or a longer step"
    )]
    TooLarge(u64),
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], FrameError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..len).ok_or(FrameError::CutOff(self.bytes.len()))?;
        self.at += len;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn u32(&mut self) -> Result<u32, FrameError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u32s(&mut self, count: u32) -> Result<Vec<u32>, FrameError> {
        let len = (count as usize).checked_mul(4).ok_or(FrameError::CutOff(self.bytes.len()))?;
        let bytes = self.take(len)?;
        Ok(bytes.chunks_exact(4).map(|c| u32::from_le_bytes([c[0], c[1], c[2], c[3]])).collect())
    }

    fn broken(&self, what: &'static str) -> FrameError {
        FrameError::Broken { at: self.at, what }
    }

    fn padding(&mut self) -> Result<(), FrameError> {
        let len = self.at.next_multiple_of(8) - self.at;
        if self.take(len)?.iter().any(|byte| *byte != 0) {
            return Err(self.broken("padding is not zero"));
        }
        Ok(())
    }
}

pub(super) fn decode(bytes: &[u8]) -> Result<Frame, FrameError> {
    let mut reader = Reader { bytes, at: 0 };
    if reader.array()? != MAGIC {
        return Err(FrameError::NotAFrame);
    }
    let version = u16::from_le_bytes(reader.array()?);
    if version != VERSION {
        return Err(FrameError::Version(version));
    }
    if u16::from_le_bytes(reader.array()?) != 0 {
        return Err(reader.broken("unknown flags"));
    }
    let start_ms = i64::from_le_bytes(reader.array()?);
    let step_ms = i64::from_le_bytes(reader.array()?);
    let steps = reader.u32()?;
    let series_count = reader.u32()?;
    let string_count = reader.u32()?;
    let text_len = reader.u32()?;
    let warning_count = reader.u32()?;
    let info_count = reader.u32()?;
    if step_ms < 0 || (step_ms == 0 && steps > 1) {
        return Err(reader.broken("step does not fit the number of steps"));
    }
    let values = u64::from(steps) * u64::from(series_count);
    if values > VALUES_MAX {
        return Err(FrameError::TooLarge(values));
    }

    let ends = reader.u32s(string_count)?;
    let warnings = reader.u32s(warning_count)?;
    let infos = reader.u32s(info_count)?;
    let strings = strings(&mut reader, &ends, text_len)?;
    reader.padding()?;
    let lookup = |number: u32, at: usize| {
        strings.get(number as usize).copied().ok_or(FrameError::Broken { at, what: "no such string" })
    };
    let owned = |numbers: Vec<u32>, at| {
        numbers.into_iter().map(|number| lookup(number, at).map(str::to_owned)).collect::<Result<Vec<_>, _>>()
    };
    let warnings = owned(warnings, reader.at)?;
    let infos = owned(infos, reader.at)?;

    let mut series = Vec::new();
    for _ in 0..series_count {
        let label_count = reader.u32()?;
        let encoding = reader.u32()?;
        let numbers = reader.u32s(label_count.checked_mul(2).ok_or(FrameError::CutOff(bytes.len()))?)?;
        let mut labels: Vec<(String, String)> = Vec::with_capacity(label_count as usize);
        for pair in numbers.chunks_exact(2) {
            let (name, value) = (lookup(pair[0], reader.at)?, lookup(pair[1], reader.at)?);
            if labels.last().is_some_and(|(before, _)| before.as_str() >= name) {
                return Err(reader.broken("labels are not sorted"));
            }
            labels.push((name.to_owned(), value.to_owned()));
        }
        let values = match encoding {
            DENSE => {
                let values = reader.take(steps as usize * 8)?.chunks_exact(8);
                values.map(|c| f64::from_le_bytes([c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]])).collect()
            }
            CONSTANT => vec![f64::from_le_bytes(reader.array()?); steps as usize],
            _ => return Err(reader.broken("unknown encoding of a series")),
        };
        series.push(FrameSeries { labels, values });
    }
    if reader.at != bytes.len() {
        return Err(reader.broken("bytes after the last series"));
    }
    Ok(Frame { start_ms, step_ms, steps, series, warnings, infos })
}

fn strings<'a>(reader: &mut Reader<'a>, ends: &[u32], text_len: u32) -> Result<Vec<&'a str>, FrameError> {
    let text = reader.take(text_len as usize)?;
    let text = std::str::from_utf8(text).map_err(|_| reader.broken("text is not UTF-8"))?;
    let mut strings = Vec::with_capacity(ends.len());
    let mut start = 0;
    for end in ends {
        let end = *end as usize;
        strings.push(text.get(start..end).ok_or_else(|| reader.broken("a string has no place"))?);
        start = end;
    }
    if start != text.len() {
        return Err(reader.broken("text that belongs to no string"));
    }
    Ok(strings)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{ABSENT_BITS, is_absent};
    use super::*;

    fn frame() -> impl Strategy<Value = Frame> {
        let value = prop_oneof![
            any::<f64>(),
            Just(f64::from_bits(ABSENT_BITS)),
            Just(f64::NAN),
            Just(1.0),
            Just(f64::INFINITY),
        ];
        (0_u32..20).prop_flat_map(move |steps| {
            let values = prop_oneof![
                proptest::collection::vec(value.clone(), steps as usize),
                value.clone().prop_map(move |v| vec![v; steps as usize]),
            ];
            let labels = proptest::collection::btree_map("[a-c]{1,3}", ".{0,20}", 0..4);
            let series = (labels, values)
                .prop_map(|(labels, values)| FrameSeries { labels: labels.into_iter().collect(), values });
            let texts = || proptest::collection::vec(".{0,30}", 0..3);
            (any::<i64>(), 1_i64..1_000_000, proptest::collection::vec(series, 0..6), texts(), texts())
                .prop_map(move |(start_ms, step_ms, series, warnings, infos)| Frame {
                    start_ms,
                    step_ms,
                    steps,
                    series,
                    warnings,
                    infos,
                })
        })
    }

    /// NaN is not equal to itself, so frames are compared by their bits.
    fn bits(frame: &Frame) -> Vec<Vec<u64>> {
        frame.series.iter().map(|s| s.values.iter().map(|v| v.to_bits()).collect()).collect()
    }

    proptest! {
        #[test]
        fn there_and_back(frame in frame()) {
            let bytes = frame.encode();
            prop_assert_eq!(bytes.len() % 8, 0);
            let back = Frame::decode(&bytes).unwrap();
            prop_assert_eq!(bits(&back), bits(&frame));
            prop_assert_eq!(back.encode(), bytes);
            for (a, b) in back.series.iter().zip(&frame.series) {
                prop_assert_eq!(&a.labels, &b.labels);
            }
            prop_assert_eq!((back.warnings, back.infos), (frame.warnings, frame.infos));
        }

        #[test]
        fn a_shorter_or_longer_text_is_refused(frame in frame(), cut in 1_usize..64) {
            let mut bytes = frame.encode();
            let shorter = bytes.len().saturating_sub(cut);
            prop_assert!(Frame::decode(&bytes[..shorter]).is_err());
            bytes.extend_from_slice(&vec![0; cut]);
            prop_assert!(Frame::decode(&bytes).is_err());
        }

        #[test]
        fn a_flipped_bit_never_panics(frame in frame(), at in any::<prop::sample::Index>(), bit in 0_u32..8) {
            let mut bytes = frame.encode();
            let at = at.index(bytes.len());
            bytes[at] ^= 1_u8 << bit;
            let _ = Frame::decode(&bytes);
        }

        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Frame::decode(&bytes);
            let mut with_head = b"WFRM\x01\0\0\0".to_vec();
            with_head.extend_from_slice(&bytes);
            let _ = Frame::decode(&with_head);
        }
    }

    #[test]
    fn values_start_at_multiples_of_eight() {
        let frame = Frame {
            start_ms: 1,
            step_ms: 15_000,
            steps: 2,
            series: vec![FrameSeries { labels: vec![("a".into(), "b".into())], values: vec![1.5, 2.5] }],
            ..Frame::default()
        };
        let bytes = frame.encode();
        let place = bytes.windows(8).position(|w| w == 1.5_f64.to_le_bytes()).unwrap();
        assert_eq!(place % 8, 0);
        assert_eq!(Frame::decode(&bytes), Ok(frame));
    }

    #[test]
    fn missing_values_are_absent_and_a_huge_promise_is_refused() {
        let frame = Frame { step_ms: 1, steps: 3, series: vec![FrameSeries::default()], ..Frame::default() };
        let back = Frame::decode(&frame.encode()).unwrap();
        assert!(back.series[0].values.iter().all(|v| is_absent(*v)));

        let mut bytes = Frame { step_ms: 1, ..frame }.encode();
        bytes[24..28].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(matches!(Frame::decode(&bytes), Err(FrameError::TooLarge(_))));
        assert_eq!(Frame::decode(b"{\"status\":\"error\"}"), Err(FrameError::NotAFrame));
    }
}
