//! `GET /api/v1/metadata`: type, help and unit of metric families.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

use super::success;
use crate::app::App;
use crate::error::ApiError;
use crate::wire::params::Params;

#[derive(Serialize)]
struct Metadata {
    #[serde(rename = "type")]
    metric_type: &'static str,
    help: String,
    unit: String,
}

pub(crate) async fn metadata(State(app): State<App>, params: Params) -> Result<Response, ApiError> {
    let limit = params.limit("limit")?;
    let metric = params.get("metric");
    let mut families = app.store.metadata();
    if !metric.is_empty() {
        families.retain(|name, _| name == metric);
    }
    let most = if limit == 0 { usize::MAX } else { limit };
    let families: BTreeMap<String, [Metadata; 1]> = families
        .into_iter()
        .take(most)
        .map(|(name, metadata)| {
            let metric_type = metadata.metric_type.as_str();
            (name, [Metadata { metric_type, help: metadata.help, unit: metadata.unit }])
        })
        .collect();
    Ok(success(families))
}
