//! A small head that Prometheus 3.5 left when it was killed, committed with what it answered before.

use std::path::{Path, PathBuf};

use platform::{Disk, SimulatedDisk};

use crate::content::{Series, parse};

/// Where the example's directory is on the simulated disk.
pub(crate) const DIR: &str = "/data";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/prometheus_head/example")
}

/// Copies a head into the source tree, without the zeros with which Prometheus fills pages and makes room.
pub(crate) fn write(data: &Path, min_valid_ms: i64, answer: &serde_json::Value) {
    let _ = std::fs::remove_dir_all(folder());
    for (path, mut bytes) in files(data) {
        let top = path.iter().next().unwrap().to_str().unwrap();
        if !["wal", "wbl", "chunks_head"].contains(&top) {
            continue;
        }
        // Some of the zeros may belong to the last record.
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 16);
        bytes.truncate(end);
        let path = folder().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let expected = serde_json::json!({ "min_valid_ms": min_valid_ms, "answer": answer });
    std::fs::write(folder().join("expected.json"), expected.to_string()).unwrap();
}

/// All files below a folder, by relative path.
fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push((path.strip_prefix(dir).unwrap().to_owned(), std::fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The example on a simulated disk, and its files there.
pub(crate) fn on_disk() -> (SimulatedDisk, Vec<PathBuf>) {
    let disk = SimulatedDisk::new(1);
    let mut paths = Vec::new();
    for (path, bytes) in files(&folder()) {
        if path == Path::new("expected.json") {
            continue;
        }
        let path = Path::new(DIR).join(path);
        disk.create_dir_all(path.parent().unwrap()).unwrap();
        disk.create(&path).unwrap().append(&bytes).unwrap();
        paths.push(path);
    }
    (disk, paths)
}

/// First time that is not in blocks, and what Prometheus answered for what is behind it.
pub(crate) fn expected() -> (i64, Series) {
    let text = std::fs::read_to_string(folder().join("expected.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
    (expected["min_valid_ms"].as_i64().unwrap(), parse(&expected["answer"]))
}
