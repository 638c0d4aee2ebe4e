//! Writing records: what each kind says.

use std::iter::Peekable;

use model::{Exemplar, Histogram, Labels, MetricMetadata, MetricType, ResetHint};

use super::codec::{put_bytes, put_float, put_int, put_uint};
use super::floats::{FloatWriter, SAMPLES_PER_RECORD};
use super::frame;
use super::pack::SeriesPack;
use crate::head::{ChunkBytes, SealedChunk};

/// Kinds of records. The numbers are part of the format.
pub(crate) mod kind {
    pub(crate) const SERIES: u8 = 1;
    pub(crate) const SAMPLES: u8 = 2;
    pub(crate) const HISTOGRAMS: u8 = 3;
    pub(crate) const EXEMPLARS: u8 = 4;
    pub(crate) const METADATA: u8 = 5;
    pub(crate) const REMOVED: u8 = 6;
    pub(crate) const CHUNKS: u8 = 7;
    pub(crate) const HEAD: u8 = 8;
    pub(crate) const CHUNKS_IN_FILES: u8 = 9;
    pub(crate) const LATE_SAMPLES: u8 = 10;
    pub(crate) const LATE_HISTOGRAMS: u8 = 11;
}

/// Tag bit: the time is that of the sample before.
pub(crate) const SAME_TIME: u8 = 4;
/// Tag bit: the series is the one numbered next.
pub(crate) const NEXT_SERIES: u8 = 8;
/// Flag of a chunk: it takes more samples.
pub(crate) const OPEN_CHUNK: u8 = 1;
/// Flag of a chunk: its samples came out of order.
pub(crate) const LATE_CHUNK: u8 = 2;

/// A sample to be logged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoggedSample<'a> {
    pub(crate) series: u64,
    pub(crate) t: i64,
    pub(crate) value: LoggedValue<'a>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum LoggedValue<'a> {
    Float(f64),
    Histogram(&'a Histogram),
}

/// Builds records one after another. Reuse it: it keeps its buffer.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    frames: Vec<u8>,
}

impl Encoder {
    /// The records so far, their checksums not completed by their place yet.
    pub(crate) fn frames(&self) -> &[u8] {
        &self.frames
    }

    pub(crate) fn frames_mut(&mut self) -> &mut [u8] {
        &mut self.frames
    }

    /// Where other records may be added.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.frames
    }

    pub(crate) fn clear(&mut self) {
        self.frames.clear();
    }

    fn record(&mut self, kind: u8, payload: impl FnOnce(&mut Vec<u8>)) {
        let start = frame::begin(&mut self.frames, kind);
        payload(&mut self.frames);
        frame::finish(&mut self.frames, start);
    }

    /// Writes the series that a pack has left.
    pub(crate) fn series(&mut self, pack: &mut SeriesPack) {
        pack.finish(&mut self.frames);
    }

    /// Samples in order; floats and histograms go into records of their own.
    pub(crate) fn samples<'a>(&mut self, samples: impl Iterator<Item = LoggedSample<'a>>) {
        self.samples_of(kind::SAMPLES, kind::HISTOGRAMS, samples);
    }

    /// Samples that are older than the newest of their series.
    pub(crate) fn late_samples<'a>(&mut self, samples: impl Iterator<Item = LoggedSample<'a>>) {
        self.samples_of(kind::LATE_SAMPLES, kind::LATE_HISTOGRAMS, samples);
    }

    fn samples_of<'a>(&mut self, of_floats: u8, others: u8, samples: impl Iterator<Item = LoggedSample<'a>>) {
        let mut samples = samples.peekable();
        while let Some(first) = samples.peek() {
            if matches!(first.value, LoggedValue::Float(_)) {
                self.record(of_floats, |out| put_floats(out, &mut samples));
            } else {
                self.record(others, |out| put_histograms(out, &mut samples));
            }
        }
    }

    pub(crate) fn exemplar(&mut self, series: u64, exemplar: &Exemplar) {
        self.record(kind::EXEMPLARS, |out| {
            put_uint(out, series);
            put_int(out, exemplar.timestamp_ms);
            put_float(out, exemplar.value);
            put_labels(out, &exemplar.labels);
        });
    }

    pub(crate) fn metadata(&mut self, family: &str, metadata: &MetricMetadata) {
        self.record(kind::METADATA, |out| {
            put_bytes(out, family.as_bytes());
            out.push(type_number(metadata.metric_type));
            put_bytes(out, metadata.help.as_bytes());
            put_bytes(out, metadata.unit.as_bytes());
        });
    }

    /// These series are gone.
    pub(crate) fn removed(&mut self, series: &[u64]) {
        self.record(kind::REMOVED, |out| series.iter().for_each(|series| put_uint(out, *series)));
    }

    /// First record of a checkpoint: what is not a series.
    pub(crate) fn head(&mut self, generation: u32, min_valid_ms: i64) {
        self.record(kind::HEAD, |out| {
            put_uint(out, u64::from(generation));
            put_int(out, min_valid_ms);
        });
    }

    /// A chunk of a series with its bytes. They are the last of the record.
    pub(crate) fn chunk(&mut self, series: u64, chunk: &SealedChunk, flags: u8) {
        self.record(kind::CHUNKS, |out| {
            put_uint(out, series);
            out.push(flags);
            put_int(out, chunk.min_t);
            put_int(out, chunk.max_t);
            out.push(chunk.encoding.id());
            put_bytes(out, &chunk.data);
        });
    }

    /// Places of chunks of a series that are in files, in a checkpoint. Others are passed over.
    pub(crate) fn chunks_in_files(&mut self, series: u64, chunks: &[SealedChunk]) {
        self.record(kind::CHUNKS_IN_FILES, |out| {
            put_uint(out, series);
            for chunk in chunks {
                if let ChunkBytes::File(chunk) = &chunk.data {
                    put_uint(out, chunk.file.number);
                    put_uint(out, u64::from(chunk.record));
                }
            }
        });
    }
}

/// Writes the floats that come next, as many as a record holds.
fn put_floats<'a>(out: &mut Vec<u8>, samples: &mut Peekable<impl Iterator<Item = LoggedSample<'a>>>) {
    let mut writer = FloatWriter::new(out);
    for _ in 0..SAMPLES_PER_RECORD {
        let Some(LoggedSample { series, t, value: LoggedValue::Float(value) }) = samples.peek() else {
            break;
        };
        writer.push(*series, *t, *value);
        samples.next();
    }
    writer.finish();
}

/// Writes the histograms that come next, as many as a record holds.
fn put_histograms<'a>(out: &mut Vec<u8>, samples: &mut Peekable<impl Iterator<Item = LoggedSample<'a>>>) {
    let (mut series, mut t) = (0u64, 0i64);
    for _ in 0..SAMPLES_PER_RECORD {
        let Some(LoggedSample { series: of, t: at, value: LoggedValue::Histogram(histogram) }) =
            samples.peek()
        else {
            break;
        };
        let mut tag = 0;
        if *at == t {
            tag |= SAME_TIME;
        }
        if *of == series.wrapping_add(1) {
            tag |= NEXT_SERIES;
        }
        out.push(tag);
        if tag & NEXT_SERIES == 0 {
            put_int(out, of.wrapping_sub(series) as i64);
        }
        if tag & SAME_TIME == 0 {
            put_int(out, at.wrapping_sub(t));
        }
        put_histogram(out, histogram);
        (series, t) = (*of, *at);
        samples.next();
    }
}

pub(crate) fn put_labels(out: &mut Vec<u8>, labels: &Labels) {
    put_uint(out, labels.len() as u64);
    for (name, value) in labels {
        put_bytes(out, name.as_bytes());
        put_bytes(out, value.as_bytes());
    }
}

fn put_histogram(out: &mut Vec<u8>, histogram: &Histogram) {
    out.push(match histogram.reset_hint {
        ResetHint::Unknown => 0,
        ResetHint::Reset => 1,
        ResetHint::NotReset => 2,
        ResetHint::Gauge => 3,
    });
    put_int(out, i64::from(histogram.schema));
    for value in [histogram.zero_threshold, histogram.zero_count, histogram.count, histogram.sum] {
        put_float(out, value);
    }
    for spans in [&histogram.positive_spans, &histogram.negative_spans] {
        put_uint(out, spans.len() as u64);
        for span in spans {
            put_int(out, i64::from(span.offset));
            put_uint(out, u64::from(span.length));
        }
    }
    for floats in [&histogram.positive_buckets, &histogram.negative_buckets, &histogram.custom_values] {
        put_uint(out, floats.len() as u64);
        floats.iter().for_each(|value| put_float(out, *value));
    }
}

fn type_number(metric_type: MetricType) -> u8 {
    match metric_type {
        MetricType::Unknown => 0,
        MetricType::Counter => 1,
        MetricType::Gauge => 2,
        MetricType::Histogram => 3,
        MetricType::GaugeHistogram => 4,
        MetricType::Summary => 5,
        MetricType::Info => 6,
        MetricType::StateSet => 7,
    }
}
