//! What there is of a Prometheus head in a data directory.

use std::io;
use std::path::{Path, PathBuf};

use platform::{Disk, DiskEntry};

use super::PrometheusHeadError;

/// First bytes of a file of our own log, which once had the same folder.
const OUR_MARK: &[u8] = b"WFWAL\0\0";

/// A numbered file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NumberedFile {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    pub(super) len: u64,
}

/// The files of a head, each list in order of number.
#[derive(Clone, Debug, Default)]
pub(super) struct HeadFiles {
    /// The newest checkpoint: it stands for all segments up to its number.
    pub(super) checkpoint: Option<(u64, Vec<NumberedFile>)>,
    /// Segments behind the checkpoint.
    pub(super) segments: Vec<NumberedFile>,
    /// Head chunks.
    pub(super) chunks: Vec<NumberedFile>,
    /// The log of samples that came late.
    pub(super) late: Vec<NumberedFile>,
    /// Names of the folders in the data directory that belong to the head, `wal` last.
    pub(super) folders: Vec<String>,
    /// Names of snapshot folders.
    pub(super) snapshots: Vec<String>,
}

impl HeadFiles {
    pub(super) fn find(disk: &dyn Disk, dir: &Path) -> Result<Self, PrometheusHeadError> {
        let mut files = Self::default();
        files.find_log(disk, &dir.join("wal"))?;
        if files.is_empty() {
            return Ok(Self::default());
        }
        files.chunks = numbered(disk, &dir.join("chunks_head"))?;
        files.late = numbered(disk, &dir.join("wbl"))?;
        for entry in list(disk, dir)?.into_iter().filter(|entry| entry.is_dir) {
            if entry.name.starts_with("chunk_snapshot.") {
                files.snapshots.push(entry.name.clone());
                files.folders.push(entry.name);
            } else if entry.name == "chunks_head" || entry.name == "wbl" {
                files.folders.push(entry.name);
            }
        }
        files.folders.push("wal".to_owned());
        Ok(files)
    }

    fn find_log(&mut self, disk: &dyn Disk, wal: &Path) -> Result<(), PrometheusHeadError> {
        let newest = list(disk, wal)?
            .into_iter()
            .filter(|entry| entry.is_dir)
            .filter_map(|entry| Some((number_of(entry.name.strip_prefix("checkpoint.")?)?, entry.name)))
            .max();
        if let Some((number, name)) = newest {
            self.checkpoint = Some((number, numbered(disk, &wal.join(name))?));
        }
        let stands_for = self.checkpoint.as_ref().map(|(number, _)| *number);
        self.segments = numbered(disk, wal)?;
        self.segments.retain(|segment| stands_for.is_none_or(|number| segment.number > number));
        let first = self.log().find(|file| file.len > 0);
        let ours = match first {
            None => true,
            Some(file) => {
                let read = |e| PrometheusHeadError::new("read", &file.path, e);
                disk.map(&file.path).map_err(read)?.starts_with(OUR_MARK)
            }
        };
        if ours {
            *self = Self::default();
        }
        Ok(())
    }

    /// The files of the log in order: checkpoint, then segments.
    pub(super) fn log(&self) -> impl Iterator<Item = &NumberedFile> {
        self.checkpoint.iter().flat_map(|(_, files)| files).chain(&self.segments)
    }

    /// Without a log there is nothing: chunks do not tell the labels of their series.
    pub(super) fn is_empty(&self) -> bool {
        self.log().next().is_none()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.log().chain(&self.chunks).chain(&self.late).map(|file| file.len).sum()
    }

    /// Number of the newest segment, or of the checkpoint if there is none behind it.
    pub(super) fn newest(&self) -> u64 {
        let segment = self.segments.last().map(|segment| segment.number);
        segment.or(self.checkpoint.as_ref().map(|(number, _)| *number)).unwrap_or(0)
    }
}

/// The files of a folder that have a number for a name; none when there is no folder.
fn numbered(disk: &dyn Disk, dir: &Path) -> Result<Vec<NumberedFile>, PrometheusHeadError> {
    let mut files: Vec<NumberedFile> = list(disk, dir)?
        .into_iter()
        .filter(|entry| !entry.is_dir)
        .filter_map(|entry| {
            let number = number_of(&entry.name)?;
            Some(NumberedFile { number, path: dir.join(&entry.name), len: entry.len })
        })
        .collect();
    files.sort_by_key(|file| file.number);
    Ok(files)
}

fn list(disk: &dyn Disk, dir: &Path) -> Result<Vec<DiskEntry>, PrometheusHeadError> {
    match disk.list(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        other => other.map_err(|e| PrometheusHeadError::new("list", dir, e)),
    }
}

fn number_of(name: &str) -> Option<u64> {
    let digits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    if digits { name.parse().ok() } else { None }
}
