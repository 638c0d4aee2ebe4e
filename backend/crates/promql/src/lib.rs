//! PromQL: plan and evaluate over the storage contract.
//!
//! Evaluation is columnar: an expression becomes rows of `[steps]` values, one per series. A selector
//! decodes each series once; range functions slide a window over it; aggregations take rows as they come
//! and keep only their groups. What gives the same at every step is evaluated once. Nothing here knows how
//! samples are kept, and nothing here does I/O.

mod aggregate;
mod annotations;
mod binary;
mod column;
mod context;
mod engine;
mod error;
mod eval;
mod functions;
mod gate;
mod histogram;
mod kahan;
mod metrics;
mod parallel;
mod plan;
mod result;
mod scalar;
pub mod script;
mod select;
mod steps;
mod subquery;
mod window;

pub use annotations::{Annotation, Severity};
pub use engine::{Engine, EngineOptions, Monotonic, QueryOptions};
pub use error::EvalError;
pub use result::{
    Matrix, MatrixSeries, Point, QueryResult, QueryValue, SampledSeries, Statistics, VectorSample,
};
