//! Any byte of any file of a block changed, or the file cut anywhere: an error that names file and place, or
//! what was written, never a panic.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise, helpers included")]

#[path = "common/blocks.rs"]
mod blocks;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use blocks::{Content, compile, every_series, write};
use model::{Labels, Matcher, TimeRange};
use platform::{Disk, SimulatedDisk};
use storage::{Querier, Samples, SelectHints};
use tsdb::block::{Block, BlockError};

fn content() -> Content {
    let series = |n: u64| Labels::from_pairs([("__name__", format!("m{}", n % 2)), ("x", format!("{n}"))]);
    let samples = |n: u64| (0..10 + n).map(|t| (t as i64 * 10, t * n)).collect::<BTreeMap<i64, u64>>();
    (0..5).map(|n| (series(n), samples(n))).collect()
}

/// Reads all of a block by all ways; hands back what could be read.
fn read_all(disk: &SimulatedDisk, dir: &Path) -> Result<Vec<(Labels, Samples)>, BlockError> {
    let block = Arc::new(Block::open(disk.shared(), dir)?);
    let verified = block.verify();
    let querier = block.querier(TimeRange::ALL);
    let hints = SelectHints::default();
    let mut failed = false;
    let mut found = Vec::new();
    for matchers in [vec![], every_series(), vec![Matcher::equal("x", "3")]] {
        let matchers = compile(&matchers);
        failed |= querier.label_names(&matchers, &hints).is_err();
        failed |= querier.label_values("x", &matchers, &hints).is_err();
        match querier.select(&matchers, &hints) {
            Err(_) => failed = true,
            Ok(selected) => {
                for series in selected {
                    let mut samples = Samples::default();
                    match series.read(TimeRange::ALL, &mut samples) {
                        Ok(()) => found.push((series.labels(), samples)),
                        Err(_) => failed = true,
                    }
                }
            }
        }
    }
    assert!(!failed || verified.is_err(), "reading failed, verifying did not");
    verified.map(|()| found)
}

fn damaged(file: &str, harmless: impl Fn(usize) -> bool) {
    let disk = SimulatedDisk::new(1);
    disk.create_dir_all(Path::new("/data")).unwrap();
    let dir = write(&disk.shared(), Path::new("/data"), 7, (0, 1000), &content());
    let block = Block::open(disk.shared(), &dir).unwrap();
    block.delete(&compile(&[Matcher::equal("x", "2")]), TimeRange::new(5, 25)).unwrap();
    let whole = disk.read(&dir.join(file)).unwrap();
    let right = read_all(&disk, &dir).unwrap();
    assert!(right.len() > 10);
    let mut noticed = 0;
    for at in 0..whole.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut broken = whole.clone();
            broken[at] ^= flip;
            disk.overwrite(&dir.join(file), broken).unwrap();
            match read_all(&disk, &dir) {
                Ok(found) => assert!(harmless(at) || found == right, "{file}: byte {at} ^ {flip:#x}"),
                Err(error) => {
                    noticed += 1;
                    let text = error.to_string();
                    assert!(
                        text.starts_with("/data/") && text.contains("at byte "),
                        "{file}: byte {at}: {text}"
                    );
                }
            }
        }
        disk.overwrite(&dir.join(file), whole[..at].to_vec()).unwrap();
        if !harmless(at) {
            assert!(read_all(&disk, &dir).is_err(), "{file}: cut at {at}");
        }
    }
    assert!(noticed > whole.len(), "{file}: {noticed} of {}", whole.len() * 3);
}

#[test]
fn index() {
    damaged("index", |_| false);
}

#[test]
fn chunks() {
    damaged("chunks/000001", |_| false);
}

#[test]
fn tombstones() {
    damaged("tombstones", |_| false);
}

/// Numbers and keys of the JSON may change without notice; the block then covers other times.
#[test]
fn meta() {
    damaged("meta.json", |_| true);
}

#[test]
fn a_missing_file_is_named() {
    let disk = SimulatedDisk::new(1);
    disk.create_dir_all(Path::new("/data")).unwrap();
    let dir = write(&disk.shared(), Path::new("/data"), 7, (0, 1000), &content());
    for file in ["index", "meta.json", "chunks/000001"] {
        let path = dir.join(file);
        let whole = disk.read(&path).unwrap();
        disk.remove_file(&path).unwrap();
        let error = read_all(&disk, &dir).unwrap_err();
        assert!(error.is_corruption() && error.to_string().contains(file), "{error}");
        disk.create(&path).unwrap().append(&whole).unwrap();
    }
    disk.remove_file(&dir.join("tombstones")).unwrap();
    assert!(read_all(&disk, &dir).is_ok());
}
