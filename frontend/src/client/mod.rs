//! Everything the app asks the server, one function per question, with errors as values. Knows HTTP and
//! nothing of views.

mod error;
mod frames;
mod http;

use api::app::AppInfo;
use api::dashboards::{DashboardList, DashboardRecord, SaveDashboard, VersionList};
use api::targets::TargetList;
use model::TimeRange;
use scene::url::{encode, encode_segment};
use serde::Deserialize;

pub(crate) use error::ApiError;
pub(crate) use frames::{query, query_range};

/// Facts about the server.
pub(crate) async fn app_info() -> Result<AppInfo, ApiError> {
    http::get_json("/api/watchfire/v1/app").await
}

/// All dashboards with their tags; searching happens here, at once.
pub(crate) async fn dashboards() -> Result<DashboardList, ApiError> {
    http::get_json("/api/watchfire/v1/dashboards").await
}

/// A dashboard, of a certain version or the newest.
pub(crate) async fn dashboard(uid: &str, version: Option<u32>) -> Result<DashboardRecord, ApiError> {
    let mut url = format!("/api/watchfire/v1/dashboards/{}", encode_segment(uid));
    if let Some(version) = version {
        url.push_str("?version=");
        url.push_str(&version.to_string());
    }
    http::get_json(&url).await
}

/// Versions of a dashboard.
pub(crate) async fn versions(uid: &str) -> Result<VersionList, ApiError> {
    http::get_json(&format!("/api/watchfire/v1/dashboards/{}/versions", encode_segment(uid))).await
}

/// Saves a dashboard: `uid` of the one to save over, or none to make a new one.
pub(crate) async fn save(uid: Option<&str>, body: &SaveDashboard) -> Result<DashboardRecord, ApiError> {
    match uid {
        Some(uid) => {
            http::send_json("PUT", &format!("/api/watchfire/v1/dashboards/{}", encode_segment(uid)), body)
                .await
        }
        None => http::send_json("POST", "/api/watchfire/v1/dashboards", body).await,
    }
}

/// Targets with what happened to them.
pub(crate) async fn targets() -> Result<TargetList, ApiError> {
    http::get_json("/api/watchfire/v1/targets").await
}

#[derive(Deserialize)]
struct Names {
    data: Vec<String>,
}

/// A list of names from one of Prometheus' endpoints.
pub(crate) async fn names(url: &str) -> Result<Vec<String>, ApiError> {
    http::get_json::<Names>(url).await.map(|n| n.data)
}

/// Metric names of the recent past, for completion.
pub(crate) async fn metric_names(range: TimeRange) -> Result<Vec<String>, ApiError> {
    names(&with_range("/api/v1/label/__name__/values", range, "")).await
}

/// Label names, of the series of `metric` or of all.
pub(crate) async fn label_names(range: TimeRange, metric: &str) -> Result<Vec<String>, ApiError> {
    names(&with_range("/api/v1/labels", range, metric)).await
}

/// Values of a label, of the series of `metric` or of all.
pub(crate) async fn label_values(
    range: TimeRange,
    label: &str,
    metric: &str,
) -> Result<Vec<String>, ApiError> {
    names(&with_range(&format!("/api/v1/label/{}/values", encode_segment(label)), range, metric)).await
}

fn with_range(path: &str, range: TimeRange, metric: &str) -> String {
    let mut url = format!("{path}?start={}&end={}&limit=10000", range.start_ms / 1000, range.end_ms / 1000);
    if !metric.is_empty() {
        url.push_str("&match[]=");
        url.push_str(&encode(metric));
    }
    url
}
