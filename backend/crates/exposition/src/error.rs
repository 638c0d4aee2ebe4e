//! What is wrong with a body, and where.

use std::fmt;

use thiserror::Error;

/// A place in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// In a text format: line and column, both counted from 1; the column counts characters.
    Text {
        /// Line.
        line: usize,
        /// Column.
        column: usize,
    },
    /// In a protobuf body: bytes from its start.
    Byte(usize),
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { line, column } => write!(f, "line {line}, column {column}"),
            Self::Byte(offset) => write!(f, "byte {offset}"),
        }
    }
}

/// Why a body is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{position}: {message}")]
pub struct ParseError {
    /// Where.
    pub position: Position,
    /// What is wrong.
    pub message: String,
}

impl ParseError {
    /// An error at `offset` bytes into a text body.
    #[cold]
    pub(crate) fn in_text(body: &[u8], offset: usize, message: impl Into<String>) -> Self {
        let before = &body[..offset.min(body.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let is_char_start = |b: &&u8| (**b & 0xC0) != 0x80;
        Self {
            position: Position::Text {
                line: 1 + memchr::memchr_iter(b'\n', before).count(),
                column: 1 + before[line_start..].iter().filter(is_char_start).count(),
            },
            message: message.into(),
        }
    }

    /// An error at `offset` bytes into a protobuf body.
    #[cold]
    pub(crate) fn in_bytes(offset: usize, message: impl Into<String>) -> Self {
        Self { position: Position::Byte(offset), message: message.into() }
    }
}

/// A piece of the body as it is shown in an error: lossy, quoted, cut after 40 characters.
pub(crate) fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 40;
    let head = &bytes[..bytes.len().min(4 * MOST)];
    let text = String::from_utf8_lossy(head);
    let cut: String = text.chars().take(MOST).collect();
    if cut.len() < text.len() || head.len() < bytes.len() {
        format!("{cut:?}…")
    } else {
        format!("{cut:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_counts_characters() {
        let body = "a 1\né{x=\"☃\"} z\n".as_bytes();
        let at = body.iter().position(|b| *b == b'z').unwrap();
        let error = ParseError::in_text(body, at, "no");
        assert_eq!(error.to_string(), "line 2, column 10: no");
    }

    #[test]
    fn long_pieces_are_cut() {
        assert_eq!(shown(b"abc"), "\"abc\"");
        assert_eq!(shown(&[b'x'; 1000]).chars().count(), 43);
    }
}
