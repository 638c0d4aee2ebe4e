//! From text to tokens, with spans. Total: any text gives tokens, wrong parts become error tokens and
//! the rest is read on, so that an unfinished query can be coloured and completed.
//!
//! The lexer knows enough of the grammar to tell a metric from a keyword (`sum by (by)`, `and and and`)
//! and a label from both: which bracket is open, and whether an operand or an operator is due.

use model::MatchOp;

use crate::aggregations::aggregation;
use crate::ast::{BinaryOp, Span};
use crate::scan::{self, Numeric};
use crate::token::{Keyword, LexError, Token, TokenKind};

/// The tokens of `text`, in order, comments included. Offsets are 32 bits: of a longer text only the
/// first 4 GiB are read.
#[must_use]
pub fn tokenize(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { text, at: 0, open: Vec::new(), operand_due: true, before: [None, None] };
    let mut tokens = Vec::with_capacity(text.len() / 4);
    while let Some(token) = lexer.next_token() {
        tokens.push(token);
    }
    tokens
}

/// An open bracket.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// `(` of an expression or a call; whether an operand is due after it closes.
    Paren {
        then_operand: bool,
    },
    /// `(` of a list of labels.
    Labels {
        then_operand: bool,
    },
    /// `(` within a duration expression, in brackets or after `offset`.
    DurationParen {
        in_brackets: bool,
    },
    Brace,
    Bracket,
}

struct Lexer<'q> {
    text: &'q str,
    at: usize,
    open: Vec<Open>,
    /// Whether an operand is due, not an operator.
    operand_due: bool,
    /// The last token but one and the last, comments left out.
    before: [Option<TokenKind>; 2],
}

impl Lexer<'_> {
    fn next_token(&mut self) -> Option<Token> {
        let bytes = self.text.as_bytes();
        self.at = scan::run(bytes, self.at, |b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'));
        let first = self.text[self.at..].chars().next()?;
        let start = self.at;
        let (kind, end) = if first == '#' {
            (TokenKind::Comment, scan::run(bytes, start, |b| b != b'\n' && b != b'\r'))
        } else if self.open.last() == Some(&Open::Brace) {
            self.in_braces(first, start)
        } else {
            self.in_expression(first, start)
        };
        self.at = end;
        let span = Span { start: u32::try_from(start).ok()?, end: u32::try_from(end).ok()? };
        if kind != TokenKind::Comment {
            self.advance(kind);
        }
        Some(Token { kind, span })
    }

    fn in_braces(&self, first: char, start: usize) -> (TokenKind, usize) {
        let bytes = self.text.as_bytes();
        let next = self.text[start + first.len_utf8()..].chars().next();
        match (first, next) {
            (',', _) => (TokenKind::Comma, start + 1),
            ('}', _) => (TokenKind::RightBrace, start + 1),
            ('=', Some('~')) => (TokenKind::MatchOperator(MatchOp::Regex), start + 2),
            ('=', _) => (TokenKind::MatchOperator(MatchOp::Equal), start + 1),
            ('!', Some('~')) => (TokenKind::MatchOperator(MatchOp::NotRegex), start + 2),
            ('!', Some('=')) => (TokenKind::MatchOperator(MatchOp::NotEqual), start + 2),
            ('!', other) => (TokenKind::Error(LexError::AfterBangInBraces(other)), start + 1),
            ('"' | '\'' | '`', _) => self.string(start),
            (c, _) if c.is_ascii_alphabetic() || c == '_' => {
                (TokenKind::Label, scan::run(bytes, start, scan::is_word))
            }
            ('{', _) => (TokenKind::Error(LexError::Bracket('{')), start + 1),
            (c, _) => (TokenKind::Error(LexError::InBraces(c)), start + c.len_utf8()),
        }
    }

    fn in_expression(&self, first: char, start: usize) -> (TokenKind, usize) {
        let bytes = self.text.as_bytes();
        let next = self.text[start + first.len_utf8()..].chars().next();
        let op = |op: BinaryOp, len: usize| (TokenKind::Operator(op), start + len);
        let error = |e: LexError, len: usize| (TokenKind::Error(e), start + len);
        match (first, next) {
            ('0'..='9', _) | ('.', Some('0'..='9')) => {
                let (numeric, end) = scan::numeric(bytes, start);
                match numeric {
                    Numeric::Number => (TokenKind::Number, end),
                    Numeric::Duration => (TokenKind::Duration, end),
                    Numeric::Bad => (TokenKind::Error(LexError::Number), end),
                }
            }
            (':', _) if self.in_brackets() => (TokenKind::Colon, start + 1),
            (c, _) if c.is_ascii_alphabetic() || c == '_' || c == ':' => self.word(c, start),
            ('"' | '\'' | '`', _) => self.string(start),
            (',', _) => (TokenKind::Comma, start + 1),
            ('+', _) => op(BinaryOp::Add, 1),
            ('-', _) => op(BinaryOp::Sub, 1),
            ('*', _) => op(BinaryOp::Mul, 1),
            ('/', _) => op(BinaryOp::Div, 1),
            ('%', _) => op(BinaryOp::Mod, 1),
            ('^', _) => op(BinaryOp::Pow, 1),
            ('=', Some('=')) => op(BinaryOp::Eq, 2),
            ('=', Some('~')) => error(LexError::AfterEquals('~'), 2),
            ('=', _) => (TokenKind::Assign, start + 1),
            ('!', Some('=')) => op(BinaryOp::Ne, 2),
            ('!', other) => error(LexError::AfterBang(other), 1),
            ('<', Some('=')) => op(BinaryOp::Le, 2),
            ('<', Some('/')) => op(BinaryOp::TrimUpper, 2),
            ('<', _) => op(BinaryOp::Lt, 1),
            ('>', Some('=')) => op(BinaryOp::Ge, 2),
            ('>', Some('/')) => op(BinaryOp::TrimLower, 2),
            ('>', _) => op(BinaryOp::Gt, 1),
            ('@', _) => (TokenKind::At, start + 1),
            ('(', _) => (TokenKind::LeftParen, start + 1),
            (')', _) if self.closes_paren() => (TokenKind::RightParen, start + 1),
            ('{', _) => (TokenKind::LeftBrace, start + 1),
            ('[', _) if !self.in_brackets() => (TokenKind::LeftBracket, start + 1),
            (']', _) if self.in_brackets() => (TokenKind::RightBracket, start + 1),
            ('[' | ']' | ')', _) => error(LexError::Bracket(first), 1),
            (c, _) if self.in_brackets() => error(LexError::InBrackets(c), c.len_utf8()),
            (c, _) => error(LexError::Character(c), c.len_utf8()),
        }
    }

    fn string(&self, start: usize) -> (TokenKind, usize) {
        let (result, end) = scan::string(self.text, start);
        (result.map_or_else(TokenKind::Error, |()| TokenKind::String), end)
    }

    /// Classifies a word by where it stands.
    fn word(&self, first: char, start: usize) -> (TokenKind, usize) {
        let bytes = self.text.as_bytes();
        let colon = !self.in_brackets();
        let end = scan::run(bytes, start, |b| scan::is_word(b) || (colon && b == b':'));
        let lower = self.text[start..end].to_ascii_lowercase();
        (self.word_kind(&lower, first, end), end)
    }

    fn word_kind(&self, word: &str, first: char, end: usize) -> TokenKind {
        if matches!(self.open.last(), Some(Open::Labels { .. })) {
            return match word {
                "inf" | "nan" => TokenKind::Number,
                "without" => TokenKind::Keyword(Keyword::Without),
                _ => TokenKind::Label,
            };
        }
        if self.in_brackets() || self.in_duration() {
            let keyword = match word {
                "step" => Some(Keyword::Step),
                "range" => Some(Keyword::Range),
                "min_of" => Some(Keyword::MinOf),
                "max_of" => Some(Keyword::MaxOf),
                _ => None,
            };
            match keyword {
                Some(keyword) => return TokenKind::Keyword(keyword),
                None if self.in_brackets() => return TokenKind::Error(LexError::InBrackets(first)),
                None => {}
            }
        }
        match (word, self.before[1]) {
            ("start", Some(TokenKind::At)) => return TokenKind::Keyword(Keyword::Start),
            ("end", Some(TokenKind::At)) => return TokenKind::Keyword(Keyword::End),
            ("inf" | "nan", _) => return TokenKind::Number,
            _ => {}
        }
        let called = self.upcoming(end).starts_with('(');
        if let Some(keyword) = keyword_anywhere(word, called) {
            return TokenKind::Keyword(keyword);
        }
        if word == "atan2" {
            return TokenKind::Operator(BinaryOp::Atan2);
        }
        let after_aggregation = matches!(self.before[1], Some(TokenKind::Aggregation(_)));
        if (!self.operand_due || after_aggregation)
            && let Some(kind) = operator_word(word)
        {
            return kind;
        }
        if let Some(aggregation) = aggregation(word)
            && (called || starts_with_grouping(self.upcoming(end)))
        {
            return TokenKind::Aggregation(aggregation.op);
        }
        if called && !word.contains(':') { TokenKind::Function } else { TokenKind::Metric }
    }

    /// What follows at `at`, behind space and comments.
    fn upcoming(&self, at: usize) -> &str {
        let mut rest = &self.text[at..];
        loop {
            rest = rest.trim_start_matches([' ', '\t', '\n', '\r']);
            match rest.strip_prefix('#') {
                Some(comment) => rest = comment.find(['\n', '\r']).map_or("", |end| &comment[end..]),
                None => return rest,
            }
        }
    }

    /// Inside `[…]`, perhaps within parentheses there.
    fn in_brackets(&self) -> bool {
        matches!(self.open.last(), Some(Open::Bracket | Open::DurationParen { in_brackets: true }))
    }

    /// Where a duration expression may stand outside brackets: after `offset`, perhaps in parentheses.
    fn in_duration(&self) -> bool {
        matches!(self.open.last(), Some(Open::DurationParen { .. })) || self.after_offset()
    }

    /// Right after `offset` or its sign.
    fn after_offset(&self) -> bool {
        let offset = Some(TokenKind::Keyword(Keyword::Offset));
        let sign = matches!(self.before[1], Some(TokenKind::Operator(BinaryOp::Add | BinaryOp::Sub)));
        self.before[1] == offset || (sign && self.before[0] == offset)
    }

    fn closes_paren(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open::Paren { .. } | Open::Labels { .. } | Open::DurationParen { .. })
        )
    }

    /// Takes note of a token.
    fn advance(&mut self, kind: TokenKind) {
        match kind {
            TokenKind::LeftParen => {
                let opened = self.paren();
                self.open.push(opened);
                self.operand_due = true;
            }
            TokenKind::RightParen => {
                self.operand_due = match self.open.pop() {
                    Some(Open::Paren { then_operand } | Open::Labels { then_operand }) => then_operand,
                    _ => false,
                };
            }
            TokenKind::LeftBrace => self.open.push(Open::Brace),
            TokenKind::LeftBracket => {
                self.open.push(Open::Bracket);
                self.operand_due = true;
            }
            TokenKind::RightBrace => {
                self.open.pop();
                self.operand_due = false;
            }
            TokenKind::RightBracket => {
                // Parentheses left open within the brackets end with them.
                while self.open.pop().is_some_and(|open| open != Open::Bracket) {}
                self.operand_due = false;
            }
            TokenKind::Operator(_)
            | TokenKind::Comma
            | TokenKind::At
            | TokenKind::Colon
            | TokenKind::Assign => {
                self.operand_due = true;
            }
            TokenKind::Keyword(keyword) => {
                self.operand_due = matches!(
                    keyword,
                    Keyword::Offset | Keyword::Bool | Keyword::GroupLeft | Keyword::GroupRight
                );
            }
            TokenKind::Error(_) | TokenKind::Comment => {}
            _ => self.operand_due = false,
        }
        self.before = [self.before[1], Some(kind)];
    }

    /// What an opening parenthesis opens, by what stands before it.
    fn paren(&self) -> Open {
        match self.before[1] {
            Some(TokenKind::Keyword(keyword)) if keyword.takes_labels() => {
                let suffix = matches!(keyword, Keyword::By | Keyword::Without)
                    && !matches!(self.before[0], Some(TokenKind::Aggregation(_)));
                Open::Labels { then_operand: !suffix }
            }
            Some(TokenKind::Keyword(Keyword::Fill | Keyword::FillLeft | Keyword::FillRight)) => {
                Open::Paren { then_operand: true }
            }
            Some(TokenKind::Keyword(Keyword::Step | Keyword::Range | Keyword::MinOf | Keyword::MaxOf)) => {
                Open::DurationParen { in_brackets: self.in_brackets() }
            }
            _ if self.in_brackets() || self.in_duration() => {
                Open::DurationParen { in_brackets: self.in_brackets() }
            }
            _ => Open::Paren { then_operand: false },
        }
    }
}

/// Words that are keywords wherever they stand outside braces.
fn keyword_anywhere(word: &str, called: bool) -> Option<Keyword> {
    Some(match word {
        "on" => Keyword::On,
        "ignoring" => Keyword::Ignoring,
        "group_left" => Keyword::GroupLeft,
        "group_right" => Keyword::GroupRight,
        "bool" => Keyword::Bool,
        "fill" if called => Keyword::Fill,
        "fill_left" if called => Keyword::FillLeft,
        "fill_right" if called => Keyword::FillRight,
        _ => return None,
    })
}

/// Words that are metric names where an operand is due, but have a meaning after one.
fn operator_word(word: &str) -> Option<TokenKind> {
    Some(match word {
        "and" => TokenKind::Operator(BinaryOp::And),
        "or" => TokenKind::Operator(BinaryOp::Or),
        "unless" => TokenKind::Operator(BinaryOp::Unless),
        "by" => TokenKind::Keyword(Keyword::By),
        "without" => TokenKind::Keyword(Keyword::Without),
        "offset" => TokenKind::Keyword(Keyword::Offset),
        "anchored" => TokenKind::Keyword(Keyword::Anchored),
        "smoothed" => TokenKind::Keyword(Keyword::Smoothed),
        _ => return None,
    })
}

fn starts_with_grouping(text: &str) -> bool {
    let end = scan::run(text.as_bytes(), 0, |b| scan::is_word(b) || b == b':');
    text[..end].eq_ignore_ascii_case("by") || text[..end].eq_ignore_ascii_case("without")
}
