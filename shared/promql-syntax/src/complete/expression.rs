//! Outside braces and brackets: whether an operand, an operator or a modifier is due.

use super::{Completer, Context};
use crate::ast::BinaryOp;
use crate::token::{Keyword, Token, TokenKind};

impl Completer<'_> {
    pub(super) fn in_expression(&self) -> Context {
        if let Some(i) = self.current
            && matches!(
                self.tokens[i].kind,
                TokenKind::String | TokenKind::Number | TokenKind::Duration | TokenKind::Error(_)
            )
            && !self.after_offset()
        {
            return Context::Nothing;
        }
        let Some(last) = self.before.checked_sub(1) else { return Context::Operand };
        let kind = self.tokens[last].kind;
        match kind {
            _ if self.after_offset() => Context::Duration,
            TokenKind::At => Context::Timestamp,
            TokenKind::Operator(_) | TokenKind::Keyword(Keyword::Bool) => self.after_operator(last),
            TokenKind::RightParen => self.after_paren(last),
            TokenKind::LeftParen | TokenKind::Comma => Context::Operand,
            TokenKind::Aggregation(_) => Context::Operator { grouping: true },
            TokenKind::Metric
            | TokenKind::Number
            | TokenKind::Duration
            | TokenKind::String
            | TokenKind::RightBrace
            | TokenKind::RightBracket
            | TokenKind::Keyword(Keyword::Anchored | Keyword::Smoothed) => {
                Context::Operator { grouping: false }
            }
            TokenKind::Keyword(Keyword::GroupLeft | Keyword::GroupRight) => Context::Operand,
            _ => Context::Nothing,
        }
    }

    pub(super) fn after_offset(&self) -> bool {
        let before = &self.tokens[..self.before];
        matches!(
            before,
            [.., Token { kind: TokenKind::Keyword(Keyword::Offset), .. }]
                | [
                    ..,
                    Token { kind: TokenKind::Keyword(Keyword::Offset), .. },
                    Token { kind: TokenKind::Operator(BinaryOp::Add | BinaryOp::Sub), .. }
                ]
        )
    }

    fn after_operator(&self, last: usize) -> Context {
        let mut at = last;
        let is_bool = self.tokens[at].kind == TokenKind::Keyword(Keyword::Bool);
        if is_bool {
            at = at.saturating_sub(1);
        }
        let TokenKind::Operator(op) = self.tokens[at].kind else { return Context::Operand };
        let signs = matches!(op, BinaryOp::Add | BinaryOp::Sub);
        let operand_before = at.checked_sub(1).is_some_and(|i| {
            matches!(
                self.tokens[i].kind,
                TokenKind::Metric
                    | TokenKind::Number
                    | TokenKind::Duration
                    | TokenKind::String
                    | TokenKind::RightParen
                    | TokenKind::RightBrace
                    | TokenKind::RightBracket
            )
        });
        if signs && !operand_before {
            return Context::Operand; // a sign
        }
        Context::OperandOrModifier {
            after: op,
            may_be_bool: op.is_comparison() && !is_bool,
            may_group: false,
        }
    }

    /// Behind a closing parenthesis: of an expression, an aggregation or a list of labels.
    fn after_paren(&self, close: usize) -> Context {
        let Some(open) = self.opening_paren(close) else { return Context::Operator { grouping: false } };
        let Some(before) = open.checked_sub(1) else { return Context::Operator { grouping: false } };
        match self.tokens[before].kind {
            TokenKind::Aggregation(_) => Context::Operator { grouping: true },
            TokenKind::Keyword(
                keyword @ (Keyword::On | Keyword::Ignoring | Keyword::GroupLeft | Keyword::GroupRight),
            ) => {
                let op = self.tokens[..before].iter().rev().find_map(|t| match t.kind {
                    TokenKind::Operator(op) => Some(op),
                    _ => None,
                });
                let may_group =
                    matches!(keyword, Keyword::On | Keyword::Ignoring) && !op.is_some_and(BinaryOp::is_set);
                match op {
                    Some(after) => Context::OperandOrModifier { after, may_be_bool: false, may_group },
                    None => Context::Operand,
                }
            }
            TokenKind::Keyword(Keyword::Fill | Keyword::FillLeft | Keyword::FillRight) => Context::Operand,
            // sum by (a) | needs its parenthesis.
            TokenKind::Keyword(Keyword::By | Keyword::Without)
                if matches!(
                    before.checked_sub(1).map(|i| self.tokens[i].kind),
                    Some(TokenKind::Aggregation(_))
                ) =>
            {
                Context::Nothing
            }
            _ => Context::Operator { grouping: false },
        }
    }
}
