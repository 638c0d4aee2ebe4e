//! Replaying the samples of one file: one thread's share of them.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hashbrown::HashSet;

use super::decode;
use super::frame::Frame;
use super::record::kind;
use crate::head::{Head, MemSeries, Outcome, PAGE_SLOTS, generation_of, slot_of};

/// What one thread did.
#[derive(Default)]
pub(super) struct Share {
    pub(super) samples: u64,
    pub(super) orphaned: u64,
    pub(super) generation: u32,
    pub(super) malformed: Vec<Range<usize>>,
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
    let mut share = Share::default();
    let mut new_chunks = 0;
    let (mut min_t, mut max_t) = (i64::MAX, i64::MIN);
    let mut visit =
        |series: u64, t: i64, append: &mut dyn FnMut(&mut MemSeries, i64) -> Outcome, share: &mut Share| {
            let slot = slot_of(series);
            if (slot as usize / PAGE_SLOTS) % workers != worker {
                return;
            }
            share.generation = share.generation.max(generation_of(series));
            let page = head.slab.known_page(slot);
            let Some(page) = page.filter(|page| page.generation(slot) == generation_of(series)) else {
                share.orphaned += u64::from(!gone.contains(&series));
                return;
            };
            let mut held = page.series.lock();
            let Some(Some(held)) = held.get_mut(slot as usize % PAGE_SLOTS) else { return };
            match append(held, page.newest(slot)) {
                Outcome::NotNewer => return, // known from the checkpoint
                Outcome::NewChunk => new_chunks += 1,
                Outcome::Appended => {}
            }
            share.samples += 1;
            page.set_newest(slot, t);
            min_t = min_t.min(t);
            max_t = max_t.max(t);
        };
    for frame in frames {
        let payload = &data[frame.payload.clone()];
        let outcome = if frame.kind == kind::SAMPLES {
            decode::samples(payload, |series, t, value| {
                visit(series, t, &mut |held, newest| held.append(newest, t, value, head.cut), &mut share);
            })
        } else {
            decode::histograms(payload, |series, t, histogram| {
                let histogram = Arc::new(histogram);
                visit(
                    series,
                    t,
                    &mut |held, newest| held.append_histogram(newest, t, Arc::clone(&histogram), head.cut),
                    &mut share,
                );
            })
        };
        if outcome.is_err() {
            share.malformed.push(frame.payload.clone());
        }
    }
    head.chunk_count.fetch_add(new_chunks, Ordering::Relaxed);
    head.saw(min_t, max_t);
    share
}
