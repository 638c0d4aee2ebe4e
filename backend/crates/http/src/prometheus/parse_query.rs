//! `GET|POST /api/v1/parse_query`: the tree of an expression.

use axum::extract::State;
use axum::response::Response;

use super::success;
use super::tree::tree;
use crate::app::App;
use crate::error::ApiError;
use crate::wire::params::Params;

pub(crate) async fn parse_query(State(app): State<App>, params: Params) -> Result<Response, ApiError> {
    let (expr, _) = app.engine.parse(params.get("query"))?;
    Ok(success(tree(&expr)))
}
