//! Remote write: what senders bring is in the store, and what cannot be is told.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use model::{Labels, MetricType};
use proptest::prelude::*;
use prost::Message as _;
use remote::write::{Reason, WriteLimits, WriteMessage, WriteOutcome, Written};
use support::{
    Count, Histogram, NOW_MS, Sample, Span, TestWriter, ZeroCount, labels, pack, sample, series, shown, v1,
    v2,
};

fn histogram(t: i64) -> Histogram {
    Histogram {
        count: Some(Count::Int(6)),
        zero_count: Some(ZeroCount::Int(1)),
        sum: 3.5,
        schema: 1,
        zero_threshold: 0.001,
        positive_spans: vec![Span { offset: -1, length: 2 }],
        positive_deltas: vec![2, 1],
        timestamp: t,
        ..Histogram::default()
    }
}

fn partial(outcome: &WriteOutcome) -> (Written, Vec<(Reason, u64)>, String) {
    match outcome {
        WriteOutcome::Partial { written, refused } => {
            (*written, refused.counts().collect(), outcome.message().unwrap())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn everything_of_1_0_arrives() {
    let app = TestWriter::new();
    let mut up = series(&[("__name__", "up"), ("job", "a")], &[(NOW_MS - 2, 0.0), (NOW_MS - 1, -1.5)]);
    up.exemplars.push(v1::Exemplar { labels: labels(&[("trace_id", "x")]), value: 2.0, timestamp: NOW_MS });
    let mut wait = series(&[("__name__", "wait")], &[]);
    wait.histograms.push(histogram(NOW_MS - 5));
    let mut float = histogram(NOW_MS - 4);
    float.count = Some(Count::Float(6.5));
    float.zero_count = Some(ZeroCount::Float(0.0));
    float.positive_deltas.clear();
    float.positive_counts = vec![2.5, 4.0];
    wait.histograms.push(float);
    let metadata =
        v1::Metadata { kind: 3, family: "wait".into(), help: "Time".into(), unit: "seconds".into() };
    let request = v1::WriteRequest { timeseries: vec![up, wait], metadata: vec![metadata] };
    let outcome = app.v1(&request);
    assert!(matches!(outcome, WriteOutcome::Written(Written { samples: 2, histograms: 2, exemplars: 1 })));
    assert_eq!(
        shown(&app.store),
        [
            "up{job=\"a\"} 0 @-2",
            "up{job=\"a\"} -1.5 @-1",
            "wait histogram of 6 @-5",
            "wait histogram of 6.5 @-4"
        ]
    );
    let up = Labels::from_pairs([("__name__", "up"), ("job", "a")]);
    assert_eq!(app.store.exemplars(&up)[0].labels.to_string(), "{trace_id=\"x\"}");
    let metadata = app.store.metadata("wait").unwrap();
    assert_eq!((metadata.metric_type, metadata.help.as_str()), (MetricType::Histogram, "Time"));
}

#[test]
fn everything_of_2_0_arrives() {
    let app = TestWriter::new();
    let mut symbols = Vec::new();
    let up = v2::refs(&mut symbols, &["__name__", "up", "job", "a"]);
    let wait = v2::refs(&mut symbols, &["__name__", "wait"]);
    let trace = v2::refs(&mut symbols, &["trace_id", "x"]);
    let texts = v2::refs(&mut symbols, &["Whether it is up", "bool"]);
    let mut request = v2::Request {
        timeseries: vec![
            v2::TimeSeries {
                labels_refs: up,
                samples: vec![sample(NOW_MS - 2, 1.0), sample(NOW_MS - 1, 0.0)],
                exemplars: vec![v2::Exemplar { labels_refs: trace, value: 2.0, timestamp: NOW_MS }],
                metadata: Some(v2::Metadata { kind: 2, help_ref: texts[0], unit_ref: texts[1] }),
                created_timestamp: NOW_MS - 100,
                ..Default::default()
            },
            v2::TimeSeries { labels_refs: wait, histograms: vec![histogram(NOW_MS)], ..Default::default() },
        ],
        symbols,
    };
    let outcome = app.v2(&request);
    let want = Written { samples: 2, histograms: 1, exemplars: 1 };
    assert!(matches!(outcome, WriteOutcome::Written(written) if written == want), "{outcome:?}");
    // Again with another order of the symbols: the series are known by their texts.
    request.symbols.swap(1, 2);
    for series in &mut request.timeseries {
        series.samples.drain(..series.samples.len().saturating_sub(1));
        let refs = series.labels_refs.iter_mut();
        refs.for_each(|n| *n = if (1..=2).contains(n) { 3 - *n } else { *n });
    }
    let want = Written { samples: 1, ..want };
    let outcome = app.v2(&request);
    assert!(matches!(outcome, WriteOutcome::Written(written) if written == want), "{outcome:?}");
    assert_eq!(shown(&app.store), ["up{job=\"a\"} 1 @-2", "up{job=\"a\"} 0 @-1", "wait histogram of 6 @0"]);
    let metadata = app.store.metadata("up").unwrap();
    assert_eq!((metadata.metric_type, metadata.unit.as_str()), (MetricType::Gauge, "bool"));
}

#[test]
fn the_good_part_of_a_bad_request_is_written() {
    let app = TestWriter::new();
    let good = series(&[("__name__", "good")], &[(NOW_MS, 1.0)]);
    assert!(matches!(
        app.v1(&v1::WriteRequest { timeseries: vec![good], metadata: vec![] }),
        WriteOutcome::Written(_)
    ));

    let mut bad_histogram = series(&[("__name__", "h")], &[]);
    bad_histogram.histograms.push(Histogram { count: Some(Count::Int(99)), ..histogram(NOW_MS) });
    let request = v1::WriteRequest {
        timeseries: vec![
            series(&[("__name__", "good")], &[(NOW_MS - 1, 1.0), (NOW_MS, 2.0), (NOW_MS + 1, 3.0)]),
            series(&[("job", "a")], &[(NOW_MS, 1.0), (NOW_MS + 1, 1.0)]),
            series(&[("__name__", "twice"), ("a", "1"), ("a", "2")], &[(NOW_MS, 1.0)]),
            series(&[("__name__", "early")], &[(NOW_MS + 600_001, 1.0)]),
            bad_histogram,
            series(&[("__name__", "other")], &[(NOW_MS, 4.0)]),
        ],
        metadata: vec![],
    };
    let (written, counts, text) = partial(&app.v1(&request));
    assert_eq!(written, Written { samples: 2, ..Written::default() });
    assert_eq!(
        counts,
        [
            (Reason::OutOfOrder, 1),
            (Reason::OutOfBounds, 1),
            (Reason::Duplicate, 1),
            (Reason::InvalidLabels, 3),
            (Reason::InvalidHistogram, 1)
        ]
    );
    for part in [
        "7 of 9 samples were refused",
        "out of order sample for series good{} at 1767225599999",
        "duplicate sample for timestamp for series good{}",
        "invalid label set: the metric name is missing for series {job=\"a\"}",
        "label name \"a\" occurs twice",
        "too far in the future for series early{}",
        "6 observations are in buckets, but the count is 99 for series h{}",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert_eq!(shown(&app.store), ["good 1 @0", "good 3 @1", "other 4 @0"]);
    let sender = &app.writer.senders()[0];
    assert_eq!((sender.requests, sender.failed_requests, sender.samples, sender.refused), (2, 1, 3, 7));
    assert_eq!(sender.last_failure, text);
}

#[test]
fn what_cannot_be_read_leaves_nothing_behind() {
    let app = TestWriter::new();
    let good = series(&[("__name__", "good")], &[(NOW_MS, 1.0)]);
    let mut body = v1::WriteRequest { timeseries: vec![good; 100], metadata: vec![] }.encode_to_vec();
    body.extend_from_slice(&[0x0a, 0x50]);
    let outcome = app.body(WriteMessage::V1, &body);
    let text = outcome.message().unwrap();
    assert!(text.starts_with("the body is not a valid prometheus.WriteRequest: byte "), "{text}");
    assert!(matches!(outcome, WriteOutcome::Bad(_)));
    let outcome = app.writer.write(WriteMessage::V1, b"nonsense", &app.sender, NOW_MS);
    assert!(outcome.message().unwrap().contains("not snappy"));
    let references = v2::Request {
        symbols: vec![String::new()],
        timeseries: vec![v2::TimeSeries { labels_refs: vec![0, 7], ..Default::default() }],
    };
    assert!(app.v2(&references).message().unwrap().contains("a symbol that is not there"));
    assert!(shown(&app.store).is_empty());
}

#[test]
fn a_body_of_the_other_version_is_empty() {
    let app = TestWriter::new();
    let request = v1::WriteRequest {
        timeseries: vec![series(&[("__name__", "good")], &[(NOW_MS, 1.0)])],
        metadata: vec![],
    };
    let outcome = app.body(WriteMessage::V2, &request.encode_to_vec());
    assert!(matches!(outcome, WriteOutcome::Written(written) if written == Written::default()));
}

#[test]
fn labels_may_stand_behind_samples_but_not_around_them() {
    let app = TestWriter::new();
    let part = |series: v1::TimeSeries| series.encode_to_vec();
    let names = part(series(&[("__name__", "late")], &[]));
    let samples = part(series(&[], &[(NOW_MS, 1.0)]));
    let more = part(series(&[("a", "1")], &[]));
    let request = |parts: &[&[u8]]| {
        let message = parts.concat();
        [&[0x0a, message.len() as u8], message.as_slice()].concat()
    };
    let outcome = app.body(WriteMessage::V1, &request(&[&samples, &names, &more]));
    assert!(matches!(outcome, WriteOutcome::Written(_)), "{outcome:?}");
    assert_eq!(shown(&app.store), ["late{a=\"1\"} 1 @0"]);
    let outcome = app.body(WriteMessage::V1, &request(&[&names, &samples, &more]));
    assert!(outcome.message().unwrap().contains("on both sides"));
}

#[test]
fn unpacked_references_are_read_as_well() {
    let app = TestWriter::new();
    let mut body =
        v2::Request { symbols: vec!["".into(), "__name__".into(), "up".into()], ..Default::default() }
            .encode_to_vec();
    let samples = v2::TimeSeries { samples: vec![sample(NOW_MS, 1.0)], ..Default::default() }.encode_to_vec();
    let message = [&[0x08, 1, 0x08, 2][..], &samples].concat();
    body.extend([&[0x2a, message.len() as u8], message.as_slice()].concat());
    assert!(matches!(app.body(WriteMessage::V2, &body), WriteOutcome::Written(_)));
    assert_eq!(shown(&app.store), ["up 1 @0"]);
}

#[test]
fn a_store_that_forgot_its_series_is_told_their_labels_again() {
    let app = TestWriter::new();
    let request = |t| v1::WriteRequest {
        timeseries: (0..200)
            .map(|n| series(&[("__name__", "m"), ("n", &n.to_string())], &[(NOW_MS + t, 1.0)]))
            .collect(),
        metadata: vec![],
    };
    app.v1(&request(0));
    app.store.clear();
    assert!(matches!(app.v1(&request(1)), WriteOutcome::Written(Written { samples: 200, .. })));
    assert!(matches!(app.v1(&request(2)), WriteOutcome::Written(Written { samples: 200, .. })));
    assert_eq!(app.all().len(), 200);
    assert!(app.all().iter().all(|(_, samples)| samples.len() == 2));
}

/// A limit refuses new series for as long as it is reached; those that are known go on.
#[test]
fn series_beyond_a_limit_are_refused_until_there_is_room() {
    let app = TestWriter::new();
    let request = |t: i64| {
        let one = |n: i32| series(&[("__name__", "m"), ("n", &n.to_string())], &[(NOW_MS + t, 1.0)]);
        v1::WriteRequest { timeseries: (0..3).map(one).collect(), metadata: vec![] }
    };
    app.store.set_series_limit(Some(2));
    for t in 0..2 {
        let outcome = app.v1(&request(t));
        let (written, refused, message) = partial(&outcome);
        assert_eq!((written.samples, refused), (2, vec![(Reason::SeriesLimit, 1)]));
        assert!(message.contains("too many series") && message.contains("n=\"2\""), "{message}");
    }
    app.store.set_series_limit(None);
    assert!(matches!(app.v1(&request(2)), WriteOutcome::Written(Written { samples: 3, .. })));
    assert_eq!(app.all().iter().map(|(_, samples)| samples.len()).collect::<Vec<_>>(), [3, 3, 1]);
}

/// Starts as the whole series' (how senders began) and as each sample's (what the specification became).
#[test]
fn counters_get_a_zero_where_they_began() {
    let app = TestWriter::with(WriteLimits { start_zeros: true, ..WriteLimits::default() });
    let mut symbols = Vec::new();
    let mut refs = |name| v2::refs(&mut symbols, &["__name__", name]);
    let sample = |t, value, start| Sample { value, timestamp: NOW_MS + t, start_timestamp: NOW_MS + start };
    let request = |refs: Vec<Vec<u32>>, t: i64, start: i64| {
        let [of_series, of_sample, of_histogram, none] = refs.try_into().unwrap();
        let plain = Sample { start_timestamp: 0, ..sample(t, 5.0, 0) };
        vec![
            v2::TimeSeries {
                labels_refs: of_series,
                samples: vec![plain.clone()],
                created_timestamp: NOW_MS + start,
                ..Default::default()
            },
            v2::TimeSeries {
                labels_refs: of_sample,
                samples: vec![sample(t, 7.0, start)],
                ..Default::default()
            },
            v2::TimeSeries {
                labels_refs: of_histogram,
                histograms: vec![histogram(NOW_MS + t)],
                created_timestamp: NOW_MS + start,
                ..Default::default()
            },
            v2::TimeSeries { labels_refs: none, samples: vec![plain], ..Default::default() },
        ]
    };
    let all: Vec<Vec<u32>> = ["a_total", "b_total", "h", "plain_total"].map(&mut refs).into();
    let send = |t, start| {
        let timeseries = request(all.clone(), t, start);
        let outcome = app.v2(&v2::Request { symbols: symbols.clone(), timeseries });
        let want = Written { samples: 3, histograms: 1, exemplars: 0 };
        assert!(matches!(outcome, WriteOutcome::Written(written) if written == want), "{outcome:?}");
    };
    send(-90, -100);
    send(-80, -100); // known
    send(-70, -85); // between two samples: too late to be told
    send(-50, -60); // begun anew
    send(-40, -30); // after its sample: makes no sense
    let of = |name: &str, zero: &str, value: &str| {
        let points = [(-100, zero), (-90, value), (-80, value), (-70, value), (-60, zero)];
        let points = points.into_iter().chain([(-50, value), (-40, value)]);
        points.map(|(t, value)| format!("{name} {value} @{t}")).collect::<Vec<_>>()
    };
    let plain = [-90, -80, -70, -50, -40].map(|t| format!("plain_total 5 @{t}"));
    let want = [
        of("a_total", "0", "5"),
        of("b_total", "0", "7"),
        of("h", "histogram of 0", "histogram of 6"),
        plain.into(),
    ];
    assert_eq!(shown(&app.store), want.concat());
    let off = TestWriter::new();
    off.v2(&v2::Request { symbols: symbols.clone(), timeseries: request(all.clone(), -90, -100) });
    assert!(!shown(&off.store).iter().any(|point| point.ends_with("@-100")));
}

#[test]
fn late_exemplars_make_only_2_0_a_partial_write() {
    // The memory store takes every exemplar; too long ones are refused before they get there.
    let app = TestWriter::new();
    let long = "x".repeat(200);
    let mut one = series(&[("__name__", "up")], &[(NOW_MS, 1.0)]);
    one.exemplars.push(v1::Exemplar { labels: labels(&[("id", &long)]), value: 1.0, timestamp: NOW_MS });
    let outcome = app.v1(&v1::WriteRequest { timeseries: vec![one], metadata: vec![] });
    assert!(matches!(outcome, WriteOutcome::Written(Written { samples: 1, exemplars: 0, .. })));

    let mut symbols = Vec::new();
    let refs = v2::refs(&mut symbols, &["__name__", "up"]);
    let exemplar = v2::refs(&mut symbols, &["id", &long]);
    let two = v2::TimeSeries {
        labels_refs: refs,
        samples: vec![sample(NOW_MS, 1.0)],
        exemplars: vec![v2::Exemplar { labels_refs: exemplar, value: 1.0, timestamp: NOW_MS }],
        ..Default::default()
    };
    let (written, counts, _) = partial(&app.v2(&v2::Request { symbols, timeseries: vec![two] }));
    assert_eq!((written.samples, counts), (1, vec![(Reason::InvalidExemplar, 1)]));
}

type Generated = Vec<(Vec<(String, String)>, Vec<f64>)>;

fn generated() -> impl Strategy<Value = Generated> {
    let pairs = proptest::collection::btree_map("[a-zé]{1,4}", ".{1,20}", 0..4)
        .prop_map(|map| map.into_iter().collect::<Vec<_>>());
    // The encoder leaves negative zero out as if it were zero.
    let value = any::<f64>().prop_map(|value| if value == 0.0 { 0.0 } else { value });
    let samples = proptest::collection::vec(value, 0..4);
    proptest::collection::vec((pairs, samples), 0..150)
}

/// What the list says, twice.
fn wanted(list: &Generated) -> Vec<(Labels, Vec<u64>)> {
    let mut want: std::collections::BTreeMap<Labels, Vec<u64>> = std::collections::BTreeMap::new();
    for (number, (pairs, values)) in list.iter().enumerate() {
        let number = number.to_string();
        let named = [("__name__", "m"), ("number", number.as_str())];
        let pairs = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        let samples = want.entry(Labels::from_pairs(named.into_iter().chain(pairs))).or_default();
        samples.extend(values.iter().chain(values).map(|value| value.to_bits()));
    }
    want.into_iter().filter(|(_, values)| !values.is_empty()).collect()
}

fn got(app: &TestWriter) -> Vec<(Labels, Vec<u64>)> {
    app.all().into_iter().map(|(l, s)| (l, s.floats.iter().map(|f| f.to_bits()).collect())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_versions_store_what_another_encoder_wrote(list in generated()) {
        let (one, two) = (TestWriter::new(), TestWriter::new());
        // Twice: the second time the series are known.
        for round in 0..2 {
            let mut first = v1::WriteRequest::default();
            let mut second = v2::Request::default();
            for (number, (pairs, values)) in list.iter().enumerate() {
                let number = number.to_string();
                let mut all = vec![("__name__", "m"), ("number", number.as_str())];
                all.extend(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())));
                let times = NOW_MS + round * 10..;
                let samples: Vec<(i64, f64)> = times.zip(values.iter().copied()).collect();
                first.timeseries.push(series(&all, &samples));
                let texts: Vec<&str> = all.iter().flat_map(|(n, v)| [*n, *v]).collect();
                second.timeseries.push(v2::TimeSeries {
                    labels_refs: v2::refs(&mut second.symbols, &texts),
                    samples: samples.iter().map(|(t, value)| sample(*t, *value)).collect(),
                    ..Default::default()
                });
            }
            prop_assert!(matches!(one.v1(&first), WriteOutcome::Written(_)));
            prop_assert!(matches!(two.v2(&second), WriteOutcome::Written(_)));
        }
        prop_assert_eq!(got(&one), wanted(&list));
        prop_assert_eq!(got(&two), wanted(&list));
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let app = TestWriter::new();
        for message in [WriteMessage::V1, WriteMessage::V2] {
            let _ = app.body(message, &body);
            let _ = app.writer.write(message, &body, &app.sender, NOW_MS);
        }
    }

    #[test]
    fn a_changed_byte_is_read_or_refused(at in 0..10_000_usize, byte: u8) {
        let app = TestWriter::new();
        let mut one = series(&[("__name__", "up"), ("job", "a")], &[(NOW_MS, 1.0)]);
        one.histograms.push(histogram(NOW_MS + 1));
        one.exemplars.push(v1::Exemplar { labels: labels(&[("id", "x")]), value: 1.0, timestamp: NOW_MS });
        let mut body = v1::WriteRequest { timeseries: vec![one], metadata: vec![] }.encode_to_vec();
        let at = at % body.len();
        body[at] = byte;
        let _ = app.body(WriteMessage::V1, &body);
        let mut packed = pack(&body);
        let at = at % packed.len();
        packed[at] = byte;
        let _ = app.writer.write(WriteMessage::V1, &packed, &app.sender, NOW_MS);
    }
}
