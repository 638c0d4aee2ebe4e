//! What may stand around operators: lists of labels, `bool`, `on`, `group_left`, `fill`.

use super::cursor::Cursor;
use super::duration::{duration, number};
use super::selector::string;
use crate::ast::{BinaryOp, Cardinality, Span, VectorMatching};
use crate::error::ParseError;
use crate::literal;
use crate::token::{Keyword, TokenKind};

const CONTEXT: &str = "grouping opts";

/// A binary operator with its modifiers.
pub(super) struct Operator {
    pub(super) op: BinaryOp,
    /// The operator itself.
    pub(super) span: Span,
    pub(super) return_bool: bool,
    pub(super) matching: VectorMatching,
}

/// Reads the modifiers behind an operator that has just been taken.
pub(super) fn operator(cursor: &mut Cursor<'_>, op: BinaryOp, span: Span) -> Result<Operator, ParseError> {
    let return_bool = cursor.eat(TokenKind::Keyword(Keyword::Bool)).is_some();
    let mut matching = VectorMatching::default();
    if let Some(TokenKind::Keyword(keyword @ (Keyword::On | Keyword::Ignoring))) = cursor.peek() {
        cursor.bump();
        matching.on = keyword == Keyword::On;
        matching.labels = labels(cursor)?;
        if let Some(TokenKind::Keyword(group @ (Keyword::GroupLeft | Keyword::GroupRight))) = cursor.peek() {
            cursor.bump();
            matching.cardinality =
                if group == Keyword::GroupLeft { Cardinality::ManyToOne } else { Cardinality::OneToMany };
            if cursor.peek() == Some(TokenKind::LeftParen) {
                matching.include = labels(cursor)?;
            }
        }
    }
    match cursor.peek() {
        Some(TokenKind::Keyword(Keyword::Fill)) => {
            let value = Some(fill_value(cursor)?);
            (matching.fill_left, matching.fill_right) = (value, value);
        }
        Some(TokenKind::Keyword(Keyword::FillLeft)) => {
            matching.fill_left = Some(fill_value(cursor)?);
            if cursor.peek() == Some(TokenKind::Keyword(Keyword::FillRight)) {
                matching.fill_right = Some(fill_value(cursor)?);
            }
        }
        Some(TokenKind::Keyword(Keyword::FillRight)) => {
            matching.fill_right = Some(fill_value(cursor)?);
            if cursor.peek() == Some(TokenKind::Keyword(Keyword::FillLeft)) {
                matching.fill_left = Some(fill_value(cursor)?);
            }
        }
        _ => {}
    }
    Ok(Operator { op, span, return_bool, matching })
}

/// Reads `fill(1.5)`, keyword included.
fn fill_value(cursor: &mut Cursor<'_>) -> Result<f64, ParseError> {
    const FILL: &str = "fill modifier";
    cursor.bump();
    cursor.expect(TokenKind::LeftParen, FILL, "\"(\"")?;
    let sign = match cursor.peek() {
        Some(TokenKind::Operator(op @ (BinaryOp::Add | BinaryOp::Sub))) => {
            cursor.bump();
            if op == BinaryOp::Sub { -1.0 } else { 1.0 }
        }
        _ => 1.0,
    };
    let value = plain_number(cursor)?.ok_or_else(|| cursor.unexpected(FILL, "number"))?;
    cursor.expect(TokenKind::RightParen, FILL, "\")\"")?;
    Ok(sign * value)
}

/// Takes a number, or a duration as its seconds, if one is next.
pub(super) fn plain_number(cursor: &mut Cursor<'_>) -> Result<Option<f64>, ParseError> {
    let span = cursor.span();
    Ok(match cursor.peek() {
        Some(TokenKind::Number) => {
            cursor.bump();
            Some(number(cursor, span)?)
        }
        Some(TokenKind::Duration) => {
            cursor.bump();
            Some(duration(cursor, span)? as f64 / 1000.0)
        }
        _ => None,
    })
}

/// Reads `(a, b, "c.d")`.
pub(super) fn labels(cursor: &mut Cursor<'_>) -> Result<Vec<String>, ParseError> {
    cursor.expect(TokenKind::LeftParen, CONTEXT, "\"(\"")?;
    let mut labels = Vec::new();
    if cursor.eat(TokenKind::RightParen).is_some() {
        return Ok(labels);
    }
    loop {
        let span = cursor.span();
        match cursor.peek() {
            Some(TokenKind::Label) => labels.push(cursor.bump().of(cursor.query).to_owned()),
            Some(TokenKind::String) => {
                let label = string(cursor)?;
                if label.is_empty() {
                    let message = format!("invalid label name for grouping: {}", literal::quote(&label));
                    return Err(cursor.error(span, message));
                }
                labels.push(label);
            }
            _ => return Err(cursor.unexpected(CONTEXT, "label")),
        }
        let comma = cursor.eat(TokenKind::Comma).is_some();
        if cursor.eat(TokenKind::RightParen).is_some() {
            return Ok(labels);
        }
        if !comma {
            return Err(cursor.unexpected(CONTEXT, "\",\" or \")\""));
        }
    }
}
