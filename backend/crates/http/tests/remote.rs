//! Remote write and remote read over HTTP.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_rim::Limits;
use prost::Message;
use remote::write::WriteLimits;
use serde_json::json;
use support::{Answer, NOW_MS, TestApp};

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

/// `prometheus.WriteRequest`, and also the `QueryResult` of remote read.
#[derive(Clone, PartialEq, Message)]
struct SeriesList {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, Message)]
struct ReadResponse {
    #[prost(message, repeated, tag = "1")]
    results: Vec<SeriesList>,
}

fn body(name: &str, samples: &[(i64, f64)]) -> Vec<u8> {
    let label = |name: &str, value: &str| Label { name: name.into(), value: value.into() };
    let samples = samples.iter().map(|(before, value)| Sample { value: *value, timestamp: NOW_MS - before });
    let labels = vec![label("__name__", name), label("job", "sent")];
    pack(&SeriesList { timeseries: vec![TimeSeries { labels, samples: samples.collect() }] }.encode_to_vec())
}

fn pack(body: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(body).unwrap()
}

async fn receiver() -> TestApp {
    TestApp::receiver(Limits::default()).await
}

async fn post(app: &TestApp, address: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
    let mut request = Request::post(address).header("user-agent", "sender/1");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(Body::from(body)).unwrap()).await
}

const V1: &[(&str, &str)] = &[
    ("content-type", "application/x-protobuf"),
    ("content-encoding", "snappy"),
    ("x-prometheus-remote-write-version", "0.1.0"),
];

fn count(answer: &Answer, what: &str) -> String {
    let name = format!("x-prometheus-remote-write-{what}-written");
    answer.headers.get(name).map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn samples_are_taken_when_the_receiver_is_on() {
    let app = TestApp::new().await;
    let off = post(&app, "/api/v1/write", V1, body("m", &[(0, 1.0)])).await;
    assert_eq!(off.status, StatusCode::NOT_FOUND);
    assert!(off.text().contains("--web.enable-remote-write-receiver"));

    let app = receiver().await;
    let answer = post(&app, "/api/v1/write", V1, body("m", &[(1000, 1.5), (0, 2.5)])).await;
    assert_eq!((answer.status, answer.text()), (StatusCode::NO_CONTENT, ""));
    assert_eq!((count(&answer, "samples"), count(&answer, "exemplars")), ("2".into(), "0".into()));
    let found = app.get("/api/v1/query?query=m").await.json();
    assert_eq!(found["data"]["result"][0]["metric"], json!({"__name__": "m", "job": "sent"}));
    assert_eq!(found["data"]["result"][0]["value"][1], json!("2.5"));

    let again = post(&app, "/api/v1/write", V1, body("m", &[(1000, 1.5), (-1000, 3.0)])).await;
    assert_eq!((again.status, count(&again, "samples")), (StatusCode::BAD_REQUEST, "1".into()));
    assert!(
        again.text().starts_with("1 of 2 samples were refused (out_of_order: 1)\nout of order sample for")
    );

    let senders = app.get("/api/watchfire/v1/remote-write").await.json();
    assert_eq!(senders["enabled"], json!(true));
    let sender = &senders["senders"][0];
    assert_eq!((&sender["userAgent"], &sender["version"]), (&json!("sender/1"), &json!("1.0")));
    assert_eq!((&sender["samples"], &sender["refused"]), (&json!(3), &json!(1)));
    assert!(sender["lastFailure"].as_str().unwrap().contains("out of order"));
    let metrics = app.get("/metrics").await;
    assert!(
        metrics
            .text()
            .contains("watchfire_remote_write_requests_total{version=\"1.0\",outcome=\"partial\"} 1"),
        "{}",
        metrics.text()
    );
}

#[tokio::test]
async fn headers_decide_what_the_body_is() {
    let app = receiver().await;
    let status = |headers: &'static [(&'static str, &'static str)]| {
        let app = &app;
        async move { post(app, "/api/v1/write", headers, body("m", &[(0, 1.0)])).await.status }
    };
    assert_eq!(status(&[]).await, StatusCode::NO_CONTENT);
    assert_eq!(status(&[("content-type", "application/json")]).await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(status(&[("content-encoding", "zstd")]).await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let unknown = &[("content-type", "application/x-protobuf;proto=io.prometheus.write.v3.Request")];
    assert_eq!(status(unknown).await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let other_site = &[("host", "localhost"), ("origin", "http://evil.example")];
    assert_eq!(status(other_site).await, StatusCode::FORBIDDEN);
    assert_eq!(status(&[("host", "monitoring.internal:9090")]).await, StatusCode::NO_CONTENT);

    // A body of 1.0 read as 2.0 is an empty message, and the headers tell the sender so.
    let headers = &[("content-type", "application/x-protobuf;proto=io.prometheus.write.v2.Request")];
    let answer = post(&app, "/api/v1/write", headers, body("m", &[(0, 1.0)])).await;
    assert_eq!((answer.status, count(&answer, "samples")), (StatusCode::NO_CONTENT, "0".into()));
    assert_eq!(app.get("/api/v1/write").await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn too_large_and_unreadable_bodies_are_refused() {
    let remote_write = WriteLimits { body_bytes: 1000, ..WriteLimits::default() };
    let app = TestApp::receiver(Limits { remote_write, ..Limits::default() }).await;
    let long = post(&app, "/api/v1/write", V1, vec![0; 1001]).await;
    assert_eq!(long.status, StatusCode::PAYLOAD_TOO_LARGE);
    let unpacked = post(&app, "/api/v1/write", V1, pack(&[0; 2000])).await;
    assert_eq!(unpacked.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(unpacked.text().contains("2000 bytes"), "{}", unpacked.text());
    let broken = post(&app, "/api/v1/write", V1, pack(b"\x0a\xff")).await;
    assert_eq!(broken.status, StatusCode::BAD_REQUEST);
    assert!(broken.text().contains("not a valid prometheus.WriteRequest: byte"), "{}", broken.text());
}

/// `ReadRequest` for `up` over all time, with the response types it accepts.
fn read_request(accepted: &[u8]) -> Vec<u8> {
    let matcher = [&[0x12, 8][..], b"__name__", &[0x1a, 2], b"up"].concat();
    let mut query = vec![0x10];
    prost::encoding::encode_varint(NOW_MS.cast_unsigned(), &mut query);
    query.extend([0x1a, matcher.len() as u8]);
    query.extend(matcher);
    let mut request = vec![0x0a, query.len() as u8];
    request.extend(query);
    if !accepted.is_empty() {
        request.extend([0x12, accepted.len() as u8]);
        request.extend(accepted);
    }
    pack(&request)
}

#[tokio::test]
async fn others_read_samples_or_a_stream() {
    let app = TestApp::new().await.filled();
    let answer = post(&app, "/api/v1/read", V1, read_request(&[])).await;
    assert_eq!((answer.status, answer.header(header::CONTENT_ENCODING)), (StatusCode::OK, "snappy"));
    let body = snap::raw::Decoder::new().decompress_vec(&answer.body).unwrap();
    let response = ReadResponse::decode(body.as_slice()).unwrap();
    let lengths: Vec<usize> = response.results[0].timeseries.iter().map(|s| s.samples.len()).collect();
    assert_eq!(lengths, [3, 2]);

    let answer = post(&app, "/api/v1/read", V1, read_request(&[1, 0])).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.header(header::CONTENT_TYPE).starts_with("application/x-streamed-protobuf; proto="));
    let (mut rest, mut frames) = (answer.body.as_slice(), 0);
    while !rest.is_empty() {
        let length = prost::decode_length_delimiter(&mut rest).unwrap();
        rest = &rest[4 + length..];
        frames += 1;
    }
    assert_eq!(frames, 2);

    assert_eq!(post(&app, "/api/v1/read", V1, read_request(&[7])).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(post(&app, "/api/v1/read", V1, b"x".to_vec()).await.status, StatusCode::BAD_REQUEST);
}
