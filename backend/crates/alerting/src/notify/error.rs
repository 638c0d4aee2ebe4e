//! What comes of an attempt.

use std::time::Duration;

use thiserror::Error;

use super::text;

/// Most characters of a reason.
const MOST_REASON: usize = 500;

/// What a receiver said when it took a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Status code of HTTP or of SMTP; 0 when nothing had to be sent.
    pub status: u16,
    /// What a mail server said with it.
    pub text: String,
}

/// Why a receiver was not told.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct NotifyError {
    /// Whether trying again may help.
    pub retriable: bool,
    /// How long the receiver asks to wait before that.
    pub retry_after: Option<Duration>,
    /// What is wrong, without any secret.
    pub reason: String,
}

impl NotifyError {
    /// An error that trying again does not mend.
    #[must_use]
    pub fn lasting(reason: impl Into<String>) -> Self {
        Self { retriable: false, retry_after: None, reason: bounded(reason.into()) }
    }

    /// An error that may pass.
    #[must_use]
    pub fn passing(reason: impl Into<String>) -> Self {
        Self { retriable: true, retry_after: None, reason: bounded(reason.into()) }
    }

    /// The same error with words in front.
    pub(super) fn under(self, what: &str) -> Self {
        Self { reason: bounded(format!("{what}: {}", self.reason)), ..self }
    }
}

fn bounded(reason: String) -> String {
    text::truncate_chars(reason, MOST_REASON)
}
