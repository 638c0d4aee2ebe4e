//! The selectors around a cursor or under a grouping, as far as they are written.

use std::ops::Range;

use model::{METRIC_NAME, MatchOp, Matcher};

use super::{Completer, Context, SelectorHint};
use crate::literal::unquote;
use crate::token::{Keyword, Token, TokenKind};

impl Completer<'_> {
    /// Metric and matchers of the selector whose brace is at `brace`, without the matcher at the cursor.
    pub(super) fn selector(&self, brace: usize) -> SelectorHint {
        let mut hint = SelectorHint::default();
        if let Some(name) =
            brace.checked_sub(1).map(|i| self.tokens[i]).filter(|t| t.kind == TokenKind::Metric)
        {
            hint.metric = Some(name.text(self.text).to_owned());
        }
        let inside = self.tokens[brace + 1..]
            .split(|t| {
                matches!(t.kind, TokenKind::RightBrace | TokenKind::LeftParen | TokenKind::LeftBracket)
            })
            .next()
            .unwrap_or_default();
        for part in inside.split(|t| t.kind == TokenKind::Comma) {
            let (Some(first), Some(last)) = (part.first(), part.last()) else { continue };
            if first.span.start < self.cursor && self.cursor <= last.span.end {
                continue;
            }
            let name = || match first.kind {
                TokenKind::String => unquote(first.text(self.text)).ok(),
                TokenKind::Label => Some(first.text(self.text).to_owned()),
                _ => None,
            };
            match part {
                [_] if first.kind == TokenKind::String => hint.metric = hint.metric.or_else(name),
                [_, Token { kind: TokenKind::MatchOperator(op), .. }, value]
                    if value.kind == TokenKind::String =>
                {
                    let (Some(name), Ok(value)) = (name(), unquote(value.text(self.text))) else { continue };
                    if name == METRIC_NAME && *op == MatchOp::Equal {
                        hint.metric = Some(value);
                    } else {
                        hint.matchers.push(Matcher::new(name, *op, value));
                    }
                }
                _ => {}
            }
        }
        hint
    }

    pub(super) fn grouping(&self, paren: usize) -> Context {
        let close = self.matching_paren(paren).unwrap_or(self.tokens.len());
        let listed = (paren + 1..close)
            .filter(|i| Some(*i) != self.current)
            .filter_map(|i| match self.tokens[i].kind {
                TokenKind::Label => Some(self.tokens[i].text(self.text).to_owned()),
                TokenKind::String => unquote(self.tokens[i].text(self.text)).ok(),
                _ => None,
            })
            .collect();
        let keyword = self.tokens[paren - 1].kind; // that is what makes it a list of labels
        let mut range = 0..self.tokens.len();
        if matches!(keyword, TokenKind::Keyword(Keyword::By | Keyword::Without)) {
            let operand = match paren.checked_sub(2).map(|i| self.tokens[i].kind) {
                // sum(…) by (|)
                Some(TokenKind::RightParen) => self.opening_paren(paren - 2).map(|open| open..paren - 2),
                // sum by (|) (…)
                _ => (close + 1 < self.tokens.len() && self.tokens[close + 1].kind == TokenKind::LeftParen)
                    .then(|| close + 1..self.matching_paren(close + 1).unwrap_or(self.tokens.len())),
            };
            range = operand.unwrap_or(range);
        }
        Context::GroupingLabel { selectors: self.selectors(range), listed }
    }

    /// The selectors among some tokens.
    pub(super) fn selectors(&self, range: Range<usize>) -> Vec<SelectorHint> {
        let mut hints: Vec<SelectorHint> = Vec::new();
        for i in range {
            let next_is_brace = self.tokens.get(i + 1).is_some_and(|t| t.kind == TokenKind::LeftBrace);
            let hint = match self.tokens[i].kind {
                TokenKind::LeftBrace => self.selector(i),
                TokenKind::Metric if !next_is_brace => SelectorHint {
                    metric: Some(self.tokens[i].text(self.text).to_owned()),
                    matchers: Vec::new(),
                },
                _ => continue,
            };
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
        hints
    }

    pub(super) fn matching_paren(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for (i, token) in self.tokens.iter().enumerate().skip(open) {
            match token.kind {
                TokenKind::LeftParen => depth += 1,
                TokenKind::RightParen => depth -= 1, // the one at `open` comes first
                _ => {}
            }
            if depth == 0 {
                return Some(i);
            }
        }
        None
    }

    pub(super) fn opening_paren(&self, close: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for i in (0..=close).rev() {
            match self.tokens[i].kind {
                TokenKind::RightParen => depth += 1,
                TokenKind::LeftParen => depth -= 1, // the one at `close` comes first
                _ => {}
            }
            if depth == 0 {
                return Some(i);
            }
        }
        None
    }
}
