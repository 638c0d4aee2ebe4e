//! Chunks that Prometheus wrote are read, and written again to the same bytes from the samples it was sent.
//!
//! `histograms/make.py` makes both files with a Prometheus at hand; these come from 3.5.3.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

use chunk::{
    Encoding, HistogramChunk, HistogramKind, HistogramReader, Refused, ResetHeader, decode_histograms,
};
use model::{Histogram, ResetHint, Span, is_stale_nan, stale_nan};

const SEGMENT: &[u8] = include_bytes!("histograms/chunks");
const SAMPLES: &str = include_str!("histograms/samples.txt");
/// Of a segment file: magic, version, padding.
const SEGMENT_HEADER: usize = 8;
/// Behind each chunk.
const CHECKSUM: usize = 4;

struct Series {
    name: &'static str,
    kind: HistogramKind,
    samples: Vec<(i64, Histogram)>,
}

fn float(text: &str) -> f64 {
    if text == "stale" { stale_nan() } else { text.parse().unwrap() }
}

fn list<T>(text: &str, parse: impl FnMut(&str) -> T) -> Vec<T> {
    if text == "-" { Vec::new() } else { text.split(',').map(parse).collect() }
}

fn span(text: &str) -> Span {
    let (offset, length) = text.split_once(':').unwrap();
    Span { offset: offset.parse().unwrap(), length: length.parse().unwrap() }
}

fn series() -> Vec<Series> {
    let mut all: Vec<Series> = Vec::new();
    for line in SAMPLES.lines() {
        let fields: Vec<&'static str> = line.split(' ').collect();
        let [
            name,
            kind,
            t,
            hint,
            schema,
            threshold,
            count,
            zero,
            sum,
            pos,
            pos_values,
            neg,
            neg_values,
            bounds,
        ] = fields[..]
        else {
            panic!("{line}")
        };
        let histogram = Histogram {
            reset_hint: match hint {
                "0" => ResetHint::Unknown,
                "1" => ResetHint::Reset,
                "3" => ResetHint::Gauge,
                other => panic!("{other}"),
            },
            schema: schema.parse().unwrap(),
            zero_threshold: float(threshold),
            zero_count: float(zero),
            count: float(count),
            sum: float(sum),
            positive_spans: list(pos, span),
            positive_buckets: list(pos_values, float),
            negative_spans: list(neg, span),
            negative_buckets: list(neg_values, float),
            custom_values: list(bounds, float),
        };
        if all.last().is_none_or(|series| series.name != name) {
            let kind = if kind == "float" { HistogramKind::Float } else { HistogramKind::Integer };
            all.push(Series { name, kind, samples: Vec::new() });
        }
        all.last_mut().unwrap().samples.push((t.parse().unwrap(), histogram));
    }
    all
}

/// Encodings and bytes of the chunks, which stand in the order of the series.
fn chunks() -> Vec<(Encoding, &'static [u8])> {
    let mut rest = &SEGMENT[SEGMENT_HEADER..];
    let mut all = Vec::new();
    while !rest.is_empty() {
        let (mut length, mut shift) = (0usize, 0);
        let encoding = loop {
            let byte = rest[0];
            rest = &rest[1..];
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                break Encoding::try_from(rest[0]).unwrap();
            }
        };
        all.push((encoding, &rest[1..1 + length]));
        rest = &rest[1 + length + CHECKSUM..];
    }
    all
}

/// Filled buckets as index and population, and the rest.
fn meaning(histogram: &Histogram) -> String {
    if is_stale_nan(histogram.sum) {
        return "stale".to_owned();
    }
    let buckets = |spans: &[Span], values: &[f64]| {
        let (mut end, mut values, mut out) = (0, values.iter(), Vec::new());
        for span in spans {
            let start = end + span.offset;
            end = start + span.length as i32;
            out.extend((start..end).zip(values.by_ref()).filter(|(_, value)| **value != 0.0));
        }
        format!("{out:?}")
    };
    format!(
        "{} {} {} {} {} {} {} {:?}",
        histogram.schema,
        histogram.zero_threshold,
        histogram.count,
        histogram.zero_count,
        histogram.sum,
        buckets(&histogram.positive_spans, &histogram.positive_buckets),
        buckets(&histogram.negative_spans, &histogram.negative_buckets),
        histogram.custom_values,
    )
}

/// What `open` says about the next chunk, which begins with `histogram`.
fn expected_header(open: Option<HistogramChunk>, t: i64, histogram: &Histogram) -> ResetHeader {
    let Some(mut open) = open else {
        let gauge = histogram.reset_hint == ResetHint::Gauge;
        return if gauge { ResetHeader::Gauge } else { ResetHeader::Unknown };
    };
    let header = open.header_after_cut(histogram);
    match open.append(t, histogram) {
        Ok(()) => header,
        Err(Refused::NewChunk(header)) => header,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn samples_become_the_chunks_that_prometheus_made_of_them() {
    let mut chunks = chunks().into_iter();
    let (mut recoded, mut headers) = (0, Vec::new());
    for series in series() {
        let mut samples = &series.samples[..];
        let mut open = None;
        while let Some((t, first)) = samples.first() {
            let (encoding, bytes) = chunks.next().unwrap();
            assert_eq!(encoding, series.kind.encoding(), "{}", series.name);
            let reader = HistogramReader::new(series.kind, bytes).unwrap();
            let place = format!("series {}, chunk from {t} of {} samples", series.name, reader.total());
            let mut header = expected_header(open, *t, first);
            // A snapshot writes the open chunk anew, without a look at the one before.
            let is_open = usize::from(reader.total()) == samples.len();
            if is_open && header == ResetHeader::NotReset {
                header = ResetHeader::Unknown;
            }
            assert_eq!(header, reader.header(), "{place}");
            headers.push(header);

            let (here, behind) = samples.split_at(usize::from(reader.total()));
            let mut read = Vec::new();
            decode_histograms(series.kind, bytes, |t, histogram| {
                read.push((t, meaning(histogram)));
                true
            })
            .unwrap();
            let sent: Vec<_> = here.iter().map(|(t, histogram)| (*t, meaning(histogram))).collect();
            assert_eq!(read, sent, "{place}");

            let mut chunk = HistogramChunk::begin(series.kind, header, *t, first).unwrap();
            for (t, histogram) in &here[1..] {
                let before = chunk.to_bytes();
                chunk.append(*t, histogram).unwrap();
                recoded += usize::from(chunk.to_bytes()[3..12] != before[3..12]);
            }
            assert!(chunk.to_bytes()[..] == *bytes, "{place}: other bytes");
            let again = HistogramChunk::from_bytes(series.kind, bytes.to_vec()).unwrap();
            assert!(again.to_bytes()[..] == *bytes, "{place}: other bytes after taking it up");
            open = Some(chunk);
            samples = behind;
        }
    }
    assert!(chunks.next().is_none());
    assert!(recoded > 10, "chunks were widened {recoded} times");
    for header in [ResetHeader::Unknown, ResetHeader::NotReset, ResetHeader::Reset, ResetHeader::Gauge] {
        assert!(headers.contains(&header), "{header:?}");
    }
}
