//! A small writer of Prometheus' formats, for tests.

use model::{Exemplar, Histogram, Labels, MetricMetadata, ResetHint};

use super::head_chunks::{FILE_HEADER, FILE_HEADER_BYTES};
use super::pages::{HEADER, PAGE};
use super::unpack::Packing;

/// Writes records into a segment.
pub(super) fn segment(records: &[Vec<u8>], packing: Packing) -> Vec<u8> {
    let mut out = Vec::new();
    for record in records {
        let (packed, flag) = match packing {
            Packing::None => (record.clone(), 0),
            Packing::Snappy => (snap::raw::Encoder::new().compress_vec(record).unwrap(), 0x8),
            Packing::Zstd => {
                let level = ruzstd::encoding::CompressionLevel::Fastest;
                (ruzstd::encoding::compress_to_vec(record.as_slice(), level), 0x10)
            }
        };
        put_record(&mut out, &packed, flag);
    }
    out
}

fn put_record(out: &mut Vec<u8>, mut rest: &[u8], flag: u8) {
    let mut first = true;
    loop {
        let room = PAGE - out.len() % PAGE;
        if room < HEADER + 1 {
            out.resize(out.len() + room, 0);
            continue;
        }
        let (part, next) = rest.split_at(rest.len().min(room - HEADER));
        let kind = match (first, next.is_empty()) {
            (true, true) => 1,
            (true, false) => 2,
            (false, false) => 3,
            (false, true) => 4,
        };
        out.push(kind | flag);
        out.extend_from_slice(&(part.len() as u16).to_be_bytes());
        out.extend_from_slice(&crc32c::crc32c(part).to_be_bytes());
        out.extend_from_slice(part);
        if next.is_empty() {
            return;
        }
        rest = next;
        first = false;
    }
}

/// Fills the last page with zeros, as an orderly end does.
pub(super) fn fill_page(segment: &mut Vec<u8>) {
    segment.resize(segment.len().next_multiple_of(PAGE), 0);
}

pub(super) fn series(list: &[(u64, Labels)]) -> Vec<u8> {
    let mut out = vec![1];
    for (series, labels) in list {
        out.extend_from_slice(&series.to_be_bytes());
        put_labels(&mut out, labels);
    }
    out
}

pub(super) fn samples(list: &[(u64, i64, f64)]) -> Vec<u8> {
    let mut out = vec![2];
    relative(
        &mut out,
        list.iter().map(|(series, t, value)| (*series, *t, value.to_bits().to_be_bytes().to_vec())),
    );
    out
}

pub(super) fn tombstones(list: &[(u64, i64, i64)]) -> Vec<u8> {
    let mut out = vec![3];
    for (series, first, last) in list {
        out.extend_from_slice(&series.to_be_bytes());
        put_int(&mut out, *first);
        put_int(&mut out, *last);
    }
    out
}

pub(super) fn exemplars(list: &[(u64, Exemplar)]) -> Vec<u8> {
    let mut out = vec![4];
    relative(
        &mut out,
        list.iter().map(|(series, exemplar)| {
            let mut bytes = exemplar.value.to_bits().to_be_bytes().to_vec();
            put_labels(&mut bytes, &exemplar.labels);
            (*series, exemplar.timestamp_ms, bytes)
        }),
    );
    out
}

pub(super) fn markers(list: &[(u64, u64)]) -> Vec<u8> {
    let mut out = vec![5];
    for (series, chunk) in list {
        out.extend_from_slice(&series.to_be_bytes());
        out.extend_from_slice(&chunk.to_be_bytes());
    }
    out
}

/// Metadata of a counter.
pub(super) fn metadata(series: u64, metadata: &MetricMetadata) -> Vec<u8> {
    let mut out = vec![6];
    put_uint(&mut out, series);
    out.push(1);
    put_uint(&mut out, 3);
    for (name, value) in [("UNIT", &metadata.unit), ("HELP", &metadata.help), ("LATER", &String::new())] {
        put_text(&mut out, name);
        put_text(&mut out, value);
    }
    out
}

pub(super) fn histograms(list: &[(u64, i64, Histogram)], float: bool) -> Vec<u8> {
    let mut out = vec![if float { 8 } else { 7 }];
    relative(&mut out, list.iter().map(|(series, t, h)| (*series, *t, histogram(h, float))));
    out
}

fn histogram(h: &Histogram, float: bool) -> Vec<u8> {
    let mut out = vec![match h.reset_hint {
        ResetHint::Unknown => 0,
        ResetHint::Reset => 1,
        ResetHint::NotReset => 2,
        ResetHint::Gauge => 3,
    }];
    let put_float = |out: &mut Vec<u8>, value: f64| out.extend_from_slice(&value.to_bits().to_be_bytes());
    put_int(&mut out, i64::from(h.schema));
    put_float(&mut out, h.zero_threshold);
    for count in [h.zero_count, h.count] {
        if float { put_float(&mut out, count) } else { put_uint(&mut out, count as u64) }
    }
    put_float(&mut out, h.sum);
    for spans in [&h.positive_spans, &h.negative_spans] {
        put_uint(&mut out, spans.len() as u64);
        for span in spans {
            put_int(&mut out, i64::from(span.offset));
            put_uint(&mut out, u64::from(span.length));
        }
    }
    for buckets in [&h.positive_buckets, &h.negative_buckets] {
        put_uint(&mut out, buckets.len() as u64);
        let mut before = 0;
        for count in buckets {
            if float {
                put_float(&mut out, *count);
            } else {
                put_int(&mut out, *count as i64 - before);
                before = *count as i64;
            }
        }
    }
    if h.has_custom_buckets() {
        put_uint(&mut out, h.custom_values.len() as u64);
        h.custom_values.iter().for_each(|bound| put_float(&mut out, *bound));
    }
    out
}

/// Series, encoding byte and samples of a chunk.
pub(super) type FileChunk = (u64, u8, Vec<(i64, f64)>);

/// A file of head chunks: series, encoding (with the mark of late samples), and samples of each. And the
/// numbers by which markers know them in file `number`.
pub(super) fn chunk_file(number: u64, chunks: &[FileChunk]) -> (Vec<u8>, Vec<u64>) {
    let mut out = FILE_HEADER.to_vec();
    out.resize(FILE_HEADER_BYTES, 0);
    let mut numbers = Vec::new();
    for (series, encoding, samples) in chunks {
        let start = out.len();
        numbers.push(number << 32 | start as u64);
        out.extend_from_slice(&series.to_be_bytes());
        let mut chunk = chunk::XorChunk::new();
        samples.iter().for_each(|(t, value)| chunk.append(*t, *value).unwrap());
        for end in [samples.first(), samples.last()] {
            out.extend_from_slice(&end.unwrap().0.to_be_bytes());
        }
        out.push(*encoding);
        let bytes = chunk.into_bytes();
        put_uint(&mut out, bytes.len() as u64);
        out.extend_from_slice(&bytes);
        let sum = crc32c::crc32c(&out[start..]);
        out.extend_from_slice(&sum.to_be_bytes());
    }
    (out, numbers)
}

fn relative(out: &mut Vec<u8>, items: impl Iterator<Item = (u64, i64, Vec<u8>)>) {
    let mut base = None;
    for (series, t, bytes) in items {
        let (base_series, base_t) = *base.get_or_insert_with(|| {
            out.extend_from_slice(&series.to_be_bytes());
            out.extend_from_slice(&t.to_be_bytes());
            (series, t)
        });
        put_int(out, series.wrapping_sub(base_series) as i64);
        put_int(out, t.wrapping_sub(base_t));
        out.extend_from_slice(&bytes);
    }
}

fn put_labels(out: &mut Vec<u8>, labels: &Labels) {
    put_uint(out, labels.len() as u64);
    for (name, value) in labels {
        put_text(out, name);
        put_text(out, value);
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_uint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn put_int(out: &mut Vec<u8>, value: i64) {
    put_uint(out, ((value << 1) ^ (value >> 63)) as u64);
}

fn put_uint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
