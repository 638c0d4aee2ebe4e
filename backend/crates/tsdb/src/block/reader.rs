//! A block on disk, open for reading.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::{CompiledMatcher, TimeRange};
use parking_lot::{Mutex, RwLock};
use platform::Disk;
use storage::{Cancel, QueryError, Samples};
use ulid::Ulid;

use super::BlockError;
use super::chunks::{ChunkReader, EncodedChunk};
use super::codecs::{self, DecodeError};
use super::index::{ChunkMeta, Index, SymbolCache};
use super::meta::BlockMeta;
use super::tombstones::Tombstones;

/// A block on disk. Its files are mapped; in memory are only sparse tables of its index.
#[derive(Debug)]
pub struct Block {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    pub(crate) index: Index,
    pub(crate) chunks: ChunkReader,
    /// Held while `meta.json` or `tombstones` is written.
    changing: Mutex<()>,
    meta: RwLock<Arc<BlockMeta>>,
    tombstones: RwLock<Arc<Tombstones>>,
    /// Bytes of `meta.json` and `tombstones`.
    small_bytes: AtomicU64,
}

impl Block {
    /// Opens the block in `dir`, whose name must be the block's ULID. Checks all headers, the table of
    /// contents, symbols and the table of postings; series, postings and chunks are checked when they are
    /// read.
    ///
    /// # Errors
    /// When a file is missing, damaged or in an unknown version.
    pub fn open(disk: Arc<dyn Disk>, dir: &Path) -> Result<Self, BlockError> {
        let meta = BlockMeta::read(&*disk, dir)?;
        if dir.file_name().and_then(|name| name.to_str()) != Some(&meta.ulid.to_string()) {
            let reason = format!("names another block, {}", meta.ulid);
            return Err(BlockError::corrupt(&dir.join(super::meta::META_FILE), 0, reason));
        }
        let index = Index::open(&*disk, dir)?;
        let chunks = ChunkReader::open(&*disk, dir)?;
        let tombstones = Tombstones::read(&*disk, dir)?;
        let block = Self {
            disk,
            dir: dir.to_owned(),
            index,
            chunks,
            changing: Mutex::new(()),
            meta: RwLock::new(Arc::new(meta)),
            tombstones: RwLock::new(Arc::new(tombstones)),
            small_bytes: AtomicU64::new(0),
        };
        block.measure()?;
        Ok(block)
    }

    fn measure(&self) -> Result<(), BlockError> {
        let entries = self.disk.list(&self.dir).map_err(|e| BlockError::io("list", &self.dir, e))?;
        let small = [super::meta::META_FILE, super::tombstones::TOMBSTONES_FILE];
        let bytes = entries.iter().filter(|entry| small.contains(&entry.name.as_str()));
        self.small_bytes.store(bytes.map(|entry| entry.len).sum(), Ordering::Relaxed);
        Ok(())
    }

    /// What `meta.json` says.
    #[must_use]
    pub fn meta(&self) -> Arc<BlockMeta> {
        Arc::clone(&self.meta.read())
    }

    /// Identity of the block.
    #[must_use]
    pub fn ulid(&self) -> Ulid {
        self.meta.read().ulid
    }

    /// Directory of the block.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The times that the block covers.
    #[must_use]
    pub fn range(&self) -> TimeRange {
        let meta = self.meta.read();
        TimeRange::new(meta.min_time, meta.max_time.saturating_sub(1).max(meta.min_time))
    }

    /// Bytes on disk of all files of the block.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.index.len() + self.chunks.len() + self.small_bytes.load(Ordering::Relaxed)
    }

    /// Bytes of memory outside of the mapped files.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.index.heap_bytes()
    }

    pub(crate) fn tombstones(&self) -> Arc<Tombstones> {
        Arc::clone(&self.tombstones.read())
    }

    /// A chunk for another block, its checksum verified.
    pub(crate) fn share(&self, meta: &ChunkMeta) -> Result<EncodedChunk, BlockError> {
        let (encoding, data) = self.chunks.share(meta.chunk)?;
        Ok(EncodedChunk { min_t: meta.min_t, max_t: meta.max_t, encoding, data })
    }

    /// Appends the samples of a chunk that lie within `range`.
    pub(crate) fn decode(
        &self,
        meta: &ChunkMeta,
        range: TimeRange,
        out: &mut Samples,
    ) -> Result<(), BlockError> {
        let (encoding, data) = self.chunks.read(meta.chunk)?;
        codecs::decode(encoding, data, range, out).map_err(|error| {
            let (path, offset) = self.chunks.place(meta.chunk);
            match error {
                DecodeError::Unknown(encoding) => BlockError::UnknownEncoding { path, offset, encoding },
                DecodeError::Broken(error) => BlockError::corrupt(&path, offset, error.to_string()),
            }
        })
    }

    /// Reads every series, every list of postings and every chunk with all its samples.
    ///
    /// # Errors
    /// The first fault that is found.
    pub fn verify(&self) -> Result<(), BlockError> {
        let index = &self.index;
        let blame = |fault| index.blame(fault);
        for name in index.names() {
            for entry in index.values_from(name, "").map_err(blame)? {
                index.postings(entry.map_err(blame)?).map_err(blame)?;
            }
        }
        let (mut chunks, mut cache) = (Vec::new(), SymbolCache::default());
        for series in index.all_series().map_err(blame)? {
            index.series(series, &mut cache, &mut chunks, |_| true).map_err(blame)?;
            chunks.iter().try_for_each(|meta| self.verify_chunk(meta))?;
        }
        Ok(())
    }

    fn verify_chunk(&self, meta: &ChunkMeta) -> Result<(), BlockError> {
        let mut samples = Samples::default();
        self.decode(meta, TimeRange::ALL, &mut samples)?;
        let times = &samples.timestamps;
        let ascend = times.windows(2).all(|pair| pair[0] < pair[1]);
        let agree = times.first() == Some(&meta.min_t) && times.last() == Some(&meta.max_t);
        if ascend && agree {
            return Ok(());
        }
        let (path, offset) = self.chunks.place(meta.chunk);
        Err(BlockError::corrupt(&path, offset, "times do not ascend or are not those that the index names"))
    }

    /// Deletes the samples of all series that match within `range`: they are gone for readers at once, and
    /// from the disk when the block is compacted. Returns the number of series that lost a stretch.
    ///
    /// # Errors
    /// When the block cannot be read or the tombstones cannot be written; then nothing is deleted.
    pub fn delete(&self, matchers: &[CompiledMatcher], range: TimeRange) -> Result<u64, BlockError> {
        let _changing = self.changing.lock();
        let selected = super::select::select(&self.index, matchers, &Cancel::default());
        let selected = selected.map_err(|error| match error {
            super::select::SelectError::Fault(fault) => self.index.blame(fault),
            super::select::SelectError::Query(QueryError::Cancelled) => BlockError::Cancelled,
            super::select::SelectError::Query(error) => BlockError::Unwritable(error.to_string()),
        })?;
        let mut tombstones = Tombstones::clone(&self.tombstones());
        let mut count = 0;
        for series in selected {
            let mut deleted: Option<(i64, i64)> = None;
            let visit = |meta: ChunkMeta| {
                if range.overlaps(&TimeRange::new(meta.min_t, meta.max_t)) {
                    let (start, end) = (meta.min_t.max(range.start_ms), meta.max_t.min(range.end_ms));
                    let before = deleted.unwrap_or((start, end));
                    deleted = Some((before.0.min(start), before.1.max(end)));
                }
            };
            self.index.chunks(series, visit).map_err(|fault| self.index.blame(fault))?;
            if let Some(interval) = deleted {
                tombstones.add(u64::from(series), interval);
                count += 1;
            }
        }
        if count == 0 {
            return Ok(0);
        }
        tombstones.write(&*self.disk, &self.dir)?;
        self.sync()?;
        let total = tombstones.len();
        *self.tombstones.write() = Arc::new(tombstones);
        self.change_meta(|meta| meta.stats.num_tombstones = total)?;
        Ok(count)
    }

    /// Notes in `meta.json` that compacting the block failed, so that it is left alone.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn mark_failed(&self) -> Result<(), BlockError> {
        let _changing = self.changing.lock();
        self.change_meta(|meta| meta.compaction.failed = true)
    }

    fn change_meta(&self, change: impl FnOnce(&mut BlockMeta)) -> Result<(), BlockError> {
        let mut meta = BlockMeta::clone(&self.meta());
        change(&mut meta);
        // In memory first: a disk that does not take it must not make us try again and again.
        *self.meta.write() = Arc::new(meta.clone());
        meta.write(&*self.disk, &self.dir)?;
        self.sync()?;
        self.measure()
    }

    fn sync(&self) -> Result<(), BlockError> {
        self.disk.sync_dir(&self.dir).map_err(|e| BlockError::io("sync", &self.dir, e))
    }
}
