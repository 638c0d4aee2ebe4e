//! Writing a file from front to back, in large pieces, with a running checksum.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use platform::{Disk, DiskFile};

use super::BlockError;

/// Bytes that are gathered before the disk is called.
const BUFFER_BYTES: usize = 256 << 10;
/// Bytes after which they are forced onto the medium, so that the end of a large file does not bring a long
/// burst of writes that others have to wait for.
const SYNC_BYTES: u64 = 32 << 20;

/// A file being written.
#[derive(Debug)]
pub(crate) struct FileWriter {
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    buffer: Vec<u8>,
    flushed: u64,
    synced: u64,
    crc: u32,
}

impl FileWriter {
    pub(crate) fn create(disk: &dyn Disk, path: &Path) -> Result<Self, BlockError> {
        let file = disk.create(path).map_err(|e| BlockError::io("create", path, e))?;
        Ok(Self { file, path: path.to_owned(), buffer: Vec::new(), flushed: 0, synced: 0, crc: 0 })
    }

    /// Bytes written so far.
    pub(crate) fn position(&self) -> u64 {
        self.flushed + self.buffer.len() as u64
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), BlockError> {
        self.crc = crc32c::crc32c_append(self.crc, bytes);
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    /// Zeros up to the next multiple of `alignment`.
    pub(crate) fn pad(&mut self, alignment: u64) -> Result<(), BlockError> {
        let missing = self.position().next_multiple_of(alignment) - self.position();
        self.write(&[0; 16][..missing as usize])
    }

    /// Begins a new checksum: that of all bytes from here on.
    pub(crate) fn begin_checksum(&mut self) {
        self.crc = 0;
    }

    /// Writes the checksum of the bytes since [`FileWriter::begin_checksum`].
    pub(crate) fn write_checksum(&mut self) -> Result<(), BlockError> {
        let crc = self.crc.to_be_bytes();
        self.write(&crc)
    }

    pub(crate) fn flush(&mut self) -> Result<(), BlockError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.file.append(&self.buffer).map_err(|e| BlockError::io("write", &self.path, e))?;
        self.flushed += self.buffer.len() as u64;
        self.buffer.clear();
        if self.flushed - self.synced >= SYNC_BYTES { self.sync() } else { Ok(()) }
    }

    fn sync(&mut self) -> Result<(), BlockError> {
        self.synced = self.flushed;
        self.file.sync().map_err(|e| BlockError::io("sync", &self.path, e))
    }

    /// Writes out what was gathered and forces all of the file onto the medium.
    pub(crate) fn finish(mut self) -> Result<(), BlockError> {
        self.flush()?;
        self.sync()
    }
}

/// Writes a small file as a whole, so that its name stands either for the old content or for the new.
/// Does not sync the directory.
pub(crate) fn replace(disk: &dyn Disk, path: &Path, content: &[u8]) -> Result<(), BlockError> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let temporary = PathBuf::from(temporary);
    match disk.remove_file(&temporary) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            return Err(BlockError::io("remove", &temporary, e));
        }
        _ => {}
    }
    let mut file = FileWriter::create(disk, &temporary)?;
    file.write(content)?;
    file.finish()?;
    disk.rename(&temporary, path).map_err(|e| BlockError::io("rename", &temporary, e))
}
