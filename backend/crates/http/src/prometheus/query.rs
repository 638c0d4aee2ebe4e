//! `GET|POST /api/v1/query`: the value of an expression at one time.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use promql::{QueryOptions, QueryResult};

use crate::app::App;
use crate::error::ApiError;
use crate::run::run;
use crate::server::json_bytes;
use crate::wire::frame::query_frame;
use crate::wire::params::Params;
use crate::wire::result::query_json;

pub(crate) async fn query(
    State(app): State<App>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, ApiError> {
    let now_ms = app.clock.now_ms();
    let t = params.time_or("time", now_ms)?;
    let asked = Asked::read(&app, &headers, &params)?;
    run(&app, asked.timeout, move |app, cancel| {
        let options = asked.options(cancel);
        let result = app.engine.instant(&*app.store, &asked.query, t, &options)?;
        asked.answer(result)
    })
    .await
}

/// What instant and range queries are asked with alike.
pub(crate) struct Asked {
    pub(crate) query: String,
    pub(crate) timeout: Duration,
    limit: usize,
    lookback_delta: Option<Duration>,
    stats: bool,
    frame: bool,
}

impl Asked {
    pub(crate) fn read(app: &App, headers: &HeaderMap, params: &Params) -> Result<Self, ApiError> {
        let limit = params.limit("limit")?;
        let longest = app.engine.options().timeout;
        let timeout = params.duration("timeout")?.map_or(longest, |timeout| timeout.min(longest));
        Ok(Self {
            query: params.get("query").to_owned(),
            timeout,
            limit,
            lookback_delta: params.duration("lookback_delta")?,
            stats: !params.get("stats").is_empty(),
            frame: accepts_frame(headers),
        })
    }

    pub(crate) fn options(&self, cancel: &storage::Cancel) -> QueryOptions {
        QueryOptions {
            cancel: cancel.clone(),
            timeout: Some(self.timeout),
            lookback_delta: self.lookback_delta,
        }
    }

    pub(crate) fn answer(&self, result: QueryResult) -> Result<Response, ApiError> {
        if self.frame {
            let body = query_frame(result, &self.query, self.limit)?.into_body();
            return Ok(([(header::CONTENT_TYPE, api::frame::CONTENT_TYPE)], body).into_response());
        }
        Ok(json_bytes(StatusCode::OK, query_json(&result, &self.query, self.limit, self.stats)))
    }
}

/// Whether the client asks for a frame by name.
fn accepts_frame(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|value| {
        value.to_str().unwrap_or_default().split(',').any(|offer| {
            offer.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(api::frame::CONTENT_TYPE)
        })
    })
}
