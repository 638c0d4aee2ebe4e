//! Our own endpoints, what administrators call, and the app's files.

mod support;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_rim::ControlRequest;
use serde_json::{Value, json};
use support::TestApp;

const DASHBOARDS: &str = "/api/watchfire/v1/dashboards";

fn document(title: &str) -> Value {
    json!({"title": title, "tags": ["t"], "panels": [{"id": 1, "type": "stat", "options": {},
        "grid": {"x": 0, "y": 0, "w": 6, "h": 4}, "queries": [{"refId": "A", "expr": "up"}]}]})
}

fn save(title: &str, base: u32) -> Value {
    json!({"dashboard": document(title), "message": "m", "baseVersion": base})
}

#[tokio::test]
async fn a_dashboard_is_made_saved_read_and_listed() {
    let app = TestApp::new().await;
    let made = app.json("POST", DASHBOARDS, &save("One", 0)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let uid = made.json()["dashboard"]["uid"].as_str().unwrap().to_owned();
    let place = format!("{DASHBOARDS}/{uid}");
    assert_eq!(made.header(header::LOCATION), place);

    let saved = app.json("PUT", &place, &save("Two", 1)).await;
    assert_eq!((saved.status, saved.json()["latest"].as_u64()), (StatusCode::OK, Some(2)));
    let stale = app.json("PUT", &place, &save("Three", 1)).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert_eq!(
        (&stale.json()["errorType"], &stale.json()["current"]["version"]),
        (&json!("conflict"), &json!(2))
    );

    assert_eq!(app.get(&format!("{place}?version=1")).await.json()["dashboard"]["title"], "One");
    assert_eq!(app.get(&format!("{place}?version=9")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.get(&format!("{place}?version=x")).await.status, StatusCode::BAD_REQUEST);
    let versions = app.get(&format!("{place}/versions")).await.json();
    assert_eq!(versions["versions"].as_array().unwrap().len(), 2);
    let list = app.get(&format!("{DASHBOARDS}?search=tW&tag=t")).await.json();
    assert_eq!((&list["dashboards"][0]["title"], &list["tags"]), (&json!("Two"), &json!([["t", 1]])));
    assert_eq!(app.get(&format!("{DASHBOARDS}?search=none")).await.json()["dashboards"], json!([]));
}

#[tokio::test]
async fn wrong_documents_say_what_is_wrong() {
    let app = TestApp::new().await;
    let mut wrong = save("One", 0);
    wrong["dashboard"]["panels"][0]["grid"]["w"] = json!(99);
    let answer = app.json("POST", DASHBOARDS, &wrong).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.json()["error"].as_str().unwrap().contains("panels[0].grid: must end within 24 columns"));

    let answer = app.json("POST", DASHBOARDS, &json!({"dashboard": {"titel": "x"}})).await;
    assert!(answer.text().contains("titel") && answer.text().contains("column"), "{}", answer.text());
    let request = Request::post(DASHBOARDS).header("host", "localhost").body(Body::from("{}")).unwrap();
    assert!(app.send(request).await.text().contains("Content-Type"));
    let other =
        app.json("PUT", &format!("{DASHBOARDS}/x"), &json!({"dashboard": {"uid": "y", "title": "T"}})).await;
    assert!(other.text().contains("cannot be changed"), "{}", other.text());
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let request = Request::post(DASHBOARDS)
        .header("host", "localhost")
        .header("content-type", "application/json")
        .body(Body::from(deep));
    assert_eq!(app.send(request.unwrap()).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn other_sites_cannot_change_anything() {
    let app = TestApp::new().await;
    for (name, value) in
        [("origin", "http://evil.example"), ("sec-fetch-site", "cross-site"), ("host", "evil.example")]
    {
        let request = Request::post(DASHBOARDS)
            .header("host", "127.0.0.1:9090")
            .header("content-type", "application/json")
            .header(name, value)
            .body(Body::from(save("One", 0).to_string()));
        let mut request = request.unwrap();
        if name == "host" {
            request.headers_mut().remove("host");
            request.headers_mut().insert("host", value.parse().unwrap());
        }
        assert_eq!(app.send(request).await.status, StatusCode::FORBIDDEN, "{name}");
    }
    assert_eq!(app.get(DASHBOARDS).await.json()["dashboards"], json!([]));
}

#[tokio::test]
async fn facts_and_targets_for_the_app() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(app.get("/api/watchfire/v1/app").await.text(), @r#"{"version":"1.2.3","demo":false,"scrapeIntervalMs":15000,"nowMs":1767225600000}"#);
    let targets: api::targets::TargetList =
        serde_json::from_slice(&app.get("/api/watchfire/v1/targets").await.body).unwrap();
    assert_eq!(targets.pools[0].dropped[0].reason, "rule 1: drop");
}

#[tokio::test]
async fn health_and_own_metrics() {
    let app = TestApp::new().await;
    let healthy = app.get("/-/healthy").await;
    assert_eq!(healthy.status, StatusCode::OK);
    assert_eq!(healthy.text(), "Watchfire is Healthy.\na block was set aside\n");
    assert_eq!(app.get("/-/ready").await.status, StatusCode::OK);
    let head = app.send(Request::head("/-/ready").body(Body::empty()).unwrap()).await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    app.app.set_not_ready("it stops");
    let not_ready = app.get("/-/ready").await;
    assert_eq!(not_ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(not_ready.text().contains("it stops"));

    let metrics = app.get("/metrics").await;
    assert!(metrics.header(header::CONTENT_TYPE).starts_with("text/plain; version=0.0.4"));
    assert!(
        metrics.text().contains("watchfire_http_requests_total{handler=\"/-/ready\",code=\"503\"} 1"),
        "{}",
        metrics.text()
    );
    let metrics =
        app.get_with("/metrics", &[("accept", "application/openmetrics-text; version=1.0.0")]).await;
    assert!(metrics.text().ends_with("# EOF\n"));
}

#[tokio::test]
async fn a_failed_reload_tells_the_reason() {
    let mut app = TestApp::new().await;
    let mut receiver = std::mem::replace(&mut app.control, tokio::sync::mpsc::channel(1).1);
    let answering = tokio::spawn(async move {
        while let Some(ControlRequest::Reload(answer)) = receiver.recv().await {
            answer.send(Err("prometheus.yml:3:5: unknown key".to_owned())).unwrap();
        }
    });
    let request = Request::post("/-/reload").header("host", "localhost").body(Body::empty()).unwrap();
    let answer = app.send(request).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.text(), "failed to reload config: prometheus.yml:3:5: unknown key\n");
    let request = Request::post("/-/quit").header("host", "localhost").body(Body::empty()).unwrap();
    assert_eq!(app.send(request).await.status, StatusCode::FORBIDDEN);
    assert_eq!(app.get("/-/reload").await.status, StatusCode::METHOD_NOT_ALLOWED);
    answering.abort();
}

#[tokio::test]
async fn the_page_is_served_for_page_addresses_only() {
    let app = TestApp::new().await;
    let html = [("accept", "text/html,*/*")];
    let page = app.get_with("/dashboards/abc?from=now-1h", &html).await;
    assert_eq!(
        (page.status, page.header(header::CONTENT_TYPE)),
        (StatusCode::OK, "text/html; charset=utf-8")
    );
    assert_eq!(page.header(header::CACHE_CONTROL), "no-cache");
    assert!(page.header(header::CONTENT_SECURITY_POLICY).contains("'wasm-unsafe-eval'"));
    assert_eq!(page.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(page.header(header::VARY), "accept-encoding");

    let etag = page.header(header::ETAG).to_owned();
    assert!(etag.starts_with('"'));
    let again = app.get_with("/", &[("if-none-match", &etag)]).await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));

    assert_eq!(app.get("/dashboards/abc").await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.get_with("/api/nothing", &html).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.get_with("/-/nothing", &html).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.get_with("/assets/nothing.js", &html).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.get_with("/index.html.br", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.get_with("/..%2f..%2fCargo.toml", &[]).await.status, StatusCode::NOT_FOUND);
    let post = app.send(Request::post("/dashboards").body(Body::empty()).unwrap()).await;
    assert_eq!(post.status, StatusCode::METHOD_NOT_ALLOWED);
}
