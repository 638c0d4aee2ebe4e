//! What can go wrong between app and server.

use api::ErrorBody;
use api::dashboards::VersionInfo;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ApiError {
    /// The server did not answer at all.
    Unreachable,
    /// The server refused.
    Refused {
        /// HTTP status.
        status: u16,
        /// Its words.
        body: ErrorBody,
    },
    /// Somebody else saved in between.
    Conflict {
        /// The version that is there now.
        current: VersionInfo,
    },
    /// The answer could not be read.
    Unreadable(String),
}

impl ApiError {
    /// The message for people.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Unreachable => {
                "The server does not answer. Is it running, and is the network up?".to_owned()
            }
            Self::Refused { body, .. } => body.error.clone(),
            Self::Conflict { current } => {
                format!("{} saved version {} in between.", current.author, current.version)
            }
            Self::Unreadable(why) => format!("The server's answer could not be read: {why}"),
        }
    }

    /// The bytes of the query that are to blame.
    pub(crate) fn span(&self) -> Option<(usize, usize)> {
        match self {
            Self::Refused { body, .. } => body.span.map(|(a, b)| (a as usize, b as usize)),
            _ => None,
        }
    }

    /// Whether what was asked for is not there.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }
}
