//! What the app asks once at its start: `GET /api/watchfire/v1/app`.

use serde::{Deserialize, Serialize};

/// Facts about the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppInfo {
    /// Version of the program.
    pub version: String,
    /// Whether the data comes from the simulated fleet; the app says so in plain words.
    pub demo: bool,
    /// Global scrape interval in milliseconds, for `$__rate_interval`.
    pub scrape_interval_ms: i64,
    /// The server's clock, milliseconds since the epoch.
    pub now_ms: i64,
}
