//! Whatever the moment at which a compaction is interrupted: the directory opens, and every sample is there
//! exactly once.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise, helpers included")]

#[path = "common/blocks.rs"]
mod blocks;

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use blocks::{Content, every_series, read, write};
use model::{Labels, TimeRange};
use platform::{Disk, Fault, FaultAction, SeededEntropy, SimulatedClock, SimulatedDisk};
use storage::SelectHints;
use tsdb::block::{BlockError, Blocks, LoadReport, Ulid, block_ranges};

const DIR: &str = "/data";
const RANGES: [i64; 2] = [100, 300];

fn open(disk: &SimulatedDisk) -> Result<(Blocks, LoadReport), BlockError> {
    let clock = Arc::new(SimulatedClock::new(1_700_000_000_000));
    Blocks::open(disk.shared(), Path::new(DIR), clock, Arc::new(SeededEntropy::new(9)))
}

fn series(number: i64) -> Labels {
    Labels::from_pairs([("__name__", format!("m{}", number % 3)), ("host", format!("h{number}"))])
}

/// Samples of one block; some at the borders, so that blocks that overlap have some in common.
fn content(from: i64, to: i64) -> Content {
    let samples = |number: i64| (from..to).step_by(9).map(move |t| (t, (t * 100 + number) as u64)).collect();
    (0..6).filter(|number| (number + from / 100) % 4 != 0).map(|n| (series(n), samples(n))).collect()
}

/// Three blocks that fill a range, two that overlap, and one that is newer.
fn prepared(seed: u64) -> (SimulatedDisk, Content) {
    let disk = SimulatedDisk::new(seed);
    disk.create_dir_all(Path::new(DIR)).unwrap();
    let mut all = Content::new();
    let shared: Arc<dyn Disk> = disk.shared();
    for (id, (from, to)) in
        [(0, 100), (100, 200), (200, 300), (300, 400), (363, 450), (600, 700)].into_iter().enumerate()
    {
        let held = content(from, to);
        write(&shared, Path::new(DIR), id as u128 + 1, (from, to), &held);
        for (labels, samples) in held {
            all.entry(labels).or_default().extend(samples);
        }
    }
    (disk, all)
}

fn compact_all(blocks: &Blocks) -> Result<usize, BlockError> {
    let mut count = 0;
    while let Some(plan) = blocks.plan(&RANGES) {
        blocks.compact(&plan.blocks, &mut |_| ControlFlow::Continue(()))?;
        count += 1;
    }
    Ok(count)
}

fn everything(blocks: &Blocks) -> Content {
    // Each block by itself first: a sample in two blocks that do not overlap in the merged view is a fault.
    let mut seen: BTreeMap<Labels, usize> = BTreeMap::new();
    for block in blocks.list().iter() {
        block.verify().unwrap();
        for (labels, samples) in read(&block.querier(TimeRange::ALL), &every_series(), TimeRange::ALL) {
            *seen.entry(labels).or_default() += samples.len();
        }
    }
    let merged = read(&blocks.querier(TimeRange::ALL), &every_series(), TimeRange::ALL);
    let overlapping = blocks.list().windows(2).any(|pair| pair[1].range().overlaps(&pair[0].range()));
    if !overlapping {
        assert_eq!(seen, merged.iter().map(|(labels, samples)| (labels.clone(), samples.len())).collect());
    }
    merged
}

#[test]
fn compaction_settles_and_keeps_all_samples() {
    let (disk, all) = prepared(1);
    let (blocks, report) = open(&disk).unwrap();
    assert_eq!((report.loaded, report.removed.len(), report.set_aside.len()), (6, 0, 0));
    assert_eq!(everything(&blocks), all);
    // A query that began before keeps the blocks it began with.
    let early = blocks.querier(TimeRange::ALL);
    assert_eq!(compact_all(&blocks).unwrap(), 2);
    assert_eq!(read(&early, &every_series(), TimeRange::ALL), all);
    assert_eq!(everything(&blocks), all);
    let ranges: Vec<(i64, i64, u32)> = blocks
        .list()
        .iter()
        .map(|block| block.meta())
        .map(|meta| (meta.min_time, meta.max_time, meta.compaction.level))
        .collect();
    assert_eq!(ranges, [(0, 300, 2), (300, 450, 2), (600, 700, 1)]);
    let names: Vec<String> = disk.list(Path::new(DIR)).unwrap().into_iter().map(|entry| entry.name).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    let (blocks, report) = open(&disk).unwrap();
    assert_eq!((report.loaded, report.removed.len()), (3, 0));
    assert_eq!(everything(&blocks), all);
    assert_eq!(block_ranges(100, 300), RANGES);
}

/// How many changing calls the compactions make.
fn calls() -> u64 {
    let (disk, _) = prepared(0);
    let before = disk.changes();
    compact_all(&open(&disk).unwrap().0).unwrap();
    disk.changes() - before
}

fn interrupted(at: u64, action: FaultAction, restart: impl Fn(&SimulatedDisk) -> SimulatedDisk) {
    let (disk, all) = prepared(at);
    disk.set_fault(Some(Fault { at: disk.changes() + at, action }));
    if let Ok((blocks, _)) = open(&disk) {
        let _ = compact_all(&blocks);
    }
    disk.set_fault(None);
    let disk = restart(&disk);
    // A second crash while the first is being cleaned up.
    disk.set_fault(Some(Fault { at: disk.changes() + at % 7, action: FaultAction::Kill }));
    drop(open(&disk));
    let disk = restart(&disk);
    let (blocks, report) = open(&disk).unwrap();
    assert!(report.set_aside.is_empty(), "{action:?} at {at}: {report:?}");
    assert_eq!(everything(&blocks), all, "{action:?} at {at}");
    let names = disk.list(Path::new(DIR)).unwrap();
    assert!(names.iter().all(|entry| Ulid::from_string(&entry.name).is_ok()), "{at}: {names:?}");
    compact_all(&blocks).unwrap();
    assert_eq!(blocks.list().len(), 3, "{action:?} at {at}");
    assert_eq!(everything(&blocks), all, "{action:?} at {at}");
}

#[test]
fn killed_at_every_call() {
    for at in 0..calls() {
        interrupted(at, FaultAction::Kill, SimulatedDisk::after_kill);
    }
}

#[test]
fn power_cut_at_every_call() {
    for at in 0..calls() {
        interrupted(at, FaultAction::Kill, SimulatedDisk::after_power_cut);
    }
}

#[test]
fn an_error_at_every_call_and_a_full_disk() {
    for at in 0..calls() {
        interrupted(at, FaultAction::Error(io::ErrorKind::Other), SimulatedDisk::after_kill);
        interrupted(at, FaultAction::ErrorsFromNowOn(io::ErrorKind::StorageFull), SimulatedDisk::after_kill);
    }
}

/// After an error the same process goes on with what it has.
#[test]
fn an_error_leaves_the_blocks_in_use_whole() {
    for at in 0..calls() {
        let (disk, all) = prepared(at);
        let (blocks, _) = open(&disk).unwrap();
        let action = FaultAction::Error(io::ErrorKind::Other);
        disk.set_fault(Some(Fault { at: disk.changes() + at, action }));
        let _ = compact_all(&blocks);
        assert_eq!(everything(&blocks), all, "error at {at}");
        disk.set_fault(None);
        let _ = compact_all(&blocks);
        assert_eq!(everything(&blocks), all, "error at {at}");
        assert!(blocks.list().iter().all(|block| !block.meta().compaction.failed), "error at {at}");
    }
}

#[test]
fn a_block_that_cannot_be_read_is_set_aside_and_the_rest_serves() {
    let (disk, mut all) = prepared(3);
    let dir = Path::new(DIR).join(Ulid::from(2u128).to_string());
    let index = disk.read(&dir.join("index")).unwrap();
    disk.overwrite(&dir.join("index"), index[..index.len() - 9].to_vec()).unwrap();
    let (blocks, report) = open(&disk).unwrap();
    assert_eq!((blocks.list().len(), report.set_aside.len()), (5, 1));
    let aside = &report.set_aside[0];
    let text = aside.to_string();
    assert!(text.contains("/index: at byte ") && text.contains("quarantine"), "{text}");
    assert!(disk.read(&aside.moved_to.as_ref().unwrap().join("index")).is_ok());
    for samples in all.values_mut() {
        samples.retain(|t, _| !(100..200).contains(t));
    }
    assert_eq!(everything(&blocks), all);
    assert_eq!(open(&disk).unwrap().1.set_aside.len(), 0);
}

#[test]
fn a_chunk_that_cannot_be_read_stops_only_the_compaction_of_its_block() {
    let (disk, _) = prepared(3);
    let dir = Path::new(DIR).join(Ulid::from(2u128).to_string());
    let path = dir.join("chunks/000001");
    let mut chunks = disk.read(&path).unwrap();
    chunks[20] ^= 1;
    disk.overwrite(&path, chunks).unwrap();
    let (blocks, _) = open(&disk).unwrap();
    let mut errors = 0;
    while let Some(plan) = blocks.plan(&RANGES) {
        errors += usize::from(blocks.compact(&plan.blocks, &mut |_| ControlFlow::Continue(())).is_err());
    }
    assert_eq!(errors, 1);
    let failed: Vec<Ulid> = blocks
        .list()
        .iter()
        .filter(|block| block.meta().compaction.failed)
        .map(|block| block.ulid())
        .collect();
    assert_eq!(failed, [Ulid::from(2u128)]);
    assert!(open(&disk).unwrap().0.list()[1].meta().compaction.failed);
    // One series cannot be read and says why; the others can.
    let querier = blocks.querier(TimeRange::ALL);
    let selected =
        storage::Querier::select(&querier, &blocks::compile(&every_series()), &SelectHints::default());
    let outcomes: Vec<Result<(), storage::QueryError>> =
        selected.unwrap().iter().map(|series| series.read(TimeRange::ALL, &mut Default::default())).collect();
    let errors: Vec<String> =
        outcomes.iter().filter_map(|o| o.as_ref().err().map(ToString::to_string)).collect();
    assert_eq!((outcomes.len(), errors.len()), (6, 1));
    assert!(errors[0].contains("chunks/000001: at byte "), "{}", errors[0]);
}

#[test]
fn a_cancelled_compaction_leaves_no_trace() {
    let (disk, all) = prepared(1);
    let (blocks, _) = open(&disk).unwrap();
    let before = disk.list(Path::new(DIR)).unwrap();
    let plan = blocks.plan(&RANGES).unwrap();
    let error = blocks.compact(&plan.blocks, &mut |_| ControlFlow::Break(())).unwrap_err();
    assert!(matches!(error, BlockError::Cancelled));
    assert_eq!(disk.list(Path::new(DIR)).unwrap(), before);
    assert_eq!(everything(&blocks), all);
}
