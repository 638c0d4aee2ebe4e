//! `/-/healthy` says that the process lives; `/-/ready` that it does its work.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;

pub(crate) async fn healthy() -> &'static str {
    "Watchfire is Healthy.\n"
}

pub(crate) async fn ready(State(app): State<App>) -> Response {
    let state = app.ready.read().clone();
    if let Err(reason) = state {
        return (StatusCode::SERVICE_UNAVAILABLE, format!("Not ready: {reason}.\n")).into_response();
    }
    match app.store.refusal() {
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("The store takes no writes: {reason}\n"))
            .into_response(),
        None => "Watchfire is Ready.\n".into_response(),
    }
}
