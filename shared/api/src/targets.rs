//! Targets with what happened to them: `GET /api/watchfire/v1/targets` → [`TargetList`].

use serde::{Deserialize, Serialize};

/// All scrape pools.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetList {
    /// Pools, by name.
    pub pools: Vec<Pool>,
}

/// A scrape pool: the targets of one `job_name`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pool {
    /// Job name.
    pub name: String,
    /// Targets that are scraped.
    pub active: Vec<Target>,
    /// Targets that relabelling dropped.
    pub dropped: Vec<DroppedTarget>,
    /// How many more were dropped than are listed.
    pub dropped_unlisted: u32,
    /// Why the pool as a whole does not work (discovery failed, too many targets), or "".
    pub error: String,
}

/// A target that is scraped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Address that is fetched.
    pub scrape_url: String,
    /// `up`, `down` or `unknown` (not yet scraped).
    pub health: String,
    /// Error of the last scrape, or "".
    pub last_error: String,
    /// Start of the last scrape, milliseconds since the epoch; 0 for none.
    pub last_scrape_ms: i64,
    /// Duration of the last scrape in seconds.
    pub last_scrape_duration_s: f64,
    /// Samples of the last scrape.
    pub samples: u64,
    /// Interval in milliseconds.
    pub interval_ms: i64,
    /// Timeout in milliseconds.
    pub timeout_ms: i64,
    /// Labels before relabelling.
    pub discovered: Vec<(String, String)>,
    /// Labels after relabelling.
    pub labels: Vec<(String, String)>,
}

/// A target that relabelling dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DroppedTarget {
    /// Labels before relabelling.
    pub discovered: Vec<(String, String)>,
    /// Which rule dropped it, counted from 1, and what it says; "" if not known.
    pub reason: String,
}
