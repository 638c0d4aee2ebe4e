//! The syntax with UTF-8 names: `{"any name"=~"value", other!=value}`. Names and values are in double quotes
//! with Go's escapes, or bare as long as they hold no character with a meaning.

use model::{MatchOp, Matcher};

use super::quote::go_unquote;
use super::{MatcherError, is_reserved};

/// A piece of the text, with its first character counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token<'t> {
    Open,
    Close,
    Comma,
    Operator(MatchOp),
    Quoted(&'t str),
    Bare(&'t str),
}

/// Reads matchers. Nothing and a pair of braces are none.
pub(super) fn parse(text: &str) -> Result<Vec<Matcher>, MatcherError> {
    let tokens = tokens(text)?;
    let at = |index: usize| tokens.get(index).map_or(text.chars().count(), |(at, _)| *at);
    let token = |index: usize| tokens.get(index).map(|(_, token)| token);
    let wrong = |index: usize, expected: &str| {
        Err(MatcherError(format!("{text:?}: expected {expected} at character {}", at(index) + 1)))
    };
    let mut next = 0;
    let braces = token(0) == Some(&Token::Open);
    if braces {
        next = 1;
    }
    let mut matchers = Vec::new();
    while !matches!(token(next), None | Some(Token::Close)) {
        let Some(name) = text_of(token(next)) else { return wrong(next, "a label name") };
        let Some(&Token::Operator(op)) = token(next + 1) else {
            return wrong(next + 1, "an operator (=, !=, =~ or !~)");
        };
        let Some(value) = text_of(token(next + 2)) else { return wrong(next + 2, "a label value") };
        let (Some(name), Some(value)) = (name, value) else {
            return wrong(next, "a well-formed string in quotes");
        };
        matchers.push(Matcher::new(name, op, value));
        next += 3;
        match token(next) {
            Some(Token::Comma) => next += 1,
            None | Some(Token::Close) => break,
            Some(_) => return wrong(next, "a comma or the end"),
        }
    }
    match (braces, token(next)) {
        (true, Some(Token::Close)) => next += 1,
        (true, _) => return wrong(next, "a closing brace"),
        (false, Some(_)) => return wrong(next, "an opening brace at the start, as there is a closing one,"),
        (false, None) => {}
    }
    if next < tokens.len() { wrong(next, "the end") } else { Ok(matchers) }
}

/// The text of a name or value: outer `None` if the token is none, inner if its quotes are not well-formed.
fn text_of(token: Option<&Token<'_>>) -> Option<Option<String>> {
    match token? {
        Token::Bare(text) => Some(Some((*text).to_owned())),
        Token::Quoted(text) => Some(go_unquote(text)),
        _ => None,
    }
}

fn tokens(text: &str) -> Result<Vec<(usize, Token<'_>)>, MatcherError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let at = text[..text.len() - rest.len()].chars().count();
        let wrong = |what: &str| MatcherError(format!("{text:?}: {what} at character {}", at + 1));
        let (token, length) = match c {
            c if c.is_whitespace() => {
                rest = &rest[c.len_utf8()..];
                continue;
            }
            '{' => (Token::Open, 1),
            '}' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '=' if rest.starts_with("=~") => (Token::Operator(MatchOp::Regex), 2),
            '=' => (Token::Operator(MatchOp::Equal), 1),
            '!' if rest.starts_with("!=") => (Token::Operator(MatchOp::NotEqual), 2),
            '!' if rest.starts_with("!~") => (Token::Operator(MatchOp::NotRegex), 2),
            '"' => {
                let length = quoted_length(rest).ok_or_else(|| wrong("no end of the quotes that begin"))?;
                (Token::Quoted(&rest[..length]), length)
            }
            c if is_reserved(c) => return Err(wrong("an unexpected character")),
            _ => {
                let length = rest.find(is_reserved).unwrap_or(rest.len());
                (Token::Bare(&rest[..length]), length)
            }
        };
        tokens.push((at, token));
        rest = &rest[length..];
    }
    Ok(tokens)
}

/// Bytes of the quoted string at the start, quotes included.
fn quoted_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'\\' => escaped = !escaped,
            b'"' if !escaped => return Some(at + 1),
            _ => escaped = false,
        }
    }
    None
}
