//! A tree as text over several lines, the way Prometheus' `format_query` lays it out: a node longer than
//! a line is split, its parts indented by two spaces.

use crate::ast::{Expr, ExprKind};
use crate::printer::{aggregate_head, bare_infinity, is_arithmetic, one_line, operator, subquery_suffix};

/// A node longer than this is split.
const LINE: usize = 100;

/// The query, laid out over several lines where it is too long for one.
#[must_use]
pub fn pretty(expr: &Expr) -> String {
    layout(expr, 0, false)
}

fn indent(level: usize) -> String {
    "  ".repeat(level)
}

/// Lays a node out. `before_arithmetic` is explained at `printer::one_line`.
fn layout(expr: &Expr, level: usize, before_arithmetic: bool) -> String {
    let flat = one_line(expr, before_arithmetic);
    let pad = indent(level);
    if flat.len() <= LINE {
        return format!("{pad}{flat}");
    }
    match &expr.kind {
        ExprKind::Aggregate(aggregate) => {
            let mut out = pad.clone();
            // Writing to a String cannot fail.
            let _ = aggregate_head(&mut out, aggregate);
            out.push_str("(\n");
            if let Some(param) = &aggregate.param {
                out.push_str(&layout(param, level + 1, false));
                out.push_str(",\n");
            }
            out.push_str(&layout(&aggregate.expr, level + 1, false));
            out.push_str(&format!("\n{pad})"));
            out
        }
        ExprKind::Call(call) if !call.args.is_empty() => {
            let args: Vec<String> = call.args.iter().map(|arg| layout(arg, level + 1, false)).collect();
            format!("{pad}{}(\n{}\n{pad})", call.function.name, args.join(",\n"))
        }
        ExprKind::Binary(binary) => {
            let mut op = String::new();
            let _ = operator(&mut op, binary); // writing to a String cannot fail
            let lhs = match bare_infinity(binary) {
                true => format!("{pad}  Inf"),
                false => layout(&binary.lhs, level + 1, is_arithmetic(binary.op)),
            };
            let rhs = layout(&binary.rhs, level + 1, before_arithmetic);
            format!("{lhs}\n{pad}{op}\n{rhs}")
        }
        ExprKind::Paren(inner) => format!("{pad}(\n{}\n{pad})", layout(inner, level + 1, false)),
        ExprKind::Subquery(subquery) => {
            let mut out = layout(&subquery.expr, level, false);
            let _ = subquery_suffix(&mut out, subquery, before_arithmetic); // writing to a String cannot fail
            out
        }
        ExprKind::Unary(unary) => {
            format!(
                "{pad}{}{}",
                unary.op.as_str(),
                layout(&unary.expr, level, before_arithmetic).trim_start()
            )
        }
        _ => format!("{pad}{flat}"),
    }
}
