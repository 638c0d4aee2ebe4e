//! Why a rule gave nothing.

use promql::EvalError;
use storage::{AppendError, QueryError};
use thiserror::Error;

/// Why a rule's evaluation failed. The messages about label sets and limits are Prometheus'.
#[derive(Clone, Debug, Error)]
pub enum RuleError {
    /// The query.
    #[error(transparent)]
    Query(#[from] EvalError),
    /// The store cannot be read.
    #[error(transparent)]
    Read(#[from] QueryError),
    /// The query gives something that is neither a vector nor a scalar.
    #[error("rule result is not a vector or scalar")]
    NotAVector,
    /// Two samples become the same series.
    #[error("vector contains metrics with the same labelset after applying {0} labels")]
    SameLabels(&'static str),
    /// More series or alerts than the group allows.
    #[error("exceeded limit of {limit} with {found} {what}")]
    Limit {
        /// What there may be.
        limit: usize,
        /// What there was.
        found: usize,
        /// `series` or `alerts`.
        what: &'static str,
    },
    /// The store takes no samples.
    #[error("the result cannot be stored: {0}")]
    Append(#[from] AppendError),
}
