//! `GET /api/v1/status/…`: what was built, how it was started, what it runs with, what the store holds.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::success;
use crate::app::App;
use crate::error::ApiError;
use crate::store::NamedCount;
use crate::wire::params::Params;
use crate::wire::time::rfc3339;

/// Length of each list of `status/tsdb` where nothing is said, and the longest.
const LIST_DEFAULT: usize = 10;
const LIST_MAX: usize = 10_000;

pub(crate) async fn buildinfo(State(app): State<App>) -> Response {
    let build = &app.settings.build;
    success(json!({
        "version": build.version, "revision": build.revision, "branch": "", "buildUser": "",
        "buildDate": "", "goVersion": "",
    }))
}

pub(crate) async fn config(State(app): State<App>) -> Response {
    success(json!({"yaml": app.config.read().yaml}))
}

pub(crate) async fn flags(State(app): State<App>) -> Response {
    success(&app.settings.flags)
}

pub(crate) async fn runtimeinfo(State(app): State<App>) -> Response {
    let config = app.config.read();
    let threads = platform::process_status().map_or(0, |status| status.threads);
    success(json!({
        "startTime": rfc3339(app.settings.started_ms),
        "CWD": app.settings.working_directory,
        "hostname": "",
        "serverTime": rfc3339(app.clock.now_ms()),
        "reloadConfigSuccess": config.last_reload_ok,
        "lastConfigTime": rfc3339(config.last_loaded_ms),
        "corruptionCount": app.store.corruptions(),
        "goroutineCount": threads,
        "GOMAXPROCS": std::thread::available_parallelism().map_or(1, usize::from),
        "GOMEMLIMIT": 0,
        "GOGC": "",
        "GODEBUG": "",
        "storageRetention": app.settings.retention,
    }))
}

pub(crate) async fn tsdb(State(app): State<App>, params: Params) -> Result<Response, ApiError> {
    let limit = match params.limit("limit")? {
        0 if params.get("limit").is_empty() => LIST_DEFAULT,
        limit if (1..=LIST_MAX).contains(&limit) => limit,
        _ => return Err(ApiError::parameter("limit", &format!("must be from 1 to {LIST_MAX}"))),
    };
    let stats =
        crate::run::run(&app, app.engine.options().timeout, move |app, _| Ok(app.store.stats(limit))).await?;
    Ok(success(json!({
        "headStats": {
            "numSeries": stats.series, "numLabelPairs": stats.label_pairs, "chunkCount": stats.chunks,
            "minTime": stats.min_time_ms.unwrap_or(i64::MAX), "maxTime": stats.max_time_ms.unwrap_or(i64::MIN),
        },
        "seriesCountByMetricName": list(&stats.series_by_metric),
        "labelValueCountByLabelName": list(&stats.values_by_label),
        "memoryInBytesByLabelName": list(&stats.memory_by_label),
        "seriesCountByLabelValuePair": list(&stats.series_by_pair),
        // Beyond what Prometheus says.
        "refusedSeriesByMetricName": list(&stats.refused_by_metric),
        "headBytes": stats.head_bytes,
        "blocks": {
            "count": stats.blocks, "bytes": stats.blocks_bytes,
            "minTime": stats.blocks_range.map(|range| range.start_ms),
            "maxTime": stats.blocks_range.map(|range| range.end_ms),
        },
        "walBytes": stats.wal_bytes,
    })))
}

fn list(counts: &[NamedCount]) -> Vec<Value> {
    counts.iter().map(|entry| json!({"name": entry.name, "value": entry.count})).collect()
}
