//! Answering queries from the head.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::{CompiledMatcher, Labels, TimeRange};
use roaring::RoaringBitmap;
use storage::merge::add_samples;
use storage::{Querier, QueryError, Samples, SelectHints, Series};

use super::{Head, MemSeries, PAGE_SLOTS, SealedChunk, slot_of};
use crate::block::DecodeError;
use crate::db::Inner;
use crate::index::{SeriesSource, Unpacker};

/// Series that are looked at between two looks at the cancellation.
const CANCEL_INTERVAL: usize = 1024;

impl SeriesSource for Head {
    fn with_packed(&self, slot: u32, visit: &mut dyn FnMut(&[u8])) {
        let Some(page) = self.slab.known_page(slot) else { return };
        let held = page.series.lock();
        if let Some(Some(series)) = held.get(slot as usize % PAGE_SLOTS) {
            visit(&series.labels);
        }
    }

    fn all_slots(&self) -> RoaringBitmap {
        let mut all = RoaringBitmap::new();
        for number in 0..self.slab.page_count() {
            let first = number * PAGE_SLOTS as u32;
            if let Some(page) = self.slab.known_page(first) {
                all.extend((first..first + PAGE_SLOTS as u32).filter(|slot| page.generation(*slot) != 0));
            }
        }
        all
    }
}

/// A view of the head over a time range.
pub(crate) struct HeadQuerier {
    inner: Arc<Inner>,
    range: TimeRange,
}

impl HeadQuerier {
    pub(crate) fn new(inner: Arc<Inner>, range: TimeRange) -> Self {
        Self { inner, range }
    }

    /// Calls `visit` with reference and packed labels of each series that matches and, if `in_range`, has
    /// a chunk in the range.
    fn visit(
        &self,
        matchers: &[CompiledMatcher],
        hints: &SelectHints,
        in_range: bool,
        mut visit: impl FnMut(u64, &[u8]),
    ) -> Result<(), QueryError> {
        let head = &self.inner.head;
        let _view = head.view.read();
        let slots = head.index.select(matchers, head, &hints.cancel)?;
        let mut packed = Vec::new();
        for (count, slot) in slots.iter().enumerate() {
            if count % CANCEL_INTERVAL == 0 {
                hints.cancel.check()?;
            }
            let Some(page) = head.slab.known_page(slot) else { continue };
            let held = page.series.lock();
            let Some(Some(series)) = held.get(slot as usize % PAGE_SLOTS) else { continue };
            if in_range && !series.overlaps(self.range) {
                continue;
            }
            packed.clear();
            packed.extend_from_slice(&series.labels);
            let reference = u64::from(page.generation(slot)) << 32 | u64::from(slot);
            drop(held);
            visit(reference, &packed);
        }
        Ok(())
    }

    /// Whether the range lies outside of everything the head holds.
    fn misses_head(&self) -> bool {
        self.range.start_ms > self.inner.head.max_t.load(Ordering::Relaxed)
    }
}

impl Querier for HeadQuerier {
    fn select(
        &self,
        matchers: &[CompiledMatcher],
        hints: &SelectHints,
    ) -> Result<Vec<Arc<dyn Series>>, QueryError> {
        hints.cancel.check()?;
        let mut selected: Vec<Arc<dyn Series>> = Vec::new();
        if self.misses_head() {
            return Ok(selected);
        }
        // No series is removed while they are visited.
        let mut unpacker = Unpacker::new(&self.inner.head.index);
        self.visit(matchers, hints, true, |series, packed| {
            let labels = unpacker.unpack(packed);
            selected.push(Arc::new(HeadSeries { inner: Arc::clone(&self.inner), series, labels }));
        })?;
        Ok(selected)
    }

    /// Names are those of all series in the head that match, whether they have samples in the range or not.
    fn label_names(
        &self,
        matchers: &[CompiledMatcher],
        hints: &SelectHints,
    ) -> Result<Vec<String>, QueryError> {
        hints.cancel.check()?;
        if self.misses_head() {
            return Ok(Vec::new());
        }
        let index = &self.inner.head.index;
        let mut names: Vec<String> = if matchers.is_empty() {
            let used = index.all_names().into_iter().filter(|name| name.values.read().len() > 0);
            used.map(|name| name.name.to_string()).collect()
        } else {
            let mut ids = RoaringBitmap::new();
            self.visit(matchers, hints, false, |_, packed| {
                ids.extend(crate::index::pairs(packed).map(|(name, _)| name));
            })?;
            ids.iter().map(|id| index.name_by_id(id).name.to_string()).collect()
        };
        names.sort_unstable();
        hints.cut(&mut names);
        Ok(names)
    }

    /// As for names.
    fn label_values(
        &self,
        name: &str,
        matchers: &[CompiledMatcher],
        hints: &SelectHints,
    ) -> Result<Vec<String>, QueryError> {
        hints.cancel.check()?;
        let head = &self.inner.head;
        let Some(index) = head.index.name(name).filter(|_| !self.misses_head()) else {
            return Ok(Vec::new());
        };
        let mut values: Vec<String> = if matchers.is_empty() {
            index.values.read().iter().map(|(_, text, _)| text.to_owned()).collect()
        } else {
            let _view = head.view.read();
            let slots = head.index.select(matchers, head, &hints.cancel)?;
            let values = index.values.read();
            let met = values.iter().filter(|(_, _, postings)| postings.meets(&slots));
            met.map(|(_, text, _)| text.to_owned()).collect()
        };
        values.sort_unstable();
        hints.cut(&mut values);
        Ok(values)
    }
}

/// A series of a selection. Its labels were taken when it was selected; its samples are read when asked
/// for, and are none if the series was removed since.
struct HeadSeries {
    inner: Arc<Inner>,
    series: u64,
    labels: Labels,
}

impl Series for HeadSeries {
    fn labels(&self) -> Labels {
        self.labels.clone()
    }

    fn read(&self, range: TimeRange, out: &mut Samples) -> Result<(), QueryError> {
        let (mut chunks, mut late) = (Vec::new(), Vec::new());
        self.with(|series| {
            series.chunks(range, &mut chunks);
            if let Some(held) = series.late() {
                held.chunks(range, &mut late);
            }
        });
        let first = out.len();
        for chunk in &chunks {
            chunk.read(range, out).map_err(|error| self.broken(chunk, &error))?;
        }
        let mut more = Samples::default();
        for chunk in &late {
            more.clear();
            chunk.read(range, &mut more).map_err(|error| self.broken(chunk, &error))?;
            add_samples(out, first, &more);
        }
        Ok(())
    }

    /// The open chunk knows its last sample, so that the newest of all costs no decoding.
    fn read_newest(&self, range: TimeRange, out: &mut Samples) -> Result<(), QueryError> {
        let known = self.with(|series| match series.late() {
            // What came late may be newer within the range.
            Some(late) if late.overlaps(range) => None,
            _ => series.newest_float().filter(|(t, _)| range.contains(*t)),
        });
        if let Some((t, value)) = known.flatten() {
            out.push(t, value);
            return Ok(());
        }
        let mut all = Samples::default();
        self.read(range, &mut all)?;
        out.push_newest_of(&all);
        Ok(())
    }
}

impl HeadSeries {
    /// Looks at the series, if it is still there.
    fn with<T>(&self, look: impl FnOnce(&MemSeries) -> T) -> Option<T> {
        let slot = slot_of(self.series);
        let page = self.inner.head.slab.known_page(slot)?;
        let held = page.series.lock();
        if self.inner.head.slab.reference(slot) != Some(self.series) {
            return None;
        }
        held.get(slot as usize % PAGE_SLOTS)?.as_ref().map(look)
    }

    fn broken(&self, chunk: &SealedChunk, error: &DecodeError) -> QueryError {
        QueryError::Storage(format!("series {}: chunk from {}: {error}", self.labels, chunk.min_t))
    }
}
