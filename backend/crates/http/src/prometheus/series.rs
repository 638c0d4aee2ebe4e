//! `GET|POST /api/v1/series`: label sets of series.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;

use super::select::{cut, hints, querier};
use super::success_raw;
use crate::app::App;
use crate::error::ApiError;
use crate::run::run;
use crate::wire::json::{push_array, push_labels};
use crate::wire::params::Params;

pub(crate) async fn series(State(app): State<App>, params: Params) -> Result<Response, ApiError> {
    let range = params.range()?;
    let limit = params.limit("limit")?;
    let selectors = params.selectors()?;
    if selectors.is_empty() {
        return Err(ApiError::bad_data("no match[] parameter provided"));
    }
    run(&app, app.engine.options().timeout, move |app, cancel| {
        let querier = querier(app, range)?;
        let hints = hints(cancel);
        let mut found = Vec::new();
        for selector in &selectors {
            found.extend(querier.select(selector, &hints)?.iter().map(|series| series.labels()));
        }
        if selectors.len() > 1 {
            found = found.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        } else {
            found.sort();
        }
        let (kept, warnings) = cut(&found, limit);
        let mut data = Vec::with_capacity(kept.len() * 200 + 2);
        push_array(&mut data, kept, push_labels);
        Ok(success_raw(&data, &warnings))
    })
    .await
}
