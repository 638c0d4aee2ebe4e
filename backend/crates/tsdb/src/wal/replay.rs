//! Replaying the samples of one file, window by window.
//!
//! First several threads decode a run of the window's records each and lay the samples out by page. Then
//! each thread takes some of the pages and appends what the runs have for them, one run after another, so
//! that the order within a series is that of the log. What one series was given over time meets its chunk
//! while that is still in the cache, and no record is decoded twice.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hashbrown::HashSet;
use model::Value;

use super::decode;
use super::floats;
use super::frame::Frame;
use super::record::kind;
use crate::head::{Head, Outcome, PAGE_SLOTS, Page, generation_of, slot_of};

/// Samples that a thread decodes at a time, 24 bytes each.
const RUN_SAMPLES: usize = 1 << 20;
/// So many bytes of histograms count as a sample when a window is measured: decoded they take more.
const HISTOGRAM_BYTES: usize = 8;

/// What was done.
#[derive(Default)]
pub(super) struct Replayed {
    pub(super) samples: u64,
    pub(super) orphaned: u64,
    pub(super) generation: u32,
    /// Payloads that make no sense.
    pub(super) malformed: Vec<Range<usize>>,
}

/// Replays records of samples with so many threads.
pub(super) fn replay(
    head: &Head,
    gone: &HashSet<u64>,
    data: &[u8],
    frames: &[&Frame],
    threads: usize,
) -> Replayed {
    let threads = if frames.len() < 4 { 1 } else { threads };
    let mut runs: Vec<Run> = (0..threads).map(|_| Run::default()).collect();
    let mut done = Replayed::default();
    let mut rest = frames;
    while !rest.is_empty() {
        let size = |frame: &&Frame| samples_in(frame, data);
        let (window, after) = split_at_size(rest, threads * RUN_SAMPLES, size);
        rest = after;
        let each = window.iter().map(size).sum::<usize>().div_ceil(threads);
        let mut left = window;
        let mut gather = Vec::with_capacity(threads);
        for run in &mut runs {
            let (mine, others) = split_at_size(left, each, size);
            left = others;
            gather.push(move || run.gather(head, data, mine));
        }
        at_once(gather);
        let (runs, pages) = (&runs, runs.iter().map(|run| run.pages.len()).max().unwrap_or(0));
        let append = (0..threads).map(|thread| {
            move || {
                let mut share = Share::new(head, gone);
                for page in (thread..pages).step_by(threads) {
                    runs.iter().filter_map(|run| run.pages.get(page)).for_each(|of| share.append(page, of));
                }
                share.finish()
            }
        });
        for (samples, orphaned, generation) in at_once(append.collect()) {
            done.samples += samples;
            done.orphaned += orphaned;
            done.generation = done.generation.max(generation);
        }
        for run in runs {
            let lost = run.nowhere.iter().filter(|series| !gone.contains(*series));
            done.orphaned += lost.count() as u64;
            done.malformed.extend(run.malformed.iter().cloned());
        }
    }
    done
}

/// About how many samples a record holds.
fn samples_in(frame: &Frame, data: &[u8]) -> usize {
    let payload = &data[frame.payload.clone()];
    match frame.kind {
        kind::SAMPLES | kind::LATE_SAMPLES => floats::count(payload),
        _ => payload.len() / HISTOGRAM_BYTES,
    }
}

/// The first frames, as many as reach `size` together, and the others.
fn split_at_size<'a, 'b>(
    frames: &'a [&'b Frame],
    size: usize,
    of: impl Fn(&&'b Frame) -> usize,
) -> (&'a [&'b Frame], &'a [&'b Frame]) {
    let mut sum = 0;
    let count = frames.iter().take_while(|frame| {
        let fits = sum < size;
        sum += of(frame);
        fits
    });
    frames.split_at(count.count())
}

/// Does all jobs at once, the first on this thread.
pub(super) fn at_once<T: Send>(jobs: Vec<impl FnOnce() -> T + Send>) -> Vec<T> {
    std::thread::scope(|scope| {
        let mut jobs = jobs.into_iter();
        let first = jobs.next();
        let others: Vec<_> = jobs.map(|job| scope.spawn(job)).collect();
        let others = others
            .into_iter()
            .map(|running| running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        first.into_iter().map(|job| job()).chain(others).collect()
    })
}

/// The samples of records that follow each other, by page.
#[derive(Default)]
struct Run {
    pages: Vec<OfPage>,
    /// Series of samples whose page nobody uses.
    nowhere: Vec<u64>,
    malformed: Vec<Range<usize>>,
}

/// The samples of a page, in the order of the log.
#[derive(Default)]
struct OfPage {
    floats: Vec<Float>,
    others: Vec<Other>,
}

struct Float {
    series: u64,
    t: i64,
    value: f64,
}

/// A histogram, or a sample that came late.
struct Other {
    /// How many floats come before it.
    at: usize,
    series: u64,
    t: i64,
    value: Value,
    late: bool,
}

impl Run {
    fn gather(&mut self, head: &Head, data: &[u8], frames: &[&Frame]) {
        self.nowhere.clear();
        self.malformed.clear();
        for page in &mut self.pages {
            page.floats.clear();
            page.others.clear();
        }
        for frame in frames {
            let payload = &data[frame.payload.clone()];
            let outcome = match frame.kind {
                kind::SAMPLES => decode::samples(payload, |series, t, value| {
                    if let Some(page) = self.page(head, series) {
                        page.floats.push(Float { series, t, value });
                    }
                }),
                kind::LATE_SAMPLES => decode::samples(payload, |series, t, value| {
                    self.other(head, series, t, Value::Float(value), true);
                }),
                others => decode::histograms(payload, |series, t, histogram| {
                    let late = others == kind::LATE_HISTOGRAMS;
                    self.other(head, series, t, Value::Histogram(Arc::new(histogram)), late);
                }),
            };
            if outcome.is_err() {
                self.malformed.push(frame.payload.clone());
            }
        }
    }

    fn other(&mut self, head: &Head, series: u64, t: i64, value: Value, late: bool) {
        if let Some(page) = self.page(head, series) {
            page.others.push(Other { at: page.floats.len(), series, t, value, late });
        }
    }

    #[inline]
    fn page(&mut self, head: &Head, series: u64) -> Option<&mut OfPage> {
        let number = slot_of(series) as usize / PAGE_SLOTS;
        if number >= self.pages.len() {
            // Only pages that have series: a log cannot claim memory with high numbers.
            if head.slab.known_page(slot_of(series)).is_none() {
                self.nowhere.push(series);
                return None;
            }
            self.pages.resize_with(number + 1, OfPage::default);
        }
        Some(&mut self.pages[number])
    }
}

/// What one thread appends.
struct Share<'a> {
    head: &'a Head,
    gone: &'a HashSet<u64>,
    samples: u64,
    orphaned: u64,
    generation: u32,
    new_chunks: i64,
    sealed_bytes: u64,
    min_t: i64,
    max_t: i64,
}

impl<'a> Share<'a> {
    fn new(head: &'a Head, gone: &'a HashSet<u64>) -> Self {
        Self {
            head,
            gone,
            samples: 0,
            orphaned: 0,
            generation: 0,
            new_chunks: 0,
            sealed_bytes: 0,
            min_t: i64::MAX,
            max_t: i64::MIN,
        }
    }

    /// Samples, orphaned ones, and the highest generation.
    fn finish(self) -> (u64, u64, u32) {
        self.head.chunk_count.fetch_add(self.new_chunks, Ordering::Relaxed);
        self.head.sealed_bytes.fetch_add(self.sealed_bytes, Ordering::Relaxed);
        self.head.saw(self.min_t, self.max_t);
        (self.samples, self.orphaned, self.generation)
    }

    fn append(&mut self, number: usize, samples: &OfPage) {
        let page = self.head.slab.known_page((number * PAGE_SLOTS) as u32);
        let mut from = 0;
        for other in &samples.others {
            self.floats(page, &samples.floats[from..other.at]);
            self.other(page, other);
            from = other.at;
        }
        self.floats(page, &samples.floats[from..]);
    }

    fn floats(&mut self, page: Option<&Page>, samples: &[Float]) {
        let Some(page) = page.filter(|_| !samples.is_empty()) else {
            samples.iter().for_each(|sample| self.orphan(sample.series));
            return;
        };
        let mut held = page.series.lock();
        for Float { series, t, value } in samples {
            let slot = slot_of(*series);
            self.generation = self.generation.max(generation_of(*series));
            let found = held.get_mut(slot as usize % PAGE_SLOTS).and_then(Option::as_mut);
            let Some(found) = found.filter(|_| page.generation(slot) == generation_of(*series)) else {
                self.orphan(*series);
                continue;
            };
            let outcome = found.append(page.newest(slot), *t, *value, self.head.cut);
            if self.count(outcome, *t) {
                page.set_newest(slot, *t);
            }
        }
    }

    fn other(&mut self, page: Option<&Page>, sample: &Other) {
        let slot = slot_of(sample.series);
        self.generation = self.generation.max(generation_of(sample.series));
        let known = page.filter(|page| page.generation(slot) == generation_of(sample.series));
        let Some(page) = known else {
            self.orphan(sample.series);
            return;
        };
        let Value::Histogram(histogram) = &sample.value else {
            self.late(sample);
            return;
        };
        if sample.late {
            self.late(sample);
            return;
        }
        let mut held = page.series.lock();
        let Some(Some(held)) = held.get_mut(slot as usize % PAGE_SLOTS) else { return };
        // Those that no chunk takes were never acknowledged.
        let outcome = held.append_histogram(page.newest(slot), sample.t, histogram, self.head.cut);
        if self.count(outcome.unwrap_or(Outcome::NotNewer), sample.t) {
            page.set_newest(slot, sample.t);
        }
    }

    fn late(&mut self, sample: &Other) {
        let added = self.head.append_late(sample.series, sample.t, sample.value.clone());
        self.samples += u64::from(added);
    }

    /// Counts a sample whose series is not known, unless that was removed.
    fn orphan(&mut self, series: u64) {
        self.orphaned += u64::from(!self.gone.contains(&series));
    }

    /// Whether the sample is new; those that are not are known from the checkpoint.
    #[inline]
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
