//! Remote read: another decoder finds in the answers what the store has.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use model::{Histogram, Labels};
use proptest::prelude::*;
use prost::Message as _;
use remote::read::{ReadError, ReadForm, ReadLimits, decode, samples, stream};
use storage::memory::MemoryStorage;
use storage::{Cancel, Storage};
use support::read::{ChunkedReadResponse, Hints, Matcher, Query, ReadRequest, ReadResponse};
use support::{NOW_MS, pack};

fn query(start: i64, end: i64, matchers: &[(i32, &str, &str)]) -> Query {
    let matcher = |(kind, name, value): &(i32, &str, &str)| Matcher {
        kind: *kind,
        name: (*name).into(),
        value: (*value).into(),
    };
    Query {
        start_ms: NOW_MS + start,
        end_ms: NOW_MS + end,
        matchers: matchers.iter().map(matcher).collect(),
        hints: Some(Hints { step_ms: 15_000, func: "rate".into(), range_ms: 300_000 }),
    }
}

fn ask(queries: Vec<Query>, accepted: &[i32]) -> remote::read::ReadRequest {
    let request = ReadRequest { queries, accepted: accepted.to_vec() };
    decode(&pack(&request.encode_to_vec())).unwrap()
}

/// Series `m{n="…"}` with samples a second apart.
fn store(series: usize, length: usize) -> MemoryStorage {
    let store = MemoryStorage::new();
    let mut appender = store.appender();
    for n in 0..series {
        let labels = Labels::from_pairs([("__name__", "m".to_owned()), ("n", n.to_string())]);
        let series = appender.resolve(&labels).unwrap();
        for at in 0..length {
            appender.append(series, NOW_MS + at as i64 * 1000, (n * 1000 + at) as f64).unwrap();
        }
    }
    appender.commit().unwrap();
    store
}

fn read_samples(store: &MemoryStorage, request: &remote::read::ReadRequest) -> ReadResponse {
    let packed = samples(store, request, &ReadLimits::default(), &Cancel::default()).unwrap();
    let body = snap::raw::Decoder::new().decompress_vec(&packed).unwrap();
    ReadResponse::decode(body.as_slice()).unwrap()
}

/// The frames of a stream, their checksums looked at.
fn read_stream(
    store: &MemoryStorage,
    request: &remote::read::ReadRequest,
    limits: &ReadLimits,
) -> Vec<ChunkedReadResponse> {
    let mut bytes = Vec::new();
    let send = |piece: Vec<u8>| {
        bytes.extend(piece);
        true
    };
    stream(store, request, limits, &Cancel::default(), send).unwrap();
    let (mut rest, mut frames) = (bytes.as_slice(), Vec::new());
    while !rest.is_empty() {
        let length = prost::decode_length_delimiter(&mut rest).unwrap();
        let (sum, after) = rest.split_first_chunk::<4>().unwrap();
        let (frame, after) = after.split_at(length);
        assert_eq!(u32::from_be_bytes(*sum), crc32c::crc32c(frame));
        frames.push(ChunkedReadResponse::decode(frame).unwrap());
        rest = after;
    }
    frames
}

#[test]
fn samples_of_several_queries() {
    let store = store(3, 5);
    let request = ask(
        vec![
            query(1000, 2000, &[(0, "__name__", "m"), (2, "n", "0|2")]),
            query(0, 10_000, &[(0, "__name__", "none")]),
            query(4000, 4000, &[(1, "n", "0"), (3, "n", "1.*")]),
        ],
        &[],
    );
    assert_eq!(request.form(), Ok(ReadForm::Samples));
    let answer = read_samples(&store, &request);
    let shown: Vec<Vec<String>> = answer
        .results
        .iter()
        .map(|result| {
            let series = result.timeseries.iter();
            series
                .map(|series| {
                    let samples: Vec<(i64, f64)> =
                        series.samples.iter().map(|s| (s.timestamp - NOW_MS, s.value)).collect();
                    format!("{} {samples:?}", series.labels[1].value)
                })
                .collect()
        })
        .collect();
    assert_eq!(
        shown,
        [
            vec!["0 [(1000, 1.0), (2000, 2.0)]".to_owned(), "2 [(1000, 2001.0), (2000, 2002.0)]".to_owned()],
            vec![],
            vec!["2 [(4000, 2004.0)]".to_owned()]
        ]
    );
}

#[test]
fn a_stream_has_all_samples_in_frames_of_one_series() {
    let store = store(3, 500);
    let request = ask(vec![query(0, 1_000_000, &[(0, "n", "9")]), query(0, 1_000_000, &[])], &[1, 0]);
    assert_eq!(request.form(), Ok(ReadForm::Stream));
    for frame_bytes in [1, 500, 1 << 20] {
        let frames = read_stream(&store, &request, &ReadLimits { frame_bytes, ..ReadLimits::default() });
        let mut got: Vec<(String, Vec<(i64, f64)>)> = Vec::new();
        for frame in &frames {
            assert_eq!((frame.query, frame.series.len()), (1, 1));
            let name = &frame.series[0].labels[1].value;
            if got.last().is_none_or(|(last, _)| last != name) {
                got.push((name.clone(), Vec::new()));
            }
            for chunk in &frame.series[0].chunks {
                assert_eq!(chunk.encoding, 1);
                let mut decoded = Vec::new();
                chunk::decode_xor(&chunk.data, |t, value| {
                    decoded.push((t, value));
                    true
                })
                .unwrap();
                assert_eq!((decoded[0].0, decoded[decoded.len() - 1].0), (chunk.min_ms, chunk.max_ms));
                got.last_mut().unwrap().1.extend(decoded);
            }
        }
        let want = match frame_bytes {
            1 => 15..=15,
            500 => 4..=14,
            _ => 3..=3,
        };
        assert!(want.contains(&frames.len()), "{} frames of {frame_bytes} bytes", frames.len());
        assert_eq!(got.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["0", "1", "2"]);
        for (number, (_, samples)) in got.iter().enumerate() {
            assert_eq!(samples.len(), 500);
            assert_eq!(samples[499], (NOW_MS + 499_000, (number * 1000 + 499) as f64));
        }
    }
}

#[test]
fn native_histograms_come_in_both_forms() {
    let store = MemoryStorage::new();
    let mut appender = store.appender();
    let series = appender.resolve(&Labels::from_pairs([("__name__", "h")])).unwrap();
    let histogram = Histogram { count: 2.0, sum: 3.0, zero_count: 2.0, ..Histogram::default() };
    appender.append_histogram(series, NOW_MS, &histogram).unwrap();
    appender.append(series, NOW_MS + 1, 1.0).unwrap();
    appender.commit().unwrap();
    let request = ask(vec![query(0, 10, &[])], &[1]);
    let frames = read_stream(&store, &request, &ReadLimits::default());
    let chunks: Vec<_> = frames.iter().flat_map(|frame| &frame.series[0].chunks).collect();
    assert_eq!(chunks.iter().map(|chunk| chunk.encoding).collect::<Vec<_>>(), [2, 1]);
    let mut got = Vec::new();
    chunk::decode_histograms(chunk::HistogramKind::Integer, &chunks[0].data, |t, histogram| {
        got.push((t, histogram.count, histogram.sum));
        true
    })
    .unwrap();
    assert_eq!(got, [(NOW_MS, 2.0, 3.0)]);
    assert_eq!((chunks[1].min_ms, chunks[1].max_ms), (NOW_MS + 1, NOW_MS + 1));
    let answer = read_samples(&store, &request);
    let series = &answer.results[0].timeseries[0];
    assert_eq!((series.samples.len(), series.histograms.len()), (1, 1));
    assert_eq!((series.histograms[0].timestamp, series.histograms[0].sum), (NOW_MS, 3.0));
}

#[test]
fn streamed_histograms_are_those_of_the_store() {
    let store = MemoryStorage::new();
    let mut appender = store.appender();
    let series = appender.resolve(&Labels::from_pairs([("__name__", "h")])).unwrap();
    let mut want = Vec::new();
    for n in 0..400_i64 {
        // Whole numbers, then fractions, then a counter that began again.
        let count = match n {
            0..150 => n as f64,
            150..300 => n as f64 + 0.5,
            _ => (n - 300) as f64,
        };
        let histogram = Histogram { count, sum: count * 2.0, zero_count: count, ..Histogram::default() };
        appender.append_histogram(series, NOW_MS + n * 1000, &histogram).unwrap();
        want.push((NOW_MS + n * 1000, count, count * 2.0));
    }
    appender.commit().unwrap();
    let mut got = Vec::new();
    for frame in read_stream(&store, &ask(vec![query(0, 1_000_000, &[])], &[1]), &ReadLimits::default()) {
        for chunk in &frame.series[0].chunks {
            let kind = match chunk.encoding {
                2 => chunk::HistogramKind::Integer,
                3 => chunk::HistogramKind::Float,
                other => panic!("encoding {other}"),
            };
            let begin = got.len();
            chunk::decode_histograms(kind, &chunk.data, |t, histogram| {
                got.push((t, histogram.count, histogram.sum));
                true
            })
            .unwrap();
            assert!(got.len() - begin <= 120);
            assert_eq!((got[begin].0, got[got.len() - 1].0), (chunk.min_ms, chunk.max_ms));
        }
    }
    assert_eq!(got, want);
}

#[test]
fn limits_hold() {
    let store = store(2, 10);
    let request = ask(vec![query(0, 1_000_000, &[])], &[]);
    let limit = |samples| ReadLimits { samples, ..ReadLimits::default() };
    let error = samples(&store, &request, &limit(19), &Cancel::default()).unwrap_err();
    assert_eq!(error.to_string(), "exceeded sample limit (19)");
    assert!(samples(&store, &request, &limit(20), &Cancel::default()).is_ok());
    assert!(samples(&store, &request, &limit(0), &Cancel::default()).is_ok());
    let cancel = Cancel::default();
    cancel.cancel();
    assert!(samples(&store, &request, &limit(0), &cancel).is_err());
    let gone = stream(&store, &request, &limit(0), &Cancel::default(), |_| false);
    assert!(matches!(gone, Err(ReadError::Query(storage::QueryError::Cancelled))));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = |request: &ReadRequest| decode(&pack(&request.encode_to_vec())).unwrap_err().to_string();
    let one = |kind, value: &str| ReadRequest {
        queries: vec![query(0, 1, &[(kind, "a", value)])],
        accepted: vec![],
    };
    assert!(refused(&one(2, "(")).contains("matcher a=~\"(\""));
    assert_eq!(refused(&one(7, "x")), "matcher type 7 is not known");
    let many = ReadRequest { queries: vec![Query::default(); 1001], accepted: vec![] };
    assert!(refused(&many).contains("more than 1000 queries"));
    assert!(ask(vec![], &[5]).form().is_err());
    assert_eq!(ask(vec![], &[5, 1]).form(), Ok(ReadForm::Stream));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode(&body);
        let _ = decode(&pack(&body));
    }
}
