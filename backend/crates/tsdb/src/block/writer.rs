//! Writing a block, all of it or nothing.
//!
//! Files grow in a directory that no reader looks at. When all of them are on the medium, the directory is
//! renamed: whoever sees the block's name sees the whole block.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chunk::Encoding;
use model::Labels;
use platform::Disk;

use super::chunks::{ChunkWriter, EncodedChunk};
use super::index::{ChunkMeta, IndexBuilder};
use super::meta::{BlockMeta, BlockStats};
use super::tombstones::Tombstones;
use super::{BlockError, dirs};

/// Size that segments of chunks do not grow beyond: 512 MiB.
pub(crate) const SEGMENT_BYTES: u64 = 512 << 20;

/// Writes a block from series in order of labels. Chunks go to the disk as they come; in memory is what the
/// index needs: each text and each label once, four bytes a series.
#[derive(Debug)]
pub struct BlockWriter {
    disk: Arc<dyn Disk>,
    data_dir: PathBuf,
    dir: PathBuf,
    meta: BlockMeta,
    chunks: ChunkWriter,
    index: IndexBuilder,
    metas: Vec<ChunkMeta>,
}

impl BlockWriter {
    /// Begins the block that `meta` tells of, in the directory `data_dir`. Its statistics are counted while
    /// it is written.
    ///
    /// # Errors
    /// When the disk fails. What is left of the block is removed by the next start.
    pub fn create(disk: Arc<dyn Disk>, data_dir: &Path, meta: BlockMeta) -> Result<Self, BlockError> {
        Self::with_segments(disk, data_dir, meta, SEGMENT_BYTES)
    }

    /// As [`BlockWriter::create`], with another size of segments.
    pub(crate) fn with_segments(
        disk: Arc<dyn Disk>,
        data_dir: &Path,
        meta: BlockMeta,
        segment_bytes: u64,
    ) -> Result<Self, BlockError> {
        let dir = data_dir.join(dirs::being_created(meta.ulid));
        disk.create_dir_all(&dir).map_err(|e| BlockError::io("create", &dir, e))?;
        let chunks = ChunkWriter::create(Arc::clone(&disk), &dir, segment_bytes)?;
        let index = IndexBuilder::create(Arc::clone(&disk), &dir)?;
        let meta = BlockMeta { stats: BlockStats::default(), ..meta };
        Ok(Self { disk, data_dir: data_dir.to_owned(), dir, meta, chunks, index, metas: Vec::new() })
    }

    /// Adds a series that comes behind all before it, with chunks that ascend without overlap and lie
    /// within the block.
    ///
    /// # Errors
    /// [`BlockError::Unwritable`] when order or times are not so, or when the disk fails.
    pub fn add_series(&mut self, labels: &Labels, chunks: &[EncodedChunk]) -> Result<(), BlockError> {
        self.metas.clear();
        let mut before = None;
        for chunk in chunks {
            let ascends = before.is_none_or(|before| before < chunk.min_t) && chunk.min_t <= chunk.max_t;
            let within = self.meta.min_time <= chunk.min_t && chunk.max_t < self.meta.max_time;
            if !ascends || !within {
                let reason = if within { "does not ascend" } else { "lies outside of the block" };
                let (from, to) = (chunk.min_t, chunk.max_t);
                return Err(BlockError::Unwritable(format!("series {labels}: chunk {from}–{to} {reason}")));
            }
            before = Some(chunk.max_t);
            let place = self.chunks.write(chunk.encoding, &chunk.data)?;
            self.metas.push(ChunkMeta { min_t: chunk.min_t, max_t: chunk.max_t, chunk: place });
            let samples = u64::from(chunk.samples());
            self.meta.stats.num_samples += samples;
            match Encoding::try_from(chunk.encoding) {
                Ok(Encoding::Xor) => self.meta.stats.num_float_samples += samples,
                Ok(_) => self.meta.stats.num_histogram_samples += samples,
                Err(_) => {}
            }
        }
        self.index.add(labels, &self.metas)?;
        self.meta.stats.num_series += 1;
        self.meta.stats.num_chunks += chunks.len() as u64;
        Ok(())
    }

    /// Number of samples so far.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.meta.stats.num_samples
    }

    /// Forces all of the block onto the medium and gives it its name. Returns its directory.
    ///
    /// # Errors
    /// When the disk fails: then there is no block.
    pub fn finish(self) -> Result<PathBuf, BlockError> {
        self.prepare(&mut || ControlFlow::Continue(()))?.publish()
    }

    /// Writes out and syncs all of the block but its name. `pace` is called now and then; on `Break` the
    /// block is given up.
    pub(crate) fn prepare(
        self,
        pace: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<PreparedBlock, BlockError> {
        let Self { disk, data_dir, dir, meta, chunks, index, .. } = self;
        let prepared = PreparedBlock { disk, data_dir, dir, meta };
        match chunks.finish().and_then(|()| index.finish(pace)).and_then(|()| prepared.seal()) {
            Ok(()) => Ok(prepared),
            Err(error) => {
                prepared.discard();
                Err(error)
            }
        }
    }

    /// Gives the block up and removes what was written of it.
    pub fn discard(self) {
        let Self { disk, data_dir, dir, meta, chunks, index, .. } = self;
        drop((chunks, index));
        PreparedBlock { disk, data_dir, dir, meta }.discard();
    }
}

/// A block that is on the medium and has no name yet.
#[derive(Debug)]
pub(crate) struct PreparedBlock {
    disk: Arc<dyn Disk>,
    data_dir: PathBuf,
    dir: PathBuf,
    meta: BlockMeta,
}

impl PreparedBlock {
    fn seal(&self) -> Result<(), BlockError> {
        self.meta.write(&*self.disk, &self.dir)?;
        Tombstones::default().write(&*self.disk, &self.dir)?;
        self.sync(&self.dir)
    }

    fn sync(&self, dir: &Path) -> Result<(), BlockError> {
        self.disk.sync_dir(dir).map_err(|e| BlockError::io("sync", dir, e))
    }

    pub(crate) fn meta(&self) -> &BlockMeta {
        &self.meta
    }

    /// Gives the block its name, for good, and returns its directory.
    pub(crate) fn publish(self) -> Result<PathBuf, BlockError> {
        let dir = self.data_dir.join(self.meta.ulid.to_string());
        self.disk.rename(&self.dir, &dir).map_err(|e| BlockError::io("rename", &self.dir, e))?;
        self.sync(&self.data_dir)?;
        Ok(dir)
    }

    pub(crate) fn discard(self) {
        if let Err(error) = self.disk.remove_dir_all(&self.dir) {
            let dir = self.dir.display();
            tracing::warn!(%error, %dir, "what is left of a block is removed at the next start");
        }
    }
}
