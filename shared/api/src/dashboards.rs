//! Dashboards: list, read, create, save, versions.
//!
//! `GET /dashboards?search=&tag=` → [`DashboardList`] · `POST /dashboards` [`SaveDashboard`] → 201
//! [`DashboardRecord`] · `GET /dashboards/{uid}?version=` → [`DashboardRecord`] · `PUT /dashboards/{uid}`
//! [`SaveDashboard`] → [`DashboardRecord`] or 409 [`Conflict`] · `GET /dashboards/{uid}/versions` →
//! [`VersionList`]

use dashboard::Dashboard;
use serde::{Deserialize, Serialize};

/// Answer to a search.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DashboardList {
    /// What was found, by title.
    pub dashboards: Vec<DashboardSummary>,
    /// All tags that occur, with their number of dashboards.
    pub tags: Vec<(String, u32)>,
}

/// A dashboard in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DashboardSummary {
    /// Identity.
    pub uid: String,
    /// Title.
    pub title: String,
    /// Description.
    pub description: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Number of panels.
    pub panels: u32,
    /// Current version.
    pub version: u32,
    /// When it was saved last, milliseconds since the epoch.
    pub updated_ms: i64,
    /// Who saved it.
    pub author: String,
    /// Comes from a file of the program and can only be saved under another name.
    pub provisioned: bool,
}

/// A dashboard as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DashboardRecord {
    /// The document of that version.
    pub dashboard: Dashboard,
    /// The version and who made it.
    pub version: VersionInfo,
    /// Number of the newest version.
    pub latest: u32,
    /// As in [`DashboardSummary::provisioned`].
    pub provisioned: bool,
}

/// A saved version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionInfo {
    /// Counts from 1.
    pub version: u32,
    /// Who saved it.
    pub author: String,
    /// What was changed, in the author's words.
    pub message: String,
    /// When, milliseconds since the epoch.
    pub created_ms: i64,
}

/// All versions of a dashboard, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionList {
    /// Versions.
    pub versions: Vec<VersionInfo>,
}

/// A new dashboard or a new version of one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SaveDashboard {
    /// The document.
    pub dashboard: Dashboard,
    /// What was changed.
    #[serde(default)]
    pub message: String,
    /// The version that was edited; a save on top of another one is refused with 409. 0 for a new one.
    #[serde(default)]
    pub base_version: u32,
}

/// Somebody else saved in between (HTTP 409).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// The error, as every endpoint gives it.
    #[serde(flatten)]
    pub error: crate::ErrorBody,
    /// The version that is there now.
    pub current: VersionInfo,
}
