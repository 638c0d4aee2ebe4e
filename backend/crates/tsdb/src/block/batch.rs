//! Several new blocks, all of them or none.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use platform::{Clock, Disk, Entropy};

use super::blocks::new_ulid;
use super::compact::{Progress, SeriesSource, write_merged};
use super::writer::PreparedBlock;
use super::{BlockError, BlockMeta, BlockWriter};

/// New blocks for a directory that nobody needs to have open. They get their names when all of them are on the
/// medium; dropped before that, nothing is left of them.
pub struct BlockBatch {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    prepared: Vec<PreparedBlock>,
}

impl BlockBatch {
    /// An empty batch for `dir`, which is made if it is not there.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn new(
        disk: Arc<dyn Disk>,
        dir: &Path,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, BlockError> {
        disk.create_dir_all(dir).map_err(|e| BlockError::io("create", dir, e))?;
        Ok(Self { disk, dir: dir.to_owned(), clock, entropy, prepared: Vec::new() })
    }

    /// Writes a block of level 1 for the times `min_time` up to but not including `max_time`, in milliseconds,
    /// unless the source has no samples. `pace` is called between series.
    ///
    /// # Errors
    /// When source or disk fail, or `pace` ends the work.
    pub fn write(
        &mut self,
        source: &mut dyn SeriesSource,
        (min_time, max_time): (i64, i64),
        pace: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<(), BlockError> {
        let meta = BlockMeta::new(new_ulid(&*self.clock, &*self.entropy), min_time, max_time);
        let mut writer = BlockWriter::create(Arc::clone(&self.disk), &self.dir, meta)?;
        match write_merged(&mut writer, vec![source], pace) {
            Ok(progress) if progress.samples > 0 => {
                self.prepared.push(writer.prepare(&mut || pace(&progress))?);
                Ok(())
            }
            Ok(_) => {
                writer.discard();
                Ok(())
            }
            Err(error) => {
                writer.discard();
                Err(error)
            }
        }
    }

    /// Gives all blocks their names, and tells what they are.
    ///
    /// # Errors
    /// When the disk fails; the blocks behind that one are gone then.
    pub fn publish(mut self) -> Result<Vec<BlockMeta>, BlockError> {
        let mut metas = Vec::new();
        while !self.prepared.is_empty() {
            let block = self.prepared.remove(0);
            metas.push(block.meta().clone());
            block.publish()?;
        }
        Ok(metas)
    }
}

impl Drop for BlockBatch {
    fn drop(&mut self) {
        self.prepared.drain(..).for_each(PreparedBlock::discard);
    }
}
