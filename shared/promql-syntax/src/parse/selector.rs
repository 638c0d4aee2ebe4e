//! Selectors without their modifiers: `name{label="value", …}`.

use model::{AnchoredRegex, METRIC_NAME, MatchOp, Matcher};

use super::cursor::Cursor;
use crate::LexError;
use crate::ast::Span;
use crate::error::ParseError;
use crate::literal;
use crate::token::TokenKind;

const CONTEXT: &str = "label matching";

/// A name with matchers, and where it stands.
pub(super) struct Selector {
    pub(super) name: Option<String>,
    pub(super) matchers: Vec<(Matcher, Span)>,
    pub(super) span: Span,
}

/// Reads a selector; the next token has to begin one.
pub(super) fn selector(cursor: &mut Cursor<'_>) -> Result<Selector, ParseError> {
    let start = cursor.span();
    let mut matchers = Vec::new();
    let mut name = None;
    if let Some(span) = cursor.eat(TokenKind::Metric) {
        let text = span.of(cursor.query).to_owned();
        matchers.push((Matcher::equal(METRIC_NAME, text.as_str()), span));
        name = Some(text);
        if cursor.eat(TokenKind::LeftBrace).is_some() {
            braces(cursor, &mut matchers)?;
        }
    } else {
        cursor.expect(TokenKind::LeftBrace, "", "")?;
        braces(cursor, &mut matchers)?;
    }
    Ok(Selector { name, matchers, span: Span { start: start.start, end: cursor.last_end() } })
}

/// Reads matchers up to the closing brace; the opening one has been taken.
fn braces(cursor: &mut Cursor<'_>, matchers: &mut Vec<(Matcher, Span)>) -> Result<(), ParseError> {
    if cursor.eat(TokenKind::RightBrace).is_some() {
        return Ok(());
    }
    loop {
        matchers.push(matcher(cursor)?);
        let comma = cursor.eat(TokenKind::Comma).is_some();
        if cursor.eat(TokenKind::RightBrace).is_some() {
            return Ok(());
        }
        if !comma {
            return Err(cursor.unexpected(CONTEXT, "\",\" or \"}\""));
        }
    }
}

fn matcher(cursor: &mut Cursor<'_>) -> Result<(Matcher, Span), ParseError> {
    let start = cursor.span();
    let (name, quoted) = match cursor.peek() {
        Some(TokenKind::Label) => (cursor.bump().of(cursor.query).to_owned(), false),
        Some(TokenKind::String) => (string(cursor)?, true),
        _ => return Err(cursor.unexpected(CONTEXT, "identifier or \"}\"")),
    };
    let Some(TokenKind::MatchOperator(op)) = cursor.peek() else {
        if quoted && matches!(cursor.peek(), Some(TokenKind::Comma | TokenKind::RightBrace)) {
            return Ok((Matcher::equal(METRIC_NAME, name), start));
        }
        let expected = if quoted { "\",\" or \"}\"" } else { "label matching operator" };
        return Err(cursor.unexpected(CONTEXT, expected));
    };
    cursor.bump();
    if cursor.peek() != Some(TokenKind::String) {
        return Err(cursor.unexpected(CONTEXT, "string"));
    }
    let value = string(cursor)?;
    let span = Span { start: start.start, end: cursor.last_end() };
    if matches!(op, MatchOp::Regex | MatchOp::NotRegex) {
        AnchoredRegex::recent(&value).map_err(|error| {
            cursor.error(span, format!("error parsing regexp: {}: `{}`", error.reason, error.pattern))
        })?;
    }
    Ok((Matcher::new(name, op, value), span))
}

/// Takes a string token and reads it.
pub(super) fn string(cursor: &mut Cursor<'_>) -> Result<String, ParseError> {
    let span = cursor.bump();
    let text = span.of(cursor.query);
    literal::unquote(text).map_err(|error| cursor.error(span, LexError::from(error).to_string()))
}
