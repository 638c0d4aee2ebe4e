//! Durations in brackets and behind `offset`, and arithmetic on them.

use std::sync::Arc;

use model::DurationError;

use super::cursor::Cursor;
use crate::ast::{BinaryOp, DurationArg, DurationExpr, DurationOp, Span};
use crate::durations::MAX_SECONDS;
use crate::error::ParseError;
use crate::literal;
use crate::token::{Keyword, TokenKind};

const IN_BRACKETS: &str = "subquery or range selector";
const NOT_ENABLED: &str = "experimental duration expression is not enabled";
const WANTED: &str = "number, duration, step(), or range()";

/// Reads durations with arithmetic allowed or not.
pub(super) struct Durations<'c, 'q> {
    pub(super) cursor: &'c mut Cursor<'q>,
    pub(super) enabled: bool,
    /// What is being read, for messages.
    context: &'static str,
}

impl<'c, 'q> Durations<'c, 'q> {
    pub(super) fn new(cursor: &'c mut Cursor<'q>, enabled: bool) -> Self {
        Self { cursor, enabled, context: IN_BRACKETS }
    }

    /// Reads the range or step within brackets. A literal has to be positive.
    pub(super) fn positive(&mut self) -> Result<DurationArg, ParseError> {
        self.context = IN_BRACKETS;
        let start = self.cursor.span();
        let expr = self.expression(0)?;
        let span = Span { start: start.start, end: self.cursor.last_end() };
        let arg = self.finish(expr);
        if seconds_of(&arg).is_some_and(|seconds| seconds <= 0.0) {
            return Err(self.cursor.error(span, "duration must be greater than 0"));
        }
        Ok(arg.0)
    }

    /// Reads what follows `offset`. Outside parentheses that is a single term: `x offset 1m + y` adds y.
    /// Behind a parenthesised term and behind two signs arithmetic does go on, as in Prometheus' grammar.
    pub(super) fn offset(&mut self) -> Result<DurationArg, ParseError> {
        self.context = "offset";
        let expr = match (self.sign(), self.cursor.peek_second()) {
            (Some(_), Some(TokenKind::Operator(BinaryOp::Add | BinaryOp::Sub))) => self.expression(0)?,
            (Some(sign), _) => {
                let span = self.cursor.bump();
                let term = self.term()?;
                self.signed(sign, span, term)?
            }
            (None, _) if self.cursor.peek() == Some(TokenKind::LeftParen) => self.expression(0)?,
            (None, _) => self.term()?,
        };
        Ok(self.finish(expr).0)
    }

    fn finish(&self, expr: DurationExpr) -> (DurationArg, Option<f64>) {
        match &expr {
            DurationExpr::Number(seconds) => {
                // Nanoseconds are rounded, then whole milliseconds taken.
                let ms = ((seconds * 1e9).round() / 1e6).trunc() as i64;
                (DurationArg::Literal(ms), Some(*seconds))
            }
            DurationExpr::Duration(ms) => (DurationArg::Literal(*ms), Some(*ms as f64)),
            _ => (DurationArg::Expr(Arc::new(expr)), None),
        }
    }

    /// Reads an expression whose operators all bind at least as tightly as `min`.
    fn expression(&mut self, min: u8) -> Result<DurationExpr, ParseError> {
        self.cursor.enter()?;
        let start = self.cursor.span();
        let mut left = match self.sign() {
            Some(sign) => {
                let span = self.cursor.bump();
                let operand = self.expression(BINDS_LIKE_PRODUCT + 1)?;
                self.signed(sign, span, operand)?
            }
            None => self.term()?,
        };
        let mut height = 0;
        while let Some((op, binding, right_min)) = self.operator()
            && binding >= min
        {
            height += 1;
            let op_span = self.cursor.bump();
            if !self.enabled {
                let span = Span { start: start.start, end: op_span.start };
                return Err(self.cursor.error(span, NOT_ENABLED));
            }
            let right = self.expression(right_min)?;
            let zero = matches!(&right, DurationExpr::Number(n) if *n == 0.0)
                || matches!(right, DurationExpr::Duration(0));
            match op {
                DurationOp::Div if zero => return Err(self.cursor.error(op_span, "division by zero")),
                DurationOp::Mod if zero => return Err(self.cursor.error(op_span, "modulo by zero")),
                _ => {}
            }
            left = DurationExpr::Binary(op, Box::new(left), Box::new(right));
            self.cursor.enter()?; // a row of operators makes a deep tree too
        }
        for _ in 0..=height {
            self.cursor.leave();
        }
        Ok(left)
    }

    /// Reads a literal, `step()`, `range()`, `min_of(…)`, `max_of(…)` or a parenthesised expression.
    fn term(&mut self) -> Result<DurationExpr, ParseError> {
        let span = self.cursor.span();
        match self.cursor.peek() {
            Some(TokenKind::Number) => {
                self.cursor.bump();
                let value = number(self.cursor, span)?;
                self.in_range(span, value)?;
                Ok(DurationExpr::Number(value))
            }
            Some(TokenKind::Duration) => {
                self.cursor.bump();
                Ok(DurationExpr::Duration(duration(self.cursor, span)?))
            }
            Some(TokenKind::Keyword(
                keyword @ (Keyword::Step | Keyword::Range | Keyword::MinOf | Keyword::MaxOf),
            )) => {
                self.cursor.bump();
                let expr = self.function(keyword)?;
                if !self.enabled {
                    return Err(self.cursor.error(span, NOT_ENABLED));
                }
                Ok(expr)
            }
            Some(TokenKind::LeftParen) => {
                self.cursor.bump();
                let inner = self.cursor.span();
                let expr = self.expression(0)?;
                if !self.enabled {
                    return Err(self.cursor.error(inner, NOT_ENABLED));
                }
                self.close()?;
                Ok(expr)
            }
            _ => Err(self.unexpected()),
        }
    }

    fn function(&mut self, keyword: Keyword) -> Result<DurationExpr, ParseError> {
        self.cursor.expect(TokenKind::LeftParen, self.context, "\"(\"")?;
        let op = match keyword {
            Keyword::Step | Keyword::Range => {
                self.close()?;
                return Ok(if keyword == Keyword::Step { DurationExpr::Step } else { DurationExpr::Range });
            }
            Keyword::MinOf => DurationOp::Min,
            _ => DurationOp::Max,
        };
        let a = self.expression(0)?;
        self.cursor.expect(TokenKind::Comma, self.context, "\",\"")?;
        let b = self.expression(0)?;
        self.close()?;
        Ok(DurationExpr::Binary(op, Box::new(a), Box::new(b)))
    }

    fn close(&mut self) -> Result<(), ParseError> {
        self.cursor.expect(TokenKind::RightParen, self.context, "\")\"").map(|_| ())
    }

    fn sign(&self) -> Option<BinaryOp> {
        match self.cursor.peek() {
            Some(TokenKind::Operator(op @ (BinaryOp::Add | BinaryOp::Sub))) => Some(op),
            _ => None,
        }
    }

    fn signed(&self, sign: BinaryOp, span: Span, operand: DurationExpr) -> Result<DurationExpr, ParseError> {
        Ok(match (sign, operand) {
            (BinaryOp::Sub, DurationExpr::Number(n)) => {
                self.in_range(span, -n)?;
                DurationExpr::Number(-n)
            }
            (BinaryOp::Sub, DurationExpr::Duration(ms)) => DurationExpr::Duration(-ms),
            (BinaryOp::Sub, other) => DurationExpr::Negate(Box::new(other)),
            (_, operand) => operand,
        })
    }

    /// The operator that is next: how tightly it binds, and how tightly its right side has to.
    fn operator(&self) -> Option<(DurationOp, u8, u8)> {
        let Some(TokenKind::Operator(op)) = self.cursor.peek() else { return None };
        Some(match op {
            BinaryOp::Add => (DurationOp::Add, BINDS_LIKE_SUM, BINDS_LIKE_SUM + 1),
            BinaryOp::Sub => (DurationOp::Sub, BINDS_LIKE_SUM, BINDS_LIKE_SUM + 1),
            BinaryOp::Mul => (DurationOp::Mul, BINDS_LIKE_PRODUCT, BINDS_LIKE_PRODUCT + 1),
            BinaryOp::Div => (DurationOp::Div, BINDS_LIKE_PRODUCT, BINDS_LIKE_PRODUCT + 1),
            BinaryOp::Mod => (DurationOp::Mod, BINDS_LIKE_PRODUCT, BINDS_LIKE_PRODUCT + 1),
            BinaryOp::Pow => (DurationOp::Pow, BINDS_LIKE_POWER, BINDS_LIKE_POWER),
            _ => return None,
        })
    }

    fn in_range(&self, span: Span, seconds: f64) -> Result<(), ParseError> {
        if seconds.is_nan() || seconds.abs() > MAX_SECONDS {
            return Err(self.cursor.error(span, "duration out of range"));
        }
        Ok(())
    }

    fn unexpected(&self) -> ParseError {
        self.cursor.unexpected(self.context, WANTED)
    }
}

const BINDS_LIKE_SUM: u8 = 1;
const BINDS_LIKE_PRODUCT: u8 = 2;
const BINDS_LIKE_POWER: u8 = 3;

fn seconds_of(arg: &(DurationArg, Option<f64>)) -> Option<f64> {
    arg.1
}

/// The value of a number token.
pub(super) fn number(cursor: &Cursor<'_>, span: Span) -> Result<f64, ParseError> {
    let text = span.of(cursor.query);
    literal::parse_number(text).ok_or_else(|| {
        cursor.error(span, format!("error parsing number: {} is not valid", literal::quote(text)))
    })
}

/// The milliseconds of a duration token.
pub(super) fn duration(cursor: &Cursor<'_>, span: Span) -> Result<i64, ParseError> {
    model::parse_duration(span.of(cursor.query)).map_err(|error| match error {
        DurationError::OutOfRange(_) => cursor.error(span, "duration out of range"),
        other => cursor.error(span, other.to_string()),
    })
}
