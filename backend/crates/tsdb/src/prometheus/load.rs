//! Reading a whole head: chunks first, then the log, then the log of late samples.
//!
//! Prometheus keeps in its log every sample that it would miss after a restart, also when a chunk has it
//! already: a checkpoint drops only what is older than the head. So the chunks are what is read fast, and
//! the log has what they lack: the open chunks of memory, and whatever of the chunk files was lost.

use std::collections::VecDeque;
use std::path::PathBuf;

use hashbrown::HashSet;
use model::Exemplar;
use platform::FileBytes;

use super::files::NumberedFile;
use super::gather::Gatherer;
use super::series::GatheredSeries;
use super::unpack::Unpacker;
use super::{HeadProgress, HeadReport, HeadStage, PrometheusHead, PrometheusHeadError};

/// How a head is read.
#[derive(Clone, Copy, Debug)]
pub struct LoadOptions {
    /// Samples before this, in milliseconds, are in blocks and left out: the greatest `maxTime` of the blocks
    /// in the directory, less those with the hint `from-out-of-order`; `i64::MIN` without blocks. Samples
    /// that came late are taken whatever their time.
    pub min_valid_ms: i64,
    /// Samples are handed over in windows of this length, in milliseconds, oldest window first. Windows begin
    /// at multiples of it. For blocks, their length; for an appender, no longer than a sample may lie behind
    /// the newest one of its store.
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
    pub(super) chunk_files: Vec<(FileBytes, PathBuf)>,
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
        let mut gather = Gatherer::new(head);
        let mut read = Reading { head: self, done: 0, progress };
        for file in &self.files.chunks {
            let bytes = read.open(file, &mut gather.head.report)?;
            gather.chunk_file(file, bytes, self.files.chunks.last() == Some(file));
            read.advance(file.len);
        }
        gather.gaps(self.files.checkpoint.as_ref().map(|(number, _)| *number), &self.files.segments);
        let mut unpacker = Unpacker::default();
        for file in self.files.log() {
            let bytes = read.open(file, &mut gather.head.report)?;
            gather.log_file(file, &bytes, self.files.segments.last() == Some(file), &mut unpacker, &mut read);
        }
        gather.begin_late_log();
        gather.gaps(None, &self.files.late);
        for file in &self.files.late {
            let bytes = read.open(file, &mut gather.head.report)?;
            gather.log_file(file, &bytes, self.files.late.last() == Some(file), &mut unpacker, &mut read);
        }
        Ok(gather.finish())
    }
}

/// Opens files and tells how far the work is.
pub(super) struct Reading<'a> {
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

    pub(super) fn tell(&mut self, within: u64) {
        let (done, total) = (self.done + within, self.head.bytes());
        (self.progress)(HeadProgress { stage: HeadStage::Reading, done, total });
    }

    pub(super) fn advance(&mut self, bytes: u64) {
        self.done += bytes;
        self.tell(0);
    }
}
