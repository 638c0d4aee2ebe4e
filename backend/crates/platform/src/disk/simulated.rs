//! A disk in memory that fails when told to and knows what a crash leaves behind.
//!
//! Two crashes are told apart. When the *process* is killed, all that was written is still there. When the
//! *power* is cut, only what was synced is sure: of the bytes appended since, each page of 4 KiB survives,
//! reads as zeros or is missing with all after it; of the names changed since a directory was synced, a
//! prefix survives, in the order of the changes, as a journalling file system leaves them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Disk, DiskEntry, DiskFile, DiskLock, FileBytes};

const PAGE_BYTES: usize = 4096;

/// A call that is made to fail.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// Which call that changes something (write, sync, create, rename …) fails, counted from 0.
    pub at: u64,
    /// What happens then.
    pub action: FaultAction,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultAction {
    /// The process dies in the middle of the call: part of a write is done, all later calls fail.
    Kill,
    /// The call fails with this error after doing part of its work; later calls work.
    Error(io::ErrorKind),
    /// This and all later changing calls fail with this error (disk full, disk gone).
    ErrorsFromNowOn(io::ErrorKind),
}

/// A disk in memory. Clones share it.
#[derive(Clone)]
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Clone, Default)]
struct State {
    /// Names as the process sees them.
    names: BTreeMap<PathBuf, Node>,
    /// Names that survive a power cut.
    synced_names: BTreeMap<PathBuf, Node>,
    /// Changes of names since their directory was synced, in order.
    unsynced_names: Vec<NameChange>,
    files: HashMap<u64, FileState>,
    next_file: u64,
    changes: u64,
    fault: Option<Fault>,
    dead: bool,
    random: u64,
    locks: HashSet<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    Directory,
    File(u64),
}

#[derive(Clone)]
enum NameChange {
    Add(PathBuf, Node),
    Remove(PathBuf),
    Rename(PathBuf, PathBuf),
}

#[derive(Clone, Default)]
struct FileState {
    written: Vec<u8>,
    synced_len: usize,
}

impl fmt::Debug for SimulatedDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("SimulatedDisk").field("names", &state.names.len()).finish_non_exhaustive()
    }
}

impl SimulatedDisk {
    /// An empty disk. The seed decides how writes tear and what a power cut spares.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::from_state(State { random: seed, ..State::default() })
    }

    /// The disk, ready to be shared.
    #[must_use]
    pub fn shared(&self) -> Arc<dyn Disk> {
        Arc::new(self.clone())
    }

    /// Makes a later call fail. Replaces an earlier fault.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.state().fault = fault;
    }

    /// How many calls that change something have been made so far.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.state().changes
    }

    /// Whether a [`FaultAction::Kill`] has happened.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.state().dead
    }

    /// What the next process finds after this one was killed. The old handle stays as it is.
    #[must_use]
    pub fn after_kill(&self) -> Self {
        let mut state = self.state().clone();
        state.revive();
        Self::from_state(state)
    }

    /// What the machine finds after its power was cut. The old handle stays as it is.
    #[must_use]
    pub fn after_power_cut(&self) -> Self {
        let mut state = self.state().clone();
        state.revive();
        state.lose_unsynced();
        Self::from_state(state)
    }

    /// Puts `bytes` in place of a file's content, as a failing medium or a careless hand would.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn overwrite(&self, path: &Path, bytes: Vec<u8>) -> io::Result<()> {
        let mut state = self.state();
        let file = state.file_at(path)?;
        *state.file(file) = FileState { synced_len: bytes.len(), written: bytes };
        Ok(())
    }

    fn from_state(state: State) -> Self {
        Self { state: Arc::new(Mutex::new(state)) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic of another test thread leaves the maps whole; there is nothing to repair.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn revive(&mut self) {
        self.fault = None;
        self.dead = false;
        self.changes = 0;
        self.locks.clear();
    }

    /// SplitMix64: small, seeded, good enough to choose what tears.
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn random_below(&mut self, limit: usize) -> usize {
        (self.random() % limit.max(1) as u64) as usize
    }

    fn alive(&self) -> io::Result<()> {
        if self.dead { Err(io::Error::other("the process was killed")) } else { Ok(()) }
    }

    /// Counts a change. `Err` when it has to fail; a write then first does a part of itself.
    fn change(&mut self) -> io::Result<()> {
        self.alive()?;
        let this = self.changes;
        self.changes += 1;
        let Some(fault) = self.fault else { return Ok(()) };
        match fault.action {
            FaultAction::Kill if this == fault.at => {
                self.dead = true;
                Err(io::Error::other("the process was killed"))
            }
            FaultAction::Error(kind) if this == fault.at => Err(kind.into()),
            FaultAction::ErrorsFromNowOn(kind) if this >= fault.at => Err(kind.into()),
            _ => Ok(()),
        }
    }

    fn file_at(&self, path: &Path) -> io::Result<u64> {
        match self.names.get(path) {
            Some(Node::File(file)) => Ok(*file),
            Some(Node::Directory) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn file(&mut self, file: u64) -> &mut FileState {
        self.files.entry(file).or_default()
    }

    fn record(&mut self, change: NameChange) {
        apply(&mut self.names, &change);
        self.unsynced_names.push(change);
    }

    /// Forgets the bytes of files that have no name any more, even after a power cut.
    fn free_unnamed(&mut self) {
        let mut named: HashSet<u64> = HashSet::new();
        let pending = self.unsynced_names.iter().filter_map(|change| match change {
            NameChange::Add(_, node) => Some(node),
            NameChange::Remove(_) | NameChange::Rename(..) => None,
        });
        for node in self.names.values().chain(self.synced_names.values()).chain(pending) {
            if let Node::File(file) = node {
                named.insert(*file);
            }
        }
        self.files.retain(|file, _| named.contains(file));
    }

    fn lose_unsynced(&mut self) {
        let survive = self.random_below(self.unsynced_names.len() + 1);
        let changes: Vec<NameChange> = self.unsynced_names.drain(..).take(survive).collect();
        for change in &changes {
            apply(&mut self.synced_names, change);
        }
        self.names = self.synced_names.clone();
        let mut files: Vec<u64> = self.files.keys().copied().collect();
        files.sort_unstable();
        for file in files {
            let choices: Vec<u64> = (0..64).map(|_| self.random()).collect();
            let held = self.file(file);
            let mut at = held.synced_len;
            let mut page = 0;
            while at < held.written.len() {
                let end = ((at / PAGE_BYTES + 1) * PAGE_BYTES).min(held.written.len());
                match choices[page % choices.len()] % 4 {
                    0 | 1 => {}
                    2 => held.written[at..end].fill(0),
                    _ => {
                        let kept = choices[(page + 1) % choices.len()] as usize % (end - at + 1);
                        held.written.truncate(at + kept);
                        break;
                    }
                }
                at = end;
                page += 1;
            }
            held.synced_len = held.written.len();
        }
    }
}

fn apply(names: &mut BTreeMap<PathBuf, Node>, change: &NameChange) {
    match change {
        NameChange::Add(path, node) => {
            names.insert(path.clone(), *node);
        }
        NameChange::Remove(path) => {
            names.retain(|name, _| !name.starts_with(path));
        }
        NameChange::Rename(from, to) => {
            let moved: Vec<PathBuf> = names.keys().filter(|name| name.starts_with(from)).cloned().collect();
            for old in moved {
                if let (Some(node), Ok(rest)) = (names.remove(&old), old.strip_prefix(from)) {
                    let new = if rest.as_os_str().is_empty() { to.clone() } else { to.join(rest) };
                    names.insert(new, node);
                }
            }
        }
    }
}

#[derive(Debug)]
struct SimulatedFile {
    disk: SimulatedDisk,
    file: u64,
}

impl DiskFile for SimulatedFile {
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        let was_dead = state.dead;
        let outcome = state.change();
        let count = match &outcome {
            Ok(()) => bytes.len(),
            Err(_) if was_dead => 0,
            Err(_) => state.random_below(bytes.len() + 1),
        };
        state.file(self.file).written.extend_from_slice(&bytes[..count]);
        outcome
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        state.change()?;
        let held = state.file(self.file);
        held.synced_len = held.written.len();
        Ok(())
    }
}

#[derive(Debug)]
struct SimulatedLock {
    disk: SimulatedDisk,
    path: PathBuf,
}

impl DiskLock for SimulatedLock {}

impl Drop for SimulatedLock {
    fn drop(&mut self) {
        self.disk.state().locks.remove(&self.path);
    }
}

impl Disk for SimulatedDisk {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        let mut missing: Vec<&Path> =
            path.ancestors().take_while(|p| !state.names.contains_key(*p)).collect();
        missing.reverse();
        for dir in missing {
            if dir.as_os_str().is_empty() {
                continue;
            }
            state.change()?;
            state.record(NameChange::Add(dir.to_owned(), Node::Directory));
        }
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DiskEntry>> {
        let state = self.state();
        state.alive()?;
        if state.names.get(dir) != Some(&Node::Directory) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let entries = state.names.iter().filter(|(path, _)| path.parent() == Some(dir));
        Ok(entries
            .filter_map(|(path, node)| {
                let name = path.file_name()?.to_str()?.to_owned();
                Some(match node {
                    Node::Directory => DiskEntry { name, is_dir: true, len: 0 },
                    Node::File(file) => {
                        let len = state.files.get(file).map_or(0, |held| held.written.len() as u64);
                        DiskEntry { name, is_dir: false, len }
                    }
                })
            })
            .collect())
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.state();
        state.change()?;
        if state.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let in_directory = path.parent().is_some_and(|p| state.names.get(p) == Some(&Node::Directory));
        if !in_directory {
            return Err(io::ErrorKind::NotFound.into());
        }
        let file = state.next_file;
        state.next_file += 1;
        state.files.insert(file, FileState::default());
        state.record(NameChange::Add(path.to_owned(), Node::File(file)));
        Ok(Arc::new(SimulatedFile { disk: self.clone(), file }))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut state = self.state();
        state.alive()?;
        let file = state.file_at(path)?;
        Ok(state.file(file).written.clone())
    }

    fn map(&self, path: &Path) -> io::Result<FileBytes> {
        self.read(path).map(FileBytes::from)
    }

    fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        let file = state.file_at(path)?;
        let held = state.file(file);
        held.written.resize(usize::try_from(len).unwrap_or(usize::MAX), 0);
        held.synced_len = held.written.len();
        Ok(())
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        let file = state.file_at(path)?;
        let held = state.file(file);
        held.synced_len = held.written.len();
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        if !state.names.contains_key(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.record(NameChange::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        state.file_at(path)?;
        state.record(NameChange::Remove(path.to_owned()));
        Ok(())
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        if state.names.get(path) != Some(&Node::Directory) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.record(NameChange::Remove(path.to_owned()));
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        let inside = |path: &Path| path.parent() == Some(dir);
        let (now, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut state.unsynced_names).into_iter().partition(|change| match change {
                // A directory's own name is taken along, as every common file system does on its first sync.
                NameChange::Add(path, _) => inside(path) || dir.starts_with(path),
                NameChange::Remove(path) => inside(path),
                NameChange::Rename(from, to) => inside(from) || inside(to),
            });
        for change in &now {
            apply(&mut state.synced_names, change);
        }
        state.unsynced_names = later;
        state.free_unnamed();
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn DiskLock>> {
        let mut state = self.state();
        state.alive()?;
        if !state.locks.insert(path.to_owned()) {
            return Err(io::Error::new(io::ErrorKind::WouldBlock, "held by another process"));
        }
        Ok(Box::new(SimulatedLock { disk: self.clone(), path: path.to_owned() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk_with_file() -> (SimulatedDisk, Arc<dyn DiskFile>) {
        let disk = SimulatedDisk::new(7);
        disk.create_dir_all(Path::new("/d")).unwrap();
        let file = disk.create(Path::new("/d/f")).unwrap();
        disk.sync_dir(Path::new("/d")).unwrap();
        (disk, file)
    }

    #[test]
    fn a_killed_process_leaves_all_it_wrote() {
        let (disk, file) = disk_with_file();
        file.append(b"abc").unwrap();
        disk.set_fault(Some(Fault { at: disk.changes(), action: FaultAction::Kill }));
        assert!(file.append(b"defghi").is_err());
        assert!(disk.is_dead());
        assert!(file.append(b"x").is_err());
        let left = disk.after_kill().read(Path::new("/d/f")).unwrap();
        assert!(left.starts_with(b"abc") && b"abcdefghi".starts_with(left.as_slice()));
    }

    #[test]
    fn a_power_cut_spares_what_was_synced() {
        for seed in 0..200 {
            let disk = SimulatedDisk::new(seed);
            disk.create_dir_all(Path::new("/d")).unwrap();
            let file = disk.create(Path::new("/d/f")).unwrap();
            disk.sync_dir(Path::new("/d")).unwrap();
            file.append(&[1; 5000]).unwrap();
            file.sync().unwrap();
            file.append(&[2; 9000]).unwrap();
            let left = disk.after_power_cut().read(Path::new("/d/f")).unwrap();
            assert!(left.len() >= 5000 && left[..5000].iter().all(|b| *b == 1), "seed {seed}");
        }
    }

    #[test]
    fn names_that_were_not_synced_may_go() {
        let mut kept = 0;
        for seed in 0..100 {
            let disk = SimulatedDisk::new(seed);
            disk.create_dir_all(Path::new("/d")).unwrap();
            disk.sync_dir(Path::new("/d")).unwrap();
            disk.create(Path::new("/d/f")).unwrap();
            kept += usize::from(disk.after_power_cut().read(Path::new("/d/f")).is_ok());
        }
        assert!(kept > 0 && kept < 100, "{kept}");
    }

    #[test]
    fn renaming_a_directory_takes_its_files_along() {
        let (disk, file) = disk_with_file();
        file.append(b"x").unwrap();
        disk.rename(Path::new("/d"), Path::new("/e")).unwrap();
        assert_eq!(disk.read(Path::new("/e/f")).unwrap(), b"x");
        assert_eq!(disk.list(Path::new("/d")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_full_disk_stays_full() {
        let (disk, file) = disk_with_file();
        let full = FaultAction::ErrorsFromNowOn(io::ErrorKind::StorageFull);
        disk.set_fault(Some(Fault { at: disk.changes(), action: full }));
        for _ in 0..3 {
            assert_eq!(file.append(b"x").unwrap_err().kind(), io::ErrorKind::StorageFull);
        }
        disk.set_fault(None);
        assert!(file.append(b"x").is_ok());
    }
}
