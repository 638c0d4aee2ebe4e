//! `GET|POST /api/v1/format_query`: an expression in its normal layout.

use axum::extract::State;
use axum::response::Response;

use super::success;
use crate::app::App;
use crate::error::ApiError;
use crate::wire::params::Params;

pub(crate) async fn format_query(State(app): State<App>, params: Params) -> Result<Response, ApiError> {
    let (expr, _) = app.engine.parse(params.get("query"))?;
    Ok(success(promql_syntax::pretty(&expr)))
}
