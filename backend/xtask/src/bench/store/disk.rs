//! What lies in a folder.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::Result;

/// Bytes on disk.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    /// Blocks of the file system that all files take.
    pub(super) allocated: f64,
    /// Length of all files.
    pub(super) total: f64,
    /// … of it values and their times.
    pub(super) values: f64,
    /// … of it what finds them by their labels.
    pub(super) index: f64,
}

/// Adds up all files below a folder. Files that go away meanwhile do not count.
///
/// # Errors
/// When the folder cannot be read.
pub(super) fn usage(dir: &Path) -> Result<Usage> {
    let mut usage = Usage::default();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        let Ok(entries) = fs::read_dir(&dir) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            let Ok(meta) = fs::symlink_metadata(&path) else { continue };
            if meta.is_dir() {
                open.push(path);
                continue;
            }
            usage.allocated += (meta.blocks() * 512) as f64;
            usage.total += meta.len() as f64;
            match part(&path) {
                Part::Values => usage.values += meta.len() as f64,
                Part::Index => usage.index += meta.len() as f64,
                Part::Other => {}
            }
        }
    }
    Ok(usage)
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Values,
    Index,
    Other,
}

/// Prometheus' blocks have a file `index` and a folder `chunks`; VictoriaMetrics has folders `indexdb`, and
/// the rest of `data` is values.
fn part(path: &Path) -> Part {
    let has = |name: &str| path.components().any(|part| part.as_os_str() == name);
    if has("indexdb") || path.file_name().is_some_and(|name| name == "index") {
        Part::Index
    } else if has("chunks") || (has("data") && (has("small") || has("big"))) {
        Part::Values
    } else {
        Part::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart() {
        for (path, want) in [
            ("snapshots/a/01ABC/chunks/000001", Part::Values),
            ("snapshots/a/01ABC/index", Part::Index),
            ("snapshots/a/01ABC/meta.json", Part::Other),
            ("x/data/small/2026_11/1/values.bin", Part::Values),
            ("x/data/small/2026_11/1/index.bin", Part::Values),
            ("x/data/indexdb/2026_11/1/items.bin", Part::Index),
            ("x/indexdb/1/items.bin", Part::Index),
            ("x/wal/00000001", Part::Other),
        ] {
            assert_eq!(part(Path::new(path)), want, "{path}");
        }
    }

    #[test]
    fn all_files_are_added_up() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("b/chunks")).unwrap();
        fs::write(dir.path().join("b/chunks/000001"), [0; 100]).unwrap();
        fs::write(dir.path().join("b/index"), [0; 10]).unwrap();
        fs::write(dir.path().join("b/meta.json"), [0; 1]).unwrap();
        let usage = usage(dir.path()).unwrap();
        assert_eq!((usage.total, usage.values, usage.index), (111.0, 100.0, 10.0));
    }
}
