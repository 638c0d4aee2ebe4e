//! Several sources as one: series in order of labels, those with equal labels joined.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::overlap::combine;
use super::source::{SeriesSource, SourceSeries};
use crate::block::BlockError;

/// Walks over several sources at once.
pub(super) struct Merge<'a> {
    sources: Vec<&'a mut dyn SeriesSource>,
    /// The next series of each source that has one.
    ahead: BinaryHeap<Reverse<Ahead>>,
}

struct Ahead {
    series: SourceSeries,
    source: usize,
}

impl Ahead {
    fn key(&self) -> (&model::Labels, usize) {
        (&self.series.labels, self.source)
    }
}

impl PartialEq for Ahead {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Ahead {}

impl PartialOrd for Ahead {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ahead {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl<'a> Merge<'a> {
    pub(super) fn new(sources: Vec<&'a mut dyn SeriesSource>) -> Result<Self, BlockError> {
        let mut merge = Self { ahead: BinaryHeap::with_capacity(sources.len()), sources };
        for source in 0..merge.sources.len() {
            merge.advance(source)?;
        }
        Ok(merge)
    }

    fn advance(&mut self, source: usize) -> Result<(), BlockError> {
        let next = self.sources[source].next_series()?;
        self.ahead.extend(next.map(|series| Reverse(Ahead { series, source })));
        Ok(())
    }
}

impl SeriesSource for Merge<'_> {
    fn next_series(&mut self) -> Result<Option<SourceSeries>, BlockError> {
        let Some(Reverse(first)) = self.ahead.pop() else { return Ok(None) };
        self.advance(first.source)?;
        let SourceSeries { labels, chunks } = first.series;
        let mut parts = vec![chunks];
        while self.ahead.peek().is_some_and(|Reverse(next)| next.series.labels == labels) {
            let Some(Reverse(next)) = self.ahead.pop() else { break };
            self.advance(next.source)?;
            parts.push(next.series.chunks);
        }
        let chunks = match parts.len() {
            1 => parts.swap_remove(0),
            _ => combine(parts)?,
        };
        Ok(Some(SourceSeries { labels, chunks }))
    }
}
