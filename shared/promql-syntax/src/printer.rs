//! A tree as text: on one line in Prometheus' canonical form, which reads back as the same tree.

use std::fmt::{self, Write};

use model::{METRIC_NAME, MatchOp, Matcher, format_duration, is_valid_label_name};

use crate::ast::{
    Aggregate, At, Binary, BinaryOp, Cardinality, DurationArg, DurationExpr, DurationOp, Expr, ExprKind,
    Grouping, MatrixSelector, RangeEdges, Subquery, VectorSelector,
};
use crate::literal::{format_number, quote, quote_bytes};

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        expr(f, self, false)
    }
}

/// A node on one line. `before_arithmetic`: an arithmetic operator follows, which a parenthesised duration
/// at the end of the node would take as its own.
pub(crate) fn one_line(node: &Expr, before_arithmetic: bool) -> String {
    let mut out = String::new();
    let _ = expr(&mut out, node, before_arithmetic); // writing to a String cannot fail
    out
}

fn expr(out: &mut impl Write, node: &Expr, before_arithmetic: bool) -> fmt::Result {
    match &node.kind {
        ExprKind::Number(value) => out.write_str(&format_number(*value)),
        ExprKind::String(text) => out.write_str(&quote(text)),
        ExprKind::Bytes(bytes) => out.write_str(&quote_bytes(bytes)),
        ExprKind::Vector(vector) => {
            selector(out, vector)?;
            at(out, vector.at)?;
            edges(out, vector.edges)?;
            offset(out, &vector.offset, before_arithmetic)
        }
        ExprKind::Matrix(m) => matrix(out, m, before_arithmetic),
        ExprKind::Subquery(subquery) => {
            expr(out, &subquery.expr, false)?;
            subquery_suffix(out, subquery, before_arithmetic)
        }
        ExprKind::Call(call) => {
            out.write_str(call.function.name)?;
            out.write_char('(')?;
            for (i, arg) in call.args.iter().enumerate() {
                if i > 0 {
                    out.write_str(", ")?;
                }
                expr(out, arg, false)?;
            }
            out.write_char(')')
        }
        ExprKind::Aggregate(a) => {
            aggregate_head(out, a)?;
            out.write_char('(')?;
            if let Some(param) = &a.param {
                expr(out, param, false)?;
                out.write_str(", ")?;
            }
            expr(out, &a.expr, false)?;
            out.write_char(')')
        }
        ExprKind::Binary(binary) => {
            if bare_infinity(binary) {
                out.write_str("Inf")?;
            } else {
                expr(out, &binary.lhs, is_arithmetic(binary.op))?;
            }
            out.write_char(' ')?;
            operator(out, binary)?;
            out.write_char(' ')?;
            expr(out, &binary.rhs, before_arithmetic)
        }
        ExprKind::Unary(unary) => {
            out.write_str(unary.op.as_str())?;
            expr(out, &unary.expr, before_arithmetic)
        }
        ExprKind::Paren(inner) => {
            out.write_char('(')?;
            expr(out, inner, false)?;
            out.write_char(')')
        }
    }
}

/// Whether the left side is "+Inf" and its sign would be read as one before the whole power.
pub(crate) fn bare_infinity(binary: &Binary) -> bool {
    binary.op == BinaryOp::Pow && matches!(binary.lhs.kind, ExprKind::Number(f64::INFINITY))
}

pub(crate) fn is_arithmetic(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Mod | BinaryOp::Pow
    )
}

fn selector(out: &mut impl Write, vector: &VectorSelector) -> fmt::Result {
    let is_name = |m: &Matcher| {
        m.name == METRIC_NAME && m.op == MatchOp::Equal && vector.name.as_deref() == Some(m.value.as_str())
    };
    let mut matchers: Vec<String> =
        vector.matchers.iter().map(|(m, _)| m).filter(|m| !is_name(m)).map(matcher).collect();
    matchers.sort();
    out.write_str(vector.name.as_deref().unwrap_or_default())?;
    if !matchers.is_empty() || vector.name.is_none() {
        write!(out, "{{{}}}", matchers.join(","))?;
    }
    Ok(())
}

fn matcher(matcher: &Matcher) -> String {
    format!("{}{}{}", label(&matcher.name), matcher.op, quote(&matcher.value))
}

/// A label name, quoted where it has to be.
fn label(name: &str) -> String {
    if is_valid_label_name(name) { name.to_owned() } else { quote(name) }
}

fn labels(out: &mut impl Write, names: &[String]) -> fmt::Result {
    let names: Vec<String> = names.iter().map(|name| label(name)).collect();
    write!(out, "({})", names.join(", "))
}

fn matrix(out: &mut impl Write, matrix: &MatrixSelector, before_arithmetic: bool) -> fmt::Result {
    selector(out, &matrix.vector)?;
    write!(out, "[{}]", Range(&matrix.range))?;
    edges(out, matrix.vector.edges)?;
    at(out, matrix.vector.at)?;
    offset(out, &matrix.vector.offset, before_arithmetic)
}

/// `[range:step] @ t offset d` behind a subquery's expression.
pub(crate) fn subquery_suffix(
    out: &mut impl Write,
    subquery: &Subquery,
    before_arithmetic: bool,
) -> fmt::Result {
    write!(out, "[{}:", Range(&subquery.range))?;
    if let Some(step) = &subquery.step {
        write!(out, "{}", Range(step))?;
    }
    out.write_char(']')?;
    at(out, subquery.at)?;
    offset(out, &subquery.offset, before_arithmetic)
}

fn at(out: &mut impl Write, at: Option<At>) -> fmt::Result {
    match at {
        None => Ok(()),
        Some(At::Start) => out.write_str(" @ start()"),
        Some(At::End) => out.write_str(" @ end()"),
        Some(At::Timestamp(ms)) => {
            let sign = if ms < 0 { "-" } else { "" };
            let ms = ms.unsigned_abs();
            write!(out, " @ {sign}{}.{:03}", ms / 1000, ms % 1000)
        }
    }
}

fn edges(out: &mut impl Write, edges: RangeEdges) -> fmt::Result {
    out.write_str(match edges {
        RangeEdges::Plain => "",
        RangeEdges::Anchored => " anchored",
        RangeEdges::Smoothed => " smoothed",
    })
}

fn offset(out: &mut impl Write, offset: &DurationArg, before_arithmetic: bool) -> fmt::Result {
    match offset {
        DurationArg::Literal(0) => Ok(()),
        DurationArg::Literal(ms) => write!(out, " offset {}", format_duration(*ms)),
        DurationArg::Expr(expr) => {
            out.write_str(" offset ")?;
            match &**expr {
                DurationExpr::Negate(inner) => {
                    out.write_char('-')?;
                    duration(out, inner, ATOM)
                }
                // With a sign before it, the parenthesis ends the duration.
                expr if before_arithmetic && duration_binding(expr) < ATOM => {
                    out.write_char('+')?;
                    duration(out, expr, ATOM)
                }
                expr => duration(out, expr, ATOM),
            }
        }
    }
}

/// A range or step within brackets.
struct Range<'a>(&'a DurationArg);

impl fmt::Display for Range<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            DurationArg::Literal(ms) => f.write_str(&format_duration(*ms)),
            DurationArg::Expr(expr) => duration(f, expr, 0),
        }
    }
}

/// What binds tighter than any operator.
const ATOM: u8 = 4;
const SIGN: u8 = 2;

fn duration_binding(expr: &DurationExpr) -> u8 {
    match expr {
        DurationExpr::Number(n) if n.is_sign_negative() => SIGN,
        DurationExpr::Duration(ms) if *ms < 0 => SIGN,
        DurationExpr::Negate(_) => SIGN,
        DurationExpr::Binary(op, ..) => match op {
            DurationOp::Add | DurationOp::Sub => 1,
            DurationOp::Mul | DurationOp::Div | DurationOp::Mod => 2,
            DurationOp::Pow => 3,
            DurationOp::Min | DurationOp::Max => ATOM,
        },
        _ => ATOM,
    }
}

/// Writes a duration expression, in parentheses if it binds less tightly than `min`.
fn duration(out: &mut impl Write, expr: &DurationExpr, min: u8) -> fmt::Result {
    let binding = duration_binding(expr);
    if binding < min {
        out.write_char('(')?;
        duration(out, expr, 0)?;
        return out.write_char(')');
    }
    match expr {
        DurationExpr::Number(seconds) => out.write_str(&format_number(*seconds)),
        DurationExpr::Duration(ms) => out.write_str(&format_duration(*ms)),
        DurationExpr::Step => out.write_str("step()"),
        DurationExpr::Range => out.write_str("range()"),
        DurationExpr::Negate(inner) => {
            out.write_char('-')?;
            // A sign before a number would become part of it; it never is in a parsed tree.
            duration(out, inner, SIGN + 1)
        }
        DurationExpr::Binary(op @ (DurationOp::Min | DurationOp::Max), a, b) => {
            out.write_str(if *op == DurationOp::Min { "min_of(" } else { "max_of(" })?;
            duration(out, a, 0)?;
            out.write_str(", ")?;
            duration(out, b, 0)?;
            out.write_char(')')
        }
        DurationExpr::Binary(op, a, b) => {
            let sign = match op {
                DurationOp::Add => '+',
                DurationOp::Sub => '-',
                DurationOp::Mul => '*',
                DurationOp::Div => '/',
                DurationOp::Mod => '%',
                DurationOp::Pow | DurationOp::Min | DurationOp::Max => '^',
            };
            let power = *op == DurationOp::Pow;
            duration(out, a, if power { binding + 1 } else { binding })?;
            write!(out, " {sign} ")?;
            duration(out, b, if power { binding } else { binding + 1 })
        }
    }
}

/// `sum by (a, b) ` or `sum`: all of an aggregation before its parenthesis.
pub(crate) fn aggregate_head(out: &mut impl Write, aggregate: &Aggregate) -> fmt::Result {
    out.write_str(aggregate.op.as_str())?;
    let (word, names) = match &aggregate.grouping {
        Grouping::All => return Ok(()),
        Grouping::By(names) => (" by ", names),
        Grouping::Without(names) => (" without ", names),
    };
    out.write_str(word)?;
    labels(out, names)?;
    out.write_char(' ')
}

/// An operator with all its modifiers.
pub(crate) fn operator(out: &mut impl Write, binary: &Binary) -> fmt::Result {
    out.write_str(binary.op.as_str())?;
    if binary.return_bool {
        out.write_str(" bool")?;
    }
    let Some(matching) = &binary.matching else { return Ok(()) };
    let group = match matching.cardinality {
        Cardinality::ManyToOne => Some(" group_left "),
        Cardinality::OneToMany => Some(" group_right "),
        Cardinality::OneToOne | Cardinality::ManyToMany => None,
    };
    if matching.on || !matching.labels.is_empty() || group.is_some() {
        out.write_str(if matching.on { " on " } else { " ignoring " })?;
        labels(out, &matching.labels)?;
    }
    if let Some(group) = group {
        out.write_str(group)?;
        labels(out, &matching.include)?;
    }
    match (matching.fill_left, matching.fill_right) {
        (Some(left), Some(right)) if left.to_bits() == right.to_bits() => {
            write!(out, " fill ({})", format_number(left))
        }
        (left, right) => {
            if let Some(value) = left {
                write!(out, " fill_left ({})", format_number(value))?;
            }
            if let Some(value) = right {
                write!(out, " fill_right ({})", format_number(value))?;
            }
            Ok(())
        }
    }
}
