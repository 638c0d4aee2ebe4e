//! All blocks of a data directory.
//!
//! The list is replaced as a whole whenever it changes. A query keeps the list it began with, and with it
//! the mapped files of its blocks, whatever happens to them meanwhile.

mod compaction;
mod deletion;
mod load;
mod removal;
mod snapshot;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::TimeRange;
use parking_lot::{Mutex, RwLock};
use platform::{Clock, Disk, Entropy};
use storage::Querier;
use storage::merge::MergeQuerier;
use ulid::Ulid;

use super::{Block, BlockError};

pub use load::{LoadReport, SetAside};

/// All blocks of a data directory, oldest first.
pub struct Blocks {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    list: RwLock<Arc<[Arc<Block>]>>,
    /// Held by whoever makes blocks of blocks or removes some: one at a time.
    making: Mutex<()>,
    /// How often series were deleted. Held while deleting, and while a new block gets its name and its place
    /// in the list.
    deletions: Mutex<u64>,
}

impl Blocks {
    /// Opens all blocks in `dir`, which is made if it is not there. What crashes left is cleaned up, blocks
    /// that cannot be read are set aside; see [`LoadReport`].
    ///
    /// # Errors
    /// When the directory cannot be read or cleaned up.
    pub fn open(
        disk: Arc<dyn Disk>,
        dir: &Path,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<(Self, LoadReport), BlockError> {
        disk.create_dir_all(dir).map_err(|e| BlockError::io("create", dir, e))?;
        let (blocks, report) = load::load(&disk, dir)?;
        let list = RwLock::new(blocks.into());
        let (making, deletions) = (Mutex::default(), Mutex::default());
        Ok((Self { disk, dir: dir.to_owned(), clock, entropy, list, making, deletions }, report))
    }

    /// The blocks as they are now, oldest first.
    #[must_use]
    pub fn list(&self) -> Arc<[Arc<Block>]> {
        Arc::clone(&self.list.read())
    }

    /// Bytes on disk of all blocks.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.list().iter().map(|block| block.size_bytes()).sum()
    }

    /// First time in milliseconds that lies behind all blocks.
    #[must_use]
    pub fn max_time(&self) -> Option<i64> {
        self.list().iter().map(|block| block.meta().max_time).max()
    }

    /// A view of each block that has a part of `range`, oldest first; for merging with views of other stores.
    #[must_use]
    pub fn queriers(&self, range: TimeRange) -> Vec<Box<dyn Querier>> {
        let list = self.list();
        let meeting = list.iter().filter(|block| block.range().overlaps(&range));
        meeting.map(|block| Box::new(block.querier(range)) as Box<dyn Querier>).collect()
    }

    /// A view of the samples of all blocks within `range`.
    #[must_use]
    pub fn querier(&self, range: TimeRange) -> MergeQuerier {
        MergeQuerier::new(self.queriers(range))
    }

    /// A new identity.
    pub(crate) fn ulid(&self) -> Ulid {
        new_ulid(&*self.clock, &*self.entropy)
    }

    /// Takes the blocks with the identities `gone` out of the list and puts `new` into it.
    fn replace(&self, gone: &[Ulid], new: Option<Arc<Block>>) {
        let mut list = self.list.write();
        let kept = list.iter().filter(|block| !gone.contains(&block.ulid())).cloned();
        let mut next: Vec<Arc<Block>> = kept.chain(new).collect();
        sort(&mut next);
        *list = next.into();
    }
}

/// An identity of now.
pub(super) fn new_ulid(clock: &dyn Clock, entropy: &dyn Entropy) -> Ulid {
    let now = u64::try_from(clock.now_ms()).unwrap_or(0);
    let random = u128::from(entropy.next_u64()) << 64 | u128::from(entropy.next_u64());
    Ulid::from_parts(now, random)
}

/// Oldest first.
fn sort(blocks: &mut [Arc<Block>]) {
    blocks.sort_by_key(|block| {
        let meta = block.meta();
        (meta.min_time, meta.max_time, meta.ulid)
    });
}
