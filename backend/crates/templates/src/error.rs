//! What can go wrong with a template.

use std::fmt::Display;

use thiserror::Error;

/// A template that cannot be read or run; the message names the place as Go's do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct TemplateError {
    message: String,
    line: Option<usize>,
}

impl TemplateError {
    /// An error of reading, with its line from 1.
    pub(crate) fn parse(source: &str, line: usize, message: impl Display) -> Self {
        Self { message: format!("template: {source}:{line}: {message}"), line: Some(line) }
    }

    /// An error of running, with its place in the message already.
    pub(crate) fn run(message: String, line: Option<usize>) -> Self {
        Self { message, line }
    }

    /// The same error with words in front.
    pub(crate) fn under(self, prefix: impl Display) -> Self {
        Self { message: format!("{prefix}: {}", self.message), ..self }
    }

    /// The line in the template's source, from 1, if one is to blame.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}
