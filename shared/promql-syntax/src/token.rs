//! Tokens: what the lexer makes of a query, fine enough to parse and coarse enough to colour.

use std::fmt;

use model::MatchOp;

use crate::ast::{AggregateOp, BinaryOp, Span};

/// A piece of a query; space is between tokens, comments are tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it stands.
    pub span: Span,
}

impl Token {
    /// The token as written.
    #[must_use]
    pub fn text<'q>(&self, query: &'q str) -> &'q str {
        self.span.of(query)
    }
}

/// The kinds of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A metric name, or a word that stands where one might.
    Metric,
    /// A word before a parenthesis: a function, known or not.
    Function,
    /// `sum`, `topk` …
    Aggregation(AggregateOp),
    /// `by`, `offset`, `bool` …
    Keyword(Keyword),
    /// A label name, inside braces or in the list of a grouping.
    Label,
    /// `1.5`, `0x1f`, `Inf`.
    Number,
    /// `1h30m`.
    Duration,
    /// A string, quotes included.
    String,
    /// `+`, `==`, `and` …
    Operator(BinaryOp),
    /// `=`, `!=`, `=~`, `!~` inside braces.
    MatchOperator(MatchOp),
    /// `=` outside braces: valid nowhere.
    Assign,
    /// `(`
    LeftParen,
    /// `)`
    RightParen,
    /// `{`
    LeftBrace,
    /// `}`
    RightBrace,
    /// `[`
    LeftBracket,
    /// `]`
    RightBracket,
    /// `,`
    Comma,
    /// `:` inside brackets.
    Colon,
    /// `@`
    At,
    /// `# …` to the end of the line.
    Comment,
    /// Something that is no token.
    Error(LexError),
}

/// Words with a meaning in the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the word it is named after, see `as_str`")]
pub enum Keyword {
    By,
    Without,
    On,
    Ignoring,
    GroupLeft,
    GroupRight,
    Bool,
    Offset,
    Fill,
    FillLeft,
    FillRight,
    Anchored,
    Smoothed,
    Start,
    End,
    Step,
    Range,
    MinOf,
    MaxOf,
}

impl Keyword {
    /// The word, in lower case; queries may write it in any case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::By => "by",
            Self::Without => "without",
            Self::On => "on",
            Self::Ignoring => "ignoring",
            Self::GroupLeft => "group_left",
            Self::GroupRight => "group_right",
            Self::Bool => "bool",
            Self::Offset => "offset",
            Self::Fill => "fill",
            Self::FillLeft => "fill_left",
            Self::FillRight => "fill_right",
            Self::Anchored => "anchored",
            Self::Smoothed => "smoothed",
            Self::Start => "start",
            Self::End => "end",
            Self::Step => "step",
            Self::Range => "range",
            Self::MinOf => "min_of",
            Self::MaxOf => "max_of",
        }
    }

    /// Whether it is written like a call: `start()`, `step()` …
    pub(crate) fn is_function(self) -> bool {
        matches!(self, Self::Start | Self::End | Self::Step | Self::Range | Self::MinOf | Self::MaxOf)
    }

    /// Whether a list of labels in parentheses follows.
    pub(crate) fn takes_labels(self) -> bool {
        matches!(
            self,
            Self::By | Self::Without | Self::On | Self::Ignoring | Self::GroupLeft | Self::GroupRight
        )
    }
}

/// What colour a token gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "see `TokenKind`")]
pub enum TokenClass {
    Metric,
    Function,
    Aggregation,
    Keyword,
    Label,
    Number,
    Duration,
    String,
    Operator,
    Punctuation,
    Comment,
    Error,
}

impl TokenClass {
    /// A name for style sheets.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Metric => "metric",
            Self::Function => "function",
            Self::Aggregation => "aggregation",
            Self::Keyword => "keyword",
            Self::Label => "label",
            Self::Number => "number",
            Self::Duration => "duration",
            Self::String => "string",
            Self::Operator => "operator",
            Self::Punctuation => "punctuation",
            Self::Comment => "comment",
            Self::Error => "error",
        }
    }
}

impl TokenKind {
    /// The kind's class.
    #[must_use]
    pub fn class(self) -> TokenClass {
        match self {
            Self::Metric => TokenClass::Metric,
            Self::Function => TokenClass::Function,
            Self::Aggregation(_) => TokenClass::Aggregation,
            Self::Keyword(keyword) if keyword.is_function() => TokenClass::Function,
            Self::Keyword(_)
            | Self::Operator(BinaryOp::And | BinaryOp::Or | BinaryOp::Unless | BinaryOp::Atan2) => {
                TokenClass::Keyword
            }
            Self::Label => TokenClass::Label,
            Self::Number => TokenClass::Number,
            Self::Duration => TokenClass::Duration,
            Self::String => TokenClass::String,
            Self::Operator(_) | Self::MatchOperator(_) | Self::At => TokenClass::Operator,
            Self::LeftParen
            | Self::RightParen
            | Self::LeftBrace
            | Self::RightBrace
            | Self::LeftBracket
            | Self::RightBracket
            | Self::Comma
            | Self::Colon => TokenClass::Punctuation,
            Self::Comment => TokenClass::Comment,
            Self::Assign | Self::Error(_) => TokenClass::Error,
        }
    }
}

/// Why something is no token; `Display` says it as Prometheus does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LexError {
    /// A character that starts no token.
    Character(char),
    /// `=` followed by `~` outside braces.
    AfterEquals(char),
    /// `!` not followed by `=`; `None` at the end of the text.
    AfterBang(Option<char>),
    /// `!` inside braces not followed by `=` or `~`.
    AfterBangInBraces(Option<char>),
    /// A character that starts no token inside braces.
    InBraces(char),
    /// A character that starts no token inside brackets.
    InBrackets(char),
    /// A closing bracket, brace or parenthesis that nothing opened, or an opening one where none may stand.
    Bracket(char),
    /// A number that is none.
    Number,
    /// A string in quotes that does not end on its line.
    UnterminatedString,
    /// A string in backticks that does not end.
    UnterminatedRawString,
    /// `\q`.
    UnknownEscape(char),
    /// A character that is no digit in `\x…`, `\u…`.
    IllegalEscape(char),
    /// The string ends within an escape.
    UnterminatedEscape,
    /// An escape for a code point that does not exist.
    InvalidCodePoint,
    /// Escapes that together are not UTF-8.
    NotUtf8,
}

impl fmt::Display for LexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let after = |f: &mut fmt::Formatter<'_>, place: &str, c: &Option<char>| match c {
            Some(c) => write!(f, "unexpected character after '!'{place}: {}", Rune(*c)),
            None => write!(f, "unexpected end of input after '!'{place}"),
        };
        match self {
            Self::Character(c) => write!(f, "unexpected character: {}", Rune(*c)),
            Self::AfterEquals(c) => write!(f, "unexpected character after '=': {}", Rune(*c)),
            Self::AfterBang(c) => after(f, "", c),
            Self::AfterBangInBraces(c) => after(f, " inside braces", c),
            Self::InBraces(c) => write!(f, "unexpected character inside braces: {}", Rune(*c)),
            Self::InBrackets(c) => write!(f, "unexpected character in duration expression: {}", Rune(*c)),
            Self::Bracket(c) => {
                let name = match c {
                    '{' => "left brace",
                    '[' => "left bracket",
                    ']' => "right bracket",
                    ')' => "right parenthesis",
                    _ => "character",
                };
                write!(f, "unexpected {name} {}", Rune(*c))
            }
            Self::Number => f.write_str("bad number or duration syntax"),
            Self::UnterminatedString => f.write_str("unterminated quoted string"),
            Self::UnterminatedRawString => f.write_str("unterminated raw string"),
            Self::UnknownEscape(c) => write!(f, "unknown escape sequence {}", CodePoint(*c)),
            Self::IllegalEscape(c) => write!(f, "illegal character {} in escape sequence", CodePoint(*c)),
            Self::UnterminatedEscape => f.write_str("escape sequence not terminated"),
            Self::InvalidCodePoint => f.write_str("escape sequence is an invalid Unicode code point"),
            Self::NotUtf8 => f.write_str("escape sequences do not make a valid UTF-8 string"),
        }
    }
}

/// A character in single quotes.
struct Rune(char);

impl fmt::Display for Rune {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// `U+0071 'q'`.
struct CodePoint(char);

impl fmt::Display for CodePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "U+{:04X} {:?}", self.0 as u32, self.0)
    }
}
