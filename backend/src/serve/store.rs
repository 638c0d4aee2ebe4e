//! The time-series store as the API sees it.

use std::collections::BTreeMap;

use config::StorageConfig;
use http_rim::{NamedCount, SeriesExemplars, Store, StoreStats};
use model::{CompiledMatcher, MetricMetadata, TimeRange};
use storage::{Appender, Querier, QueryError, Storage};
use tsdb::Tsdb;

/// The store.
pub(crate) struct TsdbStore(pub(crate) Tsdb);

impl TsdbStore {
    pub(crate) fn tsdb(&self) -> &Tsdb {
        &self.0
    }

    /// Takes up what the configuration says; `max_exemplars` counts where it says nothing.
    pub(crate) fn apply(&self, config: &StorageConfig, max_exemplars: usize) {
        self.0.set_late_window(config.out_of_order_time_window.as_ms());
        let said = config.max_exemplars.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
        self.0.set_max_exemplars(said.unwrap_or(max_exemplars));
    }
}

impl Storage for TsdbStore {
    fn appender(&self) -> Box<dyn Appender> {
        self.0.appender()
    }

    fn querier(&self, range: TimeRange) -> Result<Box<dyn Querier>, QueryError> {
        self.0.querier(range)
    }
}

impl Store for TsdbStore {
    fn metadata(&self) -> BTreeMap<String, MetricMetadata> {
        self.0.metadata()
    }

    fn exemplars(&self, selectors: &[Vec<CompiledMatcher>], range: TimeRange) -> Vec<SeriesExemplars> {
        let found = self.0.exemplars(selectors, range);
        found
            .into_iter()
            .map(|one| SeriesExemplars { series: one.series, exemplars: one.exemplars })
            .collect()
    }

    fn stats(&self, limit: usize) -> StoreStats {
        let (stats, blocks) = (self.0.stats(limit), self.0.blocks());
        let counts = |list: Vec<tsdb::NamedCount>| {
            list.into_iter().map(|one| NamedCount { name: one.name, count: one.count }).collect()
        };
        StoreStats {
            series: stats.series,
            chunks: stats.chunks,
            label_pairs: stats.label_pairs,
            min_time_ms: stats.min_time_ms,
            max_time_ms: stats.max_time_ms,
            series_by_metric: counts(stats.series_by_metric),
            values_by_label: counts(stats.values_by_label),
            memory_by_label: counts(stats.memory_by_label),
            series_by_pair: counts(stats.series_by_pair),
            refused_by_metric: counts(stats.refused_by_metric),
            head_bytes: stats.memory_bytes,
            blocks: blocks.len() as u64,
            blocks_bytes: blocks.iter().map(|block| block.size_bytes()).sum(),
            blocks_range: blocks
                .iter()
                .map(|block| block.range())
                .reduce(|a, b| TimeRange::new(a.start_ms.min(b.start_ms), a.end_ms.max(b.end_ms))),
            wal_bytes: self.0.log_bytes(),
        }
    }

    fn delete_series(&self, selectors: &[Vec<CompiledMatcher>], range: TimeRange) -> Result<(), String> {
        self.0.delete_series(selectors, range).map(drop).map_err(|error| error.to_string())
    }

    fn clean_tombstones(&self) -> Result<(), String> {
        self.0.clean_tombstones().map(drop).map_err(|error| error.to_string())
    }

    fn snapshot(&self, prefix: &str, skip_head: bool) -> Result<String, String> {
        self.0.snapshot(prefix, skip_head).map_err(|error| error.to_string())
    }

    fn refusal(&self) -> Option<String> {
        self.0.health().refusal.map(|refusal| refusal.reason)
    }

    fn corruptions(&self) -> u64 {
        let health = self.0.health();
        let taken_over = health.taken_over.map_or(0, |taken| taken.report.damage.len() + taken.damage.len());
        (health.recovery.damage.len() + taken_over) as u64
    }
    fn complaints(&self) -> Vec<String> {
        let health = self.0.health();
        let refusal = health.refusal.map(|refusal| format!("the store takes no writes: {}", refusal.reason));
        let damage = health.recovery.damage.into_iter().map(|damage| {
            let kept = damage.quarantined.map(|kept| format!("; a copy is kept in {}", kept.display()));
            format!(
                "{} bytes of the log could not be read, {} from byte {}: {}{}",
                damage.bytes,
                damage.file.display(),
                damage.offset,
                damage.reason,
                kept.unwrap_or_default()
            )
        });
        let orphaned = health.recovery.orphaned_samples;
        let orphaned =
            (orphaned > 0).then(|| format!("{orphaned} samples of the log have lost their series"));
        let blocks = health.blocks_set_aside.into_iter().map(|why| format!("a block was set aside: {why}"));
        refusal.into_iter().chain(damage).chain(orphaned).chain(blocks).collect()
    }
}
