//! `GET /metrics`: the server's own metrics.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};

use crate::app::App;

pub(crate) async fn own_metrics(State(app): State<App>, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (body, content_type) = app.registry.encode_for(accept);
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}
