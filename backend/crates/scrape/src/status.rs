//! What people are told about targets.

use model::{Labels, MetricMetadata, TimestampMs};

/// How the last scrape went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Health {
    /// Not scraped yet.
    #[default]
    Unknown,
    /// Scraped.
    Up,
    /// Not scraped; see the error.
    Down,
}

impl Health {
    /// The word of Prometheus' API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// The last scrape of a target.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct LastScrape {
    pub health: Health,
    pub error: Option<String>,
    pub at_ms: Option<TimestampMs>,
    pub duration_s: f64,
    pub scraped: usize,
    pub kept: usize,
    pub added: usize,
}

/// A target that is scraped.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetStatus {
    /// Job that it belongs to.
    pub pool: String,
    /// Labels before relabelling.
    pub discovered_labels: Labels,
    /// Labels of its series.
    pub labels: Labels,
    /// Where it is scraped.
    pub scrape_url: String,
    /// How the last scrape went.
    pub health: Health,
    /// Why the last scrape failed.
    pub last_error: Option<String>,
    /// When the last scrape began.
    pub last_scrape_ms: Option<TimestampMs>,
    /// How long it took, in seconds.
    pub last_scrape_duration_s: f64,
    /// Samples in the body.
    pub samples_scraped: usize,
    /// Samples left by the relabel rules.
    pub samples_kept: usize,
    /// Series that were new in it.
    pub series_added: usize,
    /// Time between scrapes, ms.
    pub scrape_interval_ms: i64,
    /// Most time of a scrape, ms.
    pub scrape_timeout_ms: i64,
}

/// A target that is not scraped.
#[derive(Clone, Debug, PartialEq)]
pub struct DroppedTarget {
    /// Job that it belongs to.
    pub pool: String,
    /// Labels before relabelling.
    pub discovered_labels: Labels,
    /// Index of the rule in `relabel_configs` that dropped it; `None` if no target can be made of it.
    pub rule: Option<usize>,
    /// Why it is not scraped, in words.
    pub reason: String,
}

/// A job.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolStatus {
    /// Name of the job.
    pub job: String,
    /// Targets, by labels.
    pub targets: Vec<TargetStatus>,
    /// Targets that are not scraped; at most as many as the configuration keeps.
    pub dropped: Vec<DroppedTarget>,
    /// All targets that are not scraped.
    pub dropped_count: usize,
    /// Files and addresses that could not be read.
    pub discovery_errors: Vec<discovery::SourceError>,
}

/// What a target says about a metric family.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetMetadata {
    /// Labels of the target.
    pub target: Labels,
    /// Family.
    pub metric: String,
    /// Type, help and unit.
    pub metadata: MetricMetadata,
}
