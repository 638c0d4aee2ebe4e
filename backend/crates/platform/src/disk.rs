//! Files as an input: what the store needs of a file system, no more.
//!
//! Files are written by appending only and read whole or mapped, so that the simulated disk can tell exactly
//! what a killed process or a power cut leaves behind. [`RealDisk`] is the machine's file system;
//! [`SimulatedDisk`] lives in memory, fails when told to and forgets what was never synced.

mod bytes;
mod overlay;
mod real;
mod simulated;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

pub use bytes::FileBytes;
pub use overlay::OverlayDisk;
pub use real::RealDisk;
pub use simulated::{Fault, FaultAction, SimulatedDisk};

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskEntry {
    /// Name without its directory. Names that are not UTF-8 are left out of listings.
    pub name: String,
    /// Whether it is a directory.
    pub is_dir: bool,
    /// Length in bytes; 0 for a directory.
    pub len: u64,
}

/// A file open for appending. Can be synced by one thread while another writes.
pub trait DiskFile: Send + Sync + fmt::Debug {
    /// Hands all of `bytes` to the operating system: they survive the death of the process, not of the
    /// machine. After an error any part of them may have been written.
    ///
    /// # Errors
    /// As the operating system says.
    fn append(&self, bytes: &[u8]) -> io::Result<()>;

    /// Forces what was appended onto the medium. After an error nothing is known about the bytes since
    /// the sync before; trying again proves nothing.
    ///
    /// # Errors
    /// As the operating system says.
    fn sync(&self) -> io::Result<()>;
}

/// Exclusive use of a directory; given back when dropped, or when the process dies.
pub trait DiskLock: Send + Sync + fmt::Debug {}

/// A file system.
pub trait Disk: Send + Sync + fmt::Debug {
    /// Makes a directory and those above it, if they are not there.
    ///
    /// # Errors
    /// As the operating system says.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;

    /// What a directory holds, by name. A directory that is not there is an error of kind `NotFound`.
    ///
    /// # Errors
    /// As the operating system says.
    fn list(&self, dir: &Path) -> io::Result<Vec<DiskEntry>>;

    /// Creates a file that must not exist yet.
    ///
    /// # Errors
    /// `AlreadyExists`, or as the operating system says.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// A whole file.
    ///
    /// # Errors
    /// As the operating system says.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// A whole file for reading at random places, mapped into memory where that is possible. For files that
    /// are written once and never cut: what is cut off while it is mapped ends the process when it is read.
    ///
    /// # Errors
    /// As the operating system says.
    fn map(&self, path: &Path) -> io::Result<FileBytes>;

    /// Cuts a file to its first `len` bytes and forces that onto the medium.
    ///
    /// # Errors
    /// As the operating system says.
    fn truncate(&self, path: &Path, len: u64) -> io::Result<()>;

    /// Forces a file that was written earlier, maybe by another process, onto the medium.
    ///
    /// # Errors
    /// As the operating system says.
    fn sync_file(&self, path: &Path) -> io::Result<()>;

    /// Renames a file or directory, replacing a file that has the new name.
    ///
    /// # Errors
    /// As the operating system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// As the operating system says.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes a directory with all it holds.
    ///
    /// # Errors
    /// As the operating system says.
    fn remove_dir_all(&self, path: &Path) -> io::Result<()>;

    /// Forces the names in a directory (creations, renames, removals) onto the medium.
    ///
    /// # Errors
    /// As the operating system says.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// Takes exclusive use of the lock file `path`, created if needed.
    ///
    /// # Errors
    /// `WouldBlock` when another process (or another part of this one) holds it.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn DiskLock>>;
}
