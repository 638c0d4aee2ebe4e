//! Replaying the samples of one file: one thread's share of them.

use std::hint::black_box;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hashbrown::HashSet;
use model::{Histogram, Value};

use super::decode;
use super::frame::Frame;
use super::record::kind;
use crate::head::{Head, MemSeries, Outcome, PAGE_SLOTS, Page, generation_of, slot_of};

/// What one thread did.
#[derive(Default)]
pub(super) struct Share {
    pub(super) samples: u64,
    pub(super) orphaned: u64,
    pub(super) generation: u32,
    pub(super) malformed: Vec<Range<usize>>,
    new_chunks: i64,
    sealed_bytes: u64,
    min_t: i64,
    max_t: i64,
}

/// Replays the samples of those pages that fall to `worker`.
pub(super) fn replay_share(
    head: &Head,
    gone: &HashSet<u64>,
    data: &[u8],
    frames: &[&Frame],
    worker: usize,
    workers: usize,
) -> Share {
    let mut share = Share { min_t: i64::MAX, max_t: i64::MIN, ..Share::default() };
    let mut run =
        Run { head, gone, worker, workers, page: u32::MAX, samples: Vec::with_capacity(PAGE_SLOTS) };
    for frame in frames {
        let payload = &data[frame.payload.clone()];
        let late = matches!(frame.kind, kind::LATE_SAMPLES | kind::LATE_HISTOGRAMS);
        let floats = matches!(frame.kind, kind::SAMPLES | kind::LATE_SAMPLES);
        let outcome = match (floats, late) {
            (true, false) => {
                decode::samples(payload, |series, t, value| run.push(series, t, value, &mut share))
            }
            (true, true) => decode::samples(payload, |series, t, value| {
                run.late(series, t, Value::Float(value), &mut share)
            }),
            (false, late) => decode::histograms(payload, |series, t, histogram| {
                if late {
                    run.late(series, t, Value::Histogram(Arc::new(histogram)), &mut share);
                } else {
                    run.histogram(series, t, &histogram, &mut share);
                }
            }),
        };
        run.finish(&mut share);
        if outcome.is_err() {
            share.malformed.push(frame.payload.clone());
        }
    }
    head.chunk_count.fetch_add(share.new_chunks, Ordering::Relaxed);
    head.sealed_bytes.fetch_add(share.sealed_bytes, Ordering::Relaxed);
    head.saw(share.min_t, share.max_t);
    share
}

/// Neighbouring samples of one page: they are appended together, under one lock.
struct Run<'a> {
    head: &'a Head,
    gone: &'a HashSet<u64>,
    worker: usize,
    workers: usize,
    page: u32,
    samples: Vec<(u64, i64, f64)>,
}

impl Run<'_> {
    fn is_mine(&self, series: u64) -> bool {
        (slot_of(series) as usize / PAGE_SLOTS) % self.workers == self.worker
    }

    #[inline]
    fn push(&mut self, series: u64, t: i64, value: f64, share: &mut Share) {
        let page = slot_of(series) / PAGE_SLOTS as u32;
        if page != self.page || self.samples.len() == PAGE_SLOTS {
            self.finish(share);
            self.page = page;
        }
        if self.is_mine(series) {
            self.samples.push((series, t, value));
        }
    }

    fn finish(&mut self, share: &mut Share) {
        let Some((first, _, _)) = self.samples.first() else { return };
        let Some(page) = self.head.slab.known_page(slot_of(*first)) else {
            let lost = self.samples.drain(..).filter(|(series, ..)| !self.gone.contains(series));
            share.orphaned += lost.count() as u64;
            return;
        };
        let mut held = page.series.lock();
        // As when they were appended first: loads that do not depend on each other overlap.
        black_box(self.samples.iter().fold(0, |sum: u8, (series, ..)| {
            let series = held.get(slot_of(*series) as usize % PAGE_SLOTS);
            sum ^ series.and_then(Option::as_ref).map_or(0, MemSeries::warm)
        }));
        for (series, t, value) in self.samples.drain(..) {
            let slot = slot_of(series);
            share.generation = share.generation.max(generation_of(series));
            let found = held.get_mut(slot as usize % PAGE_SLOTS).and_then(Option::as_mut);
            let Some(found) = found.filter(|_| page.generation(slot) == generation_of(series)) else {
                share.orphaned += u64::from(!self.gone.contains(&series));
                continue;
            };
            let outcome = found.append(page.newest(slot), t, value, self.head.cut);
            if share.count(outcome, t) {
                page.set_newest(slot, t);
            }
        }
    }

    fn histogram(&self, series: u64, t: i64, histogram: &Histogram, share: &mut Share) {
        let Some(page) = self.known(series, share) else { return };
        let slot = slot_of(series);
        let mut held = page.series.lock();
        let Some(Some(held)) = held.get_mut(slot as usize % PAGE_SLOTS) else { return };
        // Those that no chunk takes were never acknowledged.
        let outcome = held.append_histogram(page.newest(slot), t, histogram, self.head.cut);
        if share.count(outcome.unwrap_or(Outcome::NotNewer), t) {
            page.set_newest(slot, t);
        }
    }

    fn late(&self, series: u64, t: i64, value: Value, share: &mut Share) {
        if self.known(series, share).is_some() && self.head.append_late(series, t, value) {
            share.samples += 1;
        }
    }

    /// The page of a series that is this worker's; counts those that are nobody's.
    fn known(&self, series: u64, share: &mut Share) -> Option<&Page> {
        if !self.is_mine(series) {
            return None;
        }
        share.generation = share.generation.max(generation_of(series));
        let page = self.head.slab.known_page(slot_of(series));
        let page = page.filter(|page| page.generation(slot_of(series)) == generation_of(series));
        if page.is_none() {
            share.orphaned += u64::from(!self.gone.contains(&series));
        }
        page
    }
}

impl Share {
    /// Whether the sample is new; those that are not are known from the checkpoint.
    fn count(&mut self, outcome: Outcome, t: i64) -> bool {
        match outcome {
            Outcome::NotNewer => return false,
            Outcome::NewChunk(sealed) => {
                self.new_chunks += 1;
                self.sealed_bytes += sealed as u64;
            }
            Outcome::Appended => {}
        }
        self.samples += 1;
        self.min_t = self.min_t.min(t);
        self.max_t = self.max_t.max(t);
        true
    }
}
