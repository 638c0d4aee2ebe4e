//! Reading segments.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use platform::{Disk, FileBytes};

use super::{CHUNKS_DIR, ChunkBytes, ChunkRef, HEADER, MAGIC, VERSION, segment_name};
use crate::block::BlockError;
use crate::block::codec::{CRC_BYTES, Decoder, be32_at, verify};
use crate::block::error::Fault;

/// The mapped segments of a block.
#[derive(Debug)]
pub(crate) struct ChunkReader {
    dir: PathBuf,
    segments: Vec<FileBytes>,
}

impl ChunkReader {
    /// Maps all segments and looks at their headers. A block without samples may have none.
    pub(crate) fn open(disk: &dyn Disk, block_dir: &Path) -> Result<Self, BlockError> {
        let dir = block_dir.join(CHUNKS_DIR);
        let entries = match disk.list(&dir) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(BlockError::io("list", &dir, e)),
        };
        let is_segment = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        let count = entries.iter().filter(|entry| !entry.is_dir && is_segment(&entry.name)).count();
        let mut segments = Vec::new();
        for number in 0..count {
            let path = dir.join(segment_name(number));
            let bytes = disk.map(&path).map_err(|e| BlockError::io("map", &path, e))?;
            check_header(&bytes).map_err(|fault| fault.within(&path))?;
            segments.push(bytes);
        }
        Ok(Self { dir, segments })
    }

    /// A reader of one segment.
    pub(crate) fn from_bytes(dir: &Path, segment: FileBytes) -> Result<Self, BlockError> {
        check_header(&segment).map_err(|fault| fault.within(dir))?;
        Ok(Self { dir: dir.to_owned(), segments: vec![segment] })
    }

    /// Encoding and data of a chunk, its checksum verified.
    pub(crate) fn read(&self, chunk: ChunkRef) -> Result<(u8, &[u8]), BlockError> {
        let (segment, data) = self.find(chunk)?;
        Ok((segment[data.start - 1], &segment[data]))
    }

    /// As [`ChunkReader::read`], for keeping longer than the reader.
    pub(crate) fn share(&self, chunk: ChunkRef) -> Result<(u8, ChunkBytes), BlockError> {
        let (segment, data) = self.find(chunk)?;
        Ok((segment[data.start - 1], ChunkBytes::Mapped(segment.clone(), data)))
    }

    fn find(&self, chunk: ChunkRef) -> Result<(&FileBytes, Range<usize>), BlockError> {
        let fault = |fault: Fault| fault.within(&self.path(chunk));
        let Some(segment) = self.segments.get(chunk.segment()) else {
            return Err(fault(Fault::new(chunk.offset(), "the index names a segment that is not there")));
        };
        Ok((segment, frame(segment, chunk.offset()).map_err(fault)?))
    }

    /// The file that a chunk is in, and where.
    pub(crate) fn place(&self, chunk: ChunkRef) -> (PathBuf, u64) {
        (self.path(chunk), chunk.offset() as u64)
    }

    fn path(&self, chunk: ChunkRef) -> PathBuf {
        self.dir.join(segment_name(chunk.segment()))
    }

    /// Bytes of all segments.
    pub(crate) fn len(&self) -> u64 {
        self.segments.iter().map(|segment| segment.len() as u64).sum()
    }
}

fn check_header(bytes: &[u8]) -> Result<(), Fault> {
    if bytes.len() < HEADER.len() {
        return Err(Fault::new(bytes.len(), "ends within the header"));
    }
    if be32_at(bytes, 0) != MAGIC {
        return Err(Fault::new(0, "is no segment of chunks"));
    }
    if bytes[4] != VERSION {
        return Err(Fault::new(4, format!("version {} is not known", bytes[4])));
    }
    Ok(())
}

/// Where the data of the chunk at `offset` is; the encoding is the byte before it.
fn frame(segment: &[u8], offset: usize) -> Result<Range<usize>, Fault> {
    if offset < HEADER.len() || offset > segment.len() {
        return Err(Fault::new(offset, "the index names a chunk outside of the segment"));
    }
    let mut decoder = Decoder::new(segment, offset..segment.len())?;
    let length = usize::try_from(decoder.uvarint()?).unwrap_or(usize::MAX);
    let start = decoder.position();
    let summed = decoder.bytes(length.saturating_add(1))?;
    let end = decoder.position();
    decoder.bytes(CRC_BYTES)?;
    verify(segment, end, crc32c::crc32c(summed))?;
    Ok(start + 1..end)
}
