//! `GET /targets`: what is scraped, with all that is known about each target.

use api::targets::{DroppedTarget, Pool, Target, TargetList};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use model::Labels;
use scrape::{PoolStatus, ScrapeManager, TargetStatus};

use crate::app::App;
use crate::server::json_response;

/// Who knows the targets.
pub trait Targets: Send + Sync {
    /// All of them as they are now.
    fn list(&self) -> TargetList;
}

pub(crate) async fn targets(State(app): State<App>) -> Response {
    json_response(StatusCode::OK, &app.targets.list())
}

impl Targets for ScrapeManager {
    fn list(&self) -> TargetList {
        TargetList { pools: self.targets().into_iter().map(pool).collect() }
    }
}

fn pool(status: PoolStatus) -> Pool {
    let errors: Vec<String> =
        status.discovery_errors.iter().map(|error| format!("{}: {}", error.source, error.message)).collect();
    let unlisted = status.dropped_count.saturating_sub(status.dropped.len());
    Pool {
        name: status.job,
        active: status.targets.into_iter().map(target).collect(),
        dropped: status
            .dropped
            .into_iter()
            .map(|dropped| DroppedTarget {
                discovered: pairs(&dropped.discovered_labels),
                reason: match dropped.rule {
                    Some(rule) => format!("rule {}: {}", rule + 1, dropped.reason),
                    None => dropped.reason,
                },
            })
            .collect(),
        dropped_unlisted: u32::try_from(unlisted).unwrap_or(u32::MAX),
        error: errors.join("; "),
    }
}

fn target(status: TargetStatus) -> Target {
    Target {
        scrape_url: status.scrape_url,
        health: status.health.as_str().to_owned(),
        last_error: status.last_error.unwrap_or_default(),
        last_scrape_ms: status.last_scrape_ms.unwrap_or(0),
        last_scrape_duration_s: status.last_scrape_duration_s,
        samples: status.samples_scraped as u64,
        interval_ms: status.scrape_interval_ms,
        timeout_ms: status.scrape_timeout_ms,
        discovered: pairs(&status.discovered_labels),
        labels: pairs(&status.labels),
    }
}

fn pairs(labels: &Labels) -> Vec<(String, String)> {
    labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
