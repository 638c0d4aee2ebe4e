//! Heads written by hand: what is combined from where.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{Exemplar, Histogram, Labels, MetricMetadata, MetricType, Span, TimeRange, Value};
use platform::{Disk, RealDisk, SimulatedDisk};
use storage::{AppendError, Samples};

use proptest::prelude::*;

use super::unpack::{Packing, Unpacker};
use super::{HeadReport, LoadOptions, PrometheusHead, Sink, WindowSource, encode, head_chunks, pages};
use crate::block::{EncodedChunk, SeriesSource as _};

#[derive(Default)]
struct Seen {
    samples: BTreeMap<Labels, Vec<(i64, Value)>>,
    exemplars: Vec<Exemplar>,
    metadata: BTreeMap<Labels, MetricMetadata>,
}

impl Sink for Seen {
    fn series(
        &mut self,
        labels: &Labels,
        metadata: Option<&MetricMetadata>,
        samples: &Samples,
    ) -> Result<u64, AppendError> {
        let list = self.samples.entry(labels.clone()).or_default();
        let mut histograms = samples.histograms.iter().peekable();
        for (index, (t, value)) in samples.timestamps.iter().zip(&samples.floats).enumerate() {
            let histogram = histograms.next_if(|(at, _)| *at as usize == index);
            list.push((*t, histogram.map_or(Value::Float(*value), |(_, h)| Value::Histogram(Arc::clone(h)))));
        }
        self.metadata.extend(metadata.map(|metadata| (labels.clone(), metadata.clone())));
        Ok(0)
    }
    fn window_done(&mut self, _: TimeRange) -> Result<(), AppendError> {
        Ok(())
    }
    fn exemplar(&mut self, _: &Labels, exemplar: &Exemplar) -> Result<bool, AppendError> {
        self.exemplars.push(exemplar.clone());
        Ok(true)
    }
    fn finish(&mut self) -> Result<(), AppendError> {
        Ok(())
    }
}

fn labels(name: &str) -> Labels {
    Labels::from_pairs([("__name__", name)])
}

fn put(disk: &SimulatedDisk, path: &str, bytes: &[u8]) {
    let path = Path::new("/d").join(path);
    disk.create_dir_all(path.parent().unwrap()).unwrap();
    disk.create(&path).unwrap().append(bytes).unwrap();
}

fn put_log(disk: &SimulatedDisk, path: &str, records: &[Vec<u8>]) {
    put(disk, path, &encode::segment(records, Packing::Snappy));
}

fn read_with(disk: &SimulatedDisk, options: LoadOptions) -> (Seen, HeadReport) {
    let disk: Arc<dyn Disk> = disk.shared();
    let head = PrometheusHead::open(&disk, Path::new("/d")).unwrap().unwrap();
    let loaded = head.load(options, &mut |_| {}).unwrap();
    let mut seen = Seen::default();
    loaded.hand_over(&mut seen, &mut |_| {}).unwrap();
    (seen, loaded.report().clone())
}

fn read(disk: &SimulatedDisk) -> (Seen, HeadReport) {
    read_with(disk, LoadOptions::default())
}

fn floats(list: &[(i64, f64)]) -> Vec<(i64, Value)> {
    list.iter().map(|(t, value)| (*t, Value::Float(*value))).collect()
}

#[test]
fn chunks_and_log_are_combined_without_duplicates() {
    let disk = SimulatedDisk::new(1);
    let (chunks, _) = encode::chunk_file(
        1,
        &[(7, 1, vec![(10, 1.0), (20, 2.0)]), (7, 1, vec![(30, 3.0), (40, 4.0)]), (9, 1, vec![(10, 0.0)])],
    );
    put(&disk, "chunks_head/000001", &chunks);
    put_log(&disk, "wal/checkpoint.00000002/00000000", &[encode::series(&[(7, labels("a"))])]);
    // The log's values tell where a sample was taken from.
    let all: Vec<_> = (1..=6).map(|i| (7, i * 10, f64::from(i as i32) * 100.0)).collect();
    put_log(&disk, "wal/00000003", &[encode::samples(&all)]);
    put_log(&disk, "wal/00000002", &[encode::samples(&[(7, 15, 0.0)])]);
    let (seen, report) = read(&disk);
    let want = [(10, 1.0), (20, 2.0), (30, 3.0), (40, 4.0), (50, 500.0), (60, 600.0)];
    assert_eq!(seen.samples[&labels("a")], floats(&want));
    assert!(report.is_complete());
    assert_eq!((report.chunks, report.orphaned_chunks, report.log_samples), (2, 1, 2));
}

/// A hole in the chunks is filled from the log.
#[test]
fn the_log_fills_holes_between_chunks() {
    let disk = SimulatedDisk::new(1);
    let chunk = |t: i64| (7, 1, vec![(t, 1.0), (t + 10, 1.0)]);
    let (mut chunks, numbers) = encode::chunk_file(1, &[chunk(10), chunk(30), chunk(50)]);
    chunks[(numbers[1] & 0xffff) as usize + 30] ^= 1;
    put(&disk, "chunks_head/000001", &chunks);
    let all: Vec<_> = (1..=7).map(|i| (7, i * 10, 2.0)).collect();
    put_log(&disk, "wal/00000000", &[encode::series(&[(7, labels("a"))]), encode::samples(&all)]);
    let (seen, report) = read(&disk);
    let want = [(10, 1.0), (20, 1.0), (30, 2.0), (40, 2.0), (50, 1.0), (60, 1.0), (70, 2.0)];
    assert_eq!(seen.samples[&labels("a")], floats(&want));
    assert_eq!(report.damage.len(), 1);
}

#[test]
fn a_series_that_came_back_is_one_series() {
    let disk = SimulatedDisk::new(1);
    let records = [
        encode::series(&[(7, labels("a"))]),
        encode::samples(&[(7, 10, 1.0), (7, 20, 2.0)]),
        encode::series(&[(90, labels("a")), (7, labels("other"))]),
        encode::samples(&[(90, 20, 9.0), (90, 30, 3.0), (7, 20, 4.0), (7, 15, 9.0)]),
    ];
    put_log(&disk, "wal/00000000", &records);
    let (seen, report) = read(&disk);
    assert_eq!(seen.samples[&labels("a")], floats(&[(10, 1.0), (20, 2.0), (30, 3.0)]));
    // The reference 7 had been given to another series by then.
    assert_eq!(seen.samples[&labels("other")], floats(&[(20, 4.0)]));
    assert_eq!(report.series, 2);
}

#[test]
fn deletions_are_applied() {
    let disk = SimulatedDisk::new(1);
    let records = [
        encode::series(&[(1, labels("a")), (2, labels("b"))]),
        encode::samples(&[(1, 10, 1.0), (1, 20, 2.0), (1, 30, 3.0), (2, 10, 1.0)]),
        encode::tombstones(&[(1, 15, 20), (2, i64::MIN, i64::MAX)]),
        encode::series(&[(3, labels("b"))]),
        encode::samples(&[(3, 20, 2.0)]),
    ];
    put_log(&disk, "wal/00000000", &records);
    let (seen, _) = read(&disk);
    assert_eq!(seen.samples[&labels("a")], floats(&[(10, 1.0), (30, 3.0)]));
    assert_eq!(seen.samples[&labels("b")], floats(&[(20, 2.0)]));
}

/// Late samples are settled by a marker only when its chunk can be read; those in order win.
#[test]
fn late_samples_are_merged() {
    let disk = SimulatedDisk::new(1);
    let late = |series: u64, t: i64| (series, 0x81, vec![(t, 1.0), (t + 2, 1.0)]);
    let (mut chunks, numbers) = encode::chunk_file(3, &[late(1, 11), late(2, 11), late(1, 21)]);
    chunks[(numbers[1] & 0xffff) as usize + 30] ^= 1;
    put(&disk, "chunks_head/000003", &chunks);
    let names = encode::series(&[(1, labels("a")), (2, labels("b"))]);
    put_log(&disk, "wal/00000000", &[names, encode::samples(&[(1, 10, 0.0), (1, 23, 0.0), (1, 11, 7.0)])]);
    let records = [
        encode::samples(&[(1, 13, 2.0), (1, 11, 2.0), (2, 13, 2.0), (2, 11, 2.0)]),
        encode::markers(&[(1, numbers[0]), (2, numbers[1])]),
        encode::samples(&[(1, 12, 3.0), (2, 12, 3.0)]),
    ];
    put_log(&disk, "wbl/00000000", &records);
    let (seen, report) = read(&disk);
    let want = [(10, 0.0), (11, 1.0), (12, 3.0), (13, 1.0), (21, 1.0), (23, 0.0)];
    assert_eq!(seen.samples[&labels("a")], floats(&want));
    assert_eq!(seen.samples[&labels("b")], floats(&[(11, 2.0), (12, 3.0), (13, 2.0)]));
    assert_eq!(report.damage.len(), 1);
}

#[test]
fn what_blocks_hold_is_left_out() {
    let disk = SimulatedDisk::new(1);
    let (chunks, _) =
        encode::chunk_file(1, &[(1, 1, vec![(10, 1.0), (20, 2.0)]), (1, 1, vec![(25, 1.0), (30, 2.0)])]);
    put(&disk, "chunks_head/000001", &chunks);
    let names = encode::series(&[(1, labels("a")), (2, labels("b"))]);
    put_log(&disk, "wal/00000000", &[names, encode::samples(&[(2, 29, 1.0), (2, 30, 2.0)])]);
    put_log(&disk, "wbl/00000000", &[encode::samples(&[(2, 5, 5.0)])]);
    let (seen, report) = read_with(&disk, LoadOptions { min_valid_ms: 30, ..LoadOptions::default() });
    assert_eq!(seen.samples[&labels("a")], floats(&[(30, 2.0)]));
    assert_eq!(seen.samples[&labels("b")], floats(&[(5, 5.0), (30, 2.0)]));
    assert_eq!(report.before_min_valid, 1);
}

#[test]
fn all_times_and_many_samples() {
    let disk = SimulatedDisk::new(1);
    let mut all = vec![(1, i64::MIN, 1.0), (1, -5, 2.0)];
    all.extend((0..5000).map(|i| (1, i * 60_000, i as f64)));
    all.push((1, i64::MAX, 3.0));
    put_log(&disk, "wal/00000000", &[encode::series(&[(1, labels("a"))]), encode::samples(&all)]);
    let (seen, report) = read(&disk);
    let want: Vec<_> = all.iter().map(|(_, t, value)| (*t, *value)).collect();
    assert_eq!(seen.samples[&labels("a")], floats(&want));
    assert_eq!(report.log_samples, 5003);
}

#[test]
fn histograms_exemplars_and_metadata() {
    let disk = SimulatedDisk::new(1);
    let histogram = Histogram { schema: 2, count: 3.0, zero_count: 3.0, sum: 1.5, ..Histogram::default() };
    let exemplar = |t: i64| Exemplar { labels: labels("x"), value: 2.5, timestamp_ms: t };
    let metadata = MetricMetadata {
        metric_type: MetricType::Counter,
        help: "What it is.".to_owned(),
        unit: "seconds".to_owned(),
    };
    let records = [
        encode::series(&[(1, labels("a"))]),
        encode::histograms(&[(1, 10, histogram.clone())], false),
        encode::samples(&[(1, 20, 1.0)]),
        encode::histograms(&[(1, 30, histogram.clone())], true),
        encode::exemplars(&[(1, exemplar(1)), (1, exemplar(2)), (1, exemplar(3))]),
        encode::metadata(1, &metadata),
    ];
    put_log(&disk, "wal/00000000", &records);
    let (seen, _) = read_with(&disk, LoadOptions { max_exemplars: 2, ..LoadOptions::default() });
    let histogram = Value::Histogram(Arc::new(histogram));
    let want = vec![(10, histogram.clone()), (20, Value::Float(1.0)), (30, histogram)];
    assert_eq!(seen.samples[&labels("a")], want);
    assert_eq!(seen.exemplars, [exemplar(2), exemplar(3)]);
    assert_eq!(seen.metadata[&labels("a")], metadata);
}

/// What no block can hold is left out and counted; the rest of its series is there.
#[test]
fn a_window_goes_into_a_block_without_what_makes_no_sense() {
    let disk = SimulatedDisk::new(1);
    let sound = Histogram { schema: 2, count: 3.0, zero_count: 3.0, sum: 1.5, ..Histogram::default() };
    let broken = Histogram { positive_spans: vec![Span { offset: 0, length: 7 }], ..sound.clone() };
    let records = [
        encode::series(&[(1, labels("b")), (2, labels("a")), (3, labels("c"))]),
        encode::histograms(&[(1, 10, sound.clone()), (1, 20, broken), (1, 30, sound)], false),
        encode::samples(&[(2, 15, 1.0), (3, i64::MAX, 1.0)]),
    ];
    put_log(&disk, "wal/00000000", &records);
    let head = PrometheusHead::open(&disk.shared(), Path::new("/d")).unwrap().unwrap();
    let loaded = head.load(LoadOptions { window_ms: 100, ..LoadOptions::default() }, &mut |_| {}).unwrap();
    let (order, windows) = (loaded.order(), loaded.windows());
    assert_eq!((windows.len(), windows[0]), (2, TimeRange::new(0, 99)));
    let mut source = WindowSource::new(&loaded, &order, windows[0]);
    let mut seen = Vec::new();
    while let Some(series) = source.next_series().unwrap() {
        seen.push((series.labels, series.chunks.iter().map(EncodedChunk::samples).sum::<u16>()));
    }
    assert_eq!((seen, source.refused), (vec![(labels("a"), 1), (labels("b"), 2)], 1));
    let mut source = WindowSource::new(&loaded, &order, windows[1]);
    assert!(source.next_series().unwrap().is_none());
    assert_eq!(source.refused, 1);
}

#[test]
fn what_is_lost_is_told() {
    let disk = SimulatedDisk::new(1);
    let names = encode::series(&[(1, labels("a"))]);
    let sample = |t: i64| encode::samples(&[(1, t, 1.0)]);
    let mut torn = encode::segment(&[names, sample(1), sample(2)], Packing::None);
    let length = torn.len();
    torn.truncate(length - 3);
    put(&disk, "wal/00000000", &torn);
    put_log(&disk, "wal/00000002", &[sample(3), vec![2, 1], vec![99, 1], encode::samples(&[(5, 1, 1.0)])]);
    let mut newest = encode::segment(&[sample(4)], Packing::None);
    newest.extend_from_slice(&[1, 0, 9, 1]);
    put(&disk, "wal/00000003", &newest);
    let (seen, report) = read(&disk);
    assert_eq!(seen.samples[&labels("a")], floats(&[(1, 1.0), (3, 1.0), (4, 1.0)]));
    let told: Vec<_> = report.damage.iter().map(|loss| (loss.file.clone(), loss.reason)).collect();
    let file = |name: &str| PathBuf::from("/d/wal").join(name);
    let want = [
        (file("00000002"), "the file before this one is missing"),
        (file("00000000"), "a fragment is cut off"),
        (file("00000002"), "a record makes no sense"),
    ];
    assert_eq!(told, want);
    assert_eq!((report.torn_tails.len(), report.orphaned_samples), (1, 1));
    assert_eq!(report.unknown_records, BTreeMap::from([(99, 1)]));
    assert!(report.to_string().contains("LOST"));
}

/// The committed example's files by path below the data directory; of logs their records.
fn example() -> Vec<(String, Vec<Vec<u8>>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/prometheus_head/example");
    let disk = RealDisk::shared();
    let mut files = Vec::new();
    for dir in ["wal/checkpoint.00000001", "wal", "wbl", "chunks_head"] {
        for entry in disk.list(&folder.join(dir)).unwrap() {
            if entry.is_dir {
                continue;
            }
            let bytes = disk.read(&folder.join(dir).join(&entry.name)).unwrap();
            let mut records = Vec::new();
            if dir == "chunks_head" {
                records.push(bytes);
            } else {
                pages::scan(&bytes, &mut Unpacker::default(), |found| {
                    if let pages::Found::Record { bytes, .. } = found {
                        records.push(bytes.to_vec());
                    }
                });
            }
            files.push((format!("{dir}/{}", entry.name), records));
        }
    }
    assert!(files.iter().map(|(_, records)| records.len()).sum::<usize>() > 100);
    files
}

/// Sums the chunks of a file anew, so that what was changed in them is read.
fn sum_chunks(bytes: &mut [u8], original: &[u8]) {
    head_chunks::scan(original, |found| {
        if let head_chunks::Found::Chunk { offset, chunk } = found {
            let end = chunk.data.end;
            let sum = crc32c::crc32c(&bytes[offset..end]).to_be_bytes();
            bytes[end..end + 4].copy_from_slice(&sum);
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Checksums that are right prove nothing: whatever records and chunks say, the head is read without a
    /// panic and in order of time, which the sink checks.
    #[test]
    fn lies_with_right_checksums_are_read(
        changes in proptest::collection::vec(any::<(prop::sample::Index, prop::sample::Index, u8)>(), 1..40),
    ) {
        let mut files = example();
        for (file, at, byte) in &changes {
            let file = file.index(files.len());
            let file = &mut files[file].1;
            let total: usize = file.iter().map(Vec::len).sum();
            if total == 0 {
                continue;
            }
            let mut at = at.index(total);
            for record in file {
                if let Some(held) = record.get_mut(at) {
                    *held = *byte;
                    break;
                }
                at -= record.len();
            }
        }
        let original = example();
        let disk = SimulatedDisk::new(1);
        for ((name, mut records), (_, original)) in files.into_iter().zip(original) {
            if name.starts_with("chunks_head") {
                sum_chunks(&mut records[0], &original[0]);
                put(&disk, &name, &records[0]);
            } else {
                put_log(&disk, &name, &records);
            }
        }
        let (seen, _) = read(&disk);
        for samples in seen.samples.values() {
            prop_assert!(samples.windows(2).all(|pair| pair[0].0 < pair[1].0));
        }
    }
}
