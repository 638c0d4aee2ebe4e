//! `POST|PUT /-/reload` loads the configuration again; `POST|PUT /-/quit` stops the server, where that is
//! allowed.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use tokio::sync::oneshot;

use crate::app::{App, ControlRequest};

pub(crate) async fn reload(State(app): State<App>) -> Response {
    let (answer, outcome) = oneshot::channel();
    let sent = app.control.send(ControlRequest::Reload(answer)).await.is_ok();
    match outcome.await {
        Ok(Ok(())) if sent => StatusCode::OK.into_response(),
        Ok(Err(reason)) => {
            let message = format!("failed to reload config: {reason}\n");
            (StatusCode::INTERNAL_SERVER_ERROR, message).into_response()
        }
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the server is stopping\n").into_response(),
    }
}

pub(crate) async fn quit(State(app): State<App>) -> Response {
    if !app.settings.lifecycle {
        let message = "Lifecycle API is not enabled; start with --web.enable-lifecycle\n";
        return (StatusCode::FORBIDDEN, message).into_response();
    }
    // If nobody listens, the server is stopping already.
    let _ = app.control.send(ControlRequest::Quit).await;
    "Requesting termination... Goodbye!\n".into_response()
}
