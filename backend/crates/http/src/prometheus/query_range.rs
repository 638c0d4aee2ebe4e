//! `GET|POST /api/v1/query_range`: the values of an expression over a range of time.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::query::Asked;
use crate::app::App;
use crate::error::ApiError;
use crate::run::run;
use crate::wire::params::Params;

/// Most steps between the first and the last point, as in Prometheus.
const STEPS_MAX: i64 = 11_000;

pub(crate) async fn query_range(
    State(app): State<App>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, ApiError> {
    let start = params.time("start")?;
    let end = params.time("end")?;
    if end < start {
        return Err(ApiError::parameter("end", "end timestamp must not be before start time"));
    }
    let step = params.step("step")?;
    if step <= 0 {
        let message =
            "zero or negative query resolution step widths are not accepted. Try a positive integer";
        return Err(ApiError::parameter("step", message));
    }
    if end.saturating_sub(start) / step > STEPS_MAX {
        return Err(ApiError::bad_data(
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
        ));
    }
    let asked = Asked::read(&app, &headers, &params)?;
    run(&app, asked.timeout, move |app, cancel| {
        let options = asked.options(cancel);
        let result = app.engine.range(&*app.store, &asked.query, (start, end), step, &options)?;
        asked.answer(result)
    })
    .await
}
