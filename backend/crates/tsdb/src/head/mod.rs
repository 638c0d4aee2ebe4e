//! The head: all series that are written to, in memory.
//!
//! `slab` holds the series by slot, `series` is one of them, `map` finds a slot by labels, `append`
//! writes, `read` answers queries, `source` gives a stretch to a block, `truncate` forgets, `stats` counts.
//!
//! Locks are taken in this order and never back: `view`, `removal`, a shard of `map`, a page of `slab`,
//! the index, the log. `view` keeps slots from being given away while a query looks at them; `removal`
//! keeps series from going while a batch is being logged and applied. They are two, so that a long query
//! holds up the removal of series but never a writer.

mod append;
mod exemplars;
mod map;
mod metadata;
mod read;
mod series;
mod slab;
mod source;
mod stats;
mod truncate;

pub(crate) use append::HeadAppender;
pub use exemplars::SeriesExemplars;
pub(crate) use read::HeadQuerier;
pub(crate) use series::{ChunkCut, ChunkData, MemSeries, Outcome, SealedChunk};
pub(crate) use slab::{MAX_SLOTS, PAGE_SLOTS, generation_of, slot_of};
pub(crate) use source::HeadSource;
pub use stats::{HeadStats, NamedCount};
pub use truncate::Truncated;

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

use model::Labels;
use parking_lot::RwLock;
use storage::{AppendError, SeriesRef};

use crate::index::LabelIndex;
use exemplars::ExemplarRing;
use map::SeriesMap;
use metadata::MetadataMap;
use slab::Slab;

/// The series in memory and how to find them.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) cut: ChunkCut,
    /// See [`crate::Options::max_age_ms`].
    pub(crate) max_age_ms: i64,
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
}

impl Head {
    pub(crate) fn new(cut: ChunkCut, max_age_ms: i64, max_exemplars: usize) -> Self {
        Self {
            cut,
            max_age_ms,
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
        }
    }

    /// The series with these labels, made if need be. `log` is called for a new series before anybody
    /// else can see it, so that no sample of it can be logged earlier than the series itself.
    pub(crate) fn resolve(
        &self,
        labels: &Labels,
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
        let slot = self.slab.take_free().ok_or_else(|| {
            AppendError::InvalidLabels("the store holds as many series as it can".to_owned())
        })?;
        let packed = match self.index.add_series(labels, slot) {
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

    /// Makes a series known under a reference that the log gave it. A series that holds the slot or the
    /// labels already is an earlier one that went before the log was cut; it is replaced, and its
    /// reference handed back. Only for recovery: nobody else may use the head meanwhile.
    pub(crate) fn restore(&self, series: u64, labels: &Labels) -> Result<Option<u64>, AppendError> {
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
        let packed = self.index.add_series(labels, slot)?;
        self.slab.put(series, packed, hash);
        self.map.shard(hash).insert(hash, slot);
        self.series_count.fetch_add(1, Ordering::Relaxed);
        Ok(replaced)
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
