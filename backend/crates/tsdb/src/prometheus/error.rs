//! Why a Prometheus head could not be read or moved.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a Prometheus head could not be read or moved. Damage in its files is no error; it is reported.
#[derive(Debug, Error)]
#[error("cannot {call} {}", path.display())]
pub struct PrometheusHeadError {
    /// What was tried.
    pub call: &'static str,
    /// On what.
    pub path: PathBuf,
    /// What the operating system says.
    pub source: io::Error,
}

impl PrometheusHeadError {
    pub(super) fn new(call: &'static str, path: &Path, source: io::Error) -> Self {
        Self { call, path: path.to_owned(), source }
    }
}
