//! Replaying the samples of one file: one thread's share of them.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hashbrown::HashSet;
use model::{Histogram, Value};

use super::decode;
use super::frame::Frame;
use super::record::kind;
use crate::head::{Head, Outcome, PAGE_SLOTS, Page, generation_of, slot_of};

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
    let mut run = Run { head, gone, worker, workers, samples: Vec::new(), sorted: Vec::new() };
    for frame in frames {
        let payload = &data[frame.payload.clone()];
        let late = matches!(frame.kind, kind::LATE_SAMPLES | kind::LATE_HISTOGRAMS);
        let floats = matches!(frame.kind, kind::SAMPLES | kind::LATE_SAMPLES);
        if !floats {
            // A series may have had floats before.
            run.finish(&mut share);
        }
        let outcome = match (floats, late) {
            (true, false) => {
                decode::samples(payload, |series, t, value| run.push(series, t, value, &mut share))
            }
            (true, true) => decode::samples(payload, |series, t, value| {
                run.late(series, t, Value::Float(value), &mut share);
            }),
            (false, late) => decode::histograms(payload, |series, t, histogram| {
                if late {
                    run.late(series, t, Value::Histogram(Arc::new(histogram)), &mut share);
                } else {
                    run.histogram(series, t, &histogram, &mut share);
                }
            }),
        };
        if outcome.is_err() {
            share.malformed.push(frame.payload.clone());
        }
    }
    run.finish(&mut share);
    head.chunk_count.fetch_add(share.new_chunks, Ordering::Relaxed);
    head.sealed_bytes.fetch_add(share.sealed_bytes, Ordering::Relaxed);
    head.saw(share.min_t, share.max_t);
    share
}

/// Samples gathered from many records and then appended page by page: what one series was given over time
/// meets its chunk while that is still in the cache.
struct Run<'a> {
    head: &'a Head,
    gone: &'a HashSet<u64>,
    worker: usize,
    workers: usize,
    samples: Vec<Sample>,
    sorted: Vec<Sample>,
}

#[derive(Clone, Copy, Default)]
struct Sample {
    series: u64,
    t: i64,
    value: f64,
}

/// Samples gathered: 24 MiB, and as much again for sorting them.
const GATHERED: usize = 1 << 20;

fn page_of(series: u64) -> usize {
    slot_of(series) as usize / PAGE_SLOTS
}

impl Run<'_> {
    fn is_mine(&self, series: u64) -> bool {
        page_of(series) % self.workers == self.worker
    }

    #[inline]
    fn push(&mut self, series: u64, t: i64, value: f64, share: &mut Share) {
        if !self.is_mine(series) {
            return;
        }
        if self.samples.len() == GATHERED {
            self.finish(share);
        }
        self.samples.push(Sample { series, t, value });
    }

    /// Appends what was gathered. Within a series the order stays.
    fn finish(&mut self, share: &mut Share) {
        if self.samples.is_empty() {
            return;
        }
        self.sort_by_page();
        for samples in self.sorted.chunk_by(|a, b| page_of(a.series) == page_of(b.series)) {
            self.append(samples, share);
        }
        self.samples.clear();
    }

    fn sort_by_page(&mut self) {
        let pages = self.samples.iter().map(|sample| page_of(sample.series) + 1).max().unwrap_or(0);
        let mut starts = vec![0u32; pages + 1];
        for sample in &self.samples {
            starts[page_of(sample.series) + 1] += 1;
        }
        for page in 0..pages {
            starts[page + 1] += starts[page];
        }
        self.sorted.clear();
        self.sorted.resize(self.samples.len(), Sample::default());
        for sample in &self.samples {
            let next = &mut starts[page_of(sample.series)];
            self.sorted[*next as usize] = *sample;
            *next += 1;
        }
    }

    /// Appends samples of one page.
    fn append(&self, samples: &[Sample], share: &mut Share) {
        let Some(page) = samples.first().and_then(|first| self.head.slab.known_page(slot_of(first.series)))
        else {
            let lost = samples.iter().filter(|sample| !self.gone.contains(&sample.series));
            share.orphaned += lost.count() as u64;
            return;
        };
        let mut held = page.series.lock();
        for Sample { series, t, value } in samples.iter().copied() {
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
