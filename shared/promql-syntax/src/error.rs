//! Why a query cannot be used, and where.

use std::fmt;

use thiserror::Error;

use crate::ast::Span;

/// A query that cannot be used. Displayed as Prometheus does: `1:5: parse error: unexpected …`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct ParseError {
    /// What is wrong, in Prometheus' words where it has some.
    pub message: String,
    /// Where.
    pub span: Span,
    /// Line on which `span` starts, from 1; 0 for an empty query.
    pub line: u32,
    /// Byte within that line, from 1.
    pub column: u32,
}

impl ParseError {
    pub(crate) fn new(query: &str, span: Span, message: impl Into<String>) -> Self {
        let before = &query.as_bytes()[..(span.start as usize).min(query.len())];
        let line = before.iter().filter(|b| **b == b'\n').count() as u32 + 1;
        let line_start = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let column = (before.len() - line_start) as u32 + 1;
        let line = if query.is_empty() { 0 } else { line };
        Self { message: message.into(), span, line, column }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return write!(f, "unknown position: parse error: {}", self.message);
        }
        write!(f, "{}:{}: parse error: {}", self.line, self.column, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_line_and_column() {
        let error = |query: &str, start: u32| {
            ParseError::new(query, Span { start, end: start }, "unexpected end of input").to_string()
        };
        assert_eq!(error("a +", 3), "1:4: parse error: unexpected end of input");
        assert_eq!(error("a\n+\n  ", 6), "3:3: parse error: unexpected end of input");
        assert_eq!(error("", 0), "unknown position: parse error: unexpected end of input");
    }
}
