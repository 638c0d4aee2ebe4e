//! The store as others see it: open, write, read, maintain, close.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use model::{CompiledMatcher, MetricMetadata, TimeRange, TimestampMs};
use parking_lot::Mutex;
use platform::{Clock, Disk, DiskLock, Entropy};
use storage::merge::MergeQuerier;
use storage::{AppendError, Appender, Querier, QueryError, Storage};
use telemetry::Registry;

use crate::block::{Block, Blocks};
use crate::head::{ChunkCut, Head, HeadAppender, HeadQuerier, HeadStats, SeriesExemplars, Truncated};
use crate::metrics::Metrics;
use crate::progress::Teller;
use crate::takeover::{TakenOver, Takeover};
use crate::wal::{
    ChunkFileWriter, Encoder, RecoveryReport, Refusal, Wal, WalSettings, chunk_files, recover,
    write_checkpoint,
};
use crate::{OpenError, Options, WalFsync};

/// Milliseconds between two truncations of the head.
const TRUNCATE_INTERVAL_MS: i64 = 5 * 60_000;
/// How often the gauges are set while a block is written.
const PUBLISH_INTERVAL_MS: i64 = 1_000;
/// Milliseconds after which sealed chunks are moved into a file even if they are few.
const SPILL_INTERVAL_MS: i64 = 10 * 60_000;
/// So few bytes of sealed chunks stay in memory and go into the checkpoint.
const SPILL_BYTES_MIN: u64 = 256 << 10;
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
    /// Blocks that could not be opened at start: which, why, and where they are now.
    pub blocks_set_aside: Vec<String>,
    /// What was taken over from a Prometheus at start, if one had left something.
    pub taken_over: Option<TakenOver>,
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
    pub(crate) options: Options,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) clock: Arc<dyn Clock>,
    recovery: RecoveryReport,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) blocks: Blocks,
    /// Samples were deleted from the head since the last checkpoint: the log still has them.
    pub(crate) deleted: AtomicBool,
    /// Held while samples go from the head into a block, or out of the head otherwise.
    pub(crate) writing: Mutex<()>,
    /// Blocks that could not be opened at start, told for people.
    set_aside: Vec<String>,
    taken_over: OnceLock<TakenOver>,
    /// Before this time no step of [`Tsdb::step_of_life`] is tried.
    pub(crate) retry_life_ms: AtomicI64,
    /// When the gauges were set.
    published_ms: AtomicI64,
    /// Since when late samples wait for being written into blocks: the time of the clock, and the newest of
    /// the samples.
    pub(crate) late_since: Mutex<Option<(i64, i64)>>,
    /// A truncation freed memory that was not given back yet.
    freed: AtomicBool,
    /// Length of the last checkpoint.
    pub(crate) checkpoint_bytes: AtomicU64,
    /// Held while the head is truncated or a checkpoint written.
    maintenance: Mutex<Maintenance>,
    last_sync_ms: Mutex<i64>,
    _lock: Box<dyn DiskLock>,
}

struct Maintenance {
    last_truncation_ms: i64,
    last_spill_ms: i64,
    /// Before this time chunks that could not be moved into a file are left where they are.
    next_spill_ms: i64,
    /// Number of the next file of chunks.
    next_chunk_file: u64,
    /// Before this time a broken log is not begun anew again.
    next_resume_ms: i64,
}

impl Tsdb {
    /// Opens the store in `options.dir`, making it if it is not there, and recovers what was logged. If a
    /// Prometheus used the directory before, what it had not put into blocks is taken over.
    ///
    /// # Errors
    /// When another process has the directory or the disk fails. Damage in the log is no error: what can be
    /// read is recovered, the rest is set aside and reported.
    pub fn open(
        options: Options,
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        registry: &Registry,
    ) -> Result<(Self, RecoveryReport), OpenError> {
        let (wal_dir, chunk_dir) = (options.wal_dir(), options.chunk_dir());
        for dir in [&wal_dir, &chunk_dir] {
            disk.create_dir_all(dir).map_err(|e| OpenError::io("create", dir, e))?;
        }
        for dir in [options.head_dir(), options.dir.clone()] {
            disk.sync_dir(&dir).map_err(|e| OpenError::io("sync", &dir, e))?;
        }
        let lock = lock(&options, &*disk)?;
        let metrics = Metrics::register(registry);
        let opened = Blocks::open(Arc::clone(&disk), &options.dir, Arc::clone(&clock), Arc::clone(&entropy));
        let (blocks, loaded) = opened.map_err(OpenError::Blocks)?;
        let set_aside: Vec<String> = loaded.set_aside.iter().map(ToString::to_string).collect();
        for told in &set_aside {
            tracing::error!("{told}");
        }
        metrics.blocks_set_aside.inc_by(set_aside.len() as u64);
        let progress = options.progress.clone();
        let mut teller = Teller::new(&progress, &*clock);
        let takeover = Takeover::begin(&disk, &options.dir, &options, &blocks, &mut teller)?;
        let cut = ChunkCut {
            block_range_ms: options.block_range_ms.max(1),
            samples: options.samples_per_chunk.max(1),
        };
        let head = Head::new(cut, options.max_age_ms, options.max_exemplars, options.series_limits);
        head.late_window_ms.store(options.late_window_ms, Ordering::Relaxed);
        head.min_valid_ms.fetch_max(head_begin(&blocks), Ordering::Relaxed);
        let started = clock.monotonic();
        let mut recovered = recover(&head, &disk, &options, &mut teller)?;
        head.release_files();
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
        let chunk_files =
            chunk_files(&*disk, &chunk_dir).map_err(|e| OpenError::io("list", &chunk_dir, e))?;
        drop(teller);
        let inner = Inner {
            head,
            wal,
            metrics,
            recovery: recovered.report.clone(),
            set_aside,
            taken_over: OnceLock::new(),
            retry_life_ms: AtomicI64::new(i64::MIN),
            published_ms: AtomicI64::new(i64::MIN),
            late_since: Mutex::default(),
            freed: AtomicBool::new(false),
            checkpoint_bytes: AtomicU64::new(0),
            maintenance: Mutex::new(Maintenance {
                last_truncation_ms: clock.now_ms(),
                last_spill_ms: clock.now_ms(),
                next_spill_ms: i64::MIN,
                next_chunk_file: chunk_files.last().map_or(0, |last| last + 1),
                next_resume_ms: i64::MIN,
            }),
            last_sync_ms: Mutex::new(clock.now_ms()),
            options,
            disk,
            clock,
            entropy,
            blocks,
            deleted: AtomicBool::new(false),
            writing: Mutex::default(),
            _lock: lock,
        };
        let store = Self { inner: Arc::new(inner) };
        if !recovered.report.damage.is_empty() {
            // The damaged files are kept in quarantine; the log itself is made whole again.
            let _ = store.checkpoint(); // an error closes the log and shows in `health`
        }
        if let Some(takeover) = takeover {
            // Nobody else has set it.
            let _ = store.inner.taken_over.set(takeover.finish(&store, true)?);
        }
        store.publish();
        Ok((store, recovered.report))
    }

    /// How the store is.
    #[must_use]
    pub fn health(&self) -> Health {
        Health {
            refusal: self.inner.wal.refusal(),
            recovery: self.inner.recovery.clone(),
            blocks_set_aside: self.inner.set_aside.clone(),
            taken_over: self.inner.taken_over.get().cloned(),
        }
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

    /// From now on takes samples that are older than the newest of their series if they lie no more than so
    /// many milliseconds behind the newest of all; 0: takes none.
    pub fn set_late_window(&self, window_ms: i64) {
        self.inner.head.late_window_ms.store(window_ms.max(0), Ordering::Relaxed);
    }

    /// While `refuse`, samples are taken only of series that are known.
    pub fn refuse_new_series(&self, refuse: bool) {
        self.inner.head.refuse_series.store(refuse, Ordering::Relaxed);
    }

    /// Keeps no more than so many exemplars from now on.
    pub fn set_max_exemplars(&self, limit: usize) {
        self.inner.head.exemplars.set_limit(limit);
    }

    /// The oldest and newest time of which there are samples, in milliseconds.
    #[must_use]
    pub fn time_range(&self) -> Option<TimeRange> {
        let head = &self.inner.head;
        let (mut min, mut max) = (head.min_t.load(Ordering::Relaxed), head.max_t.load(Ordering::Relaxed));
        min = min.min(head.late_min_t.load(Ordering::Relaxed));
        for block in self.inner.blocks.list().iter() {
            min = min.min(block.range().start_ms);
            max = max.max(block.range().end_ms);
        }
        (min <= max).then(|| TimeRange::new(min, max))
    }

    /// All blocks, oldest first.
    #[must_use]
    pub fn blocks(&self) -> Arc<[Arc<Block>]> {
        self.inner.blocks.list()
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// Does what is due: forces the log onto the medium, writes a block from the head, compacts blocks and
    /// removes those that the retention does not allow, rewrites the log as a checkpoint when it has grown, and
    /// begins the log anew after an error of the disk. Call it about every second, from a thread that may
    /// block; it hardly does anything most times.
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
        self.spill_if_due();
        let written = inner.wal.bytes.load(Ordering::Relaxed);
        let limit = inner.options.checkpoint_bytes.max(inner.checkpoint_bytes.load(Ordering::Relaxed));
        if written > limit {
            self.checkpoint()?;
        }
        let mut changed = false;
        while self.step_of_life() {
            changed = true;
        }
        if changed || inner.freed.swap(false, Ordering::Relaxed) {
            platform::return_free_memory();
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
            inner.freed.store(true, Ordering::Relaxed);
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
        if inner.head.sealed_bytes.load(Ordering::Relaxed) >= SPILL_BYTES_MIN.min(inner.options.spill_bytes) {
            self.spill(&mut maintenance);
        }
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
        // Those that go out of use while the checkpoint is written go with the next.
        let live = inner.head.live_files();
        match write_checkpoint(&inner.head, &*inner.disk, &wal_dir, number, file_bytes, between) {
            Ok(bytes) => {
                inner.checkpoint_bytes.store(bytes, Ordering::Relaxed);
                inner.metrics.checkpoints.inc();
                self.remove_files_but(&live);
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

    fn spill_if_due(&self) {
        let inner = &self.inner;
        let mut maintenance = inner.maintenance.lock();
        let now = inner.clock.now_ms();
        let due = match inner.head.sealed_bytes.load(Ordering::Relaxed) {
            0 => false,
            bytes if bytes >= inner.options.spill_bytes => true,
            _ => now - maintenance.last_spill_ms >= SPILL_INTERVAL_MS,
        };
        if due && now >= maintenance.next_spill_ms {
            self.spill(&mut maintenance);
        }
    }

    /// Moves sealed chunks from memory into files. After an error they are still in memory, and in the log.
    fn spill(&self, maintenance: &mut Maintenance) {
        let inner = &self.inner;
        let dir = inner.options.chunk_dir();
        maintenance.last_spill_ms = inner.clock.now_ms();
        loop {
            let number = maintenance.next_chunk_file;
            maintenance.next_chunk_file += 1;
            let between = &mut || {
                // An error closes the log; the next commit tells.
                let _ = self.sync_if_due();
            };
            match inner.head.spill(&*inner.disk, &dir, number, between) {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => {
                    let path = dir.display();
                    tracing::error!(%error, "cannot write file {number} of chunks in {path}; they stay in memory");
                    maintenance.next_spill_ms = inner.clock.now_ms().saturating_add(RESUME_INTERVAL_MS);
                    return;
                }
            }
        }
    }

    /// Removes the files of chunks that neither memory nor the newest checkpoint refers to.
    fn remove_files_but(&self, live: &[u64]) {
        let inner = &self.inner;
        let dir = inner.options.chunk_dir();
        let removed = chunk_files(&*inner.disk, &dir).and_then(|numbers| {
            let dead = numbers.into_iter().filter(|number| !live.contains(number));
            dead.map(|number| inner.disk.remove_file(&ChunkFileWriter::path(&dir, number))).collect()
        });
        if let Err::<Vec<()>, _>(error) = removed {
            tracing::warn!(%error, "a file of chunks cannot be removed from {}", dir.display());
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
                inner.checkpoint_bytes.store(bytes, Ordering::Relaxed);
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

    /// Writes a checkpoint, so that the next start need not replay the log, and takes no more writes. The
    /// directory is free for another process when the last clone is dropped.
    ///
    /// # Errors
    /// [`AppendError::Refused`] when the last sync failed.
    pub fn close(&self) -> Result<(), AppendError> {
        let written = self.inner.wal.bytes.load(Ordering::Relaxed);
        if written > 0 {
            // Without it the log stands for all.
            let _ = self.checkpoint();
        }
        let outcome = self.sync();
        self.inner.wal.close();
        outcome
    }

    pub(crate) fn sync_if_due(&self) -> Result<(), AppendError> {
        let WalFsync::Interval(interval_ms) = self.inner.options.wal_fsync else { return Ok(()) };
        let due = self.inner.clock.now_ms() - *self.inner.last_sync_ms.lock() >= interval_ms;
        if due { self.sync() } else { Ok(()) }
    }

    /// Bytes of the head on disk: the log and its checkpoint.
    #[must_use]
    pub fn log_bytes(&self) -> u64 {
        let inner = &self.inner;
        inner.wal.bytes.load(Ordering::Relaxed) + inner.checkpoint_bytes.load(Ordering::Relaxed)
    }

    /// Sets the gauges within work that takes long, about once a second.
    pub(crate) fn publish_if_due(&self) {
        let (now, last) = (self.inner.clock.now_ms(), self.inner.published_ms.load(Ordering::Relaxed));
        if now.saturating_sub(last) >= PUBLISH_INTERVAL_MS {
            self.publish();
        }
    }

    /// Sets the gauges.
    fn publish(&self) {
        self.inner.published_ms.store(self.inner.clock.now_ms(), Ordering::Relaxed);
        let Inner { head, metrics, wal, .. } = &*self.inner;
        metrics.head_series.set(head.series_count.load(Ordering::Relaxed) as i64);
        metrics.head_chunks.set(head.chunk_count.load(Ordering::Relaxed));
        let (min, max) = (head.min_t.load(Ordering::Relaxed), head.max_t.load(Ordering::Relaxed));
        if min <= max {
            metrics.head_min_time.set(min);
            metrics.head_max_time.set(max);
        }
        let blocks = self.inner.blocks.list();
        metrics.blocks.set(blocks.len() as i64);
        metrics.blocks_bytes.set(blocks.iter().map(|block| block.size_bytes()).sum::<u64>() as i64);
        metrics.exemplars.set(head.exemplars.len() as i64);
        metrics.wal_bytes.set(wal.bytes.load(Ordering::Relaxed) as i64);
    }
}

impl Storage for Tsdb {
    fn appender(&self) -> Box<dyn Appender> {
        Box::new(HeadAppender::new(Arc::clone(&self.inner)))
    }

    fn querier(&self, range: TimeRange) -> Result<Box<dyn Querier>, QueryError> {
        let mut queriers = self.inner.blocks.queriers(range);
        let head: Box<dyn Querier> = Box::new(HeadQuerier::new(Arc::clone(&self.inner), range));
        if queriers.is_empty() {
            return Ok(head);
        }
        queriers.push(head);
        Ok(Box::new(MergeQuerier::new(queriers)))
    }
}

/// Before this time samples are in blocks. Blocks of late samples say nothing about it.
pub(crate) fn head_begin(blocks: &Blocks) -> i64 {
    let list = blocks.list();
    let ends = list.iter().filter(|block| !block.meta().is_from_out_of_order());
    ends.map(|block| block.meta().max_time).max().unwrap_or(i64::MIN)
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
