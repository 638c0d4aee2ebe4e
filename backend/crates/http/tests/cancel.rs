//! A client that goes away takes its query with it.

mod support;

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use support::TestApp;
use tower::ServiceExt as _;

/// Takes minutes when nobody stops it: 11,000 medians of 86,400 values.
const HEAVY: &str = "/api/v1/query_range?query=quantile_over_time(0.5,vector(time())%5B1d:1s%5D)&start=0&end=1100000&step=100";

async fn running(app: &TestApp) -> bool {
    let metrics = app.get("/metrics").await;
    metrics.text().contains("watchfire_promql_queries_running 1\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_ends_when_its_client_is_gone() {
    let app = TestApp::new().await;
    let request = Request::get(HEAVY).body(Body::empty()).unwrap();
    let asking = tokio::spawn(http_rim::router(app.app.clone()).oneshot(request));
    let patience = Duration::from_secs(20);
    tokio::time::timeout(patience, async {
        while !running(&app).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("the query starts");
    assert!(!asking.is_finished());
    asking.abort();
    tokio::time::timeout(patience, async {
        while running(&app).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("the query is cancelled");
    assert!(app.app.queries_finished(patience).await);
}
