//! Answering queries from a block.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{CompiledMatcher, Labels, TimeRange};
use storage::{Querier, QueryError, Samples, SelectHints, Series, merge};

use super::error::BlockError;
use super::index::{ChunkMeta, SymbolCache};
use super::reader::Block;
use super::select::{SelectError, select, visit_values};
use super::tombstones::Intervals;

/// Series that are looked at between two looks at the cancellation.
const CANCEL_INTERVAL: usize = 1024;

/// A view of a block over a time range.
#[derive(Debug)]
pub struct BlockQuerier {
    block: Arc<Block>,
    range: TimeRange,
}

impl Block {
    /// A view of the samples within `range`. It keeps the block, whatever becomes of its directory.
    #[must_use]
    pub fn querier(self: &Arc<Self>, range: TimeRange) -> BlockQuerier {
        BlockQuerier { block: Arc::clone(self), range }
    }
}

impl From<BlockError> for QueryError {
    fn from(error: BlockError) -> Self {
        match error {
            BlockError::Cancelled => Self::Cancelled,
            other => Self::Storage(other.to_string()),
        }
    }
}

impl BlockQuerier {
    fn blame(&self, error: impl Into<SelectError>) -> QueryError {
        match error.into() {
            SelectError::Fault(fault) => self.block.index.blame(fault).into(),
            SelectError::Query(error) => error,
        }
    }

    /// Whether the range lies outside of the block.
    fn misses(&self) -> bool {
        !self.range.overlaps(&self.block.range())
    }

    fn selected(&self, matchers: &[CompiledMatcher], hints: &SelectHints) -> Result<Vec<u32>, QueryError> {
        select(&self.block.index, matchers, &hints.cancel).map_err(|error| self.blame(error))
    }
}

impl Querier for BlockQuerier {
    fn select(
        &self,
        matchers: &[CompiledMatcher],
        hints: &SelectHints,
    ) -> Result<Vec<Arc<dyn Series>>, QueryError> {
        hints.cancel.check()?;
        let mut out: Vec<Arc<dyn Series>> = Vec::new();
        if self.misses() {
            return Ok(out);
        }
        let tombstones = self.block.tombstones();
        let (mut chunks, mut cache) = (Vec::new(), SymbolCache::default());
        for (count, series) in self.selected(matchers, hints)?.into_iter().enumerate() {
            if count % CANCEL_INTERVAL == 0 {
                hints.cancel.check()?;
            }
            let deleted = tombstones.of(u64::from(series));
            let wanted = |meta: &ChunkMeta| {
                let within = self.range.overlaps(&TimeRange::new(meta.min_t, meta.max_t));
                within && deleted.is_none_or(|deleted| !deleted.cover((meta.min_t, meta.max_t)))
            };
            let labels = self.block.index.series(series, &mut cache, &mut chunks, wanted);
            if let Some(labels) = labels.map_err(|fault| self.blame(fault))? {
                out.push(Arc::new(BlockSeries {
                    block: Arc::clone(&self.block),
                    labels,
                    chunks: chunks.as_slice().into(),
                    deleted: deleted.cloned(),
                }));
            }
        }
        Ok(out)
    }

    /// Names are those of all series of the block that match, whether they have samples in the range or not.
    fn label_names(
        &self,
        matchers: &[CompiledMatcher],
        hints: &SelectHints,
    ) -> Result<Vec<String>, QueryError> {
        hints.cancel.check()?;
        let index = &self.block.index;
        if self.misses() {
            return Ok(Vec::new());
        }
        let mut names: Vec<String> = if matchers.is_empty() {
            index.names().map(|entry| entry.name.to_string()).collect()
        } else {
            let mut numbers: BTreeSet<u32> = BTreeSet::new();
            for (count, series) in self.selected(matchers, hints)?.into_iter().enumerate() {
                if count % CANCEL_INTERVAL == 0 {
                    hints.cancel.check()?;
                }
                let seen = index.names_of(series, |name| {
                    numbers.insert(name);
                });
                seen.map_err(|fault| self.blame(fault))?;
            }
            // Numbers are in order of the texts.
            let texts = numbers.into_iter().map(|number| index.text(number).map(str::to_owned));
            texts.collect::<Result<_, _>>().map_err(|fault| self.blame(fault))?
        };
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
        let index = &self.block.index;
        let Some(entry) = index.name(name).filter(|_| !name.is_empty() && !self.misses()) else {
            return Ok(Vec::new());
        };
        let mut values = Vec::new();
        if matchers.is_empty() {
            visit_values(index, entry, None, &hints.cancel, |entry| {
                values.push(entry.value.to_owned());
                Ok(())
            })
            .map_err(|error| self.blame(error))?;
        } else {
            let selected = self.selected(matchers, hints)?;
            let number = index.symbol(name).map_err(|fault| self.blame(fault))?;
            if let Some(number) = number.filter(|_| selected.len() < entry.value_count as usize) {
                let mut found: BTreeSet<&str> = BTreeSet::new();
                for (count, series) in selected.into_iter().enumerate() {
                    if count % CANCEL_INTERVAL == 0 {
                        hints.cancel.check()?;
                    }
                    found.extend(index.value_of(series, number).map_err(|fault| self.blame(fault))?);
                }
                values.extend(found.into_iter().map(str::to_owned));
            } else {
                visit_values(index, entry, None, &hints.cancel, |entry| {
                    if index.postings(entry)?.meets(&selected) {
                        values.push(entry.value.to_owned());
                    }
                    Ok(())
                })
                .map_err(|error| self.blame(error))?;
            }
        }
        hints.cut(&mut values);
        Ok(values)
    }
}

/// A series of a selection.
struct BlockSeries {
    block: Arc<Block>,
    labels: Labels,
    chunks: Box<[ChunkMeta]>,
    deleted: Option<Arc<Intervals>>,
}

impl Series for BlockSeries {
    fn labels(&self) -> Labels {
        self.labels.clone()
    }

    fn read(&self, range: TimeRange, out: &mut Samples) -> Result<(), QueryError> {
        let first = out.len();
        let mut end = i64::MIN;
        for meta in &self.chunks {
            if !range.overlaps(&TimeRange::new(meta.min_t, meta.max_t)) {
                continue;
            }
            if out.len() > first && meta.min_t <= end {
                // No writer makes chunks that overlap, but bytes from elsewhere may hold them.
                let mut more = Samples::default();
                self.block.decode(meta, range, &mut more)?;
                merge::add_samples(out, first, &more);
            } else {
                self.block.decode(meta, range, out)?;
            }
            end = end.max(meta.max_t);
        }
        if let Some(deleted) = &self.deleted {
            merge::retain_samples(out, first, |t| !deleted.contain(t));
        }
        Ok(())
    }
}
