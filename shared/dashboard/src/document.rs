//! The whole document.

use serde::{Deserialize, Serialize};

use crate::{Panel, SCHEMA_VERSION, Variable};

/// A dashboard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Dashboard {
    /// Version of the document format.
    #[serde(default = "schema_version")]
    pub schema_version: u32,
    /// Identity, stable over renames: `[a-zA-Z0-9_-]{1,64}`. Empty lets the server choose one.
    #[serde(default)]
    pub uid: String,
    /// Title.
    pub title: String,
    /// What it is for, in a sentence or two.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Tags for search.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Time range and refresh it opens with.
    #[serde(default)]
    pub time: TimeSettings,
    /// Variables, in the order of their pickers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<Variable>,
    /// Panels.
    #[serde(default)]
    pub panels: Vec<Panel>,
}

/// What a dashboard opens with when its address says nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct TimeSettings {
    /// Start: `now-1h`, `now/d`, or milliseconds since the epoch.
    pub from: String,
    /// End, as `from`.
    pub to: String,
    /// Refresh interval as a duration; empty for none.
    pub refresh: String,
}

impl Default for TimeSettings {
    fn default() -> Self {
        Self { from: "now-1h".to_owned(), to: "now".to_owned(), refresh: String::new() }
    }
}

fn schema_version() -> u32 {
    SCHEMA_VERSION
}
