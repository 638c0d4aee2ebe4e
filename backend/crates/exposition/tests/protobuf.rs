//! Protobuf families, put together byte by byte: classic and native histograms, exemplars, faults.

use exposition::{Entry, Format, Parser, summary};
use model::{Histogram, Labels, ResetHint, Span};

/// A message under construction.
#[derive(Default, Clone)]
struct Message(Vec<u8>);

impl Message {
    fn varint(mut self, field: u8, mut value: u64) -> Self {
        self.0.push(field << 3);
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
        self
    }

    fn zigzag(self, field: u8, value: i64) -> Self {
        self.varint(field, ((value << 1) ^ (value >> 63)) as u64)
    }

    fn double(mut self, field: u8, value: f64) -> Self {
        self.0.push(field << 3 | 1);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn bytes(mut self, field: u16, bytes: &[u8]) -> Self {
        let key = field << 3 | 2;
        if key < 0x80 {
            self.0.push(key as u8);
        } else {
            self.0.extend_from_slice(&[key as u8 | 0x80, (key >> 7) as u8]);
        }
        assert!(bytes.len() < 0x4000);
        self.0.extend_from_slice(&[bytes.len() as u8 | 0x80, (bytes.len() >> 7) as u8]);
        self.0.extend_from_slice(bytes);
        self
    }

    fn message(self, field: u16, message: &Message) -> Self {
        self.bytes(field, &message.0)
    }
}

fn pair(name: &str, value: &str) -> Message {
    Message::default().bytes(1, name.as_bytes()).bytes(2, value.as_bytes())
}

fn exemplar(value: f64) -> Message {
    let time = Message::default().varint(1, 1_700_000_000).varint(2, 250_000_000);
    Message::default().message(1, &pair("trace_id", "x")).double(2, value).message(3, &time)
}

fn family(name: &str, kind: u64, metrics: &[Message]) -> Vec<u8> {
    let head = Message::default().bytes(1, name.as_bytes()).bytes(2, b"Help").varint(3, kind);
    let all = metrics.iter().fold(head, |family, metric| family.message(4, metric)).bytes(5, b"seconds");
    Message::default().bytes(0, &all.0).0[1..].to_vec()
}

fn span(offset: i64, length: u64) -> Message {
    Message::default().zigzag(1, offset).varint(2, length)
}

fn native() -> Message {
    Message::default()
        .varint(1, 8)
        .double(2, 12.5)
        .zigzag(5, -2)
        .double(6, 0.001)
        .varint(7, 1)
        .message(9, &span(0, 1))
        .zigzag(10, 2)
        .message(12, &span(-3, 2))
        .message(12, &span(1, 1))
        .bytes(13, &[6, 1, 2]) // zigzag 3, -1, 1, packed
}

fn lines(body: &[u8]) -> Vec<String> {
    let mut parser = Parser::new(body, Format::Protobuf);
    let mut out = Vec::new();
    while let Some(entry) = parser.next_entry().unwrap_or_else(|error| panic!("{error}")) {
        match entry {
            Entry::Series(series) => {
                let labels = series.to_labels().unwrap_or_else(|error| panic!("{error}"));
                let native = if series.also_native { " (native)" } else { "" };
                let time = series.timestamp_ms.map(|t| format!(" @{t}")).unwrap_or_default();
                let start = series.start_ms.map(|t| format!(" since {t}")).unwrap_or_default();
                out.push(format!("{labels} {}{time}{start}{native}", series.value));
            }
            Entry::Histogram(entry) => {
                let start = entry.start_ms.map(|t| format!(" since {t}")).unwrap_or_default();
                out.push(format!("{:?}{start} native", entry.to_labels()));
            }
            Entry::Unit { family, unit } => out.push(format!("UNIT {family} {unit}")),
            _ => {}
        }
    }
    out
}

/// Counters say when they began; gauges and quantiles do not count, so they do not begin either.
#[test]
fn beginnings() {
    let began = Message::default().varint(1, 1_700_000_000).varint(2, 250_000_000);
    let value = Message::default().double(1, 7.0).message(3, &began);
    let counter = family("c_total", 0, &[Message::default().message(3, &value)]);
    let gauge = family("g", 1, &[Message::default().message(2, &value)]);
    let quantile = Message::default().double(1, 0.5).double(2, 3.0);
    let summary = Message::default().varint(1, 2).double(2, 6.0).message(3, &quantile).message(4, &began);
    let summary = family("s", 2, &[Message::default().message(4, &summary)]);
    let classic = Message::default().varint(1, 1).double(2, 2.5).message(15, &began);
    let classic = family("h", 4, &[Message::default().message(7, &classic)]);
    let native = family("n", 4, &[Message::default().message(7, &native().message(15, &began))]);
    let found = lines(&[counter, gauge, summary, classic, native].concat());
    let units = |line: &&String| !line.starts_with("UNIT");
    let found: Vec<&str> = found.iter().filter(units).map(String::as_str).collect();
    assert_eq!(
        found,
        [
            "c_total 7 since 1700000000250",
            "g 7",
            "s{quantile=\"0.5\"} 3",
            "s_sum 6 since 1700000000250",
            "s_count 2 since 1700000000250",
            "h_bucket{le=\"+Inf\"} 1 since 1700000000250",
            "h_sum 2.5 since 1700000000250",
            "h_count 1 since 1700000000250",
            "Ok(n) since 1700000000250 native",
        ]
    );
}

#[test]
fn classic_histogram() {
    let bucket = |bound: f64, count: u64| Message::default().varint(1, count).double(2, bound);
    let histogram = Message::default()
        .varint(1, 5)
        .double(2, 2.5)
        .message(3, &bucket(1.0, 2).message(3, &exemplar(0.5)))
        .message(3, &bucket(1e6, 4));
    let metric = Message::default().message(1, &pair("path", "/")).message(7, &histogram).varint(6, 1234);
    let body = family("h", 4, &[metric]);
    assert_eq!(
        lines(&body),
        [
            "UNIT h seconds",
            "h_bucket{le=\"1.0\", path=\"/\"} 2 @1234",
            "h_bucket{le=\"1e+06\", path=\"/\"} 4 @1234",
            "h_bucket{le=\"+Inf\", path=\"/\"} 5 @1234",
            "h_sum{path=\"/\"} 2.5 @1234",
            "h_count{path=\"/\"} 5 @1234",
        ]
    );
    assert_eq!(summary(&body, Format::Protobuf).unwrap().exemplars, 1);
}

#[test]
fn native_histogram() {
    let metric = Message::default().message(7, &native().message(16, &exemplar(0.5)));
    let body = family("h", 5, &[metric]);
    let mut parser = Parser::new(&body, Format::Protobuf);
    let mut found = 0;
    while let Some(entry) = parser.next_entry().unwrap() {
        if let Entry::Histogram(entry) = entry {
            found += 1;
            assert_eq!(entry.to_labels().unwrap(), Labels::from_pairs([("__name__", "h")]));
            assert_eq!(
                entry.histogram,
                &Histogram {
                    reset_hint: ResetHint::Gauge,
                    schema: -2,
                    zero_threshold: 0.001,
                    zero_count: 1.0,
                    count: 8.0,
                    sum: 12.5,
                    positive_spans: vec![Span { offset: -3, length: 2 }, Span { offset: 1, length: 1 }],
                    negative_spans: vec![Span { offset: 0, length: 1 }],
                    positive_buckets: vec![3.0, 2.0, 3.0],
                    negative_buckets: vec![2.0],
                    custom_values: vec![],
                }
            );
            assert_eq!(entry.exemplars[0].timestamp_ms, Some(1_700_000_000_250));
        }
    }
    assert_eq!(found, 1);
}

#[test]
fn a_native_histogram_may_be_classic_as_well() {
    let bucket = Message::default().varint(1, 2).double(2, f64::INFINITY);
    let metric = Message::default().message(7, &native().message(3, &bucket));
    let found = lines(&family("h", 4, &[metric]));
    assert_eq!(
        found,
        [
            "UNIT h seconds",
            "Ok(h) native",
            "h_bucket{le=\"+Inf\"} 2 (native)",
            "h_sum 12.5 (native)",
            "h_count 8 (native)"
        ]
    );
}

#[test]
fn faults() {
    let gauge = |labels: &[Message]| {
        let value = Message::default().double(1, 1.0);
        labels.iter().fold(Message::default(), |metric, label| metric.message(1, label)).message(2, &value)
    };
    let cases = [
        (family("", 1, &[]), "a metric family has no name"),
        (family("g", 9, &[]), "has the unknown type 9"),
        (family("g", 1, &[Message::default()]), "has no value of its type, gauge"),
        (family("g", 1, &[gauge(&[pair("", "x")])]), "a label has no name"),
        (family("g", 1, &[gauge(&[pair("a", "x"), pair("a", "y")])]), "label name \"a\" is not unique"),
        (
            family("h", 4, &[Message::default().message(7, &native().zigzag(13, 1))]),
            "spans do not fit its buckets",
        ),
        (family("g", 1, &[gauge(&[Message::default().bytes(1, b"\xff")])]), "invalid UTF-8"),
        (b"# TYPE a counter\na 1\n".to_vec(), "a length of 35 bytes is announced"),
    ];
    for (body, want) in cases {
        let error = summary(&body, Format::Protobuf).expect_err(want).to_string();
        assert!(error.starts_with("byte ") && error.contains(want), "{error}");
    }
    let whole = family("g", 1, &[gauge(&[pair("a", "x")])]);
    for length in 1..whole.len() {
        assert!(summary(&whole[..length], Format::Protobuf).is_err(), "{length} bytes");
    }
}

#[test]
fn equal_series_have_equal_keys() {
    let gauge = Message::default().message(1, &pair("a", "x")).message(2, &Message::default().double(1, 1.0));
    let raws = |body: &[u8]| {
        let mut parser = Parser::new(body, Format::Protobuf);
        let mut out = Vec::new();
        while let Ok(Some(entry)) = parser.next_entry() {
            if let Entry::Series(series) = entry {
                out.push(series.raw.to_vec());
            }
        }
        out
    };
    let first = raws(&family("g", 1, std::slice::from_ref(&gauge)));
    let later = raws(&family("g", 1, &[gauge.clone(), gauge]));
    assert_eq!(vec![first[0].clone(), first[0].clone()], later);
}

#[test]
fn many_buckets_of_long_labels_are_refused_not_held() {
    let bucket = Message::default().varint(1, 1).double(2, 1.0);
    let histogram = (0..700).fold(Message::default(), |histogram, _| histogram.message(3, &bucket));
    let long = pair("path", &"x".repeat(15_000));
    let labels = (0..8).fold(Message::default(), |metric, _| metric.message(1, &long));
    let mut metric = labels.clone();
    metric.0.extend(labels.0);
    let length = histogram.0.len();
    metric.0.extend_from_slice(&[7 << 3 | 2, length as u8 | 0x80, (length >> 7) as u8]);
    metric.0.extend(histogram.0);
    let mut family = Message::default().bytes(1, b"h").varint(3, 4).0;
    let length = metric.0.len();
    family.extend_from_slice(&[
        4 << 3 | 2,
        length as u8 | 0x80,
        (length >> 7) as u8 | 0x80,
        (length >> 14) as u8,
    ]);
    family.extend(metric.0);
    let length = family.len();
    let mut body = vec![length as u8 | 0x80, (length >> 7) as u8 | 0x80, (length >> 14) as u8];
    body.extend(family);
    let error = summary(&body, Format::Protobuf).unwrap_err().to_string();
    assert!(error.contains("take more than 33554432 bytes"), "{error}");
}
