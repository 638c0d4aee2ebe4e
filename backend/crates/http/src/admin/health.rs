//! `/-/healthy` says that the process lives; `/-/ready` that it does its work.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;

/// The process lives, so this is 200; the lines after the first say what is wrong with the store.
pub(crate) async fn healthy(State(app): State<App>) -> String {
    let mut text = "Watchfire is Healthy.\n".to_owned();
    for complaint in app.store.complaints() {
        text.push_str(&complaint);
        text.push('\n');
    }
    text
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
