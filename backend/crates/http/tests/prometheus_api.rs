//! Prometheus' API: answers byte by byte, and errors in its words.

mod support;

use axum::http::{StatusCode, header};
use http_rim::Limits;
use promql::EngineOptions;
use support::{NOW_MS, TestApp};

async fn filled() -> TestApp {
    TestApp::new().await.filled()
}

#[tokio::test]
async fn an_instant_vector() {
    let app = filled().await;
    let answer = app.get("/api/v1/query?query=up&time=1767225600").await;
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    insta::assert_snapshot!(answer.text(), @r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a"},"value":[1767225600,"1"]},{"metric":{"__name__":"up","job":"b"},"value":[1767225600,"NaN"]}]}}"#);
}

#[tokio::test]
async fn get_and_form_ask_the_same() {
    let app = filled().await;
    let by_get = app.get("/api/v1/query?query=sum(up)&time=1767225540.5").await;
    let by_form = app.form("/api/v1/query", "query=sum(up)&time=2025-12-31T23:59:00.5Z").await;
    assert_eq!(by_get.text(), by_form.text());
    insta::assert_snapshot!(by_get.text(), @r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1767225540.500,"2"]}]}}"#);
}

#[tokio::test]
async fn scalars_strings_and_samples_at_their_own_times() {
    let app = filled().await;
    insta::assert_snapshot!(app.get("/api/v1/query?query=1/3&time=1.5").await.text(), @r#"{"status":"success","data":{"resultType":"scalar","result":[1.500,"0.3333333333333333"]}}"#);
    insta::assert_snapshot!(app.get("/api/v1/query?query=%22a%5C%22b%22&time=0").await.text(), @r#"{"status":"success","data":{"resultType":"string","result":[0,"a\"b"]}}"#);
    insta::assert_snapshot!(app.get("/api/v1/query?query=load%5B5m%5D").await.text(), @r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"load","job":"a","zone":"é\"x"},"values":[[1767225540,"1e+21"],[1767225600,"0.25"]]}]}}"#);
}

#[tokio::test]
async fn a_range_has_points_where_there_are_samples() {
    let app = filled().await;
    let answer = app
        .get("/api/v1/query_range?query=up%7Bjob%3D%22a%22%7D&start=1767225480&end=1767225600&step=30")
        .await;
    insta::assert_snapshot!(answer.text(), @r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"a"},"values":[[1767225540,"1"],[1767225570,"0"],[1767225600,"1"]]}]}}"#);
}

#[tokio::test]
async fn the_number_of_series_can_be_cut_and_statistics_asked_for() {
    let app = filled().await;
    let answer = app.get("/api/v1/query?query=up&limit=1&stats=all").await.json();
    assert_eq!(answer["data"]["result"].as_array().unwrap().len(), 1);
    assert_eq!(answer["warnings"], serde_json::json!(["results truncated due to limit"]));
    assert!(answer["data"]["stats"]["samples"]["totalQueryableSamples"].as_u64().unwrap() >= 2, "{answer}");
    let answer = app.get("/api/v1/query?query=rate(load%5B5m%5D)").await.json();
    assert!(
        answer["infos"][0].as_str().unwrap().starts_with("PromQL info: metric might not be a counter"),
        "{answer}"
    );
}

#[tokio::test]
async fn mistakes_are_answered_in_prometheus_words_with_the_place() {
    let app = filled().await;
    for (address, status, want) in [
        (
            "query?query=",
            400,
            r#"invalid parameter "query": unknown position: parse error: no expression found in input"#,
        ),
        (
            "query?query=up&time=soon",
            400,
            r#"invalid parameter "time": cannot parse "soon" to a valid timestamp"#,
        ),
        ("query?query=up&limit=-1", 400, r#"invalid parameter "limit": limit must be non-negative"#),
        (
            "query?query=up&timeout=x",
            400,
            r#"invalid parameter "timeout": cannot parse "x" to a valid duration"#,
        ),
        (
            "query_range?query=up&start=1&end=0&step=1",
            400,
            r#"invalid parameter "end": end timestamp must not be before start time"#,
        ),
        (
            "query_range?query=up&start=0&end=1&step=0",
            400,
            r#"invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer"#,
        ),
        (
            "query_range?query=up&end=1&step=0",
            400,
            r#"invalid parameter "start": cannot parse "" to a valid timestamp"#,
        ),
        (
            "query_range?query=up&start=0&end=11001&step=1",
            400,
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
        ),
        (
            "query_range?query=up%5B1m%5D&start=0&end=1&step=1",
            400,
            r#"invalid parameter "query": invalid expression type "range vector" for range query, must be Scalar or instant Vector"#,
        ),
        ("series", 400, "no match[] parameter provided"),
        (
            "series?match[]=%7B%7D",
            400,
            r#"invalid parameter "match[]": match[] must contain at least one non-empty matcher"#,
        ),
        ("targets?state=odd", 400, r#"invalid parameter "state": must be active, dropped or any"#),
        ("nothing", 404, "there is no endpoint /api/v1/nothing"),
    ] {
        let answer = app.get(&format!("/api/v1/{address}")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["error"].as_str().unwrap()),
            (status, want),
            "{address}"
        );
        assert_eq!(answer.json()["status"], "error");
    }
    let many = app.get("/api/v1/query?query=up%20%2B%20on(nothing)%20up").await;
    assert_eq!(many.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(many.json()["errorType"], "execution");
    let bad = app.get("/api/v1/query?query=sum(up)%20by%20(").await.json();
    assert_eq!(bad["errorType"], "bad_data");
    assert!(bad["span"].is_array(), "{bad}");
    // 11,001 points are 11,000 steps.
    let most = app.get("/api/v1/query_range?query=1&start=0&end=11000&step=1").await.json();
    assert_eq!(most["data"]["result"][0]["values"].as_array().unwrap().len(), 11_001);
}

#[tokio::test]
async fn too_many_samples_and_too_long_a_wait_are_refused() {
    let options = EngineOptions { max_samples: 1, ..EngineOptions::default() };
    let app = TestApp::with(options, Limits::default()).await.filled();
    let answer = app.get("/api/v1/query?query=up%5B5m%5D").await;
    assert_eq!((answer.status.as_u16(), answer.json()["errorType"].as_str().unwrap()), (422, "execution"));
    let answer = app.get("/api/v1/query?query=up&timeout=0").await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["errorType"].as_str().unwrap()),
        (503, "timeout"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn labels_values_and_series() {
    let app = filled().await;
    insta::assert_snapshot!(app.get("/api/v1/labels").await.text(), @r#"{"status":"success","data":["__name__","job","zone"]}"#);
    insta::assert_snapshot!(app.form("/api/v1/labels", "match[]=up").await.text(), @r#"{"status":"success","data":["__name__","job"]}"#);
    insta::assert_snapshot!(app.get("/api/v1/label/job/values?match[]=load&match[]=up").await.text(), @r#"{"status":"success","data":["a","b"]}"#);
    insta::assert_snapshot!(app.get("/api/v1/label/__name__/values?limit=1").await.text(), @r#"{"status":"success","data":["load"],"warnings":["results truncated due to limit"]}"#);
    insta::assert_snapshot!(app.get("/api/v1/label/U__job/values").await.text(), @r#"{"status":"success","data":["a","b"]}"#);
    insta::assert_snapshot!(app.get("/api/v1/label/none/values").await.text(), @r#"{"status":"success","data":[]}"#);
    insta::assert_snapshot!(app.get("/api/v1/series?match[]=up&match[]=%7Bjob%3D%22a%22%7D").await.text(), @r#"{"status":"success","data":[{"__name__":"load","job":"a","zone":"é\"x"},{"__name__":"up","job":"a"},{"__name__":"up","job":"b"}]}"#);
    insta::assert_snapshot!(app.get("/api/v1/series?match[]=up&start=0&end=1").await.text(), @r#"{"status":"success","data":[]}"#);
}

#[tokio::test]
async fn metadata_exemplars_and_targets() {
    let app = filled().await;
    insta::assert_snapshot!(app.get("/api/v1/metadata?metric=up").await.text(), @r#"{"status":"success","data":{"up":[{"type":"gauge","help":"Some \"help\"","unit":""}]}}"#);
    app.add_exemplar(&[("__name__", "up"), ("job", "a")], "abc", 0.5);
    insta::assert_snapshot!(app.get("/api/v1/query_exemplars?query=sum(rate(up%5B5m%5D))").await.text(), @r#"{"status":"success","data":[{"seriesLabels":{"__name__":"up","job":"a"},"exemplars":[{"labels":{"trace_id":"abc"},"value":"0.5","timestamp":1767225599.500}]}]}"#);
    insta::assert_snapshot!(app.get("/api/v1/targets").await.text(), @r#"{"status":"success","data":{"activeTargets":[{"discoveredLabels":{"__address__":"a:9100","job":"node"},"globalUrl":"http://a:9100/metrics","health":"down","labels":{"instance":"a:9100","job":"node"},"lastError":"connection refused","lastScrape":"2026-01-01T00:00:00Z","lastScrapeDuration":0.25,"scrapeInterval":"15s","scrapePool":"node","scrapeTimeout":"10s","scrapeUrl":"http://a:9100/metrics"}],"droppedTargetCounts":{"node":3},"droppedTargets":[{"discoveredLabels":{"__address__":"b:9100"},"scrapePool":"node"}]}}"#);
}

#[tokio::test]
async fn queries_can_be_taken_apart_and_laid_out() {
    let app = filled().await;
    insta::assert_snapshot!(app.get("/api/v1/parse_query?query=sum%20by%20(job)%20(rate(up%7Ba!~%22x%22%7D%5B5m%5D%20offset%201m))%20%2F%202").await.text(), @r#"{"status":"success","data":{"bool":false,"lhs":{"expr":{"args":[{"matchers":[{"name":"a","type":"!~","value":"x"},{"name":"__name__","type":"=","value":"up"}],"name":"up","offset":60000,"range":300000,"startOrEnd":null,"timestamp":null,"type":"matrixSelector"}],"func":{"argTypes":["matrix"],"name":"rate","returnType":"vector","variadic":0},"type":"call"},"grouping":["job"],"op":"sum","param":null,"type":"aggregation","without":false},"matching":null,"op":"/","rhs":{"type":"numberLiteral","val":"2"},"type":"binaryExpr"}}"#);
    insta::assert_snapshot!(app.get("/api/v1/format_query?query=sum(rate(up%5B5m%5D))by(job)").await.text(), @r#"{"status":"success","data":"sum by (job) (rate(up[5m]))"}"#);
    assert_eq!(app.get("/api/v1/format_query?query=1%2B").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_server_tells_about_itself() {
    let app = filled().await;
    insta::assert_snapshot!(app.get("/api/v1/status/buildinfo").await.text(), @r#"{"status":"success","data":{"branch":"","buildDate":"","buildUser":"","goVersion":"","revision":"","version":"1.2.3"}}"#);
    insta::assert_snapshot!(app.get("/api/v1/status/config").await.text(), @r#"{"status":"success","data":{"yaml":"global:\n  scrape_interval: 15s\n"}}"#);
    insta::assert_snapshot!(app.get("/api/v1/status/flags").await.text(), @r#"{"status":"success","data":{"web.enable-lifecycle":"false"}}"#);
    let runtime = app.get("/api/v1/status/runtimeinfo").await.json();
    assert_eq!(runtime["data"]["startTime"], "2025-12-31T23:59:00Z");
    assert_eq!(runtime["data"]["lastConfigTime"], "2025-12-31T23:59:58.5Z");
    assert_eq!(runtime["data"]["storageRetention"], "15d");
    let tsdb = app.get("/api/v1/status/tsdb").await.json();
    assert_eq!(tsdb["data"]["headStats"]["numSeries"], 3);
    assert_eq!(
        tsdb["data"]["blocks"],
        serde_json::json!({"count": 0, "bytes": 0, "minTime": null, "maxTime": null})
    );
    assert_eq!(tsdb["data"]["walBytes"], 0);
    assert_eq!(app.get("/api/v1/status/tsdb?limit=0").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn large_answers_are_compressed_when_asked_for() {
    let app = filled().await;
    let address = "/api/v1/query_range?query=up&start=1767225000&end=1767225600&step=1";
    let plain = app.get(address).await;
    assert_eq!(plain.header(header::CONTENT_ENCODING), "");
    let packed = app.get_with(address, &[("accept-encoding", "gzip")]).await;
    assert_eq!(packed.header(header::CONTENT_ENCODING), "gzip");
    assert!(packed.body.len() * 3 < plain.body.len());
}

#[tokio::test]
async fn frames_hold_the_same_values() {
    let app = filled().await;
    let accept = [("accept", api::frame::CONTENT_TYPE)];
    let answer =
        app.get_with("/api/v1/query_range?query=up&start=1767225480&end=1767225600&step=60", &accept).await;
    assert_eq!(answer.header(header::CONTENT_TYPE), api::frame::CONTENT_TYPE);
    let frame = api::frame::Frame::decode(&answer.body).unwrap();
    assert_eq!((frame.start_ms, frame.step_ms, frame.steps), (NOW_MS - 120_000, 60_000, 3));
    assert_eq!(frame.series.len(), 2);
    assert!(api::frame::is_absent(frame.series[0].values[0]));
    assert_eq!(frame.series[0].values[1..], [1.0, 1.0]);
    assert!(frame.series[1].values[2].is_nan() && !api::frame::is_absent(frame.series[1].values[2]));

    let instant = app.get_with("/api/v1/query?query=up&limit=1", &accept).await;
    let frame = api::frame::Frame::decode(&instant.body).unwrap();
    assert_eq!((frame.steps, frame.series.len(), frame.start_ms), (1, 1, NOW_MS));
    assert_eq!(frame.warnings, ["results truncated due to limit"]);

    let error = app.get_with("/api/v1/query?query=up%5B", &accept).await;
    assert_eq!(
        (error.status, error.header(header::CONTENT_TYPE)),
        (StatusCode::BAD_REQUEST, "application/json")
    );
    let ranges = app.get_with("/api/v1/query?query=up%5B1m%5D", &accept).await;
    assert_eq!(ranges.status, StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let limits = Limits { body_bytes: 100, ..Limits::default() };
    let app = TestApp::with(EngineOptions::default(), limits).await;
    let answer = app.form("/api/v1/query", &format!("query={}", "1".repeat(200))).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text().contains("limit"), "{}", answer.text());
}
