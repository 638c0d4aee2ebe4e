//! Who sends samples by remote write: `GET /api/watchfire/v1/remote-write` → [`SenderList`].

use serde::{Deserialize, Serialize};

/// All senders that are remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SenderList {
    /// Whether the server takes remote write at all.
    pub enabled: bool,
    /// Senders, the one heard last first.
    pub senders: Vec<SenderStatus>,
}

/// How it goes with a sender: an address and what it calls itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SenderStatus {
    /// Network address without port.
    pub address: String,
    /// Its `User-Agent`, or "".
    pub user_agent: String,
    /// Version of the protocol of its last request: `1.0`, `2.0`, or "" when it could not be told.
    pub version: String,
    /// When its last request came, milliseconds since the epoch.
    pub last_seen_ms: i64,
    /// Requests.
    pub requests: u64,
    /// Requests that were not written, or only in part.
    pub failed_requests: u64,
    /// Samples stored.
    pub samples: u64,
    /// Samples and exemplars refused.
    pub refused: u64,
    /// When a request last failed, milliseconds since the epoch; 0 for never.
    pub last_failure_ms: i64,
    /// Why, with examples, or "".
    pub last_failure: String,
}
