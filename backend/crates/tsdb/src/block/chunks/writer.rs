//! Writing segments.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use platform::Disk;

use super::{CHUNKS_DIR, ChunkRef, HEADER, segment_name};
use crate::block::BlockError;
use crate::block::codec::put_uvarint;
use crate::block::file::FileWriter;

/// Streams chunks into segments.
#[derive(Debug)]
pub(crate) struct ChunkWriter {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    segment_bytes: u64,
    /// Number of the segment that is open, from 0.
    segment: u32,
    open: Option<FileWriter>,
    frame: Vec<u8>,
}

impl ChunkWriter {
    /// Begins the chunks of the block in `block_dir`. No segment grows beyond `segment_bytes`.
    pub(crate) fn create(
        disk: Arc<dyn Disk>,
        block_dir: &Path,
        segment_bytes: u64,
    ) -> Result<Self, BlockError> {
        let dir = block_dir.join(CHUNKS_DIR);
        disk.create_dir_all(&dir).map_err(|e| BlockError::io("create", &dir, e))?;
        Ok(Self { disk, dir, segment_bytes, segment: 0, open: None, frame: Vec::new() })
    }

    /// Adds a chunk and tells where it is.
    pub(crate) fn write(&mut self, encoding: u8, data: &[u8]) -> Result<ChunkRef, BlockError> {
        self.frame.clear();
        put_uvarint(&mut self.frame, data.len() as u64);
        let length = self.frame.len() + 1 + data.len() + 4;
        if self.open.as_ref().is_some_and(|file| file.position() + length as u64 > self.segment_bytes) {
            self.close()?;
            self.segment += 1;
        }
        let file = match &mut self.open {
            Some(file) => file,
            None => {
                let path = self.dir.join(segment_name(self.segment as usize));
                let mut file = FileWriter::create(&*self.disk, &path)?;
                file.write(&HEADER)?;
                self.open.insert(file)
            }
        };
        let offset = u32::try_from(file.position())
            .map_err(|_| BlockError::Unwritable("a segment of chunks grows beyond 4 GiB".to_owned()))?;
        file.write(&self.frame)?;
        file.begin_checksum();
        file.write(&[encoding])?;
        file.write(data)?;
        file.write_checksum()?;
        Ok(ChunkRef::new(self.segment, offset))
    }

    fn close(&mut self) -> Result<(), BlockError> {
        self.open.take().map_or(Ok(()), FileWriter::finish)
    }

    /// Forces all segments and their names onto the medium.
    pub(crate) fn finish(mut self) -> Result<(), BlockError> {
        self.close()?;
        self.disk.sync_dir(&self.dir).map_err(|e| BlockError::io("sync", &self.dir, e))
    }
}
