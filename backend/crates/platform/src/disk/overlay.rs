//! A disk that reads from another one and keeps every change in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Disk, DiskEntry, DiskFile, DiskLock, FileBytes, SimulatedDisk};

/// A disk that reads from another one and keeps every change in memory: whoever works on it, a store that
/// recovers included, leaves the files below as they are. What was changed is gone with it.
///
/// [`Disk::lock`] takes the lock below if its file is there, so that a store in use is noticed; a lock file
/// that is not there is not made.
#[derive(Debug)]
pub struct OverlayDisk {
    below: Arc<dyn Disk>,
    above: SimulatedDisk,
    names: Mutex<Names>,
}

/// What became of the names below.
#[derive(Debug, Default)]
struct Names {
    /// Removed or moved away, with all below them.
    gone: BTreeSet<PathBuf>,
    /// Where what has been moved is really.
    moved: BTreeMap<PathBuf, PathBuf>,
}

impl Names {
    /// Where a path is below, if it is to be seen.
    fn below(&self, path: &Path) -> Option<PathBuf> {
        for ancestor in path.ancestors() {
            if let (Some(old), Ok(rest)) = (self.moved.get(ancestor), path.strip_prefix(ancestor)) {
                return Some(if rest.as_os_str().is_empty() { old.clone() } else { old.join(rest) });
            }
            if self.gone.contains(ancestor) {
                return None;
            }
        }
        Some(path.to_owned())
    }

    fn remove(&mut self, path: &Path) {
        self.moved.retain(|new, _| !new.starts_with(path));
        self.gone.insert(path.to_owned());
    }
}

impl OverlayDisk {
    /// A disk above `below`, ready to be shared.
    #[must_use]
    pub fn shared(below: Arc<dyn Disk>) -> Arc<dyn Disk> {
        Arc::new(Self { below, above: SimulatedDisk::new(0), names: Mutex::default() })
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        // A panic of another thread leaves the sets whole.
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a path is below; `NotFound` when it is not to be seen there.
    fn find_below(&self, path: &Path) -> io::Result<PathBuf> {
        self.names().below(path).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn is_dir_below(&self, path: &Path) -> bool {
        self.find_below(path).is_ok_and(|path| self.below.list(&path).is_ok())
    }

    fn is_below(&self, path: &Path) -> bool {
        let Ok(found) = self.find_below(path) else { return false };
        let (Some(dir), Some(name)) = (found.parent(), found.file_name().and_then(|name| name.to_str()))
        else {
            return self.below.list(&found).is_ok();
        };
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        self.below.list(dir).is_ok_and(|entries| entries.iter().any(|entry| entry.name == name))
    }

    fn is_above(&self, path: &Path) -> bool {
        self.above.read(path).is_ok() || self.above.list(path).is_ok()
    }

    /// Makes the directory of `path` above, if there is one below.
    fn make_parent(&self, path: &Path) -> io::Result<()> {
        match path.parent() {
            Some(dir) if self.above.list(dir).is_err() && self.is_dir_below(dir) => {
                self.above.create_dir_all(dir)
            }
            _ => Ok(()),
        }
    }
}

impl Disk for OverlayDisk {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.above.create_dir_all(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DiskEntry>> {
        let above = self.above.list(dir);
        let below = self.find_below(dir).and_then(|dir| self.below.list(&dir));
        if let (Err(_), Err(error)) = (&above, &below) {
            return Err(error.kind().into());
        }
        let mut entries: BTreeMap<String, DiskEntry> = BTreeMap::new();
        for entry in below.unwrap_or_default() {
            if self.names().below(&dir.join(&entry.name)).is_some() {
                entries.insert(entry.name.clone(), entry);
            }
        }
        let moved: Vec<(PathBuf, PathBuf)> = {
            let names = self.names();
            let here = names.moved.iter().filter(|(new, _)| new.parent() == Some(dir));
            here.map(|(new, old)| (new.clone(), old.clone())).collect()
        };
        for (new, old) in moved {
            let (Some(name), Some(from)) = (new.file_name().and_then(|name| name.to_str()), old.parent())
            else {
                continue;
            };
            let held = self.below.list(from)?;
            let entry =
                held.into_iter().find(|entry| old.file_name().is_some_and(|n| n == entry.name.as_str()));
            entries
                .extend(entry.map(|entry| (name.to_owned(), DiskEntry { name: name.to_owned(), ..entry })));
        }
        entries.extend(above.unwrap_or_default().into_iter().map(|entry| (entry.name.clone(), entry)));
        Ok(entries.into_values().collect())
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        if self.is_below(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.make_parent(path)?;
        self.above.create(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.above.read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.below.read(&self.find_below(path)?),
            other => other,
        }
    }

    fn map(&self, path: &Path) -> io::Result<FileBytes> {
        match self.above.map(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.below.map(&self.find_below(path)?),
            other => other,
        }
    }

    fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        if self.above.read(path).is_err() {
            let bytes = self.below.read(&self.find_below(path)?)?;
            self.make_parent(path)?;
            self.above.create(path)?.append(&bytes)?;
            self.names().remove(path);
        }
        self.above.truncate(path, len)
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        match self.above.sync_file(path) {
            // What lies below was not changed.
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.is_below(path) => Ok(()),
            other => other,
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (above, below) = (self.is_above(from), self.is_below(from));
        if !above && !below {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.make_parent(to)?;
        if above {
            self.above.rename(from, to)?;
        } else if self.above.read(to).is_ok() {
            self.above.remove_file(to)?;
        }
        let mut names = self.names();
        let old = names.below(from).filter(|_| below);
        names.remove(to);
        if let Some(old) = old {
            names.moved.insert(to.to_owned(), old);
        }
        names.remove(from);
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let (above, below) = (self.above.read(path).is_ok(), self.is_below(path));
        if above {
            self.above.remove_file(path)?;
        }
        if below {
            self.names().remove(path);
        }
        if above || below { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        let (above, below) = (self.above.list(path).is_ok(), self.is_dir_below(path));
        if above {
            self.above.remove_dir_all(path)?;
        }
        if below {
            self.names().remove(path);
        }
        if above || below { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.above.sync_dir(dir)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn DiskLock>> {
        if !self.is_below(path) {
            return self.above.lock(path);
        }
        // Opening a lock file that is there changes nothing.
        match self.below.lock(path) {
            // Nobody writes there.
            Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => self.above.lock(path),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with `/d/a`, `/d/sub/b` and `/d/lock`, and an overlay above it.
    fn disks() -> (SimulatedDisk, Arc<dyn Disk>) {
        let below = SimulatedDisk::new(1);
        below.create_dir_all(Path::new("/d/sub")).unwrap();
        for path in ["/d/a", "/d/sub/b", "/d/lock"] {
            below.create(Path::new(path)).unwrap().append(path.as_bytes()).unwrap();
        }
        let overlay = OverlayDisk::shared(below.shared());
        (below, overlay)
    }

    fn names(disk: &dyn Disk, dir: &str) -> Vec<String> {
        disk.list(Path::new(dir)).unwrap().into_iter().map(|entry| entry.name).collect()
    }

    #[test]
    fn changes_are_seen_above_and_not_below() {
        let (below, overlay) = disks();
        let before = below.changes();
        overlay.create(Path::new("/d/new")).unwrap().append(b"x").unwrap();
        overlay.create_dir_all(Path::new("/d/made/deep")).unwrap();
        overlay.truncate(Path::new("/d/a"), 2).unwrap();
        overlay.remove_file(Path::new("/d/lock")).unwrap();
        overlay.rename(Path::new("/d/sub"), Path::new("/d/made/moved")).unwrap();
        overlay.sync_dir(Path::new("/d")).unwrap();
        assert_eq!(names(&*overlay, "/d"), ["a", "made", "new"]);
        assert_eq!(names(&*overlay, "/d/made"), ["deep", "moved"]);
        assert_eq!(names(&*overlay, "/d/made/moved"), ["b"]);
        assert_eq!(overlay.read(Path::new("/d/a")).unwrap(), b"/d");
        assert_eq!(overlay.map(Path::new("/d/made/moved/b")).unwrap()[..], *b"/d/sub/b");
        assert_eq!(overlay.read(Path::new("/d/sub/b")).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(overlay.list(Path::new("/d/sub")).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(below.changes(), before);
        assert_eq!(names(&below, "/d"), ["a", "lock", "sub"]);
    }

    #[test]
    fn what_is_there_is_not_created_and_what_is_gone_can_be() {
        let (_, overlay) = disks();
        let path = Path::new("/d/a");
        assert_eq!(overlay.create(path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        overlay.rename(path, Path::new("/d/b")).unwrap();
        overlay.create(path).unwrap().append(b"anew").unwrap();
        assert_eq!(overlay.read(path).unwrap(), b"anew");
        assert_eq!(overlay.read(Path::new("/d/b")).unwrap(), b"/d/a");
        overlay.rename(path, Path::new("/d/b")).unwrap();
        assert_eq!(overlay.read(Path::new("/d/b")).unwrap(), b"anew");
        overlay.remove_dir_all(Path::new("/d/sub")).unwrap();
        overlay.create_dir_all(Path::new("/d/sub")).unwrap();
        assert!(names(&*overlay, "/d/sub").is_empty());
        assert_eq!(overlay.remove_file(path).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_lock_that_is_held_below_is_noticed() {
        let (below, overlay) = disks();
        let held = below.lock(Path::new("/d/lock")).unwrap();
        assert_eq!(overlay.lock(Path::new("/d/lock")).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(held);
        assert!(overlay.lock(Path::new("/d/lock")).is_ok());
        assert!(overlay.lock(Path::new("/elsewhere/lock")).is_ok());
    }
}
