//! Another program wrote blocks into the directory while the store was not running.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise, helpers included")]

#[path = "common/blocks.rs"]
mod blocks;
mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{START_MS, everything, open, options, series};
use platform::SimulatedDisk;
use storage::Storage;

const HOUR_MS: i64 = 3_600_000;

/// The samples of the head are older than the blocks, and are in none of them.
#[test]
fn a_head_survives_later_blocks() {
    let disk = SimulatedDisk::new(1);
    let (store, _) = open(&disk, options());
    let mut appender = store.appender();
    for step in 0..50 {
        let id = appender.resolve(&series(1)).unwrap();
        appender.append(id, START_MS + step * 15_000, step as f64).unwrap();
    }
    appender.commit().unwrap();
    drop((appender, store));

    let disk = disk.after_kill();
    let later = START_MS.div_euclid(2 * HOUR_MS) * 2 * HOUR_MS + 4 * HOUR_MS;
    let samples: BTreeMap<i64, u64> =
        (0..20i64).map(|n| (later + n * 15_000, (n as f64).to_bits())).collect();
    let content = blocks::Content::from([(series(1), samples.clone()), (series(2), samples)]);
    blocks::write(&disk.shared(), Path::new("/data"), 7, (later, later + 2 * HOUR_MS), &content);

    let (store, report) = open(&disk, options());
    assert!(report.is_complete(), "{report}");
    let held = everything(&store);
    let of = |number: usize| held.iter().find(|(labels, ..)| *labels == series(number)).unwrap().1.clone();
    assert_eq!(of(1).len(), 70);
    assert!(of(1).windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert_eq!(of(2).len(), 20);
    // And again, now that the checkpoint of an orderly end stands for the head.
    store.close().unwrap();
    drop(store);
    assert_eq!(everything(&open(&disk, options()).0), held);
}
