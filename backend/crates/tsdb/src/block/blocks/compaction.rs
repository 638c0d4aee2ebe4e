//! Making blocks: from the head, and from other blocks.

use std::ops::ControlFlow;
use std::sync::Arc;

use parking_lot::MutexGuard;
use ulid::Ulid;

use super::Blocks;
use crate::block::compact::{BlockSource, Pace, Plan, Progress, SeriesSource, plan, write_merged};
use crate::block::writer::PreparedBlock;
use crate::block::{Block, BlockError, BlockMeta, BlockWriter};

/// How often a compaction begins anew because series were deleted meanwhile, before it makes deletions wait.
const RESTARTS: usize = 2;

impl Blocks {
    /// Writes a block of level 1 for the times `min_time` up to but not including `max_time`, from a stretch
    /// of the head. `None` when the source has no samples. `pace` is called between series. Does not wait for
    /// a compaction that runs.
    ///
    /// # Errors
    /// When source or disk fail, or `pace` ends the work: then there is no block.
    pub fn write(
        &self,
        source: &mut dyn SeriesSource,
        (min_time, max_time): (i64, i64),
        out_of_order: bool,
        pace: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Option<Arc<Block>>, BlockError> {
        let mut meta = BlockMeta::new(self.ulid(), min_time, max_time);
        if out_of_order {
            meta.set_from_out_of_order();
        }
        let Some(prepared) = self.merge(meta, vec![source], pace)? else { return Ok(None) };
        let _deletions = self.deletions.lock();
        let block = Arc::new(Block::open(Arc::clone(&self.disk), &prepared.publish()?)?);
        self.replace(&[], Some(Arc::clone(&block)));
        Ok(Some(block))
    }

    /// What to compact next with blocks of the lengths `ranges`; see [`plan`].
    #[must_use]
    pub fn plan(&self, ranges: &[i64]) -> Option<Plan> {
        let metas: Vec<BlockMeta> = self.list().iter().map(|block| BlockMeta::clone(&block.meta())).collect();
        plan(&metas, ranges)
    }

    /// Makes one block of several and removes those. `None` when all of their samples were deleted. `pace`
    /// is called between series.
    ///
    /// A block that cannot be read is marked as failed, and left alone from then on.
    ///
    /// # Errors
    /// When a block or the disk fails, or `pace` ends the work: then the blocks stay as they are. An error
    /// while they are being removed comes after the new block has taken their place.
    pub fn compact(
        &self,
        blocks: &[Ulid],
        pace: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Option<Arc<Block>>, BlockError> {
        self.replace_with_merged(blocks, BlockMeta::compacted, pace)
    }

    pub(super) fn replace_with_merged(
        &self,
        ulids: &[Ulid],
        meta: impl Fn(Ulid, &[BlockMeta]) -> BlockMeta,
        pace: Pace<'_>,
    ) -> Result<Option<Arc<Block>>, BlockError> {
        let _making = self.making.lock();
        let parents = self.find(ulids);
        if parents.is_empty() {
            return Ok(None);
        }
        let mut restarts = 0;
        let (prepared, deletions) = loop {
            let mut deletions = self.deletions.lock();
            let before = *deletions;
            let metas: Vec<BlockMeta> = parents.iter().map(|block| BlockMeta::clone(&block.meta())).collect();
            let mut sources =
                parents.iter().map(BlockSource::new).collect::<Result<Vec<_>, _>>().inspect_err(|error| {
                    mark_guilty(&parents, error);
                })?;
            let sources = sources.iter_mut().map(|source| source as &mut dyn SeriesSource).collect();
            let merge = || self.merge(meta(self.ulid(), &metas), sources, pace);
            let merged =
                if restarts < RESTARTS { MutexGuard::unlocked(&mut deletions, merge) } else { merge() };
            let prepared = merged.inspect_err(|error| mark_guilty(&parents, error))?;
            if *deletions == before {
                break (prepared, deletions);
            }
            // What was deleted meanwhile must not come back.
            restarts += 1;
            if let Some(prepared) = prepared {
                prepared.discard();
            }
        };
        let child = match prepared {
            Some(prepared) => Some(Arc::new(Block::open(Arc::clone(&self.disk), &prepared.publish()?)?)),
            None => None,
        };
        self.replace(ulids, child.clone());
        drop(deletions);
        self.remove(parents.iter())?;
        Ok(child)
    }

    /// Merges sources into a block that has no name yet; `None` when there are no samples.
    fn merge(
        &self,
        meta: BlockMeta,
        sources: Vec<&mut dyn SeriesSource>,
        pace: Pace<'_>,
    ) -> Result<Option<PreparedBlock>, BlockError> {
        let mut writer = BlockWriter::create(Arc::clone(&self.disk), &self.dir, meta)?;
        match write_merged(&mut writer, sources, pace) {
            Ok(progress) if progress.samples > 0 => writer.prepare(&mut || pace(&progress)).map(Some),
            Ok(_) => {
                writer.discard();
                Ok(None)
            }
            Err(error) => {
                writer.discard();
                Err(error)
            }
        }
    }
}

/// Marks the blocks that an error blames as failed: the one whose file it names, or all.
fn mark_guilty(parents: &[Arc<Block>], error: &BlockError) {
    let path = match error {
        BlockError::Corrupt { path, .. } | BlockError::UnknownEncoding { path, .. } => Some(path),
        BlockError::Unwritable(_) => None,
        BlockError::Io { .. } | BlockError::Cancelled => return,
    };
    for block in parents.iter().filter(|block| path.is_none_or(|path| path.starts_with(block.dir()))) {
        if let Err(error) = block.mark_failed() {
            tracing::warn!(%error, block = %block.ulid(), "compaction failed, which could not be noted");
        }
    }
}
