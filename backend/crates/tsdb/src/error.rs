//! Why a store could not be opened.

use std::io;
use std::path::{Path, PathBuf};

use storage::AppendError;
use thiserror::Error;

use crate::PrometheusHeadError;
use crate::block::BlockError;

/// Why a store could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process has the directory, be it Watchfire or Prometheus.
    #[error(
        "{} is in use by another process, a Watchfire or a Prometheus: one data directory serves one process",
        path.display()
    )]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// The disk failed.
    #[error("cannot {call} {}", path.display())]
    Io {
        /// What was tried.
        call: &'static str,
        /// On what.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The blocks could not be listed or cleaned up.
    #[error("cannot open the blocks")]
    Blocks(#[source] BlockError),
    /// The head that a Prometheus left could not be read or moved away.
    #[error("cannot take over the head of a Prometheus")]
    PrometheusHead(#[from] PrometheusHeadError),
    /// The samples of a Prometheus' head could not be written as blocks.
    #[error("cannot write the head of a Prometheus as blocks")]
    Takeover(#[source] BlockError),
    /// Exemplars and metadata of a Prometheus' head could not be logged.
    #[error("cannot take over exemplars and metadata of a Prometheus")]
    TakeoverRest(#[source] AppendError),
    /// Another version of Watchfire wrote the log.
    #[error("{} was written by another version (format {version}); open it with that version", path.display())]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// What the file says.
        version: u8,
    },
}

impl OpenError {
    pub(crate) fn io(call: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { call, path: path.to_owned(), source }
    }
}
