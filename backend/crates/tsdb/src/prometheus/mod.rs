//! The head of a Prometheus data directory, taken over: its write-ahead log (`wal/`), its head chunks
//! (`chunks_head/`) and its log of samples that came late (`wbl/`). Blocks are not read here.
//!
//! [`PrometheusHead::open`] looks what is there, [`PrometheusHead::load`] reads it all once,
//! [`LoadedHead::hand_over`] gives it to a [`Sink`], and when the sink has made it durable,
//! [`PrometheusHead::set_aside`] moves the files away. Nothing of Prometheus' is ever changed or removed.
//! The formats are described in `backend/docs/format/prometheus-head.md`.
//!
//! The way of the bytes: `files` finds them, `pages` puts records together and `unpack` decompresses them,
//! `records` and `histograms` decode them, `head_chunks` reads the chunk files; `load` has `gather` sort all of
//! it into `series`, and `hand_over` merges that.

mod appender_sink;
mod chunks;
mod cursor;
#[cfg(test)]
mod encode;
mod error;
mod files;
mod gather;
mod hand_over;
mod head_chunks;
mod histograms;
mod load;
mod pages;
mod records;
mod report;
mod search;
mod series;
mod set_aside;
mod source;
#[cfg(test)]
mod tests;
mod unpack;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use platform::Disk;

pub use appender_sink::AppenderSink;
pub use error::PrometheusHeadError;
pub use hand_over::{HandedOver, Sink};
pub use load::{LoadOptions, LoadedHead};
pub use report::{HeadLoss, HeadProgress, HeadReport, HeadStage};
pub(crate) use source::WindowSource;

use files::HeadFiles;

/// The head of a Prometheus data directory, found but not read yet.
#[derive(Clone, Debug)]
pub struct PrometheusHead {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    files: HeadFiles,
}

impl PrometheusHead {
    /// Looks for the files of a Prometheus head in the data directory `dir`. `None` when there are none: no
    /// `wal`, `chunks_head` or `wbl` folder with a file of Prometheus in it. A `wal` folder whose files
    /// begin with our own mark is ours.
    ///
    /// # Errors
    /// When a folder is there and cannot be listed.
    pub fn open(disk: &Arc<dyn Disk>, dir: &Path) -> Result<Option<Self>, PrometheusHeadError> {
        let files = HeadFiles::find(&**disk, dir)?;
        let found = Self { disk: Arc::clone(disk), dir: dir.to_owned(), files };
        Ok((!found.files.is_empty()).then_some(found))
    }

    /// Bytes that [`Self::load`] will read.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.bytes()
    }

    /// The directory whose head this is.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

/// Reads bytes as a segment of Prometheus' log, and as a record of each kind; the number of things that
/// made sense. For fuzzing.
#[doc(hidden)]
#[must_use]
pub fn fuzz_prometheus_records(data: &[u8]) -> usize {
    let mut count = records::Counter::default();
    let mut found = 0;
    pages::scan(data, &mut unpack::Unpacker::default(), |event| {
        if let pages::Found::Record { bytes, .. } = event {
            found += usize::from(records::decode(bytes, &mut count).is_ok());
        }
    });
    for kind in 0..=16 {
        let record = [&[kind], data].concat();
        found += usize::from(records::decode(&record, &mut count).is_ok());
    }
    found + count.seen
}

/// Reads bytes as a file of head chunks, and as one chunk of each encoding; the number of samples. For
/// fuzzing.
#[doc(hidden)]
#[must_use]
pub fn fuzz_prometheus_head_chunks(data: &[u8]) -> usize {
    let mut samples = 0;
    let mut read = |encoding: u8, bytes: &[u8]| {
        // An error is an answer too.
        let _ = chunks::decode(encoding, bytes, &mut |_, _| samples += 1);
    };
    head_chunks::scan(data, |event| {
        if let head_chunks::Found::Chunk { chunk, .. } = event {
            read(chunk.encoding, &data[chunk.data]);
        }
    });
    (0..=4).for_each(|encoding| read(encoding, data));
    samples
}
