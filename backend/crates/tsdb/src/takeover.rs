//! Taking over what Prometheus had not put into a block when it ended, in order or not.
//!
//! Its head becomes blocks, one for each stretch of a block's length. So nothing is too old to be taken, what
//! was taken is on the medium as soon as a block has its name, and taking the same head over again, after a
//! crash, is harmless: overlapping blocks are one to queries, and become one at the next compaction. They are
//! marked like blocks of late samples, which say nothing about where our head begins: it goes on taking samples
//! of these times, and keeps those that it has. Exemplars and metadata have no place in blocks and go through
//! the head's log.
//!
//! Only when all of that is on the medium are Prometheus' files moved away.

use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashbrown::HashSet;
use platform::Disk;
use storage::{AppendError, Samples, Storage as _};

use crate::block::{BlockError, Blocks, Progress};
use crate::db::head_begin;
use crate::progress::Teller;
use crate::prometheus::WindowSource;
use crate::{
    AppenderSink, HeadLoss, HeadReport, HeadStage, LoadOptions, LoadedHead, OpenError, Options,
    PrometheusHead, Sink as _, Tsdb,
};

/// What was taken over from a Prometheus head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakenOver {
    /// What reading its files found.
    pub report: HeadReport,
    /// Blocks written.
    pub blocks: u64,
    /// Samples in them.
    pub samples: u64,
    /// Histograms among those.
    pub histograms: u64,
    /// Histograms that make no sense and were left out.
    pub refused: u64,
    /// Exemplars taken.
    pub exemplars: u64,
    /// Chunks and histograms that passed their checksum and could not be decoded.
    pub damage: Vec<HeadLoss>,
    /// Where its files are now; `None` when they stayed where they were.
    pub moved_to: Option<PathBuf>,
}

impl TakenOver {
    /// Whether everything that Prometheus had acknowledged is there.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.report.is_complete() && self.damage.is_empty() && self.refused == 0
    }
}

impl fmt::Display for TakenOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} samples ({} of them histograms) in {} blocks and {} exemplars: {}",
            self.samples, self.histograms, self.blocks, self.exemplars, self.report
        )?;
        for HeadLoss { file, offset, bytes, reason } in &self.damage {
            write!(f, "; LOST {bytes} bytes at offset {offset} of {}: {reason}", file.display())?;
        }
        if self.refused > 0 {
            write!(f, "; LEFT OUT {} histograms that make no sense", self.refused)?;
        }
        match &self.moved_to {
            Some(path) => write!(f, "; its files are now in {}", path.display()),
            None => Ok(()),
        }
    }
}

/// A head whose samples are in blocks already.
pub(crate) struct Takeover {
    head: PrometheusHead,
    loaded: LoadedHead,
    taken: TakenOver,
}

impl Takeover {
    /// Reads the head in `dir`, if there is one, and writes its samples as blocks.
    pub(crate) fn begin(
        disk: &Arc<dyn Disk>,
        dir: &Path,
        options: &Options,
        blocks: &Blocks,
        teller: &mut Teller<'_>,
    ) -> Result<Option<Self>, OpenError> {
        let Some(head) = PrometheusHead::open(disk, dir)? else { return Ok(None) };
        tracing::info!(dir = %dir.display(), bytes = head.bytes(), "taking over the head of a Prometheus");
        let load = LoadOptions {
            min_valid_ms: head_begin(blocks),
            window_ms: options.block_range_ms,
            max_exemplars: options.max_exemplars,
        };
        let loaded = head.load(load, &mut |now| {
            debug_assert_eq!(now.stage, HeadStage::Reading);
            teller.tell("reading the head of a Prometheus", now.done, now.total);
        })?;
        let taken = TakenOver { report: loaded.report().clone(), ..TakenOver::default() };
        let mut takeover = Self { head, loaded, taken };
        takeover.write_blocks(blocks, teller).map_err(OpenError::Takeover)?;
        Ok(Some(takeover))
    }

    fn write_blocks(&mut self, blocks: &Blocks, teller: &mut Teller<'_>) -> Result<(), BlockError> {
        let (order, windows) = (self.loaded.order(), self.loaded.windows());
        let total = windows.len() as u64 * order.len() as u64;
        for (done, window) in windows.into_iter().enumerate() {
            let done = done as u64 * order.len() as u64;
            let mut source = WindowSource::new(&self.loaded, &order, window);
            let range = (window.start_ms, window.end_ms.saturating_add(1));
            let mut pace = |progress: &Progress| {
                teller.tell("writing the head of a Prometheus as blocks", done + progress.series, total);
                ControlFlow::Continue(())
            };
            let block = blocks.write(&mut source, range, true, &mut pace)?;
            self.taken.refused += source.refused;
            for loss in source.damage {
                if !self.taken.damage.contains(&loss) {
                    self.taken.damage.push(loss);
                }
            }
            if let Some(block) = block {
                let stats = block.meta().stats;
                self.taken.blocks += 1;
                self.taken.samples += stats.num_samples;
                self.taken.histograms += stats.num_histogram_samples;
            }
        }
        Ok(())
    }

    /// Gives the rest to the store, forces it onto the medium, and then moves the files away if `set_aside`
    /// says so.
    pub(crate) fn finish(mut self, store: &Tsdb, set_aside: bool) -> Result<TakenOver, OpenError> {
        self.taken.exemplars = self.hand_over_rest(store).map_err(OpenError::TakeoverRest)?;
        if set_aside {
            self.taken.moved_to = Some(self.head.set_aside()?);
        }
        if self.taken.is_complete() {
            tracing::info!("took over {}", self.taken);
        } else {
            tracing::error!("took over {}", self.taken);
        }
        Ok(self.taken)
    }

    fn hand_over_rest(&self, store: &Tsdb) -> Result<u64, AppendError> {
        let mut appender = store.appender();
        let mut sink = AppenderSink::new(&mut *appender);
        // The store keeps metadata by metric, not by series.
        let mut told = HashSet::new();
        for (labels, metadata) in self.loaded.metadata() {
            if told.insert(labels.metric_name().to_owned()) {
                sink.series(labels, Some(metadata), &Samples::default())?;
            }
        }
        let mut taken = 0;
        for (labels, exemplar) in self.loaded.exemplars() {
            taken += u64::from(sink.exemplar(labels, exemplar)?);
        }
        sink.finish()?;
        store.sync()?;
        Ok(taken)
    }
}

impl Tsdb {
    /// Takes over what the Prometheus data directory `dir` holds besides blocks: its log, its head chunks and
    /// its late samples. Nothing in `dir` is changed. `None` when there is nothing of that.
    ///
    /// A store takes over what lies in its own directory when it is opened; this is for that of another. Call
    /// it before anything is appended, with the blocks of `dir` already in the store.
    ///
    /// # Errors
    /// When a file cannot be read at all or the disk fails. Damage within a file is reported instead.
    pub fn import_prometheus_head(&self, dir: &Path) -> Result<Option<TakenOver>, OpenError> {
        let inner = self.inner();
        let mut teller = Teller::new(&inner.options.progress, &*inner.clock);
        let begun = Takeover::begin(&inner.disk, dir, &inner.options, &inner.blocks, &mut teller)?;
        begun.map(|takeover| takeover.finish(self, false)).transpose()
    }
}
