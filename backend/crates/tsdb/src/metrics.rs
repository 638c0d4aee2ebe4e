//! The store's own metrics.

use telemetry::Registry;
use telemetry::metrics::counter::Counter;
use telemetry::metrics::gauge::Gauge;
use telemetry::metrics::histogram::{Histogram, exponential_buckets};

/// What the store counts. Clones share the counters.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    pub(crate) head_series: Gauge,
    pub(crate) head_chunks: Gauge,
    pub(crate) head_min_time: Gauge,
    pub(crate) head_max_time: Gauge,
    pub(crate) exemplars: Gauge,
    pub(crate) series_created: Counter,
    pub(crate) series_removed: Counter,
    pub(crate) series_refused: Counter,
    float_samples: Counter,
    histogram_samples: Counter,
    pub(crate) out_of_order_samples: Counter,
    pub(crate) late_samples: Counter,
    pub(crate) too_old_samples: Counter,
    pub(crate) out_of_bounds_samples: Counter,
    pub(crate) duplicate_samples: Counter,
    pub(crate) wal_written_bytes: Counter,
    pub(crate) wal_sync_seconds: Histogram,
    pub(crate) wal_segment: Gauge,
    pub(crate) wal_bytes: Gauge,
    pub(crate) wal_damaged_bytes: Counter,
    pub(crate) wal_damages: Counter,
    pub(crate) wal_torn_tails: Counter,
    pub(crate) wal_torn_bytes: Counter,
    pub(crate) wal_orphaned_samples: Counter,
    pub(crate) checkpoints: Counter,
    pub(crate) truncations: Counter,
    pub(crate) blocks: Gauge,
    pub(crate) blocks_bytes: Gauge,
    pub(crate) blocks_set_aside: Counter,
    pub(crate) blocks_expired: Counter,
    pub(crate) compactions: Counter,
    pub(crate) compactions_failed: Counter,
    pub(crate) writes_refused: Gauge,
    pub(crate) recovery_milliseconds: Gauge,
}

impl Metrics {
    /// Makes and registers the metrics.
    pub(crate) fn register(registry: &Registry) -> Self {
        let counter = |name: &str, help: &str| registry.register(name, help, Counter::default());
        let gauge = |name: &str, help: &str| registry.register(name, help, Gauge::<i64>::default());
        Self {
            head_series: gauge("watchfire_tsdb_head_series", "Series in the head"),
            head_chunks: gauge("watchfire_tsdb_head_chunks", "Chunks in the head, open ones included"),
            head_min_time: gauge(
                "watchfire_tsdb_head_min_time_milliseconds",
                "Time of the oldest sample in the head",
            ),
            head_max_time: gauge(
                "watchfire_tsdb_head_max_time_milliseconds",
                "Time of the newest sample in the head",
            ),
            exemplars: gauge("watchfire_tsdb_exemplars", "Exemplars held"),
            series_created: counter("watchfire_tsdb_head_series_created", "Series created in the head"),
            series_removed: counter("watchfire_tsdb_head_series_removed", "Series removed from the head"),
            series_refused: counter(
                "watchfire_tsdb_series_refused",
                "Times that a new series was refused because of a limit",
            ),
            float_samples: counter("watchfire_tsdb_float_samples_appended", "Float samples appended"),
            histogram_samples: counter(
                "watchfire_tsdb_histogram_samples_appended",
                "Native histogram samples appended",
            ),
            late_samples: counter(
                "watchfire_tsdb_late_samples",
                "Samples taken though they are older than the newest of their series",
            ),
            too_old_samples: counter(
                "watchfire_tsdb_too_old_samples",
                "Samples refused because they came later than the out-of-order window allows",
            ),
            out_of_order_samples: counter(
                "watchfire_tsdb_out_of_order_samples",
                "Samples refused because their series has a newer one",
            ),
            out_of_bounds_samples: counter(
                "watchfire_tsdb_out_of_bounds_samples",
                "Samples refused because they are older than the head takes",
            ),
            duplicate_samples: counter(
                "watchfire_tsdb_duplicate_samples",
                "Samples refused because their series has another value at that time",
            ),
            wal_written_bytes: counter(
                "watchfire_tsdb_wal_written_bytes",
                "Bytes written to the write-ahead log",
            ),
            wal_sync_seconds: registry.register(
                "watchfire_tsdb_wal_sync_seconds",
                "Time to force the write-ahead log onto the medium",
                Histogram::new(exponential_buckets(0.0001, 4.0, 9)),
            ),
            wal_segment: gauge("watchfire_tsdb_wal_segment", "Segment that is being written"),
            wal_bytes: gauge(
                "watchfire_tsdb_wal_segments_bytes",
                "Bytes in segments since the last checkpoint",
            ),
            wal_damaged_bytes: counter(
                "watchfire_tsdb_wal_damaged_bytes",
                "Bytes of the write-ahead log that could not be read at start",
            ),
            wal_damages: counter(
                "watchfire_tsdb_wal_damages",
                "Stretches of the write-ahead log that could not be read at start",
            ),
            wal_torn_tails: counter(
                "watchfire_tsdb_wal_torn_tails",
                "Unfinished writes that were cut off the write-ahead log at start",
            ),
            wal_torn_bytes: counter(
                "watchfire_tsdb_wal_torn_bytes",
                "Bytes of unfinished writes that were cut off the write-ahead log at start",
            ),
            wal_orphaned_samples: counter(
                "watchfire_tsdb_wal_orphaned_samples",
                "Samples in the write-ahead log whose series could not be read at start",
            ),
            checkpoints: counter("watchfire_tsdb_checkpoints", "Checkpoints written"),
            truncations: counter("watchfire_tsdb_head_truncations", "Truncations of the head"),
            blocks: gauge("watchfire_tsdb_blocks", "Blocks on disk"),
            blocks_bytes: gauge("watchfire_tsdb_blocks_bytes", "Bytes of the blocks on disk"),
            blocks_set_aside: counter(
                "watchfire_tsdb_blocks_set_aside",
                "Blocks that could not be opened at start and were put into quarantine",
            ),
            blocks_expired: counter(
                "watchfire_tsdb_blocks_expired",
                "Blocks removed because the retention does not allow them any more",
            ),
            compactions: counter(
                "watchfire_tsdb_compactions",
                "Blocks written from the head or from other blocks",
            ),
            compactions_failed: counter(
                "watchfire_tsdb_compactions_failed",
                "Compactions that ended with an error",
            ),
            writes_refused: gauge(
                "watchfire_tsdb_writes_refused",
                "1 while the store refuses writes because the disk fails",
            ),
            recovery_milliseconds: gauge(
                "watchfire_tsdb_recovery_milliseconds",
                "Time that the recovery at start took",
            ),
        }
    }

    pub(crate) fn count_appended(&self, floats: u64, histograms: u64) {
        self.float_samples.inc_by(floats);
        if histograms > 0 {
            self.histogram_samples.inc_by(histograms);
        }
    }
}
