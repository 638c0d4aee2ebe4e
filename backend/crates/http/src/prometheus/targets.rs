//! `GET /api/v1/targets`: what is scraped, in Prometheus' form.

use std::collections::BTreeMap;

use api::targets::{Pool, Target};
use axum::extract::State;
use axum::response::Response;
use model::format_duration;
use serde_json::{Value, json};

use super::success;
use crate::app::App;
use crate::error::ApiError;
use crate::wire::params::Params;
use crate::wire::time::rfc3339;

pub(crate) async fn targets(State(app): State<App>, params: Params) -> Result<Response, ApiError> {
    let state = params.get("state");
    let (active, dropped) = match state {
        "" | "any" => (true, true),
        "active" => (true, false),
        "dropped" => (false, true),
        _ => return Err(ApiError::parameter("state", "must be active, dropped or any")),
    };
    let wanted = params.get("scrapePool");
    let list = app.targets.list();
    let pools: Vec<&Pool> =
        list.pools.iter().filter(|pool| wanted.is_empty() || pool.name == wanted).collect();
    let mut answer = json!({"activeTargets": [], "droppedTargets": [], "droppedTargetCounts": {}});
    if active {
        answer["activeTargets"] = pools
            .iter()
            .flat_map(|pool| pool.active.iter().map(|target| active_target(pool, target)))
            .collect();
    }
    if dropped {
        answer["droppedTargets"] = pools
            .iter()
            .flat_map(|pool| pool.dropped.iter().map(move |target| (pool, target)))
            .map(|(pool, target)| {
                json!({"discoveredLabels": object(&target.discovered), "scrapePool": pool.name})
            })
            .collect();
    }
    answer["droppedTargetCounts"] = pools
        .iter()
        .map(|pool| (pool.name.clone(), json!(pool.dropped.len() + pool.dropped_unlisted as usize)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    Ok(success(answer))
}

fn active_target(pool: &Pool, target: &Target) -> Value {
    json!({
        "discoveredLabels": object(&target.discovered),
        "labels": object(&target.labels),
        "scrapePool": pool.name,
        "scrapeUrl": target.scrape_url,
        "globalUrl": target.scrape_url,
        "lastError": target.last_error,
        "lastScrape": if target.last_scrape_ms == 0 {
            "0001-01-01T00:00:00Z".to_owned()
        } else {
            rfc3339(target.last_scrape_ms)
        },
        "lastScrapeDuration": target.last_scrape_duration_s,
        "health": target.health,
        "scrapeInterval": format_duration(target.interval_ms),
        "scrapeTimeout": format_duration(target.timeout_ms),
    })
}

fn object(labels: &[(String, String)]) -> BTreeMap<&str, &str> {
    labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}
