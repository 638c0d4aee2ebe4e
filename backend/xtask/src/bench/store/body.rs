//! Bodies of remote write 1.0: a `prometheus.WriteRequest`, compressed with snappy.
//!
//! Written by hand, because a sample's labels are the same bytes each time and need to be encoded only once.

use anyhow::Result;

/// Protobuf tags: the field's number, and whether 64 fixed bits (1), a varint (0) or bytes (2) follow.
const fn tag(field: u8, kind: u8) -> u8 {
    field << 3 | kind
}

/// `WriteRequest.timeseries`.
const TIMESERIES: u8 = tag(1, 2);
/// `TimeSeries.labels` and `.samples`.
const LABELS: u8 = tag(1, 2);
const SAMPLES: u8 = tag(2, 2);
/// `Label.name` and `.value`.
const NAME: u8 = tag(1, 2);
const TEXT: u8 = tag(2, 2);
/// `Sample.value` and `.timestamp`.
const VALUE: u8 = tag(1, 1);
const TIMESTAMP: u8 = tag(2, 0);

/// A finished body.
pub(super) struct Body {
    pub(super) bytes: Box<[u8]>,
    pub(super) samples: usize,
}

/// Collects samples into bodies of at most so many.
pub(super) struct Packer {
    raw: Vec<u8>,
    samples: usize,
    most: usize,
    done: Vec<Body>,
    snappy: snap::raw::Encoder,
}

impl Packer {
    /// A packer of bodies of at most `most` samples.
    pub(super) fn new(most: usize) -> Self {
        Self { raw: Vec::new(), samples: 0, most, done: Vec::new(), snappy: snap::raw::Encoder::new() }
    }

    /// Adds one sample of a series.
    ///
    /// # Errors
    /// When compression fails.
    pub(super) fn push(&mut self, labels: &[u8], value: f64, t_ms: i64) -> Result<()> {
        put_sample(&mut self.raw, labels, value, t_ms);
        self.samples += 1;
        if self.samples == self.most { self.pack() } else { Ok(()) }
    }

    /// The bodies; the last one may be smaller.
    ///
    /// # Errors
    /// When compression fails.
    pub(super) fn finish(&mut self) -> Result<Vec<Body>> {
        self.pack()?;
        Ok(std::mem::take(&mut self.done))
    }

    fn pack(&mut self) -> Result<()> {
        if self.samples > 0 {
            let bytes = self.snappy.compress_vec(&self.raw)?.into();
            self.done.push(Body { bytes, samples: self.samples });
            self.raw.clear();
            self.samples = 0;
        }
        Ok(())
    }
}

/// A series' labels, which must be sorted, as fields of `TimeSeries`.
pub(super) fn label_bytes(labels: &[(&str, String)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut label = Vec::new();
    for (name, value) in labels {
        label.clear();
        put_bytes(&mut label, NAME, name.as_bytes());
        put_bytes(&mut label, TEXT, value.as_bytes());
        put_bytes(&mut out, LABELS, &label);
    }
    out
}

/// One `TimeSeries` with one sample, as a field of `WriteRequest`.
fn put_sample(out: &mut Vec<u8>, labels: &[u8], value: f64, t_ms: i64) {
    let mut sample = Vec::with_capacity(24);
    sample.push(VALUE);
    sample.extend_from_slice(&value.to_le_bytes());
    sample.push(TIMESTAMP);
    put_varint(&mut sample, t_ms as u64);
    out.push(TIMESERIES);
    // A sample is shorter than 128 bytes: its tag and length take one byte each.
    put_varint(out, (labels.len() + 2 + sample.len()) as u64);
    out.extend_from_slice(labels);
    put_bytes(out, SAMPLES, &sample);
}

fn put_bytes(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    #[derive(Clone, PartialEq, Message)]
    struct Label {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(string, tag = "2")]
        value: String,
    }

    #[derive(Clone, PartialEq, Message)]
    struct Sample {
        #[prost(double, tag = "1")]
        value: f64,
        #[prost(int64, tag = "2")]
        timestamp: i64,
    }

    #[derive(Clone, PartialEq, Message)]
    struct TimeSeries {
        #[prost(message, repeated, tag = "1")]
        labels: Vec<Label>,
        #[prost(message, repeated, tag = "2")]
        samples: Vec<Sample>,
    }

    #[derive(Clone, PartialEq, Message)]
    struct WriteRequest {
        #[prost(message, repeated, tag = "1")]
        timeseries: Vec<TimeSeries>,
    }

    fn series(pod: &str, value: f64, timestamp: i64) -> TimeSeries {
        let label = |name: &str, value: &str| Label { name: name.to_owned(), value: value.to_owned() };
        TimeSeries {
            // Longer than one byte of length can say.
            labels: vec![label("__name__", "up"), label("pod", &pod.repeat(100))],
            samples: vec![Sample { value, timestamp }],
        }
    }

    #[test]
    fn another_library_reads_what_was_written() {
        let want = [series("a", 1.5, 1_700_000_000_000), series("b", -0.25, -1), series("c", 0.0, 0)];
        let mut packer = Packer::new(2);
        for one in &want {
            let labels: Vec<(&str, String)> =
                one.labels.iter().map(|label| (label.name.as_str(), label.value.clone())).collect();
            packer.push(&label_bytes(&labels), one.samples[0].value, one.samples[0].timestamp).unwrap();
        }
        let bodies = packer.finish().unwrap();
        assert_eq!(bodies.iter().map(|body| body.samples).collect::<Vec<_>>(), [2, 1]);
        let mut got = Vec::new();
        for body in &bodies {
            let raw = snap::raw::Decoder::new().decompress_vec(&body.bytes).unwrap();
            got.extend(WriteRequest::decode(raw.as_slice()).unwrap().timeseries);
        }
        assert_eq!(got, want);
        assert!(packer.finish().unwrap().is_empty());
    }
}
