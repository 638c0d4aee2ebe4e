//! `GET|POST /api/v1/labels`: names of labels.

use axum::extract::State;
use axum::response::Response;

use super::select::texts;
use crate::app::App;
use crate::error::ApiError;
use crate::wire::params::Params;

pub(crate) async fn labels(State(app): State<App>, params: Params) -> Result<Response, ApiError> {
    texts(&app, &params, |querier, matchers, hints| querier.label_names(matchers, hints)).await
}
