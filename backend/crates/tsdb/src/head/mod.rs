//! The head: all series that are written to, in memory.
//!
//! `slab` holds the series by slot, `series` is one of them, `map` finds a slot by labels, `append`
//! writes, `late` holds what comes out of order, `spill` moves sealed chunks into files, `read` answers queries,
//! `source` gives a stretch to a block, `truncate` forgets, `stats` counts.
//!
//! Locks are taken in this order and never back: `view`, `removal`, a shard of `map`, a page of `slab`,
//! the index, the log. `view` keeps slots from being given away while a query looks at them; `removal`
//! keeps series from going while a batch is being logged and applied. They are two, so that a long query
//! holds up the removal of series but never a writer.

mod append;
mod chunk;
mod delete;
mod exemplars;
mod late;
mod limits;
mod map;
mod metadata;
mod read;
mod series;
mod slab;
mod source;
mod spill;
mod stats;
mod truncate;

pub(crate) use append::HeadAppender;
pub(crate) use chunk::{ChunkBytes, ChunkFile, FileChunk, SealedChunk};
pub use exemplars::SeriesExemplars;
pub(crate) use limits::Refused;
pub use limits::SeriesLimits;
pub(crate) use read::HeadQuerier;
pub(crate) use series::{ChunkCut, MemSeries, Outcome};
pub(crate) use slab::{MAX_SLOTS, PAGE_SLOTS, Page, generation_of, slot_of};
pub(crate) use source::{HeadSource, Part};
pub use stats::{HeadStats, NamedCount};
pub use truncate::Truncated;

use std::sync::Weak;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};

use model::{Labels, TimeRange, Value};
use parking_lot::{Mutex, RwLock};
use roaring::RoaringBitmap;
use storage::{AppendError, SeriesRef};

use crate::index::{LabelIndex, Neighbour};
use exemplars::ExemplarRing;
use late::Late;
use map::SeriesMap;
use metadata::MetadataMap;
use slab::{Reserve, Slab};

/// The series in memory and how to find them.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) cut: ChunkCut,
    /// See [`crate::Options::max_age_ms`].
    pub(crate) max_age_ms: i64,
    pub(crate) limits: SeriesLimits,
    pub(crate) refused: Refused,
    /// No new series, whatever the limits say.
    pub(crate) refuse_series: AtomicBool,
    pub(crate) slab: Slab,
    pub(crate) index: LabelIndex,
    map: SeriesMap,
    pub(crate) exemplars: ExemplarRing,
    pub(crate) metadata: MetadataMap,
    view: RwLock<()>,
    pub(crate) removal: RwLock<()>,
    /// Stamped on new series; grows whenever slots come free, so that a reference to a series that went
    /// never means another.
    pub(crate) generation: AtomicU32,
    /// Samples before this are refused.
    pub(crate) min_valid_ms: AtomicI64,
    /// `i64::MAX` when there is no sample.
    pub(crate) min_t: AtomicI64,
    /// `i64::MIN` when there is no sample.
    pub(crate) max_t: AtomicI64,
    pub(crate) series_count: AtomicU64,
    pub(crate) chunk_count: AtomicI64,
    /// Bytes of chunks that were sealed and are not in a file yet.
    pub(crate) sealed_bytes: AtomicU64,
    /// Files of chunks that somebody may still read.
    pub(crate) files: Mutex<Vec<Weak<ChunkFile>>>,
    /// How far behind the newest sample a sample may be that is older than the newest of its series, in
    /// milliseconds; 0: not at all.
    pub(crate) late_window_ms: AtomicI64,
    /// Times of the late samples; as `min_t` and `max_t`.
    pub(crate) late_min_t: AtomicI64,
    pub(crate) late_max_t: AtomicI64,
}

/// What a writer keeps from one new series to the next, which mostly is a neighbour.
#[derive(Debug, Default)]
pub(crate) struct Near {
    labels: Neighbour,
    reserve: Reserve,
}

impl Head {
    pub(crate) fn new(cut: ChunkCut, max_age_ms: i64, max_exemplars: usize, limits: SeriesLimits) -> Self {
        Self {
            cut,
            max_age_ms,
            limits,
            refused: Refused::default(),
            refuse_series: AtomicBool::new(false),
            slab: Slab::default(),
            index: LabelIndex::default(),
            map: SeriesMap::default(),
            exemplars: ExemplarRing::new(max_exemplars),
            metadata: MetadataMap::default(),
            view: RwLock::new(()),
            removal: RwLock::new(()),
            generation: AtomicU32::new(1),
            min_valid_ms: AtomicI64::new(i64::MIN),
            min_t: AtomicI64::new(i64::MAX),
            max_t: AtomicI64::new(i64::MIN),
            series_count: AtomicU64::new(0),
            chunk_count: AtomicI64::new(0),
            sealed_bytes: AtomicU64::new(0),
            files: Mutex::default(),
            late_window_ms: AtomicI64::new(0),
            late_min_t: AtomicI64::new(i64::MAX),
            late_max_t: AtomicI64::new(i64::MIN),
        }
    }

    /// The series with these labels, made if need be. `log` is called for a new series before anybody
    /// else can see it, so that no sample of it can be logged earlier than the series itself. `near` is
    /// the writer's own.
    pub(crate) fn resolve(
        &self,
        labels: &Labels,
        near: &mut Near,
        log: impl FnOnce(SeriesRef),
    ) -> Result<SeriesRef, AppendError> {
        if labels.is_empty() {
            return Err(AppendError::InvalidLabels("empty label set".to_owned()));
        }
        let hash = self.map.hash(labels);
        let _removal = self.removal.read();
        let mut shard = self.map.shard(hash);
        if let Some(slot) = shard.find(hash, |slot| self.has_labels(slot, labels)) {
            let page = self.slab.page(slot);
            page.touch(slot);
            return Ok(SeriesRef(u64::from(page.generation(slot)) << 32 | u64::from(slot)));
        }
        self.admit(labels)?;
        let slot = self.slab.take_free(&mut near.reserve).ok_or_else(|| {
            AppendError::TooManySeries("the store holds as many series as it can".to_owned())
        })?;
        let packed = match self.index.add_series(labels, slot, &mut near.labels) {
            Ok(packed) => packed,
            Err(error) => {
                self.slab.give_back(slot);
                return Err(error);
            }
        };
        let series = SeriesRef(u64::from(self.generation.load(Ordering::Relaxed)) << 32 | u64::from(slot));
        log(series);
        self.slab.put(series.0, packed, hash);
        shard.insert(hash, slot);
        self.series_count.fetch_add(1, Ordering::Relaxed);
        Ok(series)
    }

    /// Takes back what a writer kept and does not need.
    pub(crate) fn give_back_rest(&self, near: &mut Near) {
        self.slab.give_back_rest(&mut near.reserve);
    }

    /// Makes a series known under a reference that the log gave it. A series that holds the slot or the
    /// labels already is an earlier one that went before the log was cut; it is replaced, and its
    /// reference handed back. Only for recovery: nobody else may use the head meanwhile.
    pub(crate) fn restore(
        &self,
        series: u64,
        labels: &Labels,
        neighbour: &mut Neighbour,
    ) -> Result<Option<u64>, AppendError> {
        let slot = slot_of(series);
        let mut replaced = None;
        if let Some(held) = self.slab.reference(slot) {
            if held == series {
                return Ok(None);
            }
            self.forget(held);
            replaced = Some(held);
        }
        let hash = self.map.hash(labels);
        let found = self.map.shard(hash).find(hash, |slot| self.has_labels(slot, labels));
        if let Some(held) = found.and_then(|slot| self.slab.reference(slot)) {
            self.forget(held);
            replaced = Some(held);
        }
        let packed = self.index.add_series(labels, slot, neighbour)?;
        self.slab.put(series, packed, hash);
        self.map.shard(hash).insert(hash, slot);
        self.series_count.fetch_add(1, Ordering::Relaxed);
        Ok(replaced)
    }

    /// Whether all these series have a slot of their own that nobody holds. Only for recovery.
    pub(crate) fn have_free_slots(&self, series: &[u64]) -> bool {
        let mut seen = RoaringBitmap::new();
        series
            .iter()
            .map(|series| slot_of(*series))
            .all(|slot| seen.insert(slot) && self.slab.reference(slot).is_none())
    }

    /// As [`Head::restore`], for one of several threads; the slot must be free. `false`, and nothing has
    /// changed, when the labels are held already or cannot be a series.
    pub(crate) fn restore_new(&self, series: u64, labels: &Labels, neighbour: &mut Neighbour) -> bool {
        let slot = slot_of(series);
        let hash = self.map.hash(labels);
        let mut shard = self.map.shard(hash);
        if shard.find(hash, |slot| self.has_labels(slot, labels)).is_some() {
            return false;
        }
        let Ok(packed) = self.index.add_series(labels, slot, neighbour) else { return false };
        self.slab.put(series, packed, hash);
        shard.insert(hash, slot);
        self.series_count.fetch_add(1, Ordering::Relaxed);
        true
    }

    /// Removes a series from everywhere but the exemplars. `false` when it is not there.
    pub(crate) fn forget(&self, series: u64) -> bool {
        let Some(gone) = self.slab.take(series) else { return false };
        let slot = slot_of(series);
        self.map.shard(gone.hash).remove(gone.hash, slot);
        self.index.remove_series(&gone.labels, slot);
        self.chunk_count.fetch_sub(gone.chunk_count() as i64, Ordering::Relaxed);
        self.series_count.fetch_sub(1, Ordering::Relaxed);
        true
    }

    pub(crate) fn labels_of(&self, series: u64) -> Option<Labels> {
        let packed = self.slab.packed(series)?;
        Some(self.index.unpack(&packed))
    }

    fn has_labels(&self, slot: u32, labels: &Labels) -> bool {
        let page = self.slab.page(slot).series.lock();
        let held = page.get(slot as usize % PAGE_SLOTS).and_then(Option::as_ref);
        held.is_some_and(|series| self.index.is_equal(&series.labels, labels))
    }

    /// Adds a sample that is older than the newest of its series. `false` when it is known already.
    pub(crate) fn append_late(&self, series: u64, t: i64, value: Value) -> bool {
        let slot = slot_of(series);
        let Some(page) = self.slab.known_page(slot) else { return false };
        let mut held = page.series.lock();
        let Some(Some(held)) = held.get_mut(slot as usize % PAGE_SLOTS) else { return false };
        let before = held.chunk_count();
        let added = held.append_late(t, value);
        if added {
            self.chunk_count.fetch_add((held.chunk_count() - before) as i64, Ordering::Relaxed);
            self.late_min_t.fetch_min(t, Ordering::Relaxed);
            self.late_max_t.fetch_max(t, Ordering::Relaxed);
        }
        added
    }

    /// Freezes the late samples that lie before `before_ms`; the times they lie in.
    pub(crate) fn freeze_late(&self, before_ms: i64) -> Option<TimeRange> {
        let mut frozen: Option<TimeRange> = None;
        self.each_series(|series| {
            let Some(late) = series.late_mut() else { return };
            late.freeze(before_ms);
            for chunk in late.frozen() {
                let (start, end) = frozen.map_or((i64::MAX, i64::MIN), |f| (f.start_ms, f.end_ms));
                frozen = Some(TimeRange::new(start.min(chunk.min_t), end.max(chunk.max_t)));
            }
        });
        frozen
    }

    /// Forgets the late samples that were frozen.
    pub(crate) fn drop_frozen(&self) {
        // Writers of late samples widen these meanwhile; what is left of before is added again.
        self.late_min_t.store(i64::MAX, Ordering::Relaxed);
        self.late_max_t.store(i64::MIN, Ordering::Relaxed);
        let mut gone = 0;
        self.each_series(|series| {
            gone += series.drop_frozen();
            if let Some((min, max)) = series.late().and_then(Late::bounds) {
                self.late_min_t.fetch_min(min, Ordering::Relaxed);
                self.late_max_t.fetch_max(max, Ordering::Relaxed);
            }
        });
        self.chunk_count.fetch_sub(gone as i64, Ordering::Relaxed);
    }

    /// Visits all series, page by page.
    fn each_series(&self, mut visit: impl FnMut(&mut MemSeries)) {
        for number in 0..self.slab.page_count() {
            let Some(page) = self.slab.known_page(number * PAGE_SLOTS as u32) else { continue };
            page.series.lock().iter_mut().flatten().for_each(&mut visit);
        }
    }

    /// Widens the head's time range.
    pub(crate) fn saw(&self, min: i64, max: i64) {
        if min < self.min_t.load(Ordering::Relaxed) {
            self.min_t.fetch_min(min, Ordering::Relaxed);
        }
        if max > self.max_t.load(Ordering::Relaxed) {
            self.max_t.fetch_max(max, Ordering::Relaxed);
        }
    }
}
