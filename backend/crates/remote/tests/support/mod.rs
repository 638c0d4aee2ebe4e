//! The messages as another library writes and reads them, and a writer over the simplest store.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test file uses its own part of this")]
#![allow(clippy::unwrap_used, reason = "only tests use this")]

use std::sync::Arc;

use model::{Labels, TimeRange};
use prost::Message;
use remote::write::{RemoteWriter, Sender, WriteLimits, WriteMessage, WriteOutcome};
use storage::memory::MemoryStorage;
use storage::{Samples, SelectHints, Storage};
use telemetry::Registry;

/// 2026-01-01T00:00:00Z.
pub const NOW_MS: i64 = 1_767_225_600_000;

#[derive(Clone, PartialEq, Message)]
pub struct Label {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub value: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Sample {
    #[prost(double, tag = "1")]
    pub value: f64,
    #[prost(int64, tag = "2")]
    pub timestamp: i64,
    /// 2.0 only.
    #[prost(int64, tag = "3")]
    pub start_timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
pub struct Span {
    #[prost(sint32, tag = "1")]
    pub offset: i32,
    #[prost(uint32, tag = "2")]
    pub length: u32,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Count {
    #[prost(uint64, tag = "1")]
    Int(u64),
    #[prost(double, tag = "2")]
    Float(f64),
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum ZeroCount {
    #[prost(uint64, tag = "6")]
    Int(u64),
    #[prost(double, tag = "7")]
    Float(f64),
}

#[derive(Clone, PartialEq, Message)]
pub struct Histogram {
    #[prost(oneof = "Count", tags = "1, 2")]
    pub count: Option<Count>,
    #[prost(double, tag = "3")]
    pub sum: f64,
    #[prost(sint32, tag = "4")]
    pub schema: i32,
    #[prost(double, tag = "5")]
    pub zero_threshold: f64,
    #[prost(oneof = "ZeroCount", tags = "6, 7")]
    pub zero_count: Option<ZeroCount>,
    #[prost(message, repeated, tag = "8")]
    pub negative_spans: Vec<Span>,
    #[prost(sint64, repeated, tag = "9")]
    pub negative_deltas: Vec<i64>,
    #[prost(double, repeated, tag = "10")]
    pub negative_counts: Vec<f64>,
    #[prost(message, repeated, tag = "11")]
    pub positive_spans: Vec<Span>,
    #[prost(sint64, repeated, tag = "12")]
    pub positive_deltas: Vec<i64>,
    #[prost(double, repeated, tag = "13")]
    pub positive_counts: Vec<f64>,
    #[prost(int32, tag = "14")]
    pub reset_hint: i32,
    #[prost(int64, tag = "15")]
    pub timestamp: i64,
    #[prost(double, repeated, tag = "16")]
    pub custom_values: Vec<f64>,
}

pub mod v1 {
    use super::{Histogram, Label, Message, Sample};

    #[derive(Clone, PartialEq, Message)]
    pub struct Exemplar {
        #[prost(message, repeated, tag = "1")]
        pub labels: Vec<Label>,
        #[prost(double, tag = "2")]
        pub value: f64,
        #[prost(int64, tag = "3")]
        pub timestamp: i64,
    }

    #[derive(Clone, PartialEq, Message)]
    pub struct TimeSeries {
        #[prost(message, repeated, tag = "1")]
        pub labels: Vec<Label>,
        #[prost(message, repeated, tag = "2")]
        pub samples: Vec<Sample>,
        #[prost(message, repeated, tag = "3")]
        pub exemplars: Vec<Exemplar>,
        #[prost(message, repeated, tag = "4")]
        pub histograms: Vec<Histogram>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub struct Metadata {
        #[prost(int32, tag = "1")]
        pub kind: i32,
        #[prost(string, tag = "2")]
        pub family: String,
        #[prost(string, tag = "4")]
        pub help: String,
        #[prost(string, tag = "5")]
        pub unit: String,
    }

    #[derive(Clone, PartialEq, Message)]
    pub struct WriteRequest {
        #[prost(message, repeated, tag = "1")]
        pub timeseries: Vec<TimeSeries>,
        #[prost(message, repeated, tag = "3")]
        pub metadata: Vec<Metadata>,
    }
}

pub mod v2 {
    use super::{Histogram, Message, Sample};

    #[derive(Clone, PartialEq, Message)]
    pub struct Exemplar {
        #[prost(uint32, repeated, tag = "1")]
        pub labels_refs: Vec<u32>,
        #[prost(double, tag = "2")]
        pub value: f64,
        #[prost(int64, tag = "3")]
        pub timestamp: i64,
    }

    #[derive(Clone, PartialEq, Message)]
    pub struct Metadata {
        #[prost(int32, tag = "1")]
        pub kind: i32,
        #[prost(uint32, tag = "3")]
        pub help_ref: u32,
        #[prost(uint32, tag = "4")]
        pub unit_ref: u32,
    }

    #[derive(Clone, PartialEq, Message)]
    pub struct TimeSeries {
        #[prost(uint32, repeated, tag = "1")]
        pub labels_refs: Vec<u32>,
        #[prost(message, repeated, tag = "2")]
        pub samples: Vec<Sample>,
        #[prost(message, repeated, tag = "3")]
        pub histograms: Vec<Histogram>,
        #[prost(message, repeated, tag = "4")]
        pub exemplars: Vec<Exemplar>,
        #[prost(message, optional, tag = "5")]
        pub metadata: Option<Metadata>,
        #[prost(int64, tag = "6")]
        pub created_timestamp: i64,
    }

    #[derive(Clone, PartialEq, Message)]
    pub struct Request {
        #[prost(string, repeated, tag = "4")]
        pub symbols: Vec<String>,
        #[prost(message, repeated, tag = "5")]
        pub timeseries: Vec<TimeSeries>,
    }

    /// The references of texts, which are added to the symbols where they are missing.
    pub fn refs(symbols: &mut Vec<String>, texts: &[&str]) -> Vec<u32> {
        if symbols.is_empty() {
            symbols.push(String::new());
        }
        let place = |text: &&str| {
            let at = symbols.iter().position(|symbol| symbol == text).unwrap_or_else(|| {
                symbols.push((*text).to_owned());
                symbols.len() - 1
            });
            at as u32
        };
        texts.iter().map(place).collect()
    }
}

pub fn sample(t: i64, value: f64) -> Sample {
    Sample { value, timestamp: t, start_timestamp: 0 }
}

pub fn labels(pairs: &[(&str, &str)]) -> Vec<Label> {
    pairs.iter().map(|(name, value)| Label { name: (*name).into(), value: (*value).into() }).collect()
}

pub fn series(pairs: &[(&str, &str)], samples: &[(i64, f64)]) -> v1::TimeSeries {
    let samples = samples.iter().map(|(t, value)| sample(*t, *value)).collect();
    v1::TimeSeries { labels: labels(pairs), samples, ..Default::default() }
}

pub fn pack(body: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(body).unwrap()
}

pub struct TestWriter {
    pub store: MemoryStorage,
    pub writer: RemoteWriter,
    pub sender: Sender,
}

impl TestWriter {
    pub fn new() -> Self {
        Self::with(WriteLimits::default())
    }

    pub fn with(limits: WriteLimits) -> Self {
        let store = MemoryStorage::new();
        let writer = RemoteWriter::new(Arc::new(store.clone()), limits, &Registry::new());
        Self { store, writer, sender: Sender::new("10.0.0.1".into(), "test/1") }
    }

    pub fn v1(&self, request: &v1::WriteRequest) -> WriteOutcome {
        self.body(WriteMessage::V1, &request.encode_to_vec())
    }

    pub fn v2(&self, request: &v2::Request) -> WriteOutcome {
        self.body(WriteMessage::V2, &request.encode_to_vec())
    }

    pub fn body(&self, message: WriteMessage, body: &[u8]) -> WriteOutcome {
        self.writer.write(message, &pack(body), &self.sender, NOW_MS)
    }

    /// All series with their samples, by labels.
    pub fn all(&self) -> Vec<(Labels, Samples)> {
        all(&self.store)
    }
}

pub fn all(store: &MemoryStorage) -> Vec<(Labels, Samples)> {
    let querier = store.querier(TimeRange::ALL).unwrap();
    let mut found: Vec<(Labels, Samples)> = Vec::new();
    for series in querier.select(&[], &SelectHints::default()).unwrap() {
        let mut samples = Samples::default();
        series.read(TimeRange::ALL, &mut samples).unwrap();
        found.push((series.labels(), samples));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// The samples of a store in short.
pub fn shown(store: &MemoryStorage) -> Vec<String> {
    let mut lines = Vec::new();
    for (labels, samples) in all(store) {
        for (at, t) in samples.timestamps.iter().enumerate() {
            let histogram = samples.histograms.iter().find(|(place, _)| *place as usize == at);
            let value = match histogram {
                Some((_, histogram)) => format!("histogram of {}", histogram.count),
                None => samples.floats[at].to_string(),
            };
            lines.push(format!("{labels} {value} @{}", t - NOW_MS));
        }
    }
    lines
}

/// Messages of remote read.
pub mod read {
    use super::{Label, Message, v1};

    #[derive(Clone, PartialEq, Message)]
    pub struct Matcher {
        #[prost(int32, tag = "1")]
        pub kind: i32,
        #[prost(string, tag = "2")]
        pub name: String,
        #[prost(string, tag = "3")]
        pub value: String,
    }

    #[derive(Clone, PartialEq, Message)]
    pub struct Hints {
        #[prost(int64, tag = "1")]
        pub step_ms: i64,
        #[prost(string, tag = "2")]
        pub func: String,
        #[prost(int64, tag = "7")]
        pub range_ms: i64,
    }

    #[derive(Clone, PartialEq, Message)]
    pub struct Query {
        #[prost(int64, tag = "1")]
        pub start_ms: i64,
        #[prost(int64, tag = "2")]
        pub end_ms: i64,
        #[prost(message, repeated, tag = "3")]
        pub matchers: Vec<Matcher>,
        #[prost(message, optional, tag = "4")]
        pub hints: Option<Hints>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub struct ReadRequest {
        #[prost(message, repeated, tag = "1")]
        pub queries: Vec<Query>,
        #[prost(int32, repeated, tag = "2")]
        pub accepted: Vec<i32>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub struct QueryResult {
        #[prost(message, repeated, tag = "1")]
        pub timeseries: Vec<v1::TimeSeries>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub struct ReadResponse {
        #[prost(message, repeated, tag = "1")]
        pub results: Vec<QueryResult>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub struct Chunk {
        #[prost(int64, tag = "1")]
        pub min_ms: i64,
        #[prost(int64, tag = "2")]
        pub max_ms: i64,
        #[prost(int32, tag = "3")]
        pub encoding: i32,
        #[prost(bytes = "vec", tag = "4")]
        pub data: Vec<u8>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub struct ChunkedSeries {
        #[prost(message, repeated, tag = "1")]
        pub labels: Vec<Label>,
        #[prost(message, repeated, tag = "2")]
        pub chunks: Vec<Chunk>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub struct ChunkedReadResponse {
        #[prost(message, repeated, tag = "1")]
        pub series: Vec<ChunkedSeries>,
        #[prost(int64, tag = "2")]
        pub query: i64,
    }
}
