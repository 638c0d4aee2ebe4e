//! Scrape pools, loops, limits, staleness and target health, as Prometheus has them.
//!
//! [`load`] reads the jobs of a `prometheus.yml`. [`ScrapeManager`] runs one pool per job; a pool turns target
//! groups into targets and runs one loop per target; a loop fetches, parses and appends. Names, limits and the
//! moments at which series are marked stale are those of Prometheus. Storing and querying is done elsewhere.

mod append;
mod buffers;
mod cache;
#[cfg(test)]
mod cache_tests;
mod config;
mod labels;
mod looping;
mod manager;
mod metadata;
mod metrics;
mod pool;
mod replay;
mod report;
mod request;
mod status;
mod target;

pub use config::{Limits, ScrapeConfig, ScrapeConfigs, load};
pub use manager::{ScrapeDeps, ScrapeManager};
pub use metrics::Metrics;
pub use replay::Replay;
pub use status::{DroppedTarget, Health, PoolStatus, TargetMetadata, TargetStatus};
