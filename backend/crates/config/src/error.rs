//! What is wrong with a configuration, and where.

use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::document::Place;

/// Something wrong at a place of a file whose name is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong and what is expected instead.
    pub message: String,
}

impl Problem {
    /// A problem at `place`.
    pub fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into() }
    }

    /// The same problem, told of a file.
    #[must_use]
    pub fn in_file(self, file: &Path) -> ConfigError {
        ConfigError { file: file.to_owned(), place: Some(self.place), message: self.message }
    }
}

/// Why a file of the configuration is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct ConfigError {
    /// File.
    pub file: PathBuf,
    /// Line and column, unless the file could not be read at all.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(place) = self.place {
            write!(f, "{place}:")?;
        }
        write!(f, " {}", self.message)
    }
}
