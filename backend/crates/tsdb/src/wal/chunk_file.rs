//! Files of chunks: records of chunks in files of the log's format, written once and then mapped.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use platform::{Disk, DiskFile};

use super::decode::{self, ChunkHeader};
use super::files::{chunk_file_id, chunk_file_name};
use super::frame::{self, FILE_HEADER};
use super::record::{Encoder, LATE_CHUNK};
use crate::head::{ChunkBytes, ChunkFile, FileChunk, SealedChunk};

/// Bytes gathered before they are written.
const WRITE_BYTES: usize = 1 << 20;

/// Where a chunk stands in its file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunkPlace {
    pub(crate) record: u32,
    pub(crate) start: u32,
    pub(crate) length: u32,
}

/// Writes one file.
pub(crate) struct ChunkFileWriter<'a> {
    disk: &'a dyn Disk,
    dir: &'a Path,
    number: u64,
    file: Arc<dyn DiskFile>,
    written: u64,
    encoder: Encoder,
}

impl<'a> ChunkFileWriter<'a> {
    pub(crate) fn path(dir: &Path, number: u64) -> PathBuf {
        dir.join(chunk_file_name(number))
    }

    pub(crate) fn create(disk: &'a dyn Disk, dir: &'a Path, number: u64) -> io::Result<Self> {
        let file = disk.create(&Self::path(dir, number))?;
        file.append(&FILE_HEADER)?;
        let written = FILE_HEADER.len() as u64;
        Ok(Self { disk, dir, number, file, written, encoder: Encoder::default() })
    }

    /// Bytes so far.
    pub(crate) fn length(&self) -> u64 {
        self.written + self.encoder.frames().len() as u64
    }

    pub(crate) fn add(&mut self, series: u64, chunk: &SealedChunk, late: bool) -> io::Result<ChunkPlace> {
        let record = self.length();
        self.encoder.chunk(series, chunk, if late { LATE_CHUNK } else { 0 });
        let length = chunk.data.len() as u64;
        let fits = |n: u64| u32::try_from(n).map_err(|_| io::Error::other("a file of chunks is too long"));
        let place =
            ChunkPlace { record: fits(record)?, start: fits(self.length() - length)?, length: fits(length)? };
        if self.encoder.frames().len() > WRITE_BYTES {
            self.flush()?;
        }
        Ok(place)
    }

    fn flush(&mut self) -> io::Result<()> {
        frame::place(self.encoder.frames_mut(), chunk_file_id(self.number), self.written);
        self.file.append(self.encoder.frames())?;
        self.written += self.encoder.frames().len() as u64;
        self.encoder.clear();
        Ok(())
    }

    /// Forces the file onto the medium and maps it.
    pub(crate) fn finish(mut self) -> io::Result<ChunkFile> {
        self.flush()?;
        self.file.sync()?;
        self.disk.sync_dir(self.dir)?;
        let bytes = self.disk.map(&Self::path(self.dir, self.number))?;
        Ok(ChunkFile { number: self.number, bytes })
    }
}

/// The chunk whose record begins at `record`; `None` when there is none that can be read.
pub(super) fn read_chunk(file: &Arc<ChunkFile>, record: u32) -> Option<(ChunkHeader, SealedChunk)> {
    let frame = frame::read(&file.bytes, record as usize, chunk_file_id(file.number))?;
    let (header, within) = decode::chunk(&file.bytes[frame.payload.clone()]).ok()?;
    let start = u32::try_from(frame.payload.start + within.start).ok()?;
    let length = u32::try_from(within.len()).ok()?;
    let data = ChunkBytes::File(FileChunk { file: Arc::clone(file), record, start, length });
    let chunk = SealedChunk { min_t: header.min_t, max_t: header.max_t, encoding: header.encoding, data };
    Some((header, chunk))
}
