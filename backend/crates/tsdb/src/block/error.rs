//! Why a block could not be read or written.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a block could not be read or written.
#[derive(Debug, Error)]
pub enum BlockError {
    /// The disk failed.
    #[error("cannot {call} {}: {source}", path.display())]
    Io {
        /// What was tried.
        call: &'static str,
        /// On what.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The bytes of a file contradict the format or a checksum.
    #[error("{}: at byte {offset}: {reason}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Where in the file.
        offset: u64,
        /// What is wrong there.
        reason: Cow<'static, str>,
    },
    /// A chunk is encoded in a way that this version does not know. The rest of the block can be read.
    #[error("{}: at byte {offset}: unknown chunk encoding {encoding}", path.display())]
    UnknownEncoding {
        /// The file.
        path: PathBuf,
        /// Where the chunk begins.
        offset: u64,
        /// The number of the encoding.
        encoding: u8,
    },
    /// What was to be written does not make a block.
    #[error("cannot write block: {0}")]
    Unwritable(String),
    /// Somebody wanted the work to end.
    #[error("cancelled")]
    Cancelled,
}

impl BlockError {
    pub(crate) fn io(call: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { call, path: path.to_owned(), source }
    }

    pub(crate) fn corrupt(path: &Path, offset: u64, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Corrupt { path: path.to_owned(), offset, reason: reason.into() }
    }

    /// Whether the files of the block are to blame, not the disk or the caller: a file is damaged, missing
    /// or in an unknown format.
    #[must_use]
    pub fn is_corruption(&self) -> bool {
        match self {
            Self::Corrupt { .. } | Self::UnknownEncoding { .. } => true,
            Self::Io { source, .. } => source.kind() == io::ErrorKind::NotFound,
            Self::Unwritable(_) | Self::Cancelled => false,
        }
    }
}

/// A [`BlockError::Corrupt`] that does not know its file yet.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) offset: usize,
    pub(crate) reason: Cow<'static, str>,
}

impl Fault {
    pub(crate) fn new(offset: usize, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { offset, reason: reason.into() }
    }

    pub(crate) fn within(self, path: &Path) -> BlockError {
        BlockError::corrupt(path, self.offset as u64, self.reason)
    }
}
