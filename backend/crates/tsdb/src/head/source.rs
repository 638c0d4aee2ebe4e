//! A stretch of the head on its way into a block.

use model::TimeRange;
use storage::Samples;
use storage::merge::add_samples;

use super::{Head, MemSeries, PAGE_SLOTS, SealedChunk, slot_of};
use crate::block::{BlockError, EncodedChunk, SeriesSource, SourceSeries, encode_samples};

/// Which samples of the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Those that came in order.
    InOrder,
    /// Those that came late and are frozen.
    Frozen,
    /// All that came late.
    Late,
}

/// The series that have samples in a time range, in order of labels.
pub(crate) struct HeadSource<'h> {
    head: &'h Head,
    part: Part,
    range: TimeRange,
    series: std::vec::IntoIter<u64>,
    chunks: Vec<SealedChunk>,
}

impl<'h> HeadSource<'h> {
    /// Finds and sorts the series. Those that come later have no samples in a range that is over.
    pub(crate) fn new(head: &'h Head, part: Part, range: TimeRange) -> Self {
        let ranks = head.index.ranks();
        let mut keys: Vec<u32> = Vec::new();
        let mut found: Vec<(usize, usize, u64)> = Vec::new();
        for number in 0..head.slab.page_count() {
            let first = number * PAGE_SLOTS as u32;
            let Some(page) = head.slab.known_page(first) else { continue };
            let held = page.series.lock();
            for (at, series) in held.iter().enumerate() {
                let Some(series) = series.as_ref().filter(|series| part.overlaps(series, range)) else {
                    continue;
                };
                let Some(reference) = head.slab.reference(first + at as u32) else { continue };
                let start = keys.len();
                if ranks.push_key(&series.labels, &mut keys) {
                    found.push((start, keys.len(), reference));
                } else {
                    keys.truncate(start);
                }
            }
        }
        found.sort_unstable_by(|a, b| keys[a.0..a.1].cmp(&keys[b.0..b.1]));
        let series: Vec<u64> = found.into_iter().map(|(_, _, reference)| reference).collect();
        Self { head, part, range, series: series.into_iter(), chunks: Vec::new() }
    }

    fn encoded(&self) -> Result<Vec<EncodedChunk>, BlockError> {
        let mut encoded = Vec::with_capacity(self.chunks.len());
        for chunk in &self.chunks {
            let within = chunk.min_t >= self.range.start_ms && chunk.max_t <= self.range.end_ms;
            if within {
                encoded.push(EncodedChunk {
                    min_t: chunk.min_t,
                    max_t: chunk.max_t,
                    encoding: chunk.encoding.id(),
                    data: chunk.data.clone().into(),
                });
            } else {
                encode_samples(&self.samples(chunk)?, &mut encoded)?;
            }
        }
        Ok(encoded)
    }

    /// Late chunks overlap each other: their samples are merged first.
    fn merged(&self) -> Result<Vec<EncodedChunk>, BlockError> {
        let mut merged = Samples::default();
        for chunk in &self.chunks {
            add_samples(&mut merged, 0, &self.samples(chunk)?);
        }
        let mut encoded = Vec::new();
        encode_samples(&merged, &mut encoded)?;
        Ok(encoded)
    }

    fn samples(&self, chunk: &SealedChunk) -> Result<Samples, BlockError> {
        let mut samples = Samples::default();
        chunk.read(self.range, &mut samples).map_err(|error| {
            BlockError::Unwritable(format!("a chunk of the head cannot be read: {error}"))
        })?;
        Ok(samples)
    }
}

impl Part {
    fn overlaps(self, series: &MemSeries, range: TimeRange) -> bool {
        match self {
            Self::InOrder => series.overlaps_in_order(range),
            Self::Frozen => {
                let frozen = series.late().map(super::late::Late::frozen);
                frozen.is_some_and(|frozen| frozen.iter().any(|chunk| chunk.overlaps(range)))
            }
            Self::Late => series.late().is_some_and(|late| late.overlaps(range)),
        }
    }

    fn chunks(self, series: &MemSeries, range: TimeRange, out: &mut Vec<SealedChunk>) {
        match (self, series.late()) {
            (Self::InOrder, _) => series.chunks(range, out),
            (Self::Frozen | Self::Late, None) => {}
            (Self::Late, Some(late)) => late.chunks(range, out),
            (Self::Frozen, Some(late)) => {
                out.extend(late.frozen().iter().filter(|chunk| chunk.overlaps(range)).cloned());
            }
        }
    }
}

impl SeriesSource for HeadSource<'_> {
    fn next_series(&mut self) -> Result<Option<SourceSeries>, BlockError> {
        while let Some(reference) = self.series.next() {
            let slot = slot_of(reference);
            let Some(page) = self.head.slab.known_page(slot) else { continue };
            self.chunks.clear();
            let packed = {
                let held = page.series.lock();
                if self.head.slab.reference(slot) != Some(reference) {
                    continue;
                }
                let Some(Some(series)) = held.get(slot as usize % PAGE_SLOTS) else { continue };
                self.part.chunks(series, self.range, &mut self.chunks);
                series.labels.clone()
            };
            let chunks = match self.part {
                Part::InOrder => self.encoded()?,
                Part::Frozen | Part::Late => self.merged()?,
            };
            if !chunks.is_empty() {
                return Ok(Some(SourceSeries { labels: self.head.index.unpack(&packed), chunks }));
            }
        }
        Ok(None)
    }
}
