//! Series by slot number.
//!
//! Slots stand in pages of 256 with one lock each: the series of a scrape are neighbours, so a batch takes
//! few locks and reads memory in order. What a writer has to know before it takes a sample (is the series
//! still the same, how new is its newest sample) stands beside the lock in atomics.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

use parking_lot::Mutex;
use roaring::RoaringBitmap;

use super::series::MemSeries;
use crate::index::PackedLabels;

/// Slots in a page.
pub(crate) const PAGE_SLOTS: usize = 256;
/// Bucket `i` has room for `2^i` pages.
const BUCKETS: usize = 20;
/// Slots that can be numbered: 268 million. What a log claims beyond that is not believed.
pub(crate) const MAX_SLOTS: u32 = ((1 << BUCKETS) - 1) * PAGE_SLOTS as u32;

/// The slot that a series reference names.
pub(crate) fn slot_of(series: u64) -> u32 {
    series as u32
}

/// The generation of a series reference.
pub(crate) fn generation_of(series: u64) -> u32 {
    (series >> 32) as u32
}

/// 256 neighbouring slots.
#[derive(Debug)]
pub(crate) struct Page {
    /// Generation of the series in the slot; 0 when there is none.
    generations: [AtomicU32; PAGE_SLOTS],
    /// Time of the newest sample; `i64::MIN` when there was none.
    newest: [AtomicI64; PAGE_SLOTS],
    /// Which slots were written to or asked for since the last removal of series.
    touched: [AtomicU64; PAGE_SLOTS / 64],
    pub(crate) series: Mutex<Vec<Option<MemSeries>>>,
}

impl Page {
    fn new() -> Self {
        Self {
            generations: [const { AtomicU32::new(0) }; PAGE_SLOTS],
            newest: [const { AtomicI64::new(i64::MIN) }; PAGE_SLOTS],
            touched: [const { AtomicU64::new(0) }; PAGE_SLOTS / 64],
            series: Mutex::default(),
        }
    }

    #[inline]
    pub(crate) fn generation(&self, slot: u32) -> u32 {
        self.generations[slot as usize % PAGE_SLOTS].load(Ordering::Acquire)
    }

    #[inline]
    pub(crate) fn newest(&self, slot: u32) -> i64 {
        self.newest[slot as usize % PAGE_SLOTS].load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn set_newest(&self, slot: u32, t: i64) {
        self.newest[slot as usize % PAGE_SLOTS].store(t, Ordering::Relaxed);
    }

    /// Keeps the series from being removed for want of samples until the removal after the next.
    #[inline]
    pub(crate) fn touch(&self, slot: u32) {
        let word = &self.touched[slot as usize % PAGE_SLOTS / 64];
        let bit = 1 << (slot % 64);
        if word.load(Ordering::Relaxed) & bit == 0 {
            word.fetch_or(bit, Ordering::Relaxed);
        }
    }

    pub(crate) fn is_touched(&self, slot: u32) -> bool {
        self.touched[slot as usize % PAGE_SLOTS / 64].load(Ordering::Relaxed) & (1 << (slot % 64)) != 0
    }

    /// Clears the mark and says whether it was set.
    pub(crate) fn untouch(&self, slot: u32) -> bool {
        let bit = 1 << (slot % 64);
        self.touched[slot as usize % PAGE_SLOTS / 64].fetch_and(!bit, Ordering::Relaxed) & bit != 0
    }
}

/// Slots taken ahead for one writer, so that the series it makes one after another are neighbours even when
/// others make some at the same time.
#[derive(Debug, Default)]
pub(crate) struct Reserve {
    /// The lowest last.
    slots: Vec<u32>,
    /// How many were taken the last time.
    taken: usize,
}

#[derive(Debug, Default)]
struct Free {
    /// All slots from here on were never used.
    next: u32,
    slots: RoaringBitmap,
}

type Bucket = OnceLock<Box<[OnceLock<Box<Page>>]>>;

/// All slots.
#[derive(Debug)]
pub(crate) struct Slab {
    buckets: [Bucket; BUCKETS],
    free: Mutex<Free>,
}

impl Default for Slab {
    fn default() -> Self {
        Self { buckets: [const { OnceLock::new() }; BUCKETS], free: Mutex::default() }
    }
}

impl Slab {
    /// The page of a slot below [`MAX_SLOTS`]; made when nobody asked for it yet.
    #[inline]
    pub(crate) fn page(&self, slot: u32) -> &Page {
        let number = slot / PAGE_SLOTS as u32 + 1;
        let bucket = number.ilog2();
        let first = 1 << bucket;
        let pages = self.buckets[bucket as usize]
            .get_or_init(|| std::iter::repeat_with(OnceLock::new).take(first as usize).collect());
        pages[(number - first) as usize].get_or_init(|| Box::new(Page::new()))
    }

    /// The page of a slot, if it was ever in use.
    #[inline]
    pub(crate) fn known_page(&self, slot: u32) -> Option<&Page> {
        let number = slot / PAGE_SLOTS as u32 + 1;
        let bucket = number.ilog2();
        let pages = self.buckets.get(bucket as usize)?.get()?;
        pages[(number - (1 << bucket)) as usize].get().map(Box::as_ref)
    }

    /// A free slot, the lowest first, so that pages stay full. `None` when all are in use. A writer that goes
    /// on has more and more taken ahead, up to a page.
    pub(crate) fn take_free(&self, reserve: &mut Reserve) -> Option<u32> {
        if reserve.slots.is_empty() {
            reserve.taken = (reserve.taken * 2).clamp(1, PAGE_SLOTS);
            let mut free = self.free.lock();
            reserve.slots.extend(free.slots.iter().take(reserve.taken));
            if let Some(highest) = reserve.slots.last() {
                free.slots.remove_range(..=*highest);
            }
            let missing = (reserve.taken - reserve.slots.len()) as u32;
            let end = free.next.saturating_add(missing).min(MAX_SLOTS);
            reserve.slots.extend(free.next..end);
            free.next = end;
            reserve.slots.reverse();
        }
        reserve.slots.pop()
    }

    /// Takes back what a writer did not need.
    pub(crate) fn give_back_rest(&self, reserve: &mut Reserve) {
        reserve.taken = 0;
        if !reserve.slots.is_empty() {
            self.free.lock().slots.extend(reserve.slots.drain(..));
        }
    }

    pub(crate) fn give_back(&self, slot: u32) {
        self.free.lock().slots.insert(slot);
    }

    /// Puts a new series into a slot.
    pub(crate) fn put(&self, series: u64, labels: PackedLabels, hash: u64) {
        let slot = slot_of(series);
        let page = self.page(slot);
        let at = slot as usize % PAGE_SLOTS;
        let mut held = page.series.lock();
        if held.len() <= at {
            let room = (at + 1).next_power_of_two().max(8);
            let more = room - held.len();
            held.reserve_exact(more);
            held.resize_with(at + 1, || None);
        }
        held[at] = Some(MemSeries::new(labels, hash));
        page.set_newest(slot, i64::MIN);
        page.touch(slot);
        page.generations[at].store(generation_of(series), Ordering::Release);
    }

    /// Takes a series out of its slot. The slot is free only after [`Slab::give_back`].
    pub(crate) fn take(&self, series: u64) -> Option<MemSeries> {
        let slot = slot_of(series);
        let page = self.known_page(slot)?;
        let at = slot as usize % PAGE_SLOTS;
        let mut held = page.series.lock();
        if page.generation(slot) != generation_of(series) {
            return None;
        }
        page.generations[at].store(0, Ordering::Release);
        let gone = held.get_mut(at)?.take();
        if held.iter().all(Option::is_none) {
            *held = Vec::new();
        }
        gone
    }

    /// The reference of the series in a slot.
    pub(crate) fn reference(&self, slot: u32) -> Option<u64> {
        match self.known_page(slot)?.generation(slot) {
            0 => None,
            generation => Some(u64::from(generation) << 32 | u64::from(slot)),
        }
    }

    /// The labels of a series as numbers.
    pub(crate) fn packed(&self, series: u64) -> Option<PackedLabels> {
        let slot = slot_of(series);
        let page = self.known_page(slot)?;
        let held = page.series.lock();
        if page.generation(slot) != generation_of(series) {
            return None;
        }
        held.get(slot as usize % PAGE_SLOTS)?.as_ref().map(|series| series.labels.clone())
    }

    /// Number of pages that may hold a series.
    pub(crate) fn page_count(&self) -> u32 {
        self.free.lock().next.div_ceil(PAGE_SLOTS as u32)
    }

    /// After recovery: all slots without a series, up to the highest that has one, are free.
    pub(crate) fn settle_free(&self) {
        let mut free = self.free.lock();
        let mut used = RoaringBitmap::new();
        for (bucket, pages) in self.buckets.iter().enumerate() {
            let pages = pages.get().into_iter().flat_map(|pages| pages.iter()).enumerate();
            for (at, page) in pages.filter_map(|(at, page)| Some((at, page.get()?))) {
                let first = ((1 << bucket) - 1 + at as u32) * PAGE_SLOTS as u32;
                used.extend((first..first + PAGE_SLOTS as u32).filter(|slot| page.generation(*slot) != 0));
            }
        }
        let next = used.max().map_or(0, |slot| slot + 1);
        let mut unused = RoaringBitmap::new();
        unused.insert_range(0..next);
        unused -= used;
        *free = Free { next, slots: unused };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writers_in_turn_get_neighbours_and_nothing_is_lost() {
        let slab = Slab::default();
        let (mut a, mut b) = (Reserve::default(), Reserve::default());
        let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
        for _ in 0..1000 {
            of_a.push(slab.take_free(&mut a).unwrap());
            of_b.push(slab.take_free(&mut b).unwrap());
        }
        for slots in [&of_a, &of_b] {
            let neighbours = slots.windows(2).filter(|pair| pair[1] == pair[0] + 1).count();
            assert!(neighbours > 980, "{neighbours}");
        }
        slab.give_back_rest(&mut a);
        slab.give_back_rest(&mut b);
        let mut all: Vec<u32> = of_a.into_iter().chain(of_b).collect();
        all.extend((0..500).map(|_| slab.take_free(&mut a).unwrap()));
        all.sort_unstable();
        assert!(all.iter().copied().eq(0..2500), "the lowest are used first, each once");
    }
}
