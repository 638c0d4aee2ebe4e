//! Why the store said no.

use dashboard::Problem;
use thiserror::Error;

use crate::Version;

/// A refused or failed operation. Everything before it is as it was.
#[derive(Debug, Error)]
pub enum MetastoreError {
    /// The file cannot be used.
    #[error("failed to open the database {path}: {reason}")]
    Open {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// No dashboard has this uid.
    #[error("no dashboard has the uid {0:?}")]
    NotFound(String),
    /// The dashboard has no such version.
    #[error("dashboard {uid:?} has no version {version}")]
    NoSuchVersion {
        /// The dashboard.
        uid: String,
        /// The version asked for.
        version: u32,
    },
    /// Somebody else saved since the version that was edited.
    #[error(
        "dashboard {uid:?} was changed in the meantime: version {} by {} is newer than the one that was edited ({base}); \
         compare and save again on top of it",
        .current.version, .current.author
    )]
    Conflict {
        /// The dashboard.
        uid: String,
        /// The version that was edited.
        base: u32,
        /// The version that is there now.
        current: Version,
    },
    /// The uid of a new dashboard is taken.
    #[error("a dashboard with the uid {0:?} is already there; leave the uid empty to get a new one")]
    Exists(String),
    /// The dashboard comes from a file.
    #[error("dashboard {0:?} comes from a file and cannot be changed here; save it as a new one")]
    Provisioned(String),
    /// The document has mistakes.
    #[error("the dashboard is not valid: {}", list(.0))]
    Invalid(Vec<Problem>),
    /// The document is too large.
    #[error("the dashboard has {bytes} bytes, more than the limit of {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Author or message are too long.
    #[error("the {field} has {bytes} bytes, more than the limit of {limit}")]
    TextTooLong {
        /// `author` or `message`.
        field: &'static str,
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A stored document cannot be read.
    #[error("version {version} of dashboard {uid:?} cannot be read: {reason}")]
    Unreadable {
        /// The dashboard.
        uid: String,
        /// The version.
        version: u32,
        /// Why.
        reason: String,
    },
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(String),
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl From<sqlx::Error> for MetastoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.to_string())
    }
}
