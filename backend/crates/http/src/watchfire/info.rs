//! `GET /app`: facts the app asks for at its start.

use api::app::AppInfo;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::server::json_response;

pub(crate) async fn info(State(app): State<App>) -> Response {
    let info = AppInfo {
        version: app.settings.build.version.clone(),
        demo: app.settings.demo,
        scrape_interval_ms: app.config.read().scrape_interval_ms,
        now_ms: app.clock.now_ms(),
    };
    json_response(StatusCode::OK, &info)
}
