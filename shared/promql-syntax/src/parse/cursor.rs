//! The tokens of a query, read from left to right, and errors about the one that is next.

use crate::ast::Span;
use crate::error::ParseError;
use crate::lexer::tokenize;
use crate::literal;
use crate::options::MAX_DEPTH;
use crate::token::{LexError, Token, TokenKind};

pub(super) struct Cursor<'q> {
    pub(super) query: &'q str,
    tokens: Vec<Token>,
    next: usize,
    /// How deep the walk is nested.
    depth: usize,
}

impl<'q> Cursor<'q> {
    pub(super) fn new(query: &'q str) -> Self {
        let mut tokens = tokenize(query);
        tokens.retain(|token| token.kind != TokenKind::Comment);
        Self { query, tokens, next: 0, depth: 0 }
    }

    pub(super) fn peek(&self) -> Option<TokenKind> {
        self.tokens.get(self.next).map(|token| token.kind)
    }

    /// The token after the next.
    pub(super) fn peek_second(&self) -> Option<TokenKind> {
        self.tokens.get(self.next + 1).map(|token| token.kind)
    }

    /// Where the next token stands; the end of the text when there is none.
    pub(super) fn span(&self) -> Span {
        let end = self.query.len() as u32; // bounded by MAX_QUERY_BYTES
        self.tokens.get(self.next).map_or(Span { start: end, end }, |token| token.span)
    }

    /// Where the last token taken ends.
    pub(super) fn last_end(&self) -> u32 {
        self.next.checked_sub(1).map_or(0, |last| self.tokens[last].span.end)
    }

    pub(super) fn at_end(&self) -> bool {
        self.next == self.tokens.len()
    }

    /// Takes the next token, whatever it is.
    pub(super) fn bump(&mut self) -> Span {
        let span = self.span();
        self.next = (self.next + 1).min(self.tokens.len());
        span
    }

    /// Takes the next token if it is of this kind.
    pub(super) fn eat(&mut self, kind: TokenKind) -> Option<Span> {
        (self.peek() == Some(kind)).then(|| self.bump())
    }

    /// Takes the next token, which has to be of this kind.
    pub(super) fn expect(
        &mut self,
        kind: TokenKind,
        context: &str,
        expected: &str,
    ) -> Result<Span, ParseError> {
        self.eat(kind).ok_or_else(|| self.unexpected(context, expected))
    }

    pub(super) fn error(&self, span: Span, message: impl Into<String>) -> ParseError {
        ParseError::new(self.query, span, message)
    }

    /// Goes one level down; the level above has to call `leave`.
    pub(super) fn enter(&mut self) -> Result<(), ParseError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(too_deep(self.query, self.span()));
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// The next token cannot stand where it does, while reading `context` and expecting `expected`.
    pub(super) fn unexpected(&self, context: &str, expected: &str) -> ParseError {
        let span = self.span();
        if let Some(open) = self.unclosed() {
            return self.error(span, open);
        }
        if let Some(TokenKind::Error(error)) = self.peek() {
            let message = match error {
                LexError::Number => format!("{error}: {}", literal::quote(span.of(self.query))),
                _ => error.to_string(),
            };
            return self.error(span, message);
        }
        let mut message = format!("unexpected {}", self.describe());
        if !context.is_empty() {
            message.push_str(&format!(" in {context}"));
        }
        if !expected.is_empty() {
            message.push_str(&format!(", expected {expected}"));
        }
        self.error(span, message)
    }

    /// At the end of the text: what is still open there, in the words of Prometheus' lexer.
    fn unclosed(&self) -> Option<&'static str> {
        if !self.at_end() {
            return None;
        }
        let (mut parens, mut braces, mut brackets) = (0_usize, 0_usize, 0_usize);
        let mut number_in_brackets = false;
        for token in &self.tokens {
            match token.kind {
                TokenKind::LeftParen => parens += 1,
                TokenKind::RightParen => parens -= 1, // the lexer gives none that closes nothing
                TokenKind::LeftBrace => braces += 1,
                TokenKind::RightBrace => braces -= 1,
                TokenKind::LeftBracket => {
                    brackets += 1;
                    number_in_brackets = false;
                }
                TokenKind::Number | TokenKind::Duration => number_in_brackets = true,
                TokenKind::RightBracket => brackets -= 1,
                _ => {}
            }
        }
        match (braces > 0, brackets > 0, parens > 0) {
            (true, ..) => Some("unexpected end of input inside braces"),
            (_, true, _) if !number_in_brackets => Some("unexpected end of input in duration expression"),
            (_, _, true) => Some("unclosed left parenthesis"),
            (_, true, _) => Some("unclosed left bracket"),
            _ => None,
        }
    }

    /// The next token for people.
    fn describe(&self) -> String {
        let text = self.span().of(self.query);
        let quoted = || literal::quote(text);
        // A long literal is cut, as Prometheus does.
        let short = || match text.char_indices().nth(10) {
            Some((end, _)) => format!("{}...", literal::quote(&text[..end])),
            None => quoted(),
        };
        match self.peek() {
            None => "end of input".to_owned(),
            Some(TokenKind::Operator(_)) => format!("<op:{}>", text.to_ascii_lowercase()),
            Some(TokenKind::At) => "<op:@>".to_owned(),
            Some(TokenKind::MatchOperator(_)) if text != "=" => format!("<op:{text}>"),
            Some(TokenKind::Keyword(keyword)) if keyword.is_function() => quoted(),
            Some(TokenKind::Keyword(_)) => format!("<{}>", text.to_ascii_lowercase()),
            Some(TokenKind::Aggregation(_)) => format!("<aggr:{}>", text.to_ascii_lowercase()),
            Some(TokenKind::Metric) if text.contains(':') => format!("metric identifier {}", quoted()),
            Some(TokenKind::Metric | TokenKind::Function | TokenKind::Label) => {
                format!("identifier {}", quoted())
            }
            Some(TokenKind::Number) => format!("number {}", short()),
            Some(TokenKind::Duration) => format!("duration {}", short()),
            Some(TokenKind::String) => format!("string {}", short()),
            Some(_) => quoted(),
        }
    }
}

pub(super) fn too_deep(query: &str, span: Span) -> ParseError {
    let message = format!(
        "the query is nested deeper than {MAX_DEPTH} levels (parentheses, calls, signs and operators in a row); \
         split it into recording rules"
    );
    ParseError::new(query, span, message)
}
