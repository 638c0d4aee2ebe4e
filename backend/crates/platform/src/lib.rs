//! The outside world as traits: clock, disk, sockets. Only this crate opens files or sockets or reads a clock.

mod clock;
pub mod dial;
mod disk;
mod entropy;
pub mod files;
pub mod http_client;
mod listen;
mod process;
mod watch;

pub use clock::{Clock, SimulatedClock, SystemClock};
pub use disk::{
    Disk, DiskEntry, DiskFile, DiskLock, Fault, FaultAction, FileBytes, OverlayDisk, RealDisk, SimulatedDisk,
};
pub use entropy::{Entropy, SeededEntropy, SystemEntropy};
pub use listen::{Connection, Listener, listen};
pub use process::{ProcessStatus, anonymous_bytes, process_status, return_free_memory};
pub use watch::FolderWatch;
