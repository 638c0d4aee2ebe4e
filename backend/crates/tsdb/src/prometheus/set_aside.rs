//! Moving the files of a head away once they have been taken over.

use std::io;
use std::path::{Path, PathBuf};

use super::{PrometheusHead, PrometheusHeadError};

/// Names tried before giving up.
const MAX_NAMES: usize = 1000;

impl PrometheusHead {
    /// Moves `wal`, `chunks_head`, `wbl` and snapshots into `imported/prometheus-<newest segment>/` of the
    /// data directory, so that the next start does not read them again and one can still go back; the
    /// folder's path. Call it when all that was handed over is durable.
    ///
    /// `wal` is moved last. As long as it is there the head counts as not taken over, so a crash in between
    /// leads to another import of the same samples, never to a loss.
    ///
    /// # Errors
    /// When the disk refuses; calling it again goes on where it stopped.
    pub fn set_aside(&self) -> Result<PathBuf, PrometheusHeadError> {
        let imported = self.dir.join("imported");
        let target = self.free_name(&imported)?;
        let disk = &*self.disk;
        disk.create_dir_all(&target).map_err(|e| PrometheusHeadError::new("create", &target, e))?;
        let sync = |dir: &PathBuf| disk.sync_dir(dir).map_err(|e| PrometheusHeadError::new("sync", dir, e));
        sync(&self.dir)?;
        sync(&imported)?;
        for folder in &self.files.folders {
            let from = self.dir.join(folder);
            match disk.rename(&from, &target.join(folder)) {
                // Moved before the crash that this call goes on after.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other.map_err(|e| PrometheusHeadError::new("move", &from, e))?,
            }
            sync(&target)?;
            sync(&self.dir)?;
        }
        Ok(target)
    }

    /// A folder that holds nothing that is to be moved.
    fn free_name(&self, imported: &Path) -> Result<PathBuf, PrometheusHeadError> {
        let newest = self.files.newest();
        for attempt in 0..MAX_NAMES {
            let name = match attempt {
                0 => format!("prometheus-{newest:08}"),
                _ => format!("prometheus-{newest:08}-{attempt}"),
            };
            let target = imported.join(name);
            match self.disk.list(&target) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(target),
                Err(error) => return Err(PrometheusHeadError::new("list", &target, error)),
                // A crash may have left some folders there; `wal` comes last.
                Ok(entries) if entries.iter().all(|entry| !self.remains(&entry.name)) => return Ok(target),
                Ok(_) => {}
            }
        }
        let full = io::Error::new(io::ErrorKind::AlreadyExists, "too many imports of the same segment");
        Err(PrometheusHeadError::new("find a name in", imported, full))
    }

    /// Whether a folder is to be moved and has not been yet.
    fn remains(&self, name: &str) -> bool {
        self.files.folders.iter().any(|folder| folder == name) && self.disk.list(&self.dir.join(name)).is_ok()
    }
}
