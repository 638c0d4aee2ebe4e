//! Our own endpoints under `/api/watchfire/v1`; their types are those of the crate `api`.

pub(crate) mod dashboards;
pub(crate) mod info;
pub(crate) mod remote_write;
pub(crate) mod targets;

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use serde::de::DeserializeOwned;

use crate::error::{ApiError, ErrorKind};

/// How long a client may take to send its document.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// A JSON body; a mistake is told with line and column.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        // Also a shield: a page of another site cannot send this type without asking first.
        if !media_type.eq_ignore_ascii_case("application/json") {
            return Err(ApiError::bad_data("the body must be JSON, with Content-Type: application/json"));
        }
        let body = tokio::time::timeout(BODY_TIMEOUT, Bytes::from_request(request, state))
            .await
            .map_err(|_| ApiError::bad_data("the body took too long to arrive"))?
            .map_err(|error| {
                ApiError::new(ErrorKind::TooLarge, format!("the body cannot be read: {error}"))
            })?;
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|error| ApiError::bad_data(format!("the body is not what is expected: {error}")))
    }
}
