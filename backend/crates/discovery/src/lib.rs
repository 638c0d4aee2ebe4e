//! Target groups from static configuration, files and HTTP.
//!
//! [`Discovery`] runs the mechanisms of one scrape job and always holds the groups that are known now. A
//! source that breaks keeps its last groups and says what is wrong. What becomes of a target (relabelling,
//! scraping) is not decided here.

mod config;
mod file;
mod group;
mod http_source;
mod metrics;
mod runner;

pub use config::{DiscoveryConfig, DiscoveryConfigs, FileConfig, HttpConfig};
pub use group::{TargetGroup, parse_json, parse_yaml};
pub use metrics::Metrics;
pub use runner::{Discovery, DiscoveryDeps, SourceError};

/// The label that holds a target's host and port.
pub const ADDRESS_LABEL: &str = "__address__";
