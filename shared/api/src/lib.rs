//! What travels between server and app: our own endpoints under `/api/watchfire/v1` as JSON, and query
//! results as a compact binary frame. The Prometheus JSON API has its types in the server's rim.
//!
//! This is the only home of serde for the wire; domain types are mapped to these by hand.

pub mod app;
pub mod dashboards;
pub mod frame;
pub mod remote_write;
pub mod targets;

use serde::{Deserialize, Serialize};

/// Where our own endpoints live.
pub const PREFIX: &str = "/api/watchfire/v1";

/// An error as every endpoint answers it (Prometheus' envelope).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// Always "error".
    pub status: String,
    /// `bad_data`, `execution`, `timeout`, `canceled`, `not_found`, `conflict`, `internal` …
    pub error_type: String,
    /// What went wrong and what to do.
    pub error: String,
    /// Half-open byte range of the query that is to blame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<(u32, u32)>,
}
