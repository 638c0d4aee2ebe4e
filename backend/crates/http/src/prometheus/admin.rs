//! `POST|PUT /api/v1/admin/tsdb/…`: deleting series, cleaning up after that, snapshots. Only where the flag
//! `--web.enable-admin-api` allows it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::success;
use crate::app::App;
use crate::error::{ApiError, ErrorKind};
use crate::store::Store;
use crate::wire::params::Params;
use crate::wire::time::compact;

pub(crate) async fn delete_series(State(app): State<App>, params: Params) -> Result<Response, ApiError> {
    allowed(&app)?;
    let range = params.range()?;
    let selectors = params.selectors()?;
    if selectors.is_empty() {
        return Err(ApiError::bad_data("no match[] parameter provided"));
    }
    work(&app, move |store| store.delete_series(&selectors, range)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(crate) async fn clean_tombstones(State(app): State<App>) -> Result<Response, ApiError> {
    allowed(&app)?;
    work(&app, |store| store.clean_tombstones()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(crate) async fn snapshot(State(app): State<App>, params: Params) -> Result<Response, ApiError> {
    allowed(&app)?;
    let skip_head = match params.get("skip_head") {
        "" => false,
        text => text.parse().map_err(|_| {
            ApiError::parameter("skip_head", &format!("expected true or false, found {text:?}"))
        })?,
    };
    let prefix = compact(app.clock.now_ms());
    let name = work(&app, move |store| store.snapshot(&prefix, skip_head)).await?;
    Ok(success(json!({"name": name})))
}

fn allowed(app: &App) -> Result<(), ApiError> {
    if app.settings.admin_api {
        return Ok(());
    }
    Err(ApiError::new(ErrorKind::Unavailable, "admin APIs disabled"))
}

/// Runs to its end even if the client goes away: half of it would be worse.
async fn work<T: Send + 'static>(
    app: &App,
    chore: impl FnOnce(&dyn Store) -> Result<T, String> + Send + 'static,
) -> Result<T, ApiError> {
    let store = std::sync::Arc::clone(&app.store);
    let done = tokio::task::spawn_blocking(move || chore(&*store)).await;
    done.map_err(|error| ApiError::died(&error))?.map_err(|why| ApiError::new(ErrorKind::Internal, why))
}
