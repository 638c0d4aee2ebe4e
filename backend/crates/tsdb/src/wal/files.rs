//! The files of the log: their names, their numbers in checksums, and what is there.
//!
//! `wal/00000007` is a segment. `wal/checkpoint.00000007/` stands for all segments up to 7 and holds files
//! `00000000` and on, of the same format. `*.tmp` was never finished.

use std::io;
use std::path::Path;

use platform::{Disk, DiskEntry};

/// Name of a segment.
pub(crate) fn segment_name(number: u64) -> String {
    format!("{number:08}")
}

/// Name of a checkpoint's directory.
pub(crate) fn checkpoint_name(number: u64) -> String {
    format!("checkpoint.{number:08}")
}

/// The number that stands for a segment in checksums.
pub(crate) fn segment_id(number: u64) -> u64 {
    number
}

/// The number that stands for a checkpoint's file in checksums.
pub(crate) fn checkpoint_file_id(checkpoint: u64, file: u64) -> u64 {
    1 << 63 | checkpoint << 24 | file
}

/// Name of a file of chunks.
pub(crate) fn chunk_file_name(number: u64) -> String {
    format!("{number:08}")
}

/// The number that stands for a file of chunks in checksums.
pub(crate) fn chunk_file_id(number: u64) -> u64 {
    1 << 62 | number
}

/// Numbers of the files of chunks in `dir`, ascending.
pub(crate) fn chunk_files(disk: &dyn Disk, dir: &Path) -> io::Result<Vec<u64>> {
    let entries = disk.list(dir)?.into_iter().filter(|entry| !entry.is_dir);
    let mut numbers: Vec<u64> = entries.filter_map(|entry| number_of(&entry.name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// What a log directory holds.
#[derive(Debug, Default)]
pub(crate) struct WalFiles {
    /// Segments by number, with their lengths in bytes.
    pub(crate) segments: Vec<(u64, u64)>,
    /// Finished checkpoints by number.
    pub(crate) checkpoints: Vec<u64>,
    /// Directories of checkpoints that were never finished.
    pub(crate) unfinished: Vec<String>,
}

impl WalFiles {
    pub(crate) fn list(disk: &dyn Disk, dir: &Path) -> io::Result<Self> {
        let mut files = Self::default();
        for entry in disk.list(dir)? {
            if entry.is_dir && entry.name.ends_with(".tmp") {
                files.unfinished.push(entry.name);
            } else if let Some(number) = entry.name.strip_prefix("checkpoint.").filter(|_| entry.is_dir) {
                files.checkpoints.extend(number_of(number));
            } else if let Some(number) = number_of(&entry.name).filter(|_| !entry.is_dir) {
                files.segments.push((number, entry.len));
            }
        }
        files.segments.sort_unstable();
        files.checkpoints.sort_unstable();
        Ok(files)
    }

    /// The files of a checkpoint, in order.
    pub(crate) fn checkpoint_files(disk: &dyn Disk, dir: &Path) -> io::Result<Vec<(u64, DiskEntry)>> {
        let entries = disk.list(dir)?.into_iter();
        let mut files: Vec<(u64, DiskEntry)> =
            entries.filter_map(|entry| Some((number_of(&entry.name)?, entry))).collect();
        files.sort_by_key(|(number, _)| *number);
        Ok(files)
    }
}

fn number_of(name: &str) -> Option<u64> {
    let digits = name.len() >= 8 && name.len() <= 12 && name.bytes().all(|b| b.is_ascii_digit());
    if digits { name.parse().ok() } else { None }
}
