//! Where the series of a new block come from.

use std::sync::Arc;

use model::{Labels, TimeRange};
use storage::{Samples, merge};

use crate::block::codecs;
use crate::block::index::{ChunkMeta, SymbolCache};
use crate::block::tombstones::Tombstones;
use crate::block::{Block, BlockError, EncodedChunk};

/// A series with all its chunks.
#[derive(Clone, Debug)]
pub struct SourceSeries {
    /// Its labels.
    pub labels: Labels,
    /// Chunks in ascending order; they do not overlap.
    pub chunks: Vec<EncodedChunk>,
}

impl SourceSeries {
    /// A series of samples, which must ascend, in chunks of at most 120.
    ///
    /// # Errors
    /// [`BlockError::Unwritable`] for a histogram that makes no sense.
    pub fn encode(labels: Labels, samples: &Samples) -> Result<Self, BlockError> {
        let mut chunks = Vec::new();
        codecs::encode(samples, &mut chunks)?;
        Ok(Self { labels, chunks })
    }
}

/// Series in order of labels: a block, or a stretch of the head.
pub trait SeriesSource {
    /// The next series. Those without chunks may be left out.
    ///
    /// # Errors
    /// When the source cannot be read; then it is asked no more.
    fn next_series(&mut self) -> Result<Option<SourceSeries>, BlockError>;
}

/// A block without what was deleted from it.
pub(crate) struct BlockSource {
    block: Arc<Block>,
    tombstones: Arc<Tombstones>,
    series: std::vec::IntoIter<u32>,
    metas: Vec<ChunkMeta>,
}

impl BlockSource {
    pub(crate) fn new(block: &Arc<Block>) -> Result<Self, BlockError> {
        let series = block.index.all_series().map_err(|fault| block.index.blame(fault))?.into_iter();
        Ok(Self { block: Arc::clone(block), tombstones: block.tombstones(), series, metas: Vec::new() })
    }

    /// The chunks of a series, decoded and encoded again where a part was deleted.
    fn chunks(&self, series: u32) -> Result<Vec<EncodedChunk>, BlockError> {
        let mut chunks = Vec::with_capacity(self.metas.len());
        let deleted = self.tombstones.of(u64::from(series));
        for meta in &self.metas {
            match deleted.filter(|deleted| deleted.meet((meta.min_t, meta.max_t))) {
                None => chunks.push(self.block.share(meta)?),
                Some(deleted) if deleted.cover((meta.min_t, meta.max_t)) => {}
                Some(deleted) => {
                    let mut samples = Samples::default();
                    self.block.decode(meta, TimeRange::ALL, &mut samples)?;
                    merge::retain_samples(&mut samples, 0, |t| !deleted.contain(t));
                    codecs::encode(&samples, &mut chunks)?;
                }
            }
        }
        Ok(chunks)
    }
}

impl SeriesSource for BlockSource {
    fn next_series(&mut self) -> Result<Option<SourceSeries>, BlockError> {
        loop {
            let Some(series) = self.series.next() else { return Ok(None) };
            let index = &self.block.index;
            let labels = index.series(series, &mut SymbolCache::default(), &mut self.metas, |_| true);
            let Some(labels) = labels.map_err(|fault| index.blame(fault))? else { continue };
            let chunks = self.chunks(series)?;
            if !chunks.is_empty() {
                return Ok(Some(SourceSeries { labels, chunks }));
            }
        }
    }
}
