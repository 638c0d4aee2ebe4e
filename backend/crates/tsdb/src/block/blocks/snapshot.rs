//! Copies of blocks, for backups and for moving out.

use std::path::Path;
use std::sync::Arc;

use platform::Disk;

use super::Blocks;
use crate::block::file::FileWriter;
use crate::block::{Block, BlockError, dirs};

/// Bytes that are copied at a time.
const PIECE_BYTES: usize = 1 << 20;

impl Blocks {
    /// Copies all blocks as they are now into the directory `to`, which is made if it is not there, and returns
    /// them. The copy can be opened as a data directory, by Prometheus too.
    ///
    /// # Errors
    /// When the disk fails; what was copied until then stays.
    pub fn snapshot(&self, to: &Path) -> Result<Vec<Arc<Block>>, BlockError> {
        self.copy_to(&*self.disk, to, &mut |_| {})
    }

    /// As [`Blocks::snapshot`], onto another disk. `copied` hears of each piece that was copied, in bytes.
    ///
    /// # Errors
    /// When a disk fails; what was copied until then stays.
    pub fn copy_to(
        &self,
        disk: &dyn Disk,
        to: &Path,
        copied: &mut dyn FnMut(u64),
    ) -> Result<Vec<Arc<Block>>, BlockError> {
        // Nothing is removed or deleted from meanwhile.
        let _making = self.making.lock();
        let _deletions = self.deletions.lock();
        disk.create_dir_all(to).map_err(|e| BlockError::io("create", to, e))?;
        let list = self.list();
        for block in list.iter() {
            let unfinished = to.join(dirs::being_created(block.ulid()));
            copy_dir((&*self.disk, block.dir()), (disk, &unfinished), copied)?;
            let finished = to.join(block.ulid().to_string());
            disk.rename(&unfinished, &finished).map_err(|e| BlockError::io("rename", &unfinished, e))?;
        }
        disk.sync_dir(to).map_err(|e| BlockError::io("sync", to, e))?;
        Ok(list.to_vec())
    }
}

fn copy_dir(
    (source, from): (&dyn Disk, &Path),
    (target, to): (&dyn Disk, &Path),
    copied: &mut dyn FnMut(u64),
) -> Result<(), BlockError> {
    target.create_dir_all(to).map_err(|e| BlockError::io("create", to, e))?;
    for entry in source.list(from).map_err(|e| BlockError::io("list", from, e))? {
        let (from, to) = (from.join(&entry.name), to.join(&entry.name));
        if entry.is_dir {
            copy_dir((source, &from), (target, &to), copied)?;
            continue;
        }
        let bytes = source.map(&from).map_err(|e| BlockError::io("map", &from, e))?;
        let mut file = FileWriter::create(target, &to)?;
        for piece in bytes.chunks(PIECE_BYTES) {
            file.write(piece)?;
            copied(piece.len() as u64);
        }
        file.finish()?;
    }
    target.sync_dir(to).map_err(|e| BlockError::io("sync", to, e))
}
