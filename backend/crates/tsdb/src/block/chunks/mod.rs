//! `chunks/000001` …: the encoded samples of a block, one chunk after another.
//!
//! Segment: magic, version, three zeros; then for each chunk its length (varint, without encoding and
//! checksum), encoding, data and the CRC32C of encoding and data.

mod bytes;
mod reader;
mod writer;

pub(crate) use bytes::samples_of;
pub use bytes::{ChunkBytes, EncodedChunk};
pub(crate) use reader::ChunkReader;
pub(crate) use writer::ChunkWriter;

/// Name of the directory of segments in a block's directory.
pub(crate) const CHUNKS_DIR: &str = "chunks";
const MAGIC: u32 = 0x85BD_40DD;
const VERSION: u8 = 1;
/// Magic, version and three zeros.
const HEADER: [u8; 8] = {
    let magic = MAGIC.to_be_bytes();
    [magic[0], magic[1], magic[2], magic[3], VERSION, 0, 0, 0]
};

/// Where a chunk is: number of the segment (from 0) in the high half, offset in it in the low half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkRef(pub(crate) u64);

impl ChunkRef {
    fn new(segment: u32, offset: u32) -> Self {
        Self(u64::from(segment) << 32 | u64::from(offset))
    }

    fn segment(self) -> usize {
        (self.0 >> 32) as usize
    }

    fn offset(self) -> usize {
        (self.0 & u64::from(u32::MAX)) as usize
    }
}

/// Name of the segment with number `segment` (from 0).
fn segment_name(segment: usize) -> String {
    format!("{:06}", segment + 1)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use platform::{Disk, SimulatedDisk};

    use super::*;

    fn written(segment_bytes: u64) -> (SimulatedDisk, Vec<ChunkRef>) {
        let disk = SimulatedDisk::new(1);
        disk.create_dir_all(Path::new("/b")).unwrap();
        let mut writer = ChunkWriter::create(disk.shared(), Path::new("/b"), segment_bytes).unwrap();
        let refs = (0..10u8).map(|n| writer.write(1, &vec![n; usize::from(n) * 20]).unwrap()).collect();
        writer.finish().unwrap();
        (disk, refs)
    }

    #[test]
    fn chunks_come_back_from_all_segments() {
        for (segment_bytes, segments) in [(1 << 20, 1), (200, 6)] {
            let (disk, refs) = written(segment_bytes);
            let names = disk.list(Path::new("/b/chunks")).unwrap();
            assert!(names.len() >= segments && names[0].name == "000001", "{names:?}");
            let reader = ChunkReader::open(&disk, Path::new("/b")).unwrap();
            for (n, chunk) in refs.iter().enumerate() {
                assert_eq!(reader.read(*chunk).unwrap(), (1, &*vec![n as u8; n * 20]));
            }
            assert!(reader.read(ChunkRef::new(99, 8)).is_err());
            assert!(reader.read(ChunkRef::new(0, u32::MAX)).is_err());
        }
    }

    #[test]
    fn every_mutated_byte_is_noticed_or_harmless() {
        let (disk, refs) = written(1 << 20);
        let path = Path::new("/b/chunks/000001");
        let whole = disk.read(path).unwrap();
        for at in 0..whole.len() {
            let mut broken = whole.clone();
            broken[at] ^= 0x41;
            disk.overwrite(path, broken).unwrap();
            let disk: Arc<dyn Disk> = disk.shared();
            match ChunkReader::open(&*disk, Path::new("/b")) {
                Err(error) => assert!(at < 5 && error.to_string().starts_with("/b/chunks/000001: at byte ")),
                Ok(reader) => {
                    let bad = refs.iter().filter(|chunk| reader.read(**chunk).is_err()).count();
                    assert_eq!(bad, usize::from(at >= 8), "byte {at}");
                }
            }
        }
    }
}
