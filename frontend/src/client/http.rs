//! Requests: JSON there and back, bodies as bytes, errors by Prometheus' envelope. A request that nobody
//! waits for any more is aborted.

use api::ErrorBody;
use api::dashboards::Conflict;
use gloo_net::http::{Method, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use web_sys::{AbortController, AbortSignal};

use super::ApiError;

/// Aborts its request when dropped.
struct Abort(Option<AbortController>);

impl Abort {
    fn new() -> Self {
        Self(AbortController::new().ok())
    }

    fn signal(&self) -> Option<AbortSignal> {
        self.0.as_ref().map(AbortController::signal)
    }
}

impl Drop for Abort {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

pub(super) async fn get_json<T: DeserializeOwned>(url: &str) -> Result<T, ApiError> {
    read_json(&bytes("GET", url, "application/json", None).await?)
}

pub(super) async fn send_json<B: Serialize, T: DeserializeOwned>(
    method: &'static str,
    url: &str,
    body: &B,
) -> Result<T, ApiError> {
    let body = serde_json::to_string(body).map_err(|e| ApiError::Unreadable(e.to_string()))?;
    read_json(&bytes(method, url, "application/json", Some((body, "application/json"))).await?)
}

/// The body of a good answer.
pub(super) async fn bytes(
    method: &'static str,
    url: &str,
    accept: &str,
    body: Option<(String, &str)>,
) -> Result<Vec<u8>, ApiError> {
    let abort = Abort::new();
    let verb = match method {
        "POST" => Method::POST,
        "PUT" => Method::PUT,
        _ => Method::GET,
    };
    let request =
        RequestBuilder::new(url).method(verb).header("Accept", accept).abort_signal(abort.signal().as_ref());
    let request = match body {
        Some((text, kind)) => request.header("Content-Type", kind).body(text),
        None => request.build(),
    };
    let response =
        request.map_err(|_| ApiError::Unreachable)?.send().await.map_err(|_| ApiError::Unreachable)?;
    let bytes = response.binary().await.map_err(|_| ApiError::Unreachable)?;
    if response.ok() { Ok(bytes) } else { Err(refusal(&response, &bytes)) }
}

fn refusal(response: &Response, bytes: &[u8]) -> ApiError {
    let status = response.status();
    if status == 409
        && let Ok(conflict) = serde_json::from_slice::<Conflict>(bytes)
    {
        return ApiError::Conflict { current: conflict.current };
    }
    let body = serde_json::from_slice::<ErrorBody>(bytes).unwrap_or_else(|_| ErrorBody {
        status: "error".to_owned(),
        error_type: String::new(),
        error: format!("The server answered {status} {}.", response.status_text()),
        span: None,
    });
    ApiError::Refused { status, body }
}

fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(bytes).map_err(|e| ApiError::Unreadable(e.to_string()))
}
