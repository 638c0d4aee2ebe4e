//! `/dashboards…`: list, read, create, save, versions.

use api::dashboards::{
    DashboardList, DashboardRecord, DashboardSummary, SaveDashboard, VersionInfo, VersionList,
};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use metastore::{Filter, NewVersion, Record, Summary, Version};

use super::JsonBody;
use crate::app::App;
use crate::error::ApiError;
use crate::server::json_response;
use crate::wire::params::Params;

/// Who saves, as long as nobody logs in.
const AUTHOR: &str = "anonymous";

/// `GET /dashboards?search=&tag=`
pub(crate) async fn list(State(app): State<App>, params: Params) -> Result<Response, ApiError> {
    let filter = Filter {
        search: params.get("search").to_owned(),
        tags: params.all("tag").filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
    };
    let dashboards = app.metastore.list(&filter).await?.into_iter().map(summary).collect();
    let tags = app.metastore.tags().await?;
    Ok(json_response(StatusCode::OK, &DashboardList { dashboards, tags }))
}

/// `POST /dashboards`
pub(crate) async fn create(
    State(app): State<App>,
    JsonBody(body): JsonBody<SaveDashboard>,
) -> Result<Response, ApiError> {
    if body.base_version != 0 {
        return Err(ApiError::bad_data("a new dashboard has no baseVersion; save an existing one with PUT"));
    }
    let record = app.metastore.create(new_version(body)).await?;
    let place = format!("{}/dashboards/{}", api::PREFIX, record.dashboard.uid);
    let answer = json_response(StatusCode::CREATED, &wire_record(record));
    Ok(([(header::LOCATION, place)], answer).into_response())
}

/// `GET /dashboards/{uid}?version=`
pub(crate) async fn read(
    State(app): State<App>,
    Path(uid): Path<String>,
    params: Params,
) -> Result<Response, ApiError> {
    let version = match params.get("version") {
        "" => None,
        text => Some(text.parse().map_err(|_| ApiError::parameter("version", "must be a whole number"))?),
    };
    let record = app.metastore.read(&uid, version).await?;
    Ok(json_response(StatusCode::OK, &wire_record(record)))
}

/// `PUT /dashboards/{uid}`
pub(crate) async fn save(
    State(app): State<App>,
    Path(uid): Path<String>,
    JsonBody(mut body): JsonBody<SaveDashboard>,
) -> Result<Response, ApiError> {
    if body.dashboard.uid.is_empty() {
        body.dashboard.uid.clone_from(&uid);
    }
    if body.dashboard.uid != uid {
        return Err(ApiError::bad_data(format!(
            "the document's uid {:?} is not the address's {uid:?}; a uid cannot be changed",
            body.dashboard.uid
        )));
    }
    let base = body.base_version;
    let record = app.metastore.save(new_version(body), base).await?;
    Ok(json_response(StatusCode::OK, &wire_record(record)))
}

/// `GET /dashboards/{uid}/versions`
pub(crate) async fn versions(State(app): State<App>, Path(uid): Path<String>) -> Result<Response, ApiError> {
    let versions = app.metastore.versions(&uid).await?.into_iter().map(version_info).collect();
    Ok(json_response(StatusCode::OK, &VersionList { versions }))
}

fn new_version(body: SaveDashboard) -> NewVersion {
    NewVersion { dashboard: body.dashboard, author: AUTHOR.to_owned(), message: body.message }
}

fn summary(summary: Summary) -> DashboardSummary {
    DashboardSummary {
        uid: summary.uid,
        title: summary.title,
        description: summary.description,
        tags: summary.tags,
        panels: summary.panels,
        version: summary.version,
        updated_ms: summary.updated_ms,
        author: summary.author,
        provisioned: summary.provisioned,
    }
}

fn wire_record(record: Record) -> DashboardRecord {
    DashboardRecord {
        dashboard: record.dashboard,
        version: version_info(record.version),
        latest: record.latest,
        provisioned: record.provisioned,
    }
}

pub(crate) fn version_info(version: Version) -> VersionInfo {
    VersionInfo {
        version: version.version,
        author: version.author,
        message: version.message,
        created_ms: version.created_ms,
    }
}
