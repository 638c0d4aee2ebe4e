//! Opening a data directory, whatever state a crash or a bad disk left it in.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use platform::Disk;
use ulid::Ulid;

use super::{Blocks, sort};
use crate::block::{Block, BlockError, dirs};

/// Directory for blocks that cannot be read.
const QUARANTINE: &str = "quarantine";

/// What was found in a data directory.
#[derive(Debug, Default)]
pub struct LoadReport {
    /// Number of blocks that were opened.
    pub loaded: usize,
    /// Directories that were removed: unfinished blocks, and blocks that another one replaces.
    pub removed: Vec<String>,
    /// Blocks that could not be opened.
    pub set_aside: Vec<SetAside>,
}

/// A block that could not be opened.
#[derive(Debug)]
pub struct SetAside {
    /// Name of its directory.
    pub name: String,
    /// Why: file, offset and what is wrong there.
    pub error: BlockError,
    /// Where it is now; `None` when it was left where it was, because the disk and not the block is to blame.
    pub moved_to: Option<PathBuf>,
}

impl fmt::Display for SetAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "block {} is set aside: {}", self.name, self.error)?;
        match &self.moved_to {
            Some(path) => write!(f, "; it is now {}", path.display()),
            None => Ok(()),
        }
    }
}

/// Opens all blocks in `dir`, oldest first.
pub(super) fn load(disk: &Arc<dyn Disk>, dir: &Path) -> Result<(Vec<Arc<Block>>, LoadReport), BlockError> {
    let mut report = LoadReport::default();
    let mut blocks: Vec<Arc<Block>> = Vec::new();
    let mut broken: Vec<(Ulid, String, BlockError)> = Vec::new();
    let mut gone: Vec<String> = Vec::new();
    for entry in disk.list(dir).map_err(|e| BlockError::io("list", dir, e))? {
        if !entry.is_dir {
            continue;
        }
        if dirs::is_leftover(&entry.name) {
            gone.push(entry.name);
        } else if let Some(ulid) = dirs::block_of(&entry.name) {
            match Block::open(Arc::clone(disk), &dir.join(&entry.name)) {
                Ok(block) => blocks.push(Arc::new(block)),
                Err(error) => broken.push((ulid, entry.name, error)),
            }
        }
    }
    // A block was durable before the first of its parents was removed: those that are left are not needed.
    let replaced: BTreeSet<Ulid> = blocks.iter().flat_map(|block| parents(block)).collect();
    blocks.retain(|block| {
        let meta = block.meta();
        let needed = !replaced.contains(&meta.ulid) && !meta.compaction.deletable;
        if !needed {
            gone.push(meta.ulid.to_string());
        }
        needed
    });
    for (ulid, name, error) in broken {
        if replaced.contains(&ulid) {
            gone.push(name);
        } else {
            let moved_to = if error.is_corruption() { quarantine(&**disk, dir, &name)? } else { None };
            report.set_aside.push(SetAside { name, error, moved_to });
        }
    }
    for name in &gone {
        remove(&**disk, dir, name)?;
    }
    if !gone.is_empty() || !report.set_aside.is_empty() {
        disk.sync_dir(dir).map_err(|e| BlockError::io("sync", dir, e))?;
    }
    report.removed = gone;
    report.loaded = blocks.len();
    sort(&mut blocks);
    Ok((blocks, report))
}

fn parents(block: &Block) -> Vec<Ulid> {
    let meta = block.meta();
    let others = meta.compaction.parents.iter().map(|parent| parent.ulid);
    others.filter(|parent| *parent != meta.ulid).collect()
}

/// Removes a directory; a block first loses its name, so that no half of it is ever taken for a whole.
fn remove(disk: &dyn Disk, dir: &Path, name: &str) -> Result<(), BlockError> {
    let mut path = dir.join(name);
    if let Some(ulid) = dirs::block_of(name) {
        let condemned = dir.join(dirs::being_deleted(ulid));
        remove_if_there(disk, &condemned)?;
        disk.rename(&path, &condemned).map_err(|e| BlockError::io("rename", &path, e))?;
        path = condemned;
    }
    remove_if_there(disk, &path)
}

pub(super) fn remove_if_there(disk: &dyn Disk, dir: &Path) -> Result<(), BlockError> {
    match disk.remove_dir_all(dir) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(BlockError::io("remove", dir, e)),
        _ => Ok(()),
    }
}

impl Blocks {
    /// Looks at the directory again: opens blocks that somebody put there, and forgets those that somebody
    /// took away. What cannot be opened is left where it is and reported, for it may still be on its way.
    ///
    /// # Errors
    /// When the directory cannot be read, or the rest of a replaced block cannot be removed.
    pub fn refresh(&self) -> Result<LoadReport, BlockError> {
        let _making = self.making.lock();
        let _deletions = self.deletions.lock();
        let dir = &self.dir;
        let mut report = LoadReport::default();
        let entries = self.disk.list(dir).map_err(|e| BlockError::io("list", dir, e))?;
        let there: Vec<Ulid> = entries.iter().filter_map(|entry| dirs::block_of(&entry.name)).collect();
        let list = self.list();
        let replaced: BTreeSet<Ulid> = list.iter().flat_map(|block| parents(block)).collect();
        for ulid in there.iter().filter(|ulid| list.iter().all(|block| block.ulid() != **ulid)) {
            let name = ulid.to_string();
            if replaced.contains(ulid) {
                remove(&*self.disk, dir, &name)?;
                report.removed.push(name);
                continue;
            }
            match Block::open(Arc::clone(&self.disk), &dir.join(&name)) {
                Ok(block) => {
                    self.replace(&[], Some(Arc::new(block)));
                    report.loaded += 1;
                }
                Err(error) => report.set_aside.push(SetAside { name, error, moved_to: None }),
            }
        }
        let gone: Vec<Ulid> = list.iter().map(|block| block.ulid()).filter(|u| !there.contains(u)).collect();
        self.replace(&gone, None);
        Ok(report)
    }
}

/// Moves a block out of the way and tells where it is.
fn quarantine(disk: &dyn Disk, dir: &Path, name: &str) -> Result<Option<PathBuf>, BlockError> {
    let aside = dir.join(QUARANTINE);
    disk.create_dir_all(&aside).map_err(|e| BlockError::io("create", &aside, e))?;
    let taken = disk.list(&aside).map_err(|e| BlockError::io("list", &aside, e))?;
    let is_free = |name: &String| !taken.iter().any(|entry| entry.name == *name);
    let numbered = (1..=taken.len()).map(|number| format!("{name}-{number}"));
    let Some(free) = std::iter::once(name.to_owned()).chain(numbered).find(is_free) else { return Ok(None) };
    let (from, to) = (dir.join(name), aside.join(free));
    disk.rename(&from, &to).map_err(|e| BlockError::io("rename", &from, e))?;
    disk.sync_dir(&aside).map_err(|e| BlockError::io("sync", &aside, e))?;
    Ok(Some(to))
}
