//! The store as others see it: open, write, read, maintain, close.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::{CompiledMatcher, MetricMetadata, TimeRange, TimestampMs};
use parking_lot::Mutex;
use platform::{Clock, Disk, DiskLock};
use storage::{AppendError, Appender, Querier, QueryError, Storage};
use telemetry::Registry;

use crate::head::{ChunkCut, Head, HeadAppender, HeadQuerier, HeadStats, SeriesExemplars, Truncated};
use crate::metrics::Metrics;
use crate::wal::{Encoder, RecoveryReport, Refusal, Wal, WalSettings, recover, write_checkpoint};
use crate::{OpenError, Options, WalFsync};

/// Milliseconds between two truncations of the head.
const TRUNCATE_INTERVAL_MS: i64 = 5 * 60_000;
/// Milliseconds between two attempts to begin a broken log anew.
const RESUME_INTERVAL_MS: i64 = 5_000;

/// A time-series store in a directory. Cheap to clone; clones share it.
#[derive(Clone)]
pub struct Tsdb {
    inner: Arc<Inner>,
}

/// How the store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Set while the disk fails: reads go on, writes are refused until it works again.
    pub refusal: Option<Refusal>,
    /// What the recovery at start found.
    pub recovery: RecoveryReport,
}

impl Health {
    /// Whether the store takes writes.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.refusal.is_none()
    }
}

pub(crate) struct Inner {
    pub(crate) head: Head,
    pub(crate) wal: Wal,
    pub(crate) metrics: Metrics,
    options: Options,
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    recovery: RecoveryReport,
    /// Held while the head is truncated or a checkpoint written.
    maintenance: Mutex<Maintenance>,
    last_sync_ms: Mutex<i64>,
    _lock: Box<dyn DiskLock>,
}

struct Maintenance {
    last_truncation_ms: i64,
    checkpoint_bytes: u64,
    /// Before this time a broken log is not begun anew again.
    next_resume_ms: i64,
}

impl Tsdb {
    /// Opens the store in `options.dir`, making it if it is not there, and recovers what was logged.
    ///
    /// # Errors
    /// When another process has the directory or the disk fails. Damage in the log is no error: what can be
    /// read is recovered, the rest is set aside and reported.
    pub fn open(
        options: Options,
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        registry: &Registry,
    ) -> Result<(Self, RecoveryReport), OpenError> {
        let wal_dir = options.wal_dir();
        disk.create_dir_all(&wal_dir).map_err(|e| OpenError::io("create", &wal_dir, e))?;
        for dir in [options.head_dir(), options.dir.clone()] {
            disk.sync_dir(&dir).map_err(|e| OpenError::io("sync", &dir, e))?;
        }
        let lock = lock(&options, &*disk)?;
        let metrics = Metrics::register(registry);
        let cut = ChunkCut {
            block_range_ms: options.block_range_ms.max(1),
            samples: options.samples_per_chunk.max(1),
        };
        let head = Head::new(cut, options.max_age_ms, options.max_exemplars);
        let started = clock.monotonic();
        let mut recovered = recover(&head, &disk, &options, options.replay_threads)?;
        recovered.report.duration = clock.monotonic().saturating_sub(started);
        report(&recovered.report, &metrics);
        let settings = WalSettings {
            dir: wal_dir.clone(),
            fsync: options.wal_fsync,
            segment_bytes: options.wal_segment_bytes,
        };
        let (number, bytes) = (recovered.next_segment, recovered.segment_bytes);
        let wal = Wal::begin(settings, number, bytes, Arc::clone(&disk), Arc::clone(&clock), metrics.clone())
            .map_err(|e| OpenError::io("begin a segment in", &wal_dir, e))?;
        let inner = Inner {
            head,
            wal,
            metrics,
            recovery: recovered.report.clone(),
            maintenance: Mutex::new(Maintenance {
                last_truncation_ms: clock.now_ms(),
                checkpoint_bytes: 0,
                next_resume_ms: i64::MIN,
            }),
            last_sync_ms: Mutex::new(clock.now_ms()),
            options,
            disk,
            clock,
            _lock: lock,
        };
        let store = Self { inner: Arc::new(inner) };
        if !recovered.report.damage.is_empty() {
            // The damaged files are kept in quarantine; the log itself is made whole again.
            let _ = store.checkpoint(); // an error closes the log and shows in `health`
        }
        store.publish();
        Ok((store, recovered.report))
    }

    /// How the store is.
    #[must_use]
    pub fn health(&self) -> Health {
        Health { refusal: self.inner.wal.refusal(), recovery: self.inner.recovery.clone() }
    }

    /// What the head holds; `limit` bounds each of the lists of largest items.
    #[must_use]
    pub fn stats(&self, limit: usize) -> HeadStats {
        self.inner.head.stats(limit)
    }

    /// Metadata by name of the metric family.
    #[must_use]
    pub fn metadata(&self) -> BTreeMap<String, MetricMetadata> {
        self.inner.head.metadata.snapshot()
    }

    /// The exemplars within `range` of the series that match any of the selectors, by series, in order of
    /// labels.
    #[must_use]
    pub fn exemplars(&self, selectors: &[Vec<CompiledMatcher>], range: TimeRange) -> Vec<SeriesExemplars> {
        self.inner.head.exemplars(selectors, range)
    }

    /// The oldest and newest time of which there are samples, in milliseconds.
    #[must_use]
    pub fn time_range(&self) -> Option<TimeRange> {
        let head = &self.inner.head;
        let (min, max) = (head.min_t.load(Ordering::Relaxed), head.max_t.load(Ordering::Relaxed));
        (min <= max).then(|| TimeRange::new(min, max))
    }

    /// Does what is due: forces the log onto the medium, forgets what is older than the retention,
    /// rewrites the log as a checkpoint when it has grown. Call it about every second, from a thread that
    /// may block; it hardly does anything most times.
    ///
    /// # Errors
    /// [`AppendError::Refused`] when the disk failed, now or earlier.
    pub fn maintain(&self) -> Result<(), AppendError> {
        let inner = &self.inner;
        if inner.wal.is_broken() && inner.clock.now_ms() >= inner.maintenance.lock().next_resume_ms {
            self.resume()?;
        }
        self.sync_if_due()?;
        let now = inner.clock.now_ms();
        let due = now - inner.maintenance.lock().last_truncation_ms >= TRUNCATE_INTERVAL_MS;
        if due {
            self.truncate(now.saturating_sub(inner.options.retention_ms))?;
            inner.maintenance.lock().last_truncation_ms = now;
        }
        let written = inner.wal.bytes.load(Ordering::Relaxed);
        let limit = inner.options.checkpoint_bytes.max(inner.maintenance.lock().checkpoint_bytes);
        if written > limit {
            self.checkpoint()?;
        }
        self.publish();
        inner.wal.check_open()
    }

    /// Drops chunks that end before `before_ms`, and series without samples that nobody has touched since
    /// the truncation before.
    ///
    /// # Errors
    /// [`AppendError::Refused`].
    pub fn truncate(&self, before_ms: TimestampMs) -> Result<Truncated, AppendError> {
        let inner = &self.inner;
        let _maintenance = inner.maintenance.lock();
        let done = inner.head.truncate(before_ms, |gone| {
            let mut encoder = Encoder::default();
            encoder.removed(gone);
            inner.wal.enqueue(encoder.frames());
        });
        inner.metrics.truncations.inc();
        inner.metrics.series_removed.inc_by(done.series);
        if done != Truncated::default() {
            tracing::info!(before_ms, chunks = done.chunks, series = done.series, "truncated the head");
        }
        inner.wal.flush()?;
        Ok(done)
    }

    /// Rewrites the log from memory and removes the segments it replaces.
    ///
    /// # Errors
    /// [`AppendError::Refused`] when the disk fails; the log is closed then.
    pub fn checkpoint(&self) -> Result<(), AppendError> {
        let inner = &self.inner;
        let mut maintenance = inner.maintenance.lock();
        let number = {
            // No commit is between log and memory: all that is in ended segments can be copied from memory.
            let _removal = inner.head.removal.write();
            inner.wal.bytes.store(0, Ordering::Relaxed);
            inner.wal.rotate()?
        };
        let wal_dir = inner.options.wal_dir();
        let between = &mut || {
            // An error closes the log; the next commit tells.
            let _ = self.sync_if_due();
        };
        let file_bytes = inner.options.wal_segment_bytes;
        match write_checkpoint(&inner.head, &*inner.disk, &wal_dir, number, file_bytes, between) {
            Ok(bytes) => {
                maintenance.checkpoint_bytes = bytes;
                inner.metrics.checkpoints.inc();
                tracing::info!(number, bytes, "wrote a checkpoint");
                Ok(())
            }
            Err(error) => {
                // Nothing is lost: the segments that it would have replaced are still there.
                let reason = format!("cannot write checkpoint {number} in {}: {error}", wal_dir.display());
                tracing::error!(reason);
                Err(AppendError::Refused(reason))
            }
        }
    }

    /// After an error of the disk that left it open what is on the medium: begins another segment, and a
    /// checkpoint from memory that stands for all before it. Memory holds all that was acknowledged.
    fn resume(&self) -> Result<(), AppendError> {
        let inner = &self.inner;
        let mut maintenance = inner.maintenance.lock();
        maintenance.next_resume_ms = inner.clock.now_ms().saturating_add(RESUME_INTERVAL_MS);
        let number = {
            let _removal = inner.head.removal.write();
            inner.wal.bytes.store(0, Ordering::Relaxed);
            inner.wal.reopen()?
        };
        let wal_dir = inner.options.wal_dir();
        let file_bytes = inner.options.wal_segment_bytes;
        match write_checkpoint(&inner.head, &*inner.disk, &wal_dir, number, file_bytes, &mut || {}) {
            Ok(bytes) => {
                maintenance.checkpoint_bytes = bytes;
                inner.metrics.checkpoints.inc();
                inner.wal.open_again();
                Ok(())
            }
            Err(error) => {
                let reason = format!("cannot write checkpoint {number} in {}: {error}", wal_dir.display());
                Err(AppendError::Refused(reason))
            }
        }
    }

    /// Forces all that was committed onto the medium.
    ///
    /// # Errors
    /// [`AppendError::Refused`] when the disk fails.
    pub fn sync(&self) -> Result<(), AppendError> {
        self.inner.wal.sync()?;
        *self.inner.last_sync_ms.lock() = self.inner.clock.now_ms();
        Ok(())
    }

    /// Syncs and takes no more writes. The directory is free for another process when the last clone is
    /// dropped.
    ///
    /// # Errors
    /// [`AppendError::Refused`] when the last sync failed.
    pub fn close(&self) -> Result<(), AppendError> {
        let outcome = self.sync();
        self.inner.wal.close();
        outcome
    }

    fn sync_if_due(&self) -> Result<(), AppendError> {
        let WalFsync::Interval(interval_ms) = self.inner.options.wal_fsync else { return Ok(()) };
        let due = self.inner.clock.now_ms() - *self.inner.last_sync_ms.lock() >= interval_ms;
        if due { self.sync() } else { Ok(()) }
    }

    /// Sets the gauges.
    fn publish(&self) {
        let Inner { head, metrics, wal, .. } = &*self.inner;
        metrics.head_series.set(head.series_count.load(Ordering::Relaxed) as i64);
        metrics.head_chunks.set(head.chunk_count.load(Ordering::Relaxed));
        if let Some(range) = self.time_range() {
            metrics.head_min_time.set(range.start_ms);
            metrics.head_max_time.set(range.end_ms);
        }
        metrics.exemplars.set(head.exemplars.len() as i64);
        metrics.wal_bytes.set(wal.bytes.load(Ordering::Relaxed) as i64);
    }
}

impl Storage for Tsdb {
    fn appender(&self) -> Box<dyn Appender> {
        Box::new(HeadAppender::new(Arc::clone(&self.inner)))
    }

    fn querier(&self, range: TimeRange) -> Result<Box<dyn Querier>, QueryError> {
        Ok(Box::new(HeadQuerier::new(Arc::clone(&self.inner), range)))
    }
}

fn lock(options: &Options, disk: &dyn Disk) -> Result<Box<dyn DiskLock>, OpenError> {
    let path: PathBuf = options.dir.join("lock");
    disk.lock(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::WouldBlock => OpenError::Locked { path: path.clone() },
        _ => OpenError::io("lock", &path, error),
    })
}

fn report(report: &RecoveryReport, metrics: &Metrics) {
    metrics.recovery_milliseconds.set(report.duration.as_millis() as i64);
    if let Some(tail) = &report.torn_tail {
        metrics.wal_torn_tails.inc();
        metrics.wal_torn_bytes.inc_by(tail.bytes);
    }
    for damage in &report.damage {
        metrics.wal_damages.inc();
        metrics.wal_damaged_bytes.inc_by(damage.bytes);
    }
    metrics.wal_orphaned_samples.inc_by(report.orphaned_samples);
    if report.is_complete() {
        tracing::info!("recovered {report}");
    } else {
        tracing::error!("recovered {report}");
    }
}
