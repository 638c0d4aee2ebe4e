//! What is being typed at a place in a query: the question a completion list answers. Works on tokens
//! alone, so that it works on unfinished queries.

mod expression;
mod selectors;

use model::{MatchOp, Matcher};

use crate::ast::{BinaryOp, Span};
use crate::lexer::tokenize;
use crate::literal::unquote;
use crate::token::{Token, TokenKind};

/// What may be put in at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What an accepted suggestion replaces; empty at the cursor when nothing has been typed yet.
    pub span: Span,
    /// The part of it before the cursor: suggestions should start with it.
    pub prefix: String,
    /// What is asked for.
    pub context: Context,
}

/// The metric and matchers of a selector as far as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SelectorHint {
    /// Metric name, if there is one.
    pub metric: Option<String>,
    /// The finished matchers, the one at the cursor left out; without the one for the metric name.
    pub matchers: Vec<Matcher>,
}

/// The kinds of place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Context {
    /// An operand: a metric, function or aggregation.
    Operand,
    /// Behind an operand: a binary operator, `offset`, `@`, or behind an aggregation `by`, `without`.
    Operator {
        /// The operand is an aggregation without a grouping, or one that is about to begin.
        grouping: bool,
    },
    /// Behind an operator: an operand, or `bool`, `on`, `ignoring`, `group_left` …
    OperandOrModifier {
        /// The operator before.
        after: BinaryOp,
        /// `bool` would be allowed.
        may_be_bool: bool,
        /// `on` or `ignoring` has been written, so `group_left` would be allowed.
        may_group: bool,
    },
    /// A label name inside braces.
    LabelName(SelectorHint),
    /// The value of a label, inside quotes or where they are due.
    LabelValue {
        /// The label.
        label: String,
        /// How the value is going to be compared.
        op: MatchOp,
        /// The selector around it.
        selector: SelectorHint,
        /// The quote the value stands in; `None` when it has none yet and needs them.
        quote: Option<char>,
    },
    /// A label name in `by (…)`, `on (…)` and the like.
    GroupingLabel {
        /// The selectors whose labels are in question.
        selectors: Vec<SelectorHint>,
        /// Labels already in the list.
        listed: Vec<String>,
    },
    /// A range, step or offset.
    Duration,
    /// `@`: a time, `start()` or `end()`.
    Timestamp,
    /// Nothing: a number, a comment, a string that is no label value.
    Nothing,
}

/// What is being typed at byte `cursor` of `text` (brought back to the last character boundary if need be).
#[must_use]
pub fn complete(text: &str, cursor: usize) -> Completion {
    let mut cursor = cursor.min(text.len());
    while !text.is_char_boundary(cursor) {
        cursor -= 1;
    }
    Completer::new(text, cursor).completion()
}

struct Completer<'q> {
    text: &'q str,
    cursor: u32,
    /// All tokens but comments.
    tokens: Vec<Token>,
    /// The token the cursor is in or right behind, if it is one that goes on being typed.
    current: Option<usize>,
    /// How many tokens are before the current one (or before the cursor).
    before: usize,
    in_comment: bool,
}

/// A bracket that is open at the cursor: its token's place.
#[derive(Clone, Copy)]
enum Open {
    Brace(usize),
    Bracket,
    DurationParen,
    Labels(usize),
    Paren,
}

impl<'q> Completer<'q> {
    fn new(text: &'q str, cursor: usize) -> Self {
        let cursor = u32::try_from(cursor).unwrap_or(u32::MAX);
        let mut tokens = tokenize(text);
        let touches = |t: &Token| t.span.start < cursor && cursor <= t.span.end;
        let in_comment = tokens.iter().any(|t| t.kind == TokenKind::Comment && touches(t));
        tokens.retain(|t| t.kind != TokenKind::Comment);
        let current = tokens.iter().position(|t| touches(t) && is_typed(text, t, cursor));
        let before = current.unwrap_or_else(|| tokens.iter().take_while(|t| t.span.end <= cursor).count());
        Self { text, cursor, tokens, current, before, in_comment }
    }

    fn completion(&self) -> Completion {
        let (span, context) = self.place();
        let prefix = Span { start: span.start, end: self.cursor.max(span.start) }.of(self.text).to_owned();
        Completion { span, prefix, context }
    }

    fn place(&self) -> (Span, Context) {
        let here = Span { start: self.cursor, end: self.cursor };
        let span = self.current.map_or(here, |i| self.tokens[i].span);
        if self.in_comment {
            return (here, Context::Nothing);
        }
        match self.open() {
            Some(Open::Brace(at)) => self.in_braces(at, span),
            Some(Open::Labels(at)) => (span, self.grouping(at)),
            Some(Open::Bracket | Open::DurationParen) => (span, Context::Duration),
            Some(Open::Paren) | None => (span, self.in_expression()),
        }
    }

    /// The innermost bracket open at the cursor.
    fn open(&self) -> Option<Open> {
        let mut open: Vec<Open> = Vec::new();
        for (i, token) in self.tokens[..self.before].iter().enumerate() {
            match token.kind {
                TokenKind::LeftBrace => open.push(Open::Brace(i)),
                TokenKind::LeftBracket => open.push(Open::Bracket),
                TokenKind::LeftParen => {
                    let before = i.checked_sub(1).map(|j| self.tokens[j].kind);
                    let labels = matches!(before, Some(TokenKind::Keyword(k)) if k.takes_labels());
                    let in_brackets = matches!(open.last(), Some(Open::Bracket | Open::DurationParen));
                    open.push(match (labels, in_brackets) {
                        (true, _) => Open::Labels(i),
                        (false, true) => Open::DurationParen,
                        (false, false) => Open::Paren,
                    });
                }
                TokenKind::RightBracket => while matches!(open.pop(), Some(Open::DurationParen)) {},
                TokenKind::RightBrace | TokenKind::RightParen => {
                    open.pop();
                }
                _ => {}
            }
        }
        open.pop()
    }

    fn in_braces(&self, brace: usize, span: Span) -> (Span, Context) {
        let hint = self.selector(brace);
        let inside = &self.tokens[brace + 1..self.before.max(brace + 1)];
        let kind = |back: usize| inside.len().checked_sub(back).map(|i| (inside[i].kind, inside[i].span));
        let quoted = self.current.map(|i| self.tokens[i]).filter(|t| self.is_quoted(t));
        if let (Some((TokenKind::MatchOperator(op), _)), Some((name, name_span))) = (kind(1), kind(2)) {
            let name_text = name_span.of(self.text);
            let label = match name {
                TokenKind::String => unquote(name_text).unwrap_or_default(),
                _ => name_text.to_owned(),
            };
            let (span, quote) = match quoted {
                Some(token) => {
                    (self.inside_quotes(token), self.text[token.span.start as usize..].chars().next())
                }
                None => (span, None),
            };
            return (span, Context::LabelValue { label, op, selector: hint, quote });
        }
        let starts = matches!(kind(1), None | Some((TokenKind::Comma, _)));
        match quoted {
            Some(token) if starts => (self.inside_quotes(token), Context::LabelName(hint)),
            None if starts => (span, Context::LabelName(hint)),
            _ => (span, Context::Nothing),
        }
    }

    fn is_quoted(&self, token: &Token) -> bool {
        self.text[token.span.start as usize..].starts_with(['"', '\'', '`'])
    }

    /// A string token without its quotes.
    fn inside_quotes(&self, token: Token) -> Span {
        let text = token.span.of(self.text);
        let closed = text.len() > 1 && text.ends_with(text.chars().next().unwrap_or('"'));
        // An unfinished string may run on to the next quote: then only what is before the cursor is
        // replaced. A finished one has a comma or the brace behind it.
        let next = self.tokens.iter().find(|t| t.span.start >= token.span.end).map(|t| t.kind);
        let finished = closed && matches!(next, None | Some(TokenKind::Comma | TokenKind::RightBrace));
        let end = if token.kind == TokenKind::String && finished { token.span.end - 1 } else { self.cursor };
        Span { start: token.span.start + 1, end: end.max(token.span.start + 1) }
    }
}

/// Whether a token that the cursor touches is still being typed: words always, strings until they are
/// closed, and an operator never.
fn is_typed(text: &str, token: &Token, cursor: u32) -> bool {
    match token.kind {
        TokenKind::Metric
        | TokenKind::Function
        | TokenKind::Aggregation(_)
        | TokenKind::Keyword(_)
        | TokenKind::Label
        | TokenKind::Number
        | TokenKind::Duration
        | TokenKind::Operator(BinaryOp::And | BinaryOp::Or | BinaryOp::Unless | BinaryOp::Atan2) => true,
        TokenKind::String => cursor < token.span.end,
        TokenKind::Error(_) => {
            let first = token.text(text).chars().next();
            first.is_some_and(|c| c.is_alphanumeric() || matches!(c, '"' | '\'' | '`' | '_'))
        }
        _ => false,
    }
}
