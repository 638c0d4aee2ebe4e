//! Connections: accept, bound, serve, end. And the small answers everything is made of.

mod connections;
mod starting;

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

pub(crate) use connections::Peer;
pub use connections::{ServeOptions, serve};
pub use starting::answer_while_starting;

/// A JSON answer.
pub(crate) fn json_response<T: Serialize>(status: StatusCode, value: &T) -> Response<Body> {
    match serde_json::to_vec(value) {
        Ok(body) => json_bytes(status, body),
        Err(error) => {
            tracing::error!(%error, "failed to write an answer");
            json_bytes(
                StatusCode::INTERNAL_SERVER_ERROR,
                br#"{"status":"error","errorType":"internal","error":"failed to write the answer"}"#.to_vec(),
            )
        }
    }
}

/// An answer that is JSON already. Not cached: it is about now.
pub(crate) fn json_bytes(status: StatusCode, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
