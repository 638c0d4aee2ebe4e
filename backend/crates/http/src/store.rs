//! What the API asks of a store beyond the storage contract.

use std::collections::BTreeMap;

use model::{CompiledMatcher, Exemplar, Labels, MetricMetadata, TimeRange};
use storage::Storage;

/// A store that can tell about itself.
pub trait Store: Storage {
    /// What is known about metric families, by name.
    fn metadata(&self) -> BTreeMap<String, MetricMetadata>;

    /// Exemplars of series that any of the selectors matches.
    fn exemplars(&self, selectors: &[Vec<CompiledMatcher>], range: TimeRange) -> Vec<SeriesExemplars>;

    /// Figures; lists are cut after `limit` entries.
    fn stats(&self, limit: usize) -> StoreStats;

    /// Why the store takes no writes, if it does not.
    fn refusal(&self) -> Option<String>;

    /// Deletes the samples within `range` of the series that match one of the selectors.
    ///
    /// # Errors
    /// What went wrong, for people.
    fn delete_series(&self, selectors: &[Vec<CompiledMatcher>], range: TimeRange) -> Result<(), String>;

    /// Takes what was deleted off the disk.
    ///
    /// # Errors
    /// What went wrong, for people.
    fn clean_tombstones(&self) -> Result<(), String>;

    /// Makes a snapshot whose name begins with `prefix`; its whole name.
    ///
    /// # Errors
    /// What went wrong, for people.
    fn snapshot(&self, prefix: &str, skip_head: bool) -> Result<String, String>;

    /// How much of its log could not be read at the start, in damaged places.
    fn corruptions(&self) -> u64;

    /// What an administrator should know of the store, one line each: writes that are refused, stretches of
    /// the log that could not be read, blocks that were set aside. Empty when all is well.
    fn complaints(&self) -> Vec<String>;
}

/// Exemplars of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesExemplars {
    /// Labels of the series.
    pub series: Labels,
    /// Its exemplars, oldest first.
    pub exemplars: Vec<Exemplar>,
}

/// A name and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedCount {
    /// Name.
    pub name: String,
    /// Count.
    pub count: u64,
}

/// Figures of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Series in memory.
    pub series: u64,
    /// Chunks in memory.
    pub chunks: u64,
    /// Different label pairs.
    pub label_pairs: u64,
    /// Time of the oldest sample in milliseconds since the epoch.
    pub min_time_ms: Option<i64>,
    /// Time of the newest sample in milliseconds since the epoch.
    pub max_time_ms: Option<i64>,
    /// Metrics with the most series.
    pub series_by_metric: Vec<NamedCount>,
    /// Labels with the most values.
    pub values_by_label: Vec<NamedCount>,
    /// Labels that take the most bytes.
    pub memory_by_label: Vec<NamedCount>,
    /// Label pairs with the most series.
    pub series_by_pair: Vec<NamedCount>,
    /// Metrics of which the most series were refused because of a limit.
    pub refused_by_metric: Vec<NamedCount>,
    /// Bytes of the series in memory.
    pub head_bytes: u64,
    /// Blocks on disk.
    pub blocks: u64,
    /// Bytes of the blocks.
    pub blocks_bytes: u64,
    /// From the oldest to the newest time of which there are blocks.
    pub blocks_range: Option<TimeRange>,
    /// Bytes of the write-ahead log, its checkpoint included.
    pub wal_bytes: u64,
}
