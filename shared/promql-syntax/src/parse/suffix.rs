//! The modifiers behind an operand: `[5m]`, `[5m:1m]`, `offset`, `@`, `anchored`, `smoothed`.

use super::cursor::Cursor;
use super::duration::Durations;
use super::modifiers::plain_number;
use crate::ast::{At, BinaryOp, DurationArg, RangeEdges, Span};
use crate::error::ParseError;
use crate::options::Features;
use crate::token::{Keyword, TokenKind};

/// A modifier behind an operand.
pub(super) struct Suffix {
    pub(super) kind: SuffixKind,
    pub(super) span: Span,
}

pub(super) enum SuffixKind {
    Range(DurationArg),
    Subquery(DurationArg, Option<DurationArg>),
    Offset(DurationArg),
    At(At),
    /// A time that no timestamp can hold.
    AtOutOfBounds(f64),
    Edges(RangeEdges),
}

/// Reads modifiers with what is switched on.
pub(super) struct Suffixes<'c, 'q> {
    pub(super) cursor: &'c mut Cursor<'q>,
    pub(super) features: Features,
}

impl<'q> Suffixes<'_, 'q> {
    /// Reads all modifiers behind an operand.
    pub(super) fn all(&mut self) -> Result<Vec<Suffix>, ParseError> {
        let mut suffixes = Vec::new();
        loop {
            let start = self.cursor.span();
            let kind = match self.cursor.peek() {
                Some(TokenKind::LeftBracket) => self.brackets()?,
                Some(TokenKind::At) => self.at()?,
                Some(TokenKind::Keyword(Keyword::Offset)) => {
                    self.cursor.bump();
                    SuffixKind::Offset(self.durations().offset()?)
                }
                Some(TokenKind::Keyword(Keyword::Anchored)) => {
                    self.cursor.bump();
                    SuffixKind::Edges(RangeEdges::Anchored)
                }
                Some(TokenKind::Keyword(Keyword::Smoothed)) => {
                    self.cursor.bump();
                    SuffixKind::Edges(RangeEdges::Smoothed)
                }
                _ => return Ok(suffixes),
            };
            let span = Span { start: start.start, end: self.cursor.last_end() };
            suffixes.push(Suffix { kind, span });
        }
    }

    fn durations(&mut self) -> Durations<'_, 'q> {
        Durations::new(self.cursor, self.features.duration_expr)
    }

    /// Reads `[5m]`, `[5m:]` or `[5m:1m]`.
    fn brackets(&mut self) -> Result<SuffixKind, ParseError> {
        self.cursor.bump();
        let range = self.durations().positive()?;
        if self.cursor.eat(TokenKind::RightBracket).is_some() {
            return Ok(SuffixKind::Range(range));
        }
        self.cursor.expect(TokenKind::Colon, "subquery or range", "\":\" or \"]\"")?;
        if self.cursor.eat(TokenKind::RightBracket).is_some() {
            return Ok(SuffixKind::Subquery(range, None));
        }
        let step = self.durations().positive()?;
        self.cursor.expect(TokenKind::RightBracket, "subquery selector", "\"]\"")?;
        Ok(SuffixKind::Subquery(range, Some(step)))
    }

    /// Reads `@ 1600000000`, `@ -1.5`, `@ start()`, `@ end()`.
    fn at(&mut self) -> Result<SuffixKind, ParseError> {
        const CONTEXT: &str = "@";
        const WANTED: &str = "timestamp";
        self.cursor.bump();
        if let Some(TokenKind::Keyword(keyword @ (Keyword::Start | Keyword::End))) = self.cursor.peek() {
            self.cursor.bump();
            self.cursor.expect(TokenKind::LeftParen, CONTEXT, WANTED)?;
            self.cursor.expect(TokenKind::RightParen, CONTEXT, WANTED)?;
            return Ok(SuffixKind::At(if keyword == Keyword::Start { At::Start } else { At::End }));
        }
        let negative = match self.cursor.peek() {
            Some(TokenKind::Operator(op @ (BinaryOp::Add | BinaryOp::Sub))) => {
                self.cursor.bump();
                op == BinaryOp::Sub
            }
            _ => false,
        };
        let seconds = plain_number(self.cursor)?.ok_or_else(|| self.cursor.unexpected(CONTEXT, WANTED))?;
        let seconds = if negative { -seconds } else { seconds };
        if seconds.is_nan() || seconds.abs() >= i64::MAX as f64 {
            return Ok(SuffixKind::AtOutOfBounds(seconds));
        }
        Ok(SuffixKind::At(At::Timestamp((seconds * 1000.0).round() as i64)))
    }
}
