//! Prometheus' HTTP API v1, one endpoint a file.

pub(crate) mod admin;
pub(crate) mod exemplars;
pub(crate) mod format_query;
pub(crate) mod label_values;
pub(crate) mod labels;
pub(crate) mod metadata;
pub(crate) mod parse_query;
pub(crate) mod query;
pub(crate) mod query_range;
pub(crate) mod rules;
pub(crate) mod select;
pub(crate) mod series;
pub(crate) mod status;
pub(crate) mod targets;
pub(crate) mod tree;

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::server::{json_bytes, json_response};
use crate::wire::result::push_remarks;

/// The envelope around small answers.
#[derive(Serialize)]
struct Success<T> {
    status: &'static str,
    data: T,
}

/// `{"status":"success","data":…}`
pub(crate) fn success<T: Serialize>(data: T) -> Response {
    json_response(StatusCode::OK, &Success { status: "success", data })
}

/// The envelope around data that is JSON already.
pub(crate) fn success_raw(data: &[u8], warnings: &[String]) -> Response {
    let mut out = Vec::with_capacity(data.len() + 64);
    out.extend_from_slice(b"{\"status\":\"success\",\"data\":");
    out.extend_from_slice(data);
    push_remarks(&mut out, warnings, &[]);
    out.push(b'}');
    json_bytes(StatusCode::OK, out)
}
