//! Walking a tree without recursion: the nodes below a node, all nodes, all selectors.

use crate::ast::{DurationArg, Expr, ExprKind, Span, VectorSelector};

impl Expr {
    /// The nodes right below this one, in order of the text.
    #[must_use]
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::Bytes(_)
            | ExprKind::Vector(_)
            | ExprKind::Matrix(_) => Vec::new(),
            ExprKind::Subquery(subquery) => vec![&subquery.expr],
            ExprKind::Call(call) => call.args.iter().collect(),
            ExprKind::Aggregate(a) => a.param.as_deref().into_iter().chain([&*a.expr]).collect(),
            ExprKind::Binary(binary) => vec![&binary.lhs, &binary.rhs],
            ExprKind::Unary(unary) => vec![&unary.expr],
            ExprKind::Paren(inner) => vec![inner],
        }
    }

    /// This node and all below it, each before those below it, in order of the text.
    pub fn walk(&self) -> impl Iterator<Item = &Expr> {
        let mut stack = vec![self];
        std::iter::from_fn(move || {
            let next = stack.pop()?;
            stack.extend(next.children().into_iter().rev());
            Some(next)
        })
    }

    /// All selectors in order of the text.
    pub fn selectors(&self) -> impl Iterator<Item = SelectorRef<'_>> {
        self.walk().filter_map(|expr| match &expr.kind {
            ExprKind::Vector(vector) => Some(SelectorRef { vector, range: None, span: expr.span }),
            ExprKind::Matrix(matrix) => {
                Some(SelectorRef { vector: &matrix.vector, range: Some(&matrix.range), span: expr.span })
            }
            _ => None,
        })
    }

    /// The expression without the parentheses around it.
    #[must_use]
    pub fn unparenthesised(&self) -> &Expr {
        let mut expr = self;
        while let ExprKind::Paren(inner) = &expr.kind {
            expr = inner;
        }
        expr
    }
}

/// A selector in a tree, instant or range.
#[derive(Clone, Copy, Debug)]
pub struct SelectorRef<'a> {
    /// The selector.
    pub vector: &'a VectorSelector,
    /// The range in brackets, if there is one.
    pub range: Option<&'a DurationArg>,
    /// Where it stands, brackets and modifiers included.
    pub span: Span,
}
