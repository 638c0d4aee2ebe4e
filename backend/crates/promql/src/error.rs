//! Why a query has no answer. The messages are Prometheus', because clients and people match on them.

use promql_syntax::ast::Span;
use storage::QueryError;
use thiserror::Error;

/// A query that failed.
#[derive(Clone, Debug, Error)]
pub enum EvalError {
    /// The text is not a query, or its types do not fit. The position is within the message as well.
    #[error("{message}")]
    Parse {
        /// What is wrong, with line and column.
        message: String,
        /// The offending bytes of the query, if known.
        span: Option<Span>,
    },
    /// The request itself makes no sense: a step of zero, an end before the start, too many points.
    #[error("{0}")]
    BadRequest(String),
    /// The series do not allow the operation: duplicate label sets, ambiguous matching, bad parameters.
    #[error("{message}")]
    Execution {
        /// What is wrong.
        message: String,
        /// The expression that failed, if known.
        span: Option<Span>,
    },
    /// The query took longer than it may.
    #[error("query timed out in {0}")]
    Timeout(&'static str),
    /// Nobody waits for the answer any more.
    #[error("query was canceled in {0}")]
    Cancelled(&'static str),
    /// The query would hold more samples in memory than it may.
    #[error("query processing would load too many samples into memory in query execution")]
    TooManySamples,
    /// The store could not be read.
    #[error("{0}")]
    Storage(String),
}

impl EvalError {
    pub(crate) fn execution(message: impl Into<String>) -> Self {
        Self::Execution { message: message.into(), span: None }
    }

    pub(crate) fn at(message: impl Into<String>, span: Span) -> Self {
        Self::Execution { message: message.into(), span: Some(span) }
    }

    /// The bytes of the query the error is about, if known.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::Parse { span, .. } | Self::Execution { span, .. } => *span,
            _ => None,
        }
    }
}

impl From<QueryError> for EvalError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Cancelled => Self::Cancelled("expression evaluation"),
            QueryError::TooManySamples => Self::TooManySamples,
            QueryError::Storage(_) => Self::Storage(error.to_string()),
        }
    }
}

/// Shorthand of this crate.
pub(crate) type Result<T> = std::result::Result<T, EvalError>;

/// Two series of one vector became the same.
pub(crate) const SAME_LABELSET: &str = "vector cannot contain metrics with the same labelset";
