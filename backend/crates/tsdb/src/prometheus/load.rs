//! Reading a whole head: chunks first, then the log, then the log of late samples.
//!
//! Prometheus keeps in its log every sample that it would miss after a restart, also when a chunk has it
//! already: a checkpoint drops only what is older than the head. So the chunks are what is read fast, and
//! the log has what they lack: the open chunks of memory, and whatever of the chunk files was lost.

use hashbrown::{HashMap, HashSet};
use model::{Exemplar, Labels, MetricMetadata};
use platform::FileBytes;
use std::collections::VecDeque;

use super::files::NumberedFile;
use super::head_chunks::{self, HeadChunk};
use super::records::{self, Visitor};
use super::series::{ChunkPlace, GatheredSeries, LateSample, PackedHistogram};
use super::unpack::Unpacker;
use super::{
    HeadLoss, HeadProgress, HeadReport, HeadStage, PrometheusHead, PrometheusHeadError, chunks, pages,
};

/// How a head is read.
#[derive(Clone, Copy, Debug)]
pub struct LoadOptions {
    /// Samples before this, in milliseconds, are in blocks and left out: the greatest `maxTime` of the blocks
    /// in the directory, less those with the hint `from-out-of-order`; `i64::MIN` without blocks. Samples
    /// that came late are taken whatever their time.
    pub min_valid_ms: i64,
    /// Samples are handed over in windows of this length, in milliseconds, oldest window first. Windows begin
    /// at multiples of it. No longer than a sample may lie behind the newest one of the store.
    pub window_ms: i64,
    /// How many exemplars are kept, of the newest; Prometheus' default is 100,000.
    pub max_exemplars: usize,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self { min_valid_ms: i64::MIN, window_ms: 3_600_000, max_exemplars: 100_000 }
    }
}

/// A head that was read.
#[derive(Debug)]
pub struct LoadedHead {
    pub(super) options: LoadOptions,
    pub(super) series: Vec<GatheredSeries>,
    pub(super) exemplars: VecDeque<(u32, Exemplar)>,
    /// Numbers of the windows in which there may be samples.
    pub(super) windows: HashSet<i64>,
    /// Chunk files; a chunk's place names its file by position.
    pub(super) chunk_files: Vec<(FileBytes, std::path::PathBuf)>,
    pub(super) report: HeadReport,
}

impl LoadedHead {
    /// What was found.
    #[must_use]
    pub fn report(&self) -> &HeadReport {
        &self.report
    }
}

impl PrometheusHead {
    /// Reads everything once. `progress` hears of it every few megabytes.
    ///
    /// Memory: about 300 bytes a series besides its labels, 32 bytes a chunk, and the compressed samples
    /// that no chunk holds.
    ///
    /// # Errors
    /// When a file cannot be read at all. What is damaged within a file is left out and reported.
    pub fn load(
        &self,
        options: LoadOptions,
        progress: &mut dyn FnMut(HeadProgress),
    ) -> Result<LoadedHead, PrometheusHeadError> {
        let options = LoadOptions { window_ms: options.window_ms.max(1), ..options };
        let head = LoadedHead {
            options,
            series: Vec::new(),
            exemplars: VecDeque::new(),
            windows: HashSet::new(),
            chunk_files: Vec::new(),
            report: HeadReport { ignored_snapshots: self.files.snapshots.clone(), ..HeadReport::default() },
        };
        let mut loader = Loader {
            head,
            by_ref: HashMap::new(),
            by_labels: HashMap::new(),
            waiting: HashMap::new(),
            late_chunks: HashMap::new(),
            is_late_log: false,
            last_window: None,
        };
        let mut read = Reading { head: self, done: 0, progress };
        for file in &self.files.chunks {
            let bytes = read.open(file, &mut loader.head.report)?;
            loader.chunk_file(file, bytes, self.files.chunks.last() == Some(file));
            read.advance(file.len);
        }
        loader.gaps(&self.files.segments);
        let mut unpacker = Unpacker::default();
        for file in self.files.log() {
            let bytes = read.open(file, &mut loader.head.report)?;
            loader.log_file(file, &bytes, self.files.segments.last() == Some(file), &mut unpacker, &mut read);
        }
        loader.is_late_log = true;
        loader.gaps(&self.files.late);
        for file in &self.files.late {
            let bytes = read.open(file, &mut loader.head.report)?;
            loader.log_file(file, &bytes, self.files.late.last() == Some(file), &mut unpacker, &mut read);
        }
        Ok(loader.finish())
    }
}

/// Opens files and tells how far the work is.
struct Reading<'a> {
    head: &'a PrometheusHead,
    done: u64,
    progress: &'a mut dyn FnMut(HeadProgress),
}

impl Reading<'_> {
    fn open(&self, file: &NumberedFile, report: &mut HeadReport) -> Result<FileBytes, PrometheusHeadError> {
        let bytes = self.head.disk.map(&file.path);
        let bytes = bytes.map_err(|e| PrometheusHeadError::new("read", &file.path, e))?;
        report.files += 1;
        report.bytes += bytes.len() as u64;
        Ok(bytes)
    }

    fn tell(&mut self, within: u64) {
        let (done, total) = (self.done + within, self.head.bytes());
        (self.progress)(HeadProgress { stage: HeadStage::Reading, done, total });
    }

    fn advance(&mut self, bytes: u64) {
        self.done += bytes;
        self.tell(0);
    }
}

/// Bytes between two calls of the progress callback.
const PROGRESS_BYTES: usize = 8 << 20;

/// In-order and late chunks of a series.
type Chunks = (Vec<ChunkPlace>, Vec<ChunkPlace>);

struct Loader {
    head: LoadedHead,
    /// Position of a series by Prometheus' reference; several may lead to the same.
    by_ref: HashMap<u64, u32>,
    by_labels: HashMap<Labels, u32>,
    /// Chunks whose series has not come up yet.
    waiting: HashMap<u64, Chunks>,
    /// First and last time of readable late chunks, by the number that markers give them.
    late_chunks: HashMap<u64, (i64, i64)>,
    is_late_log: bool,
    last_window: Option<i64>,
}

impl Loader {
    fn chunk_file(&mut self, file: &NumberedFile, bytes: FileBytes, newest: bool) {
        let index = self.head.chunk_files.len() as u32;
        head_chunks::scan(&bytes, |found| match found {
            head_chunks::Found::Chunk { offset, chunk } => {
                let place = ChunkPlace {
                    min_t: chunk.min_t,
                    max_t: chunk.max_t,
                    file: index,
                    // Files of chunks are no longer than 128 MiB; one of 4 GiB would not be Prometheus'.
                    start: chunk.data.start as u32,
                    len: chunk.data.len() as u32,
                    encoding: chunk.encoding,
                };
                let fits = u32::try_from(chunk.data.end).is_ok();
                if !fits || !chunks::is_readable(chunk.encoding) {
                    self.head.report.unknown_chunks += 1;
                } else {
                    self.chunk(file.number << 32 | offset as u64, &chunk, place, &bytes[chunk.data.clone()]);
                }
            }
            head_chunks::Found::Damage { at, reason } => self.lost(file, &at, reason, false),
            head_chunks::Found::Tail { at, reason } => self.lost(file, &at, reason, newest),
        });
        self.head.chunk_files.push((bytes, file.path.clone()));
    }

    fn chunk(&mut self, number: u64, chunk: &HeadChunk, place: ChunkPlace, bytes: &[u8]) {
        let window = self.head.options.window_ms;
        if !chunk.late && chunk.max_t < self.head.options.min_valid_ms {
            return;
        }
        self.head.windows.insert(chunk.min_t.div_euclid(window));
        if chunk.max_t.div_euclid(window) != chunk.min_t.div_euclid(window) {
            let windows = &mut self.head.windows;
            // What cannot be decoded here is reported when it is handed over.
            let _ = chunks::decode(chunk.encoding, bytes, &mut |t, _| {
                windows.insert(t.div_euclid(window));
            });
        }
        self.head.report.chunks += 1;
        let waiting = self.waiting.entry(chunk.series).or_default();
        if chunk.late {
            self.late_chunks.insert(number, (chunk.min_t, chunk.max_t));
            waiting.1.push(place);
        } else {
            waiting.0.push(place);
        }
    }

    fn log_file(
        &mut self,
        file: &NumberedFile,
        bytes: &[u8],
        newest: bool,
        unpacker: &mut Unpacker,
        read: &mut Reading<'_>,
    ) {
        let mut told = 0;
        pages::scan(bytes, unpacker, |found| match found {
            pages::Found::Record { offset, bytes } => {
                if records::decode(bytes, self).is_err() {
                    self.lost(file, &(offset..offset + bytes.len()), "a record makes no sense", false);
                }
                if offset >= told + PROGRESS_BYTES {
                    told = offset;
                    read.tell(offset as u64);
                }
            }
            pages::Found::Damage { at, reason } => self.lost(file, &at, reason, false),
            pages::Found::Tail { at, reason } => self.lost(file, &at, reason, newest),
        });
        read.advance(file.len);
    }

    fn lost(&mut self, file: &NumberedFile, at: &std::ops::Range<usize>, reason: &'static str, torn: bool) {
        let (offset, bytes) = (at.start as u64, at.len() as u64);
        let loss = HeadLoss { file: file.path.clone(), offset, bytes, reason };
        let report = &mut self.head.report;
        if torn { report.torn_tails.push(loss) } else { report.damage.push(loss) }
    }

    /// Reports numbers that are missing between files.
    fn gaps(&mut self, files: &[NumberedFile]) {
        for pair in files.windows(2) {
            if pair[1].number != pair[0].number + 1 {
                self.lost(&pair[1], &(0..0), "the file before this one is missing", false);
            }
        }
    }

    fn finish(mut self) -> LoadedHead {
        let orphans = self.waiting.values().map(|(chunks, late)| chunks.len() + late.len());
        self.head.report.orphaned_chunks = orphans.sum::<usize>() as u64;
        self.head.report.chunks -= self.head.report.orphaned_chunks;
        self.head.report.series = self.head.series.len() as u64;
        self.head.report.exemplars = self.head.exemplars.len() as u64;
        self.head
    }

    /// The series of a reference; counts what has none.
    #[inline]
    fn known(&mut self, series: u64) -> Option<(u32, &mut GatheredSeries)> {
        let known = self.by_ref.get(&series).copied();
        match known.and_then(|index| Some((index, self.head.series.get_mut(index as usize)?))) {
            None => {
                self.head.report.orphaned_samples += 1;
                None
            }
            found => found,
        }
    }

    #[inline]
    fn see_window(&mut self, t: i64) {
        let window = t.div_euclid(self.head.options.window_ms);
        if self.last_window != Some(window) {
            self.last_window = Some(window);
            self.head.windows.insert(window);
        }
    }

    /// Whether blocks have the sample.
    #[inline]
    fn is_in_blocks(&mut self, t: i64) -> bool {
        let in_blocks = t < self.head.options.min_valid_ms;
        self.head.report.before_min_valid += u64::from(in_blocks);
        in_blocks
    }

    fn late(&mut self, series: u64, sample: LateSample) {
        let t = sample.t();
        if let Some((_, known)) = self.known(series) {
            known.push_late(sample);
            self.head.report.log_samples += 1;
            self.see_window(t);
        }
    }
}

impl Visitor for Loader {
    fn series(&mut self, series: u64, labels: Labels) {
        if labels.is_empty() || self.by_ref.contains_key(&series) {
            return;
        }
        let list = &mut self.head.series;
        let index = *self.by_labels.entry(labels).or_insert_with_key(|labels| {
            list.push(GatheredSeries::new(labels.clone()));
            (list.len() - 1) as u32
        });
        self.by_ref.insert(series, index);
        if let Some((in_order, late)) = self.waiting.remove(&series) {
            self.head.series[index as usize].add_chunks(in_order, late);
        }
    }

    #[inline]
    fn sample(&mut self, series: u64, t: i64, value: f64) {
        if self.is_late_log {
            return self.late(series, LateSample::Float(t, value));
        }
        if self.is_in_blocks(t) {
            return;
        }
        if let Some((_, known)) = self.known(series)
            && known.is_news(t)
        {
            known.push(t, value);
            self.head.report.log_samples += 1;
            self.see_window(t);
        }
    }

    fn histogram(&mut self, series: u64, t: i64, float: bool, bytes: &[u8]) {
        let histogram = PackedHistogram { t, float, bytes: bytes.into() };
        if self.is_late_log {
            return self.late(series, LateSample::Histogram(histogram));
        }
        if self.is_in_blocks(t) {
            return;
        }
        if let Some((_, known)) = self.known(series)
            && known.is_news(t)
        {
            known.rare_mut().histograms.push(histogram);
            self.head.report.log_samples += 1;
            self.see_window(t);
        }
    }

    fn tombstone(&mut self, series: u64, first: i64, last: i64) {
        if let Some((_, known)) = self.known(series) {
            if (first, last) == (i64::MIN, i64::MAX) {
                known.delete_until_now();
            } else if first <= last {
                known.rare_mut().deleted.push((first, last));
            }
            self.head.report.tombstones += 1;
        }
    }

    fn exemplar(&mut self, series: u64, exemplar: Exemplar) {
        let max = self.head.options.max_exemplars;
        if let Some((index, _)) = self.known(series).filter(|_| max > 0) {
            let kept = &mut self.head.exemplars;
            if kept.len() >= max {
                kept.pop_front();
            }
            kept.push_back((index, exemplar));
        }
    }

    fn metadata(&mut self, series: u64, metadata: MetricMetadata) {
        if let Some((_, known)) = self.known(series) {
            known.rare_mut().metadata = Some(metadata);
        }
    }

    fn mmap_marker(&mut self, series: u64, chunk: u64) {
        let Some((min_t, max_t)) = self.late_chunks.get(&chunk).copied() else { return };
        if let Some((_, known)) = self.known(series) {
            known.settle(min_t, max_t);
        }
    }

    fn unknown(&mut self, kind: u8) {
        *self.head.report.unknown_records.entry(kind).or_default() += 1;
    }
}
