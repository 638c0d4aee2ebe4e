//! Forgetting: chunks older than a time, and series that are left without samples.

use std::sync::atomic::Ordering;

use model::{MetricMetadata, MetricType};

use super::{Head, PAGE_SLOTS, slot_of};

/// Series that are removed while writers wait.
const REMOVAL_BATCH: usize = 256;

/// What a truncation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Truncated {
    /// Chunks dropped.
    pub chunks: u64,
    /// Series removed.
    pub series: u64,
}

impl Head {
    /// Drops the chunks that end before `before_ms` and then the series that have no chunk and were not
    /// touched since the last time. `log` is called with each batch of references that go, before anybody
    /// can make a series with the same labels.
    pub(crate) fn truncate(&self, before_ms: i64, mut log: impl FnMut(&[u64])) -> Truncated {
        self.min_valid_ms.fetch_max(before_ms, Ordering::Relaxed);
        let mut done = Truncated::default();
        let mut empty: Vec<u64> = Vec::new();
        let mut min_t = i64::MAX;
        for number in 0..self.slab.page_count() {
            let first = number * PAGE_SLOTS as u32;
            let Some(page) = self.slab.known_page(first) else { continue };
            let mut held = page.series.lock();
            for (at, series) in held.iter_mut().enumerate() {
                let Some(series) = series else { continue };
                let slot = first + at as u32;
                done.chunks += series.truncate(before_ms) as u64;
                let touched = page.untouch(slot);
                if let Some(t) = series.min_t() {
                    min_t = min_t.min(t);
                } else if series.is_empty() && !touched {
                    empty.extend(self.slab.reference(slot));
                }
            }
        }
        self.chunk_count.fetch_sub(done.chunks as i64, Ordering::Relaxed);
        self.min_t.store(min_t, Ordering::Relaxed);
        for batch in empty.chunks(REMOVAL_BATCH) {
            done.series += self.remove(batch, &mut log);
        }
        if done.series > 0 {
            self.exemplars.retain(before_ms, |series| self.slab.reference(slot_of(series)) == Some(series));
            self.metadata.retain(|family, metadata| self.has_family(family, metadata));
        }
        done
    }

    fn remove(&self, batch: &[u64], log: &mut impl FnMut(&[u64])) -> u64 {
        // Queries first, so that writers wait only for the removal itself.
        let _view = self.view.write();
        let _removal = self.removal.write();
        let still_empty = |series: u64| {
            let slot = slot_of(series);
            let page = self.slab.page(slot);
            let held = page.series.lock();
            let empty = matches!(held.get(slot as usize % PAGE_SLOTS), Some(Some(s)) if s.is_empty());
            empty && !page.is_touched(slot)
        };
        let gone: Vec<u64> = batch.iter().copied().filter(|series| still_empty(*series)).collect();
        log(&gone);
        // The next series in these slots must not pass for these.
        self.generation.fetch_add(1, Ordering::Relaxed);
        for series in &gone {
            self.forget(*series);
            self.slab.give_back(slot_of(*series));
        }
        gone.len() as u64
    }

    /// Whether a series of the family is left.
    fn has_family(&self, family: &str, metadata: &MetricMetadata) -> bool {
        let Some(names) = self.index.name(model::METRIC_NAME) else { return false };
        let values = names.values.read();
        let suffixes: &[&str] = match metadata.metric_type {
            MetricType::Histogram => &["", "_bucket", "_sum", "_count"],
            MetricType::GaugeHistogram => &["", "_bucket", "_gsum", "_gcount"],
            MetricType::Summary => &["", "_sum", "_count"],
            _ => &[""],
        };
        suffixes.iter().any(|suffix| values.find(&format!("{family}{suffix}")).is_some())
    }
}
