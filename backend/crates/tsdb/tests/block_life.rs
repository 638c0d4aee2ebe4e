//! Blocks are written from the head, lose what is deleted, and go when their time is over.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise, helpers included")]

#[path = "common/blocks.rs"]
mod blocks;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use blocks::{Content, chunks, compile, every_series, read, write};
use model::{Labels, Matcher, TimeRange};
use platform::{Disk, SeededEntropy, SimulatedClock, SimulatedDisk};
use proptest::prelude::*;
use tsdb::block::{
    BlockError, BlockMeta, BlockWriter, Blocks, Expiry, Progress, Retention, SeriesSource, SourceSeries, Ulid,
};

const DIR: &str = "/data";

fn open(disk: &SimulatedDisk) -> Blocks {
    let clock = Arc::new(SimulatedClock::new(1_700_000_000_000));
    let opened = Blocks::open(disk.shared(), Path::new(DIR), clock, Arc::new(SeededEntropy::new(9)));
    let (blocks, report) = opened.unwrap();
    assert!(report.set_aside.is_empty());
    blocks
}

fn series(number: i64) -> Labels {
    Labels::from_pairs([("__name__", "m".to_owned()), ("n", number.to_string())])
}

fn content(range: std::ops::Range<i64>) -> Content {
    let samples = |n: i64| range.clone().map(move |t| (t, (t * n) as u64)).collect();
    (0..4).map(|n| (series(n), samples(n))).collect()
}

fn steady(_: &Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn everything(blocks: &Blocks) -> Content {
    read(&blocks.querier(TimeRange::ALL), &every_series(), TimeRange::ALL)
}

fn delete(content: &mut Content, number: i64, range: TimeRange) {
    content.get_mut(&series(number)).unwrap().retain(|t, _| !range.contains(*t));
}

fn matcher(number: i64) -> Vec<model::CompiledMatcher> {
    compile(&[Matcher::equal("n", number.to_string())])
}

/// A stretch of a head.
struct Stretch(std::vec::IntoIter<SourceSeries>);

impl Stretch {
    fn new(content: &Content) -> Self {
        let series = |(labels, samples): (&Labels, &BTreeMap<i64, u64>)| SourceSeries {
            labels: labels.clone(),
            chunks: chunks(samples, 20),
        };
        Self(content.iter().map(series).collect::<Vec<_>>().into_iter())
    }
}

impl SeriesSource for Stretch {
    fn next_series(&mut self) -> Result<Option<SourceSeries>, BlockError> {
        Ok(self.0.next())
    }
}

#[test]
fn the_head_becomes_a_block() {
    let disk = SimulatedDisk::new(1);
    let blocks = open(&disk);
    let all = content(100..200);
    let mut seen = Vec::new();
    let block = blocks.write(&mut Stretch::new(&all), (100, 200), false, &mut |progress| {
        seen.push(progress.series);
        ControlFlow::Continue(())
    });
    let meta = block.unwrap().unwrap().meta();
    // Four series, and twice over them for the index.
    assert_eq!(seen, [1, 2, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4]);
    assert_eq!((meta.compaction.level, &meta.compaction.sources), (1, &vec![meta.ulid]));
    assert_eq!((meta.stats.num_samples, meta.stats.num_float_samples, meta.stats.num_chunks), (400, 400, 20));
    assert_eq!(meta.ulid.timestamp_ms(), 1_700_000_000_000);
    assert_eq!(everything(&blocks), all);
    assert_eq!(everything(&open(&disk)), all);
    let late = blocks.write(&mut Stretch::new(&all), (100, 200), true, &mut steady).unwrap().unwrap();
    assert!(late.meta().is_from_out_of_order());
    assert_eq!(everything(&blocks), all);
    // Nothing to write, nothing written; chunks beyond the block are refused.
    assert!(blocks.write(&mut Stretch::new(&Content::new()), (0, 10), false, &mut steady).unwrap().is_none());
    let error = blocks.write(&mut Stretch::new(&all), (100, 150), false, &mut steady).unwrap_err();
    assert!(matches!(error, BlockError::Unwritable(_)));
    assert_eq!(disk.list(Path::new(DIR)).unwrap().len(), 2);
}

#[test]
fn deleted_samples_are_gone_at_once_after_a_restart_and_after_cleaning() {
    let disk = SimulatedDisk::new(1);
    let blocks = open(&disk);
    let mut all = content(0..300);
    for from in [0, 100, 200] {
        write(
            &disk.shared(),
            Path::new(DIR),
            from as u128 + 1,
            (from, from + 100),
            &content(from..from + 100),
        );
    }
    drop(blocks);
    let blocks = open(&disk);
    let early = blocks.querier(TimeRange::ALL);
    let selected = storage::Querier::select(&early, &matcher(2), &Default::default()).unwrap();
    for (number, range, count) in [
        (1, TimeRange::new(50, 120), 2),
        (2, TimeRange::ALL, 3),
        (3, TimeRange::new(7, 7), 1),
        (9, TimeRange::ALL, 0),
    ] {
        assert_eq!(blocks.delete_series(&matcher(number), range).unwrap(), count);
        if number < 9 {
            delete(&mut all, number, range);
        }
    }
    all.retain(|_, samples| !samples.is_empty());
    // What was selected before goes on as it was.
    let mut samples = storage::Samples::default();
    selected[0].read(TimeRange::ALL, &mut samples).unwrap();
    assert_eq!(samples.len(), 300);
    assert_eq!(everything(&blocks), all);
    let blocks = open(&disk);
    assert_eq!(everything(&blocks), all);
    assert_eq!(blocks.list()[0].meta().stats.num_tombstones, 3);
    assert_eq!(blocks.clean_tombstones(&mut steady).unwrap(), 3);
    assert_eq!(everything(&blocks), all);
    assert_eq!(blocks.clean_tombstones(&mut steady).unwrap(), 0);
    let metas: Vec<_> = blocks.list().iter().map(|block| block.meta()).collect();
    assert!(metas.iter().all(|meta| meta.stats.num_tombstones == 0 && meta.compaction.level == 1));
    assert_eq!(metas[1].compaction.sources, [Ulid::from(101u128)]);
    assert_eq!(everything(&open(&disk)), all);
    // A block of which nothing is left.
    assert_eq!(blocks.delete_series(&compile(&every_series()), TimeRange::new(100, 199)).unwrap(), 3);
    assert_eq!(blocks.clean_tombstones(&mut steady).unwrap(), 1);
    assert_eq!((blocks.list().len(), disk.list(Path::new(DIR)).unwrap().len()), (2, 2));
}

/// What is deleted while a compaction runs must not come back with the new block.
#[test]
fn deleting_during_a_compaction() {
    let disk = SimulatedDisk::new(1);
    let mut all = content(0..200);
    for from in [0, 100] {
        write(
            &disk.shared(),
            Path::new(DIR),
            from as u128 + 1,
            (from, from + 100),
            &content(from..from + 100),
        );
    }
    let blocks = open(&disk);
    let ulids: Vec<Ulid> = blocks.list().iter().map(|block| block.ulid()).collect();
    let mut number = 0;
    let compacted = blocks.compact(&ulids, &mut |progress| {
        if progress.series == 3 && number < 2 {
            blocks.delete_series(&matcher(number), TimeRange::new(50, 150)).unwrap();
            delete(&mut all, number, TimeRange::new(50, 150));
            number += 1;
        }
        ControlFlow::Continue(())
    });
    assert!(compacted.unwrap().is_some());
    assert_eq!(number, 2);
    assert_eq!((blocks.list().len(), everything(&blocks)), (1, all.clone()));
    assert_eq!(everything(&open(&disk)), all);
}

#[test]
fn the_head_need_not_wait_for_a_compaction() {
    let disk = SimulatedDisk::new(1);
    let blocks = open(&disk);
    for from in [0, 100] {
        write(
            &disk.shared(),
            Path::new(DIR),
            from as u128 + 1,
            (from, from + 100),
            &content(from..from + 100),
        );
    }
    blocks.refresh().unwrap();
    let ulids: Vec<Ulid> = blocks.list().iter().map(|block| block.ulid()).collect();
    let mut written = false;
    let compacted = blocks.compact(&ulids, &mut |_| {
        if !written {
            let mut stretch = Stretch::new(&content(200..300));
            written = blocks.write(&mut stretch, (200, 300), false, &mut steady).unwrap().is_some();
        }
        ControlFlow::Continue(())
    });
    assert!(compacted.unwrap().is_some());
    assert_eq!((blocks.list().len(), everything(&blocks)), (2, content(0..300)));
    assert_eq!(blocks.refresh().unwrap().loaded, 0);
    assert_eq!(everything(&open(&disk)), content(0..300));
}

#[test]
fn a_power_cut_spares_tombstones() {
    for at in 0..20 {
        let disk = SimulatedDisk::new(at);
        let before = content(0..100);
        let mut after = before.clone();
        delete(&mut after, 1, TimeRange::new(10, 20));
        disk.create_dir_all(Path::new(DIR)).unwrap();
        write(&disk.shared(), Path::new(DIR), 1, (0, 100), &before);
        let blocks = open(&disk);
        let fault = platform::Fault { at: disk.changes() + at, action: platform::FaultAction::Kill };
        disk.set_fault(Some(fault));
        let deleted = blocks.delete_series(&matcher(1), TimeRange::new(10, 20));
        let found = everything(&open(&disk.after_power_cut()));
        assert!(found == after || (deleted.is_err() && found == before), "{at}");
        assert!(at < 19 || deleted.is_ok());
    }
}

#[test]
fn blocks_go_by_age_and_size() {
    let disk = SimulatedDisk::new(1);
    disk.create_dir_all(Path::new(DIR)).unwrap();
    for from in [0, 100, 200, 300] {
        write(
            &disk.shared(),
            Path::new(DIR),
            from as u128 + 1,
            (from, from + 100),
            &content(from..from + 100),
        );
    }
    let blocks = open(&disk);
    let size = blocks.size_bytes();
    let early = blocks.querier(TimeRange::ALL);
    let gone = |retention, other| -> Vec<(i64, Expiry)> {
        let removed = blocks.apply_retention(&retention, other).unwrap();
        removed.into_iter().map(|(block, reason)| (block.meta().min_time, reason)).collect()
    };
    assert_eq!(gone(Retention::default(), 1 << 40), []);
    assert_eq!(gone(Retention { time_ms: 300, bytes: size }, 0), [(0, Expiry::Time)]);
    assert_eq!(gone(Retention { time_ms: 300, bytes: size }, size * 3 / 10), [(100, Expiry::Size)]);
    assert_eq!(everything(&blocks), content(200..400));
    assert_eq!(read(&early, &every_series(), TimeRange::ALL), content(0..400));
    assert_eq!(disk.list(Path::new(DIR)).unwrap().len(), 2);
    assert_eq!(everything(&open(&disk)), content(200..400));
}

#[test]
fn a_writer_refuses_what_makes_no_block() {
    let disk = SimulatedDisk::new(1);
    disk.create_dir_all(Path::new(DIR)).unwrap();
    let chunk = |range: std::ops::Range<i64>| chunks(&range.map(|t| (t, 0)).collect(), 100);
    let cases: Vec<Vec<(i64, Vec<_>)>> = vec![
        vec![(2, chunk(0..5)), (1, chunk(0..5))],
        vec![(1, chunk(0..5)), (1, chunk(0..5))],
        vec![(1, [chunk(0..5), chunk(4..6)].concat())],
        vec![(1, chunk(-1..5))],
        vec![(1, chunk(90..101))],
    ];
    for case in cases {
        let meta = BlockMeta::new(Ulid::from(1u128), 0, 100);
        let mut writer = BlockWriter::create(disk.shared(), Path::new(DIR), meta).unwrap();
        let outcome =
            case.iter().try_for_each(|(number, chunks)| writer.add_series(&series(*number), chunks));
        assert!(matches!(outcome, Err(BlockError::Unwritable(_))), "{case:?}");
        writer.discard();
        assert!(disk.list(Path::new(DIR)).unwrap().is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Any blocks, overlapping or not, with any deletions between any compactions.
    #[test]
    fn compaction_changes_nothing_but_the_files(
        parts in proptest::collection::vec(
            (0i64..500, 1i64..200, proptest::collection::btree_set(0i64..6, 1..6), 1usize..7), 1..6),
        deletions in proptest::collection::vec((0i64..6, 0i64..600, 0i64..200), 0..4),
    ) {
        let disk = SimulatedDisk::new(1);
        disk.create_dir_all(Path::new(DIR)).unwrap();
        let mut all = Content::new();
        for (id, (from, length, numbers, step)) in parts.iter().enumerate() {
            let samples = |n: i64| (*from..from + length).step_by(*step).map(|t| (t, (t * n) as u64)).collect();
            let part: Content = numbers.iter().map(|n| (series(*n), samples(*n))).collect();
            write(&disk.shared(), Path::new(DIR), id as u128 + 1, (*from, from + length), &part);
            for (labels, samples) in part {
                all.entry(labels).or_default().extend(samples);
            }
        }
        let blocks = open(&disk);
        prop_assert_eq!(&everything(&blocks), &all);
        let mut deletions = deletions.into_iter();
        loop {
            if let Some((number, from, length)) = deletions.next() {
                let range = TimeRange::new(from, from + length);
                blocks.delete_series(&matcher(number), range).unwrap();
                if let Some(samples) = all.get_mut(&series(number)) {
                    samples.retain(|t, _| !range.contains(*t));
                }
                all.retain(|_, samples| !samples.is_empty());
            }
            prop_assert_eq!(&everything(&blocks), &all);
            let Some(plan) = blocks.plan(&[100, 300]) else { break };
            blocks.compact(&plan.blocks, &mut steady).unwrap();
            prop_assert_eq!(&everything(&blocks), &all);
        }
        prop_assert_eq!(&everything(&open(&disk)), &all);
        blocks.list().iter().for_each(|block| block.verify().unwrap());
        let ranges: Vec<TimeRange> = blocks.list().iter().map(|block| block.range()).collect();
        prop_assert!(ranges.windows(2).all(|pair| !pair[0].overlaps(&pair[1])), "{ranges:?}");
    }
}

#[test]
fn blocks_that_others_bring_or_take_are_noticed() {
    let disk = SimulatedDisk::new(1);
    let blocks = open(&disk);
    write(&disk.shared(), Path::new(DIR), 1, (0, 100), &content(0..100));
    write(&disk.shared(), Path::new(DIR), 2, (100, 200), &content(100..200));
    assert_eq!(blocks.refresh().unwrap().loaded, 2);
    assert_eq!(everything(&blocks), content(0..200));
    disk.remove_dir_all(&Path::new(DIR).join(Ulid::from(1u128).to_string())).unwrap();
    disk.create_dir_all(&Path::new(DIR).join(Ulid::from(3u128).to_string())).unwrap();
    let report = blocks.refresh().unwrap();
    assert_eq!((report.loaded, report.set_aside.len()), (0, 1));
    assert_eq!(everything(&blocks), content(100..200));
}

#[test]
fn a_snapshot_is_a_data_directory() {
    let disk = SimulatedDisk::new(1);
    let blocks = open(&disk);
    for from in [0, 100] {
        write(
            &disk.shared(),
            Path::new(DIR),
            from as u128 + 1,
            (from, from + 100),
            &content(from..from + 100),
        );
    }
    blocks.refresh().unwrap();
    blocks.delete_series(&matcher(1), TimeRange::new(50, 150)).unwrap();
    let all = everything(&blocks);
    assert_eq!(blocks.snapshot(Path::new("/copy/now")).unwrap().len(), 2);
    blocks.delete_series(&matcher(2), TimeRange::ALL).unwrap();
    let disk = disk.after_power_cut();
    let clock = Arc::new(SimulatedClock::new(0));
    let copy = Blocks::open(disk.shared(), Path::new("/copy/now"), clock, Arc::new(SeededEntropy::new(1)));
    let (copy, report) = copy.unwrap();
    assert_eq!((report.loaded, report.set_aside.len()), (2, 0));
    assert_eq!(everything(&copy), all);
}
