//! Taking blocks away.

use std::sync::Arc;

use ulid::Ulid;

use super::Blocks;
use super::load::remove_if_there;
use crate::block::retention::Kept;
use crate::block::{Block, BlockError, Expiry, Retention, dirs};

impl Blocks {
    /// Removes the blocks that the retention does not allow any more and tells which and why. `other_bytes`
    /// is what else the store has on disk.
    ///
    /// # Errors
    /// When the disk fails; what is left then goes with the next start.
    pub fn apply_retention(
        &self,
        retention: &Retention,
        other_bytes: u64,
    ) -> Result<Vec<(Arc<Block>, Expiry)>, BlockError> {
        let _making = self.making.lock();
        let list = self.list();
        let kept: Vec<Kept> = list.iter().map(|block| Kept::new(block)).collect();
        let expired = retention.expired(&kept, other_bytes);
        let removed: Vec<(Arc<Block>, Expiry)> = expired
            .iter()
            .filter_map(|(ulid, reason)| {
                let block = list.iter().find(|block| block.ulid() == *ulid)?;
                Some((Arc::clone(block), *reason))
            })
            .collect();
        self.replace(&expired.iter().map(|(ulid, _)| *ulid).collect::<Vec<_>>(), None);
        self.remove(removed.iter().map(|(block, _)| block))?;
        Ok(removed)
    }

    /// Removes directories of blocks that are not in the list any more. Their names go first and for good, so
    /// that no half of one is ever taken for a whole.
    pub(super) fn remove<'a>(&self, blocks: impl Iterator<Item = &'a Arc<Block>>) -> Result<(), BlockError> {
        let mut condemned = Vec::new();
        for block in blocks {
            let to = self.dir.join(dirs::being_deleted(block.ulid()));
            remove_if_there(&*self.disk, &to)?;
            self.disk.rename(block.dir(), &to).map_err(|e| BlockError::io("rename", block.dir(), e))?;
            condemned.push(to);
        }
        if condemned.is_empty() {
            return Ok(());
        }
        self.disk.sync_dir(&self.dir).map_err(|e| BlockError::io("sync", &self.dir, e))?;
        for dir in condemned {
            remove_if_there(&*self.disk, &dir)?;
        }
        Ok(())
    }

    /// The blocks with these identities.
    pub(super) fn find(&self, ulids: &[Ulid]) -> Vec<Arc<Block>> {
        let list = self.list();
        list.iter().filter(|block| ulids.contains(&block.ulid())).cloned().collect()
    }
}
