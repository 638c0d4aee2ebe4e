//! Bytes by hand, and what must hold for any histograms and any bytes.

use std::collections::BTreeMap;

use model::{Histogram, ResetHint, Span, stale_nan};
use proptest::prelude::*;

use super::*;

fn spans(list: &[(i32, u32)]) -> Vec<Span> {
    list.iter().map(|(offset, length)| Span { offset: *offset, length: *length }).collect()
}

fn stale() -> Histogram {
    Histogram { sum: stale_nan(), ..Histogram::default() }
}

fn bytes_of_bits(header: &[u8], bits: &[&str]) -> Vec<u8> {
    let bits = bits.concat();
    let padded = format!("{bits:0<width$}", width = bits.len().next_multiple_of(8));
    let bytes = padded.as_bytes().chunks(8);
    let bytes = bytes.map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap());
    header.iter().copied().chain(bytes).collect()
}

fn float_bits(value: f64) -> String {
    format!("{:064b}", value.to_bits())
}

fn read(kind: HistogramKind, data: &[u8]) -> Vec<(i64, Histogram)> {
    let mut out = Vec::new();
    decode_histograms(kind, data, |t, histogram| {
        out.push((t, histogram.clone()));
        true
    })
    .unwrap();
    out
}

/// Two samples, worked out by hand.
#[test]
fn integer_chunk_by_hand() {
    let first = Histogram {
        schema: 0,
        zero_threshold: 2f64.powi(-128),
        count: 3.0,
        zero_count: 1.0,
        sum: 1.0,
        positive_spans: spans(&[(0, 2)]),
        positive_buckets: vec![1.0, 1.0],
        ..Histogram::default()
    };
    let second = Histogram { count: 5.0, sum: 3.0, positive_buckets: vec![2.0, 2.0], ..first.clone() };
    let mut chunk = HistogramChunk::new(HistogramKind::Integer);
    chunk.append(1000, &first).unwrap();
    chunk.append(16_000, &second).unwrap();
    let bits = [
        "01110100",                  // zero threshold 2^−128: 116
        "0",                         // schema 0
        "10001",                     // one positive span:
        "10010",                     // … of two buckets
        "0",                         // … from index 0
        "0",                         // no negative span
        "11110001111101000",         // time 1000
        "10011",                     // count 3
        "10001",                     // zero count 1
        &float_bits(1.0),            // sum
        "10001",                     // first bucket 1
        "0",                         // second bucket: the same
        "111110000011101010011000",  // time: 15,000 later
        "10010",                     // count: 2 more
        "0",                         // zero count: no more
        "1100001001100111111111111", // sum 1.0 to 3.0: 7ff8…, 1 leading zero, 12 bits
        "10001",                     // first bucket: 1 more
        "0",                         // second bucket: still the same as the first
    ];
    let bytes = bytes_of_bits(&[0, 2, 0], &bits);
    assert_eq!(chunk.to_bytes()[..], bytes);
    let second = Histogram { reset_hint: ResetHint::NotReset, ..second };
    assert_eq!(read(HistogramKind::Integer, &bytes), [(1000, first), (16_000, second)]);
}

/// A gauge with custom bounds that goes stale, worked out by hand.
#[test]
fn float_chunk_by_hand() {
    let first = Histogram {
        reset_hint: ResetHint::Gauge,
        schema: Histogram::CUSTOM_BUCKETS_SCHEMA,
        count: 2.5,
        sum: 1.5,
        positive_spans: spans(&[(0, 2)]),
        positive_buckets: vec![1.0, 1.5],
        custom_values: vec![0.5],
        ..Histogram::default()
    };
    let mut chunk = HistogramChunk::new(HistogramKind::Float);
    chunk.append(1000, &first).unwrap();
    chunk.append(2000, &Histogram { reset_hint: ResetHint::Gauge, ..stale() }).unwrap();
    let bits = [
        "00000000",      // no zero threshold
        "1110111001011", // schema −53
        "10001",         // one positive span:
        "10010",         // … of two buckets
        "0",             // … from index 0
        "0",             // no negative span
        "10001",         // one bound:
        "1110111110101", // … 0.5 as 501
        "11110001111101000",
        &float_bits(2.5),
        &float_bits(0.0),
        &float_bits(1.5),
        &float_bits(1.0),
        &float_bits(1.5),
        "11110001111101000",          // time: 1000 later
        "11000010011011000000000001", // count 2.5 to 0: 4004…, 1 leading zero, 13 bits
        "0",                          // zero count: the same
        "1100001111110",              // sum to stale: 4008000000000002, 1 leading zero, 62 bits
        &format!("{:062b}", 0x4008_0000_0000_0002u64 >> 1),
    ];
    let bytes = bytes_of_bits(&[0, 2, 0b1100_0000], &bits);
    assert_eq!(chunk.to_bytes()[..], bytes);
    let samples = read(HistogramKind::Float, &bytes);
    assert_eq!(samples[0], (1000, first));
    assert_eq!((samples[1].0, samples[1].1.sum.to_bits()), (2000, stale_nan().to_bits()));
    assert_eq!(samples[1].1.positive_buckets, []);
}

fn counter(spans: Vec<Span>, buckets: Vec<f64>) -> Histogram {
    let count = buckets.iter().sum();
    Histogram { count, positive_spans: spans, positive_buckets: buckets, ..Histogram::default() }
}

fn append_both(before: &Histogram, after: &Histogram) -> [Result<Vec<Span>, Refused>; 2] {
    [HistogramKind::Integer, HistogramKind::Float].map(|kind| {
        let mut chunk = HistogramChunk::new(kind);
        chunk.append(1, before).unwrap();
        chunk.append(2, after)?;
        let samples = read(kind, &chunk.to_bytes());
        assert_eq!(samples.len(), 2);
        Ok(samples[0].1.positive_spans.clone())
    })
}

#[test]
fn new_buckets_are_put_into_the_samples_before() {
    let before = counter(spans(&[(0, 2)]), vec![1.0, 2.0]);
    let after = counter(spans(&[(-1, 1), (0, 3)]), vec![1.0, 1.0, 3.0, 1.0]);
    assert_eq!(append_both(&before, &after), [Ok(after.positive_spans.clone()), Ok(after.positive_spans)]);
    // An empty bucket that is gone is no reset; both sides are widened.
    let before = counter(spans(&[(0, 2)]), vec![1.0, 0.0]);
    let after = counter(spans(&[(0, 1), (1, 1)]), vec![1.0, 1.0]);
    assert_eq!(append_both(&before, &after), [Ok(spans(&[(0, 3)])), Ok(spans(&[(0, 3)]))]);
}

#[test]
fn what_begins_a_new_chunk() {
    let refused = |integer, float| [Err(Refused::NewChunk(integer)), Err(Refused::NewChunk(float))];
    let before = counter(spans(&[(0, 2)]), vec![1.0, 2.0]);
    let same = |header| refused(header, header);
    let gauge = Histogram { reset_hint: ResetHint::Gauge, ..before.clone() };
    for (after, want) in [
        (counter(spans(&[(0, 2)]), vec![2.0, 0.0]), same(ResetHeader::Reset)),
        (counter(spans(&[(0, 2)]), vec![0.0, 4.0]), same(ResetHeader::Reset)),
        (counter(spans(&[(1, 1)]), vec![4.0]), same(ResetHeader::Reset)),
        (Histogram { reset_hint: ResetHint::Reset, ..before.clone() }, same(ResetHeader::Reset)),
        (Histogram { schema: 1, ..before.clone() }, same(ResetHeader::Unknown)),
        (Histogram { zero_threshold: 1.0, ..before.clone() }, same(ResetHeader::Unknown)),
        (gauge.clone(), same(ResetHeader::Gauge)),
    ] {
        assert_eq!(append_both(&before, &after), want, "{after:?}");
    }
    assert_eq!(append_both(&gauge, &before), refused(ResetHeader::NotReset, ResetHeader::Unknown));
    assert_eq!(append_both(&stale(), &before), same(ResetHeader::Unknown));
    let bounds = |bounds: &[f64]| Histogram {
        schema: Histogram::CUSTOM_BUCKETS_SCHEMA,
        custom_values: bounds.to_vec(),
        ..before.clone()
    };
    assert_eq!(append_both(&bounds(&[1.0]), &bounds(&[2.0])), same(ResetHeader::Reset));
}

#[test]
fn header_after_a_cut() {
    let before = counter(spans(&[(0, 2)]), vec![1.0, 2.0]);
    for (kind, after, want) in [
        (HistogramKind::Integer, before.clone(), ResetHeader::NotReset),
        (HistogramKind::Integer, counter(spans(&[(0, 1)]), vec![1.0]), ResetHeader::Reset),
        (HistogramKind::Integer, Histogram { schema: 1, ..before.clone() }, ResetHeader::Unknown),
        (HistogramKind::Float, Histogram { schema: 1, ..before.clone() }, ResetHeader::NotReset),
        (
            HistogramKind::Float,
            Histogram { reset_hint: ResetHint::Gauge, ..before.clone() },
            ResetHeader::Gauge,
        ),
    ] {
        let mut chunk = HistogramChunk::new(kind);
        chunk.append(1, &before).unwrap();
        let header = chunk.header_after_cut(&after);
        assert_eq!(header, want, "{after:?}");
        let next = HistogramChunk::begin(kind, header, 2, &after).unwrap();
        assert_eq!(HistogramReader::new(kind, &next.to_bytes()).unwrap().header(), want);
    }
}

#[test]
fn histograms_that_no_chunk_takes() {
    let good = counter(spans(&[(0, 2)]), vec![1.0, 2.0]);
    let mut chunk = HistogramChunk::new(HistogramKind::Integer);
    chunk.append(1, &good).unwrap();
    let before = chunk.to_bytes();
    for (bad, want) in [
        (Histogram { count: 2.5, ..good.clone() }, Refused::NotInteger),
        (Histogram { positive_spans: spans(&[(0, 3)]), ..good.clone() }, Refused::Spans),
        (Histogram { positive_spans: spans(&[(0, u32::MAX)]), ..good.clone() }, Refused::Spans),
        (Histogram { positive_spans: spans(&[(0, 1), (-1, 1)]), ..good.clone() }, Refused::Spans),
        (Histogram { schema: 9, ..good.clone() }, Refused::Schema(9)),
    ] {
        assert_eq!(chunk.append(2, &bad), Err(want), "{bad:?}");
    }
    assert_eq!(chunk.to_bytes(), before);
    let mut full = HistogramChunk::new(HistogramKind::Integer);
    for t in 0..65_535 {
        full.append(t, &stale()).unwrap();
    }
    assert_eq!(full.append(65_535, &stale()), Err(Refused::Full));
}

/// A count of four thousand million buckets is refused before memory is taken for them.
#[test]
fn counts_are_held_against_the_bytes() {
    let many_buckets = ["0000000000", "10001", "11111110", &format!("{:056b}", u32::MAX), "0", "0"];
    let many_spans = ["0000000000", "11111111", &"1".repeat(64)];
    for kind in [HistogramKind::Integer, HistogramKind::Float] {
        for bits in [&many_buckets[..], &many_spans[..]] {
            let bytes = bytes_of_bits(&[0, 1, 0], bits);
            assert!(HistogramReader::new(kind, &bytes).is_err());
        }
    }
}

/// Populations by bucket index, as spans that are split here and there.
fn histogram(buckets: [&BTreeMap<i32, u32>; 2], scale: f64, split: u32, hint: ResetHint) -> Histogram {
    let [positive, negative] = buckets.map(|buckets| {
        let (mut spans, mut values, mut end) = (Vec::<Span>::new(), Vec::new(), 0);
        for (index, population) in buckets {
            match spans.last_mut() {
                Some(last) if *index == end && !(*index as u32).is_multiple_of(split) => last.length += 1,
                _ => spans.push(Span { offset: index - end, length: 1 }),
            }
            values.push(f64::from(*population) * scale);
            end = index + 1;
        }
        (spans, values)
    });
    let zero_count = 7.0 * scale;
    Histogram {
        reset_hint: hint,
        schema: 3,
        zero_threshold: 0.001,
        zero_count,
        count: zero_count + positive.1.iter().chain(&negative.1).sum::<f64>(),
        sum: 0.5 * scale,
        positive_spans: positive.0,
        positive_buckets: positive.1,
        negative_spans: negative.0,
        negative_buckets: negative.1,
        custom_values: Vec::new(),
    }
}

fn samples() -> impl Strategy<Value = Vec<(i64, Histogram)>> {
    let observed = proptest::collection::vec((any::<bool>(), -6i32..6, 0u32..50), 0..6);
    let step = (14_990i64..15_010, observed, 2u32..9, 0..30u8, 1..4u8);
    (proptest::collection::vec(step, 0..40), any::<bool>(), any::<bool>()).prop_map(
        |(steps, gauge, whole)| {
            let (mut t, mut positive, mut negative) = (-100_000, BTreeMap::new(), BTreeMap::new());
            let mut out = Vec::new();
            for (distance, observed, split, event, factor) in steps {
                t += distance;
                match event {
                    0 => positive.clear(),
                    1 => {
                        out.push((t, stale()));
                        continue;
                    }
                    _ => {}
                }
                for (side, index, amount) in observed {
                    let side = if side { &mut positive } else { &mut negative };
                    let entry = side.entry(index).or_insert(0);
                    *entry = if gauge { amount } else { *entry + amount };
                }
                let hint = if gauge { ResetHint::Gauge } else { ResetHint::Unknown };
                let scale = if whole { 1.0 } else { f64::from(factor) * 0.3 };
                out.push((t, histogram([&positive, &negative], scale, split, hint)));
            }
            out
        },
    )
}

/// What a histogram says, however its spans are cut and whichever empty buckets it lists.
fn meaning(histogram: &Histogram) -> (u64, u64, u64, Vec<(i32, u64)>) {
    let sides = [
        (&histogram.positive_spans, &histogram.positive_buckets),
        (&histogram.negative_spans, &histogram.negative_buckets),
    ];
    let buckets = sides.into_iter().zip([1, -1]).flat_map(|((spans, buckets), sign)| {
        let filled = layout::indexes(spans).zip(buckets).filter(|(_, value)| **value != 0.0);
        filled.map(move |(index, value)| (sign * (index + 1000), value.to_bits())).collect::<Vec<_>>()
    });
    (histogram.count.to_bits(), histogram.zero_count.to_bits(), histogram.sum.to_bits(), buckets.collect())
}

/// As the store does it: a new chunk whenever the one before refuses.
fn write(kind: HistogramKind, samples: &[(i64, Histogram)], take_up: Option<usize>) -> Vec<Vec<u8>> {
    let mut done = Vec::new();
    let mut open = HistogramChunk::new(kind);
    for (place, (t, histogram)) in samples.iter().enumerate() {
        if take_up == Some(place) {
            open = HistogramChunk::from_bytes(kind, open.into_bytes()).unwrap();
        }
        match open.append(*t, histogram) {
            Ok(()) => {}
            Err(Refused::NewChunk(header)) => {
                let next = HistogramChunk::begin(kind, header, *t, histogram).unwrap();
                done.push(std::mem::replace(&mut open, next).into_bytes());
            }
            Err(other) => panic!("{other}"),
        }
    }
    done.push(open.into_bytes());
    done
}

proptest! {
    #[test]
    fn what_is_written_is_read(samples in samples(), at in any::<prop::sample::Index>()) {
        let integer = samples.iter().all(|(_, h)| HistogramKind::of(h) == HistogramKind::Integer);
        let kinds = [HistogramKind::Float, HistogramKind::Integer];
        for kind in &kinds[..1 + usize::from(integer)] {
            let chunks = write(*kind, &samples, None);
            let taken_up = write(*kind, &samples, Some(at.index(samples.len() + 1)));
            prop_assert_eq!(&chunks, &taken_up);
            let back: Vec<_> = chunks.iter().flat_map(|chunk| read(*kind, chunk)).collect();
            let meant = |samples: &[(i64, Histogram)]| {
                samples.iter().map(|(t, h)| (*t, meaning(h))).collect::<Vec<_>>()
            };
            prop_assert_eq!(meant(&back), meant(&samples));
        }
    }

    #[test]
    fn a_cut_chunk_is_refused(samples in samples(), cut in any::<prop::sample::Index>()) {
        for chunk in write(HistogramKind::Float, &samples, None) {
            let cut = cut.index(chunk.len());
            prop_assert!(decode_histograms(HistogramKind::Float, &chunk[..cut], |_, _| true).is_err());
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(data in proptest::collection::vec(any::<u8>(), 0..200)) {
        for kind in [HistogramKind::Integer, HistogramKind::Float] {
            let mut count = 0usize;
            let outcome = decode_histograms(kind, &data, |_, _| { count += 1; true });
            prop_assert!(count <= data.len() * 8);
            prop_assert_eq!(HistogramChunk::from_bytes(kind, data.clone()).is_ok(), outcome.is_ok());
        }
    }
}

/// Found by fuzzing: populations so far apart that their difference does not fit, in a chunk that is written
/// again for a new bucket.
#[test]
fn populations_that_wrap_are_written_again() {
    let data = include_bytes!("../../tests/found/populations-that-wrap");
    let kind = HistogramKind::Integer;
    let (t, mut histogram) = read(kind, data).pop().unwrap();
    histogram.positive_spans[0].offset -= 1;
    histogram.positive_spans[0].length += 1;
    histogram.positive_buckets.insert(0, 3.0);
    let mut chunk = HistogramChunk::from_bytes(kind, data.to_vec()).unwrap();
    let samples = read(kind, data).len() + usize::from(chunk.append(t, &histogram).is_ok());
    assert_eq!(read(kind, &chunk.to_bytes()).len(), samples);
}
