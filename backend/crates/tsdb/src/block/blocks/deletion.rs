//! Deleting samples of series.

use std::ops::ControlFlow;

use model::{CompiledMatcher, TimeRange};

use super::Blocks;
use crate::block::compact::Progress;
use crate::block::{BlockError, BlockMeta};

impl Blocks {
    /// Deletes the samples within `range` of all series that match all of `matchers`, in all blocks: gone
    /// for readers at once, from the disk when their block is compacted. Returns how many series of blocks
    /// lost a stretch.
    ///
    /// # Errors
    /// When a block cannot be read or written; those before it have lost their samples.
    pub fn delete_series(&self, matchers: &[CompiledMatcher], range: TimeRange) -> Result<u64, BlockError> {
        let mut deletions = self.deletions.lock();
        *deletions += 1;
        let mut count = 0;
        for block in self.list().iter().filter(|block| block.range().overlaps(&range)) {
            count += block.delete(matchers, range)?;
        }
        Ok(count)
    }

    /// Rewrites every block that samples were deleted from, and returns how many these were. `pace` is called
    /// between series.
    ///
    /// # Errors
    /// As for [`Blocks::compact`]; blocks that were rewritten before stay so.
    pub fn clean_tombstones(
        &self,
        pace: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<usize, BlockError> {
        let deleted_from =
            self.list().iter().filter(|block| !block.tombstones().is_empty()).cloned().collect();
        let mut count = 0;
        let blocks: Vec<std::sync::Arc<_>> = deleted_from;
        for block in blocks {
            let rewritten = |ulid, parents: &[BlockMeta]| {
                let mut meta = BlockMeta::compacted(ulid, parents);
                // The same samples as before: its level and its sources stay.
                meta.compaction.level = block.meta().compaction.level;
                meta
            };
            self.replace_with_merged(&[block.ulid()], rewritten, pace)?;
            count += 1;
        }
        Ok(count)
    }
}
