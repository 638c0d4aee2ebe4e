//! Handing a loaded head over: window after window of time, in each all series, of each the samples in
//! order of time.
//!
//! Windows, because a store takes samples that are not much older than its newest one, and because a sink
//! that writes blocks wants one block's samples at a time.

use std::path::PathBuf;
use std::sync::Arc;

use model::{Exemplar, Labels, MetricMetadata, TimeRange, Value};
use platform::FileBytes;
use storage::{AppendError, Samples};

use super::cursor::Cursor;
use super::series::{ChunkPlace, GatheredSeries, LateSample, PackedHistogram};
use super::{HeadLoss, HeadProgress, HeadStage, LoadedHead, chunks, histograms};

/// Series between two calls of the progress callback.
const PROGRESS_SERIES: usize = 10_000;

/// Takes what a head held.
pub trait Sink {
    /// Takes the samples of a series within a window, oldest first; the number of samples refused. `samples`
    /// is never empty. A sample that is there already is neither an error nor refused.
    ///
    /// # Errors
    /// [`AppendError::Refused`] ends the import; a sample that cannot be taken is counted instead.
    fn series(
        &mut self,
        labels: &Labels,
        metadata: Option<&MetricMetadata>,
        samples: &Samples,
    ) -> Result<u64, AppendError>;

    /// Hears that all series have been handed over for a window.
    ///
    /// # Errors
    /// [`AppendError::Refused`] ends the import.
    fn window_done(&mut self, window: TimeRange) -> Result<(), AppendError>;

    /// Takes an exemplar. They come after all samples, in the order in which Prometheus got them; whether
    /// it was taken.
    ///
    /// # Errors
    /// [`AppendError::Refused`] ends the import.
    fn exemplar(&mut self, labels: &Labels, exemplar: &Exemplar) -> Result<bool, AppendError>;

    /// Hears that this was all.
    ///
    /// # Errors
    /// [`AppendError::Refused`].
    fn finish(&mut self) -> Result<(), AppendError>;
}

/// What was handed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HandedOver {
    /// Windows with samples.
    pub windows: u64,
    /// Samples handed over, histograms included.
    pub samples: u64,
    /// Histograms among them.
    pub histograms: u64,
    /// Samples that the sink did not take.
    pub refused: u64,
    /// Exemplars taken.
    pub exemplars: u64,
    /// Chunks and histograms that passed their checksum and could not be decoded.
    pub damage: Vec<HeadLoss>,
}

impl LoadedHead {
    /// Hands everything over to `sink`. Doing it twice is harmless: the samples are the same.
    ///
    /// # Errors
    /// What the sink ends the import with.
    pub fn hand_over(
        &self,
        sink: &mut dyn Sink,
        progress: &mut dyn FnMut(HeadProgress),
    ) -> Result<HandedOver, AppendError> {
        let mut out = HandedOver::default();
        let windows = self.windows();
        let total = windows.len() as u64 * self.series.len() as u64;
        let mut done = 0;
        let mut merge = Merge::default();
        for window in windows {
            for (index, series) in self.series.iter().enumerate() {
                if index.is_multiple_of(PROGRESS_SERIES) {
                    let done = done + index as u64;
                    progress(HeadProgress { stage: HeadStage::HandingOver, done, total });
                }
                merge.fill(self, series, window, &mut out.damage);
                if merge.samples.is_empty() {
                    continue;
                }
                out.samples += merge.samples.len() as u64;
                out.histograms += merge.samples.histograms.len() as u64;
                let metadata = series.rare().and_then(|rare| rare.metadata.as_ref());
                out.refused += sink.series(&series.labels, metadata, &merge.samples)?;
            }
            sink.window_done(window)?;
            out.windows += 1;
            done += self.series.len() as u64;
        }
        for (series, exemplar) in &self.exemplars {
            if let Some(series) = self.series.get(*series as usize) {
                out.exemplars += u64::from(sink.exemplar(&series.labels, exemplar)?);
            }
        }
        sink.finish()?;
        progress(HeadProgress { stage: HeadStage::HandingOver, done: total, total });
        Ok(out)
    }
}

/// Brings the parts of a series together; keeps its buffers.
#[derive(Default)]
pub(super) struct Merge {
    parts: Vec<(i64, Value)>,
    pub(super) samples: Samples,
}

impl Merge {
    /// Replaces `samples` by those that the series has in the window.
    pub(super) fn fill(
        &mut self,
        head: &LoadedHead,
        series: &GatheredSeries,
        window: TimeRange,
        damage: &mut Vec<HeadLoss>,
    ) {
        self.parts.clear();
        self.samples.clear();
        let overlaps = |min_t: i64, max_t: i64| min_t <= window.end_ms && max_t >= window.start_ms;
        let in_order = TimeRange::new(window.start_ms.max(head.options.min_valid_ms), window.end_ms);
        for chunk in series.chunks.iter().filter(|chunk| overlaps(chunk.min_t, chunk.max_t)) {
            self.chunk(&head.chunk_files, chunk, in_order, damage);
        }
        for run in series.runs.iter().filter(|run| overlaps(run.min_t, run.max_t)) {
            let bytes = run.chunk.to_bytes();
            // Our own chunk of a moment ago.
            let _ = chunk::decode_xor(&bytes, |t, value| {
                self.push(t, Value::Float(value), in_order);
                t < in_order.end_ms
            });
        }
        if let Some(rare) = series.rare() {
            rare.histograms.iter().for_each(|histogram| self.histogram(histogram, in_order));
            // Behind those that came in order: of two at the same time the first one stays.
            for chunk in rare.late_chunks.iter().filter(|chunk| overlaps(chunk.min_t, chunk.max_t)) {
                self.chunk(&head.chunk_files, chunk, window, damage);
            }
            for sample in &rare.late {
                match sample {
                    LateSample::Float(t, value) => self.push(*t, Value::Float(*value), window),
                    LateSample::Histogram(histogram) => self.histogram(histogram, window),
                }
            }
        }
        if !self.parts.is_sorted_by_key(|(t, _)| *t) {
            self.parts.sort_by_key(|(t, _)| *t); // stable
        }
        let deleted = series.rare().map_or(&[][..], |rare| &rare.deleted);
        let mut last = None;
        for (t, value) in self.parts.drain(..) {
            let gone = deleted.iter().any(|(first, last)| (*first..=*last).contains(&t));
            if last.replace(t) == Some(t) || gone {
                continue;
            }
            match value {
                Value::Float(value) => self.samples.push(t, value),
                Value::Histogram(histogram) => self.samples.push_histogram(t, histogram),
            }
        }
    }

    #[inline]
    fn push(&mut self, t: i64, value: Value, range: TimeRange) {
        if t >= range.start_ms && t <= range.end_ms {
            self.parts.push((t, value));
        }
    }

    fn histogram(&mut self, packed: &PackedHistogram, range: TimeRange) {
        // It was decoded once when it was read.
        if let Ok(histogram) = histograms::decode(&mut Cursor::new(&packed.bytes), packed.float) {
            self.push(packed.t, Value::Histogram(Arc::new(histogram)), range);
        }
    }

    fn chunk(
        &mut self,
        files: &[(FileBytes, PathBuf)],
        place: &ChunkPlace,
        range: TimeRange,
        damage: &mut Vec<HeadLoss>,
    ) {
        let Some((file, path)) = files.get(place.file as usize) else { return };
        let start = place.start as usize;
        let Some(bytes) = file.get(start..start + place.len as usize) else { return };
        let decoded = chunks::decode(place.encoding, bytes, &mut |t, value| self.push(t, value, range));
        if let Err(reason) = decoded {
            let loss = HeadLoss {
                file: path.clone(),
                offset: u64::from(place.start),
                bytes: u64::from(place.len),
                reason,
            };
            if !damage.contains(&loss) {
                damage.push(loss);
            }
        }
    }
}
