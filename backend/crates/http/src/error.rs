//! The one error type of answers to clients, and the one place that turns it into HTTP: Prometheus' envelope,
//! its error types and its status codes, with the place in the query where there is one.

use api::ErrorBody;
use api::dashboards::{Conflict, VersionInfo};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use metastore::MetastoreError;
use promql::EvalError;
use storage::QueryError;

use crate::server::json_response;

/// What kind of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// The request makes no sense.
    BadData,
    /// The query cannot be evaluated.
    Execution,
    /// The query took too long.
    Timeout,
    /// The client went away or the server stops.
    Canceled,
    /// There is no such thing.
    NotFound,
    /// Somebody else was faster.
    Conflict,
    /// It is not allowed.
    Forbidden,
    /// Not in this form.
    NotAcceptable,
    /// More than the server takes.
    TooLarge,
    /// Not now.
    Unavailable,
    /// Our fault.
    Internal,
}

impl ErrorKind {
    fn name(self) -> &'static str {
        match self {
            Self::BadData | Self::TooLarge => "bad_data",
            Self::Execution => "execution",
            Self::Timeout => "timeout",
            Self::Canceled => "canceled",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Forbidden => "forbidden",
            Self::NotAcceptable => "not_acceptable",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::BadData => StatusCode::BAD_REQUEST,
            Self::Execution => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Timeout | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            // What nginx made the custom for "client closed request".
            Self::Canceled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// An error for a client.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct ApiError {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
    /// Bytes of the query that are to blame.
    pub(crate) span: Option<(u32, u32)>,
    /// For a conflict: the version that is there.
    pub(crate) current: Option<VersionInfo>,
}

impl ApiError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), span: None, current: None }
    }

    pub(crate) fn bad_data(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::BadData, message)
    }

    /// A parameter that cannot be used, in Prometheus' words.
    pub(crate) fn parameter(name: &str, reason: &str) -> Self {
        Self::bad_data(format!("invalid parameter {name:?}: {reason}"))
    }

    /// A task of ours died.
    pub(crate) fn died(error: &tokio::task::JoinError) -> Self {
        Self::new(ErrorKind::Internal, format!("the request could not be finished: {error}"))
    }
}

impl From<EvalError> for ApiError {
    fn from(error: EvalError) -> Self {
        let span = error.span().map(|span| (span.start, span.end));
        let kind = match &error {
            EvalError::Parse { message, .. } => {
                let message = format!("invalid parameter \"query\": {message}");
                return Self { kind: ErrorKind::BadData, message, span, current: None };
            }
            EvalError::BadRequest(_) => {
                return Self { span, ..Self::parameter("query", &error.to_string()) };
            }
            EvalError::Execution { .. } | EvalError::TooManySamples => ErrorKind::Execution,
            EvalError::Timeout(_) => ErrorKind::Timeout,
            EvalError::Cancelled(_) => ErrorKind::Canceled,
            EvalError::Storage(_) => ErrorKind::Internal,
        };
        Self { kind, message: error.to_string(), span, current: None }
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        let kind = match error {
            QueryError::Cancelled => ErrorKind::Canceled,
            QueryError::TooManySamples => ErrorKind::Execution,
            QueryError::Storage(_) => ErrorKind::Internal,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<MetastoreError> for ApiError {
    fn from(error: MetastoreError) -> Self {
        let message = error.to_string();
        let kind = match error {
            MetastoreError::NotFound(_) | MetastoreError::NoSuchVersion { .. } => ErrorKind::NotFound,
            MetastoreError::Conflict { current, .. } => {
                let current = Some(crate::watchfire::dashboards::version_info(current));
                return Self { current, ..Self::new(ErrorKind::Conflict, message) };
            }
            MetastoreError::Exists(_) => ErrorKind::Conflict,
            MetastoreError::Provisioned(_) => ErrorKind::Forbidden,
            MetastoreError::Invalid(_) => ErrorKind::BadData,
            MetastoreError::TooLarge { .. } | MetastoreError::TextTooLong { .. } => ErrorKind::TooLarge,
            MetastoreError::Unreadable { .. } | MetastoreError::Open { .. } | MetastoreError::Database(_) => {
                ErrorKind::Internal
            }
        };
        Self::new(kind, message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if self.kind == ErrorKind::Internal {
            tracing::error!(error = %self.message, "request failed");
        }
        let error = ErrorBody {
            status: "error".to_owned(),
            error_type: self.kind.name().to_owned(),
            error: self.message,
            span: self.span,
        };
        match self.current {
            Some(current) => json_response(self.kind.status(), &Conflict { error, current }),
            None => json_response(self.kind.status(), &error),
        }
    }
}
