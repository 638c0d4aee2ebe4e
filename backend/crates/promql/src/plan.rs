//! What can be told from the tree alone: which parts give the same at every step.

use promql_syntax::ast::{Expr, ExprKind};

/// Functions that look at the time of the evaluation even when their argument is pinned by `@`.
const TIME_DEPENDENT: [&str; 12] = [
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "days_in_month",
    "hour",
    "info",
    "minute",
    "month",
    "predict_linear",
    "time",
    "timestamp",
    "year",
];

/// Whether the function called `name` looks at the time of the evaluation.
pub(crate) fn depends_on_time(name: &str) -> bool {
    TIME_DEPENDENT.contains(&name)
}

/// Whether the expression gives the same at every step, so that one evaluation is enough.
pub(crate) fn is_step_invariant(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Bytes(_) => true,
        ExprKind::Vector(selector) => selector.at.is_some(),
        ExprKind::Matrix(selector) => selector.vector.at.is_some(),
        ExprKind::Subquery(subquery) => subquery.at.is_some(),
        ExprKind::Call(call) => {
            !depends_on_time(call.function.name) && call.args.iter().all(is_step_invariant)
        }
        ExprKind::Aggregate(aggregate) => {
            is_step_invariant(&aggregate.expr) && aggregate.param.as_deref().is_none_or(is_step_invariant)
        }
        ExprKind::Binary(binary) => is_step_invariant(&binary.lhs) && is_step_invariant(&binary.rhs),
        ExprKind::Unary(unary) => is_step_invariant(&unary.expr),
        ExprKind::Paren(inner) => is_step_invariant(inner),
    }
}

/// The expression without parentheses around it.
pub(crate) fn unparen(mut expr: &Expr) -> &Expr {
    while let ExprKind::Paren(inner) = &expr.kind {
        expr = inner;
    }
    expr
}
