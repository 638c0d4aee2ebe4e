//! A changed byte of a block is found wherever it matters.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise, helpers included")]

#[path = "common/blocks.rs"]
mod blocks;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blocks::{Content, write};
use model::Labels;
use platform::{Disk, SimulatedDisk};
use tsdb::block::{Block, BlockMeta, Findings};

fn series(number: usize) -> Labels {
    let pairs = [("__name__", format!("metric_{}", number % 3)), ("instance", format!("host-{number}"))];
    Labels::from_pairs(pairs)
}

fn written() -> (SimulatedDisk, PathBuf) {
    let disk = SimulatedDisk::new(1);
    let samples = |number: i64| (0..20).map(|n| (n * 1000 + number, (n as f64).to_bits())).collect();
    let content: Content = (0..5).map(|n| (series(n), samples(n as i64))).collect::<BTreeMap<_, _>>();
    let shared: Arc<dyn Disk> = disk.shared();
    let dir = write(&shared, Path::new("/data"), 7, (0, 20_000), &content);
    (disk, dir)
}

fn findings(disk: &SimulatedDisk, dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    match Block::open(disk.shared(), dir) {
        Err(error) => found.push(error.to_string()),
        Ok(block) => block.check(&mut Findings {
            found: &mut |error| found.push(error.to_string()),
            tell: &mut |done, total| assert!(done < total),
        }),
    }
    found
}

#[test]
fn every_changed_byte_of_index_and_chunks_is_found() {
    let (disk, dir) = written();
    assert_eq!(findings(&disk, &dir), Vec::<String>::new());
    for (name, harmless) in [("index", 80), ("chunks/000001", 3), ("tombstones", 0)] {
        let path = dir.join(name);
        let whole = disk.read(&path).unwrap();
        let mut unnoticed = Vec::new();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0x21;
            disk.overwrite(&path, changed).unwrap();
            let found = findings(&disk, &dir);
            assert!(found.iter().all(|one| one.contains("/data/")), "{found:?}");
            if found.is_empty() {
                unnoticed.push(at);
            }
        }
        // Padding between series of the index, and three bytes of the header of a segment.
        assert!(unnoticed.len() <= harmless, "{name}: {unnoticed:?}");
        disk.overwrite(&path, whole).unwrap();
    }
}

#[test]
fn all_faults_are_listed_and_counts_compared() {
    let (disk, dir) = written();
    let path = dir.join("chunks/000001");
    let mut changed = disk.read(&path).unwrap();
    let last = changed.len() - 1;
    changed[12] ^= 1;
    changed[last] ^= 1;
    disk.overwrite(&path, changed).unwrap();
    let meta = dir.join("meta.json");
    let mut text = BlockMeta::parse(&meta, &disk.read(&meta).unwrap()).unwrap();
    text.stats.num_series = 9;
    text.max_time = 19_003;
    disk.overwrite(&meta, serde_json::to_vec(&text).unwrap()).unwrap();
    let found = findings(&disk, &dir).join("\n");
    assert_eq!(found.matches("checksum does not match").count(), 2, "{found}");
    assert!(found.contains("samples outside of the block's time"), "{found}");
    assert!(found.contains("meta.json: at byte 0: numSeries says 9, there are 5"), "{found}");
}
