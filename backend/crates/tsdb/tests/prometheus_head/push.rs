//! Remote-write requests: just enough of protobuf to write them.

use model::{Exemplar, Histogram, Labels, ResetHint, Span};

/// A request being put together.
#[derive(Default)]
pub(crate) struct Request {
    bytes: Vec<u8>,
}

/// A sample, histogram or exemplar of a series.
pub(crate) enum Item<'a> {
    Float(i64, f64),
    /// With integer populations.
    Histogram(i64, &'a Histogram),
    FloatHistogram(i64, &'a Histogram),
    Exemplar(&'a Exemplar),
}

impl Request {
    pub(crate) fn series(&mut self, labels: &Labels, items: &[Item<'_>]) -> &mut Self {
        let mut series = Vec::new();
        put_labels(&mut series, labels);
        for item in items {
            let (field, message) = match item {
                Item::Float(t, value) => {
                    let mut message = Vec::new();
                    put_float(&mut message, 1, *value);
                    put_uint(&mut message, 2, *t as u64);
                    (2, message)
                }
                Item::Exemplar(exemplar) => {
                    let mut message = Vec::new();
                    put_labels(&mut message, &exemplar.labels);
                    put_float(&mut message, 2, exemplar.value);
                    put_uint(&mut message, 3, exemplar.timestamp_ms as u64);
                    (3, message)
                }
                Item::Histogram(t, h) => (4, histogram(*t, h, false)),
                Item::FloatHistogram(t, h) => (4, histogram(*t, h, true)),
            };
            put_bytes(&mut series, field, &message);
        }
        put_bytes(&mut self.bytes, 1, &series);
        self
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

fn histogram(t: i64, h: &Histogram, float: bool) -> Vec<u8> {
    let mut out = Vec::new();
    if float {
        put_float(&mut out, 2, h.count);
        put_float(&mut out, 7, h.zero_count);
    } else {
        put_uint(&mut out, 1, h.count as u64);
        put_uint(&mut out, 6, h.zero_count as u64);
    }
    put_float(&mut out, 3, h.sum);
    put_uint(&mut out, 4, zigzag(i64::from(h.schema)));
    put_float(&mut out, 5, h.zero_threshold);
    let sides = [(8, &h.negative_spans, &h.negative_buckets), (11, &h.positive_spans, &h.positive_buckets)];
    for (field, spans, buckets) in sides {
        for Span { offset, length } in spans {
            let mut span = Vec::new();
            put_uint(&mut span, 1, zigzag(i64::from(*offset)));
            put_uint(&mut span, 2, u64::from(*length));
            put_bytes(&mut out, field, &span);
        }
        if float {
            let packed: Vec<u8> = buckets.iter().flat_map(|count| count.to_le_bytes()).collect();
            put_bytes(&mut out, field + 2, &packed);
        } else {
            let mut packed = Vec::new();
            let mut before = 0;
            for count in buckets {
                put_varint(&mut packed, zigzag(*count as i64 - before));
                before = *count as i64;
            }
            put_bytes(&mut out, field + 1, &packed);
        }
    }
    put_uint(&mut out, 14, if h.reset_hint == ResetHint::Gauge { 3 } else { 0 });
    put_uint(&mut out, 15, t as u64);
    let bounds: Vec<u8> = h.custom_values.iter().flat_map(|bound| bound.to_le_bytes()).collect();
    put_bytes(&mut out, 16, &bounds);
    out
}

fn put_labels(out: &mut Vec<u8>, labels: &Labels) {
    for (name, value) in labels {
        let mut label = Vec::new();
        put_bytes(&mut label, 1, name.as_bytes());
        put_bytes(&mut label, 2, value.as_bytes());
        put_bytes(out, 1, &label);
    }
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_uint(out: &mut Vec<u8>, field: u64, value: u64) {
    put_varint(out, field << 3);
    put_varint(out, value);
}

fn put_float(out: &mut Vec<u8>, field: u64, value: f64) {
    put_varint(out, field << 3 | 1);
    out.extend_from_slice(&value.to_le_bytes());
}

fn put_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    if !bytes.is_empty() {
        put_varint(out, field << 3 | 2);
        put_varint(out, bytes.len() as u64);
        out.extend_from_slice(bytes);
    }
}
