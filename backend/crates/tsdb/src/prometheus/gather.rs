//! Sorting what the files hold into series.

use std::ops::Range;

use hashbrown::HashMap;
use model::{Exemplar, Labels, MetricMetadata};
use platform::FileBytes;

use super::files::NumberedFile;
use super::head_chunks::{self, HeadChunk};
use super::load::{LoadedHead, Reading};
use super::records::{self, Visitor};
use super::series::{ChunkPlace, GatheredSeries, LateSample, PackedHistogram};
use super::unpack::Unpacker;
use super::{HeadLoss, chunks, pages};

/// Bytes between two calls of the progress callback.
const PROGRESS_BYTES: usize = 8 << 20;

/// In-order and late chunks of a series.
type Chunks = (Vec<ChunkPlace>, Vec<ChunkPlace>);

/// The head as far as it is gathered, and what is needed to go on.
pub(super) struct Gatherer {
    pub(super) head: LoadedHead,
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

impl Gatherer {
    pub(super) fn new(head: LoadedHead) -> Self {
        Self {
            head,
            by_ref: HashMap::new(),
            by_labels: HashMap::new(),
            waiting: HashMap::new(),
            late_chunks: HashMap::new(),
            is_late_log: false,
            last_window: None,
        }
    }

    /// What comes from now on is of the log of late samples.
    pub(super) fn begin_late_log(&mut self) {
        self.is_late_log = true;
    }

    /// Takes the chunks of a file; of the `newest` file the end may be torn.
    pub(super) fn chunk_file(&mut self, file: &NumberedFile, bytes: FileBytes, newest: bool) {
        let index = self.head.chunk_files.len() as u32;
        head_chunks::scan(&bytes, |found| match found {
            head_chunks::Found::Chunk { offset, chunk } => self.chunk(file, index, offset, &chunk, &bytes),
            head_chunks::Found::Damage { at, reason } => self.lost(file, &at, reason, false),
            head_chunks::Found::Tail { at, reason } => self.lost(file, &at, reason, newest),
        });
        self.head.chunk_files.push((bytes, file.path.clone()));
    }

    /// Takes a chunk of file `index`. It is decoded here already: one that cannot be must not keep the log's
    /// samples out.
    fn chunk(&mut self, file: &NumberedFile, index: u32, offset: usize, chunk: &HeadChunk, bytes: &[u8]) {
        if !chunk.late && chunk.max_t < self.head.options.min_valid_ms {
            return;
        }
        // Files of chunks are no longer than 128 MiB; one of 4 GiB would not be Prometheus'.
        let fits = u32::try_from(chunk.data.end).is_ok();
        if !fits || !chunks::is_readable(chunk.encoding) {
            self.head.report.unknown_chunks += 1;
            return;
        }
        let (mut min_t, mut max_t) = (i64::MAX, i64::MIN);
        let decoded = chunks::decode(chunk.encoding, &bytes[chunk.data.clone()], &mut |t, _| {
            min_t = min_t.min(t);
            max_t = max_t.max(t);
            self.see_window(t);
        });
        if let Err(reason) = decoded {
            return self.lost(file, &chunk.data, reason, false);
        }
        if min_t > max_t {
            return;
        }
        let place = ChunkPlace {
            min_t,
            max_t,
            file: index,
            start: chunk.data.start as u32,
            len: chunk.data.len() as u32,
            encoding: chunk.encoding,
        };
        self.head.report.chunks += 1;
        let waiting = self.waiting.entry(chunk.series).or_default();
        if chunk.late {
            self.late_chunks.insert(file.number << 32 | offset as u64, (min_t, max_t));
            waiting.1.push(place);
        } else {
            waiting.0.push(place);
        }
    }

    /// Takes the records of a segment; of the `newest` one the end may be torn.
    pub(super) fn log_file(
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

    fn lost(&mut self, file: &NumberedFile, at: &Range<usize>, reason: &'static str, torn: bool) {
        let (offset, bytes) = (at.start as u64, at.len() as u64);
        let loss = HeadLoss { file: file.path.clone(), offset, bytes, reason };
        let report = &mut self.head.report;
        if torn { report.torn_tails.push(loss) } else { report.damage.push(loss) }
    }

    /// Reports numbers that are missing between files, or behind `before`.
    pub(super) fn gaps(&mut self, mut before: Option<u64>, files: &[NumberedFile]) {
        for file in files {
            if before.is_some_and(|before| Some(file.number) != before.checked_add(1)) {
                self.lost(file, &(0..0), "the file before this one is missing", false);
            }
            before = Some(file.number);
        }
    }

    pub(super) fn finish(mut self) -> LoadedHead {
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

impl Visitor for Gatherer {
    fn series(&mut self, series: u64, labels: Labels) {
        let known = self.by_ref.get(&series).and_then(|index| self.head.series.get(*index as usize));
        // After a restart Prometheus may give a reference of a forgotten series to another one.
        if labels.is_empty() || known.is_some_and(|known| known.labels == labels) {
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
