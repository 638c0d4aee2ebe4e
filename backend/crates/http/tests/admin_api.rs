//! Deleting series and making snapshots over HTTP.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise, helpers included")]

mod support;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use support::TestApp;

const CHORES: [&str; 3] = ["delete_series?match[]=up", "clean_tombstones", "snapshot"];

async fn put(app: &TestApp, chore: &str) -> support::Answer {
    app.send(Request::put(format!("/api/v1/admin/tsdb/{chore}")).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn nothing_of_it_without_the_flag() {
    let app = TestApp::new().await.filled();
    for chore in CHORES {
        let answer = put(&app, chore).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            answer.text(),
            r#"{"status":"error","errorType":"unavailable","error":"admin APIs disabled"}"#
        );
    }
    let series = app.get("/api/v1/series?match[]=up").await;
    assert_eq!(series.json()["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn series_are_deleted_and_snapshots_named() {
    let app = TestApp::administered().await.filled();
    let answer = app.form("/api/v1/admin/tsdb/delete_series", "match[]=up{job=\"a\"}").await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::NO_CONTENT, 0));
    let query = app.get("/api/v1/query?query=count_over_time(%7B__name__=~%22.%2B%22%7D%5B1h%5D)").await;
    assert_eq!(query.json()["data"]["result"].as_array().unwrap().len(), 2, "{}", query.text());
    assert_eq!(put(&app, "clean_tombstones").await.status, StatusCode::NO_CONTENT);
    let snapshot = put(&app, "snapshot?skip_head=false").await;
    let name = snapshot.json()["data"]["name"].as_str().unwrap().to_owned();
    assert!(name.ends_with(|c: char| c.is_ascii_hexdigit()) && name.contains("Z-"), "{name}");
}

#[tokio::test]
async fn mistakes_are_told() {
    let app = TestApp::administered().await;
    for (chore, why) in [
        ("delete_series", "no match[] parameter provided"),
        ("delete_series?match[]={}", "match[] must contain at least one non-empty matcher"),
        ("delete_series?match[]=up&start=never", "cannot parse"),
        ("snapshot?skip_head=maybe", "expected true or false"),
    ] {
        let answer = put(&app, chore).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{chore}");
        assert!(answer.text().contains(why), "{chore}: {}", answer.text());
    }
    let get = app.get("/api/v1/admin/tsdb/snapshot").await;
    assert_eq!(get.status, StatusCode::METHOD_NOT_ALLOWED);
}
