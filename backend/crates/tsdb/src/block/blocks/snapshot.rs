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
        // Nothing is removed or deleted from meanwhile.
        let _making = self.making.lock();
        let _deletions = self.deletions.lock();
        let disk = &*self.disk;
        disk.create_dir_all(to).map_err(|e| BlockError::io("create", to, e))?;
        let list = self.list();
        for block in list.iter() {
            let unfinished = to.join(dirs::being_created(block.ulid()));
            copy_dir(disk, block.dir(), &unfinished)?;
            let finished = to.join(block.ulid().to_string());
            disk.rename(&unfinished, &finished).map_err(|e| BlockError::io("rename", &unfinished, e))?;
        }
        disk.sync_dir(to).map_err(|e| BlockError::io("sync", to, e))?;
        Ok(list.to_vec())
    }
}

fn copy_dir(disk: &dyn Disk, from: &Path, to: &Path) -> Result<(), BlockError> {
    disk.create_dir_all(to).map_err(|e| BlockError::io("create", to, e))?;
    for entry in disk.list(from).map_err(|e| BlockError::io("list", from, e))? {
        let (from, to) = (from.join(&entry.name), to.join(&entry.name));
        if entry.is_dir {
            copy_dir(disk, &from, &to)?;
            continue;
        }
        let bytes = disk.map(&from).map_err(|e| BlockError::io("map", &from, e))?;
        let mut file = FileWriter::create(disk, &to)?;
        bytes.chunks(PIECE_BYTES).try_for_each(|piece| file.write(piece))?;
        file.finish()?;
    }
    disk.sync_dir(to).map_err(|e| BlockError::io("sync", to, e))
}
