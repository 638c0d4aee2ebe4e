//! From promql-parser's tree of the skeleton to ours: everything the outline took out goes back in, by
//! ordinal, and each node gets its span.

use std::sync::OnceLock;
use std::vec::IntoIter;

use promql_parser::parser::value::ValueType as TheirType;
use promql_parser::parser::{self as theirs, Function as TheirFunction};

use super::modifiers::Operator;
use super::outline::{CALL, Callee, Leaf, Operand, Outline};
use super::suffix::{Suffix, SuffixKind};
use crate::ast::{
    Aggregate, At, Binary, Call, DurationArg, Expr, ExprKind, MatrixSelector, RangeEdges, Span, Subquery,
    Unary, UnaryOp, VectorSelector,
};
use crate::error::ParseError;
use crate::options::{Features, ParseOptions};

/// Parses the skeleton and puts the tree together.
pub(super) fn convert(query: &str, options: &ParseOptions, outline: Outline) -> Result<Expr, ParseError> {
    let whole = Span { start: 0, end: query.len() as u32 }; // bounded by MAX_QUERY_BYTES
    let refused = |reason| ParseError::new(query, whole, reason);
    register_call().map_err(refused)?;
    let tree = theirs::parse(&outline.skeleton).map_err(refused)?;
    let mut converter = Converter {
        query,
        features: options.features,
        leaves: outline.leaves.into_iter(),
        parens: outline.parens.into_iter(),
        calls: outline.calls.into_iter(),
        signs: outline.signs.into_iter(),
        operators: outline.operators.into_iter(),
    };
    converter.expr(&tree)
}

/// Teaches promql-parser the one function the skeleton calls. It keeps such functions per process.
fn register_call() -> Result<(), String> {
    static REGISTERED: OnceLock<Result<(), String>> = OnceLock::new();
    REGISTERED
        .get_or_init(|| {
            let function = TheirFunction::new(CALL, vec![TheirType::Vector], -1, TheirType::Vector, false);
            theirs::register_extra_functions(vec![function]).map_err(|error| error.to_string())
        })
        .clone()
}

struct Converter<'q> {
    query: &'q str,
    features: Features,
    leaves: IntoIter<Operand<Leaf>>,
    parens: IntoIter<Operand<()>>,
    calls: IntoIter<Operand<Callee>>,
    signs: IntoIter<(UnaryOp, Span)>,
    operators: IntoIter<Operator>,
}

impl Converter<'_> {
    /// Converts a node. Kept small, like all that it calls again: every level of a query passes here.
    fn expr(&mut self, tree: &theirs::Expr) -> Result<Expr, ParseError> {
        match tree {
            theirs::Expr::VectorSelector(_) => self.leaf(),
            theirs::Expr::Paren(paren) => self.paren(&paren.expr),
            theirs::Expr::Call(call) => self.call(&call.args),
            theirs::Expr::Unary(unary) => self.unary(&unary.expr),
            theirs::Expr::Binary(binary) => self.binary(&binary.lhs, &binary.rhs),
            _ => Err(self.out_of_step()),
        }
    }

    fn boxed(&mut self, tree: &theirs::Expr) -> Result<Box<Expr>, ParseError> {
        self.expr(tree).map(Box::new)
    }

    fn paren(&mut self, inner: &theirs::Expr) -> Result<Expr, ParseError> {
        let operand = self.parens.next().ok_or_else(|| self.out_of_step())?;
        let inner = self.boxed(inner)?;
        self.suffixed(ExprKind::Paren(inner), operand.span, operand.suffixes)
    }

    fn unary(&mut self, inner: &theirs::Expr) -> Result<Expr, ParseError> {
        let (op, span) = self.signs.next().ok_or_else(|| self.out_of_step())?;
        Ok(signed(op, span, self.boxed(inner)?))
    }

    fn leaf(&mut self) -> Result<Expr, ParseError> {
        let operand = self.leaves.next().ok_or_else(|| self.out_of_step())?;
        let kind = match operand.what {
            Leaf::Number(value) => ExprKind::Number(value),
            Leaf::String(text) => ExprKind::String(text),
            Leaf::Bytes(bytes) => ExprKind::Bytes(bytes),
            Leaf::Selector(selector) => ExprKind::Vector(VectorSelector {
                name: selector.name,
                matchers: selector.matchers,
                offset: DurationArg::ZERO,
                at: None,
                edges: RangeEdges::Plain,
            }),
        };
        self.suffixed(kind, operand.span, operand.suffixes)
    }

    fn call(&mut self, args: &theirs::FunctionArgs) -> Result<Expr, ParseError> {
        let operand = self.calls.next().ok_or_else(|| self.out_of_step())?;
        let mut converted = Vec::with_capacity(args.args.len());
        for arg in &args.args {
            converted.push(self.expr(arg)?);
        }
        self.called(operand, converted)
    }

    fn called(&self, operand: Operand<Callee>, mut args: Vec<Expr>) -> Result<Expr, ParseError> {
        let kind = match operand.what {
            Callee::Function(function) => ExprKind::Call(Call { function, args }),
            Callee::Aggregate(op, grouping) => {
                let expr = Box::new(args.pop().ok_or_else(|| self.out_of_step())?);
                ExprKind::Aggregate(Aggregate { op, grouping, param: args.pop().map(Box::new), expr })
            }
        };
        self.suffixed(kind, operand.span, operand.suffixes)
    }

    fn binary(&mut self, lhs: &theirs::Expr, rhs: &theirs::Expr) -> Result<Expr, ParseError> {
        let lhs = self.boxed(lhs)?;
        let operator = self.operators.next().ok_or_else(|| self.out_of_step())?;
        let rhs = self.boxed(rhs)?;
        self.operation(operator, lhs, rhs)
    }

    fn operation(&self, operator: Operator, lhs: Box<Expr>, rhs: Box<Expr>) -> Result<Expr, ParseError> {
        let span = lhs.span.to(rhs.span);
        let matching = operator.matching;
        if (matching.fill_left.is_some() || matching.fill_right.is_some())
            && !self.features.binop_fill_modifiers
        {
            return Err(self.error(span, "binop fill modifiers are experimental and not enabled"));
        }
        let kind = ExprKind::Binary(Binary {
            op: operator.op,
            lhs,
            rhs,
            return_bool: operator.return_bool,
            matching: Some(matching), // the checker takes it away again where a side is a scalar
            op_span: operator.span,
        });
        Ok(Expr { kind, span })
    }

    /// Applies the modifiers behind an operand, in order.
    fn suffixed(&self, kind: ExprKind, span: Span, suffixes: Vec<Suffix>) -> Result<Expr, ParseError> {
        let mut expr = Expr { kind, span };
        for suffix in suffixes {
            let span = expr.span.to(suffix.span);
            expr = self.apply(expr, suffix)?;
            expr.span = span;
        }
        Ok(expr)
    }

    fn apply(&self, mut expr: Expr, suffix: Suffix) -> Result<Expr, ParseError> {
        let span = expr.span;
        match suffix.kind {
            SuffixKind::Range(range) => return self.range(expr, range, suffix.span),
            SuffixKind::Subquery(range, step) => {
                let subquery =
                    Subquery { expr: Box::new(expr), range, step, offset: DurationArg::ZERO, at: None };
                return Ok(Expr { kind: ExprKind::Subquery(subquery), span });
            }
            SuffixKind::Offset(offset) => {
                let set = modifiers_of(&mut expr)
                    .map(|m| m.offset)
                    .ok_or_else(|| self.misplaced(span, "offset"))?;
                if *set != DurationArg::ZERO {
                    return Err(self.error(span, "offset may not be set multiple times"));
                }
                *set = offset;
            }
            SuffixKind::At(at) => {
                let set = modifiers_of(&mut expr).map(|m| m.at).ok_or_else(|| self.misplaced(span, "@"))?;
                if set.is_some() {
                    return Err(self.error(span, "@ <timestamp> may not be set multiple times"));
                }
                *set = Some(at);
            }
            SuffixKind::AtOutOfBounds(seconds) => {
                let message = format!("timestamp out of bounds for @ modifier: {}", go_f(seconds));
                return Err(self.error(span, message));
            }
            SuffixKind::Edges(edges) => self.edges(&mut expr, edges)?,
        }
        Ok(expr)
    }

    fn range(&self, expr: Expr, range: DurationArg, brackets: Span) -> Result<Expr, ParseError> {
        let ExprKind::Vector(vector) = expr.kind else {
            return Err(self.error(brackets, "ranges only allowed for vector selectors"));
        };
        if vector.offset != DurationArg::ZERO {
            return Err(self.error(brackets, "no offset modifiers allowed before range"));
        }
        if vector.at.is_some() {
            return Err(self.error(brackets, "no @ modifiers allowed before range"));
        }
        let matrix = MatrixSelector { vector, vector_span: expr.span, range };
        Ok(Expr { kind: ExprKind::Matrix(matrix), span: expr.span })
    }

    fn edges(&self, expr: &mut Expr, edges: RangeEdges) -> Result<(), ParseError> {
        let name = if edges == RangeEdges::Anchored { "anchored" } else { "smoothed" };
        let fail = |what: &str| Err(self.error(expr.span, format!("{name} modifier {what}")));
        if !self.features.extended_range_selectors {
            return fail("is experimental and not enabled");
        }
        let set = match &mut expr.kind {
            ExprKind::Vector(vector) => &mut vector.edges,
            ExprKind::Matrix(matrix) => &mut matrix.vector.edges,
            ExprKind::Subquery(_) => return fail("is not supported for subqueries"),
            _ => return fail("not implemented"),
        };
        if *set != RangeEdges::Plain && *set != edges {
            let message = "anchored and smoothed modifiers cannot be used together";
            return Err(self.error(expr.span, message));
        }
        *set = edges;
        Ok(())
    }

    fn misplaced(&self, span: Span, name: &str) -> ParseError {
        let message = format!(
            "{name} modifier must be preceded by an instant vector selector or range vector selector or a subquery"
        );
        self.error(span, message)
    }

    /// Cannot happen as long as outline and promql-parser agree on the grammar; the fuzzers look for it.
    fn out_of_step(&self) -> ParseError {
        let whole = Span { start: 0, end: self.query.len() as u32 };
        self.error(whole, "the query cannot be read: its outline and its tree differ")
    }

    fn error(&self, span: Span, message: impl Into<String>) -> ParseError {
        ParseError::new(self.query, span, message)
    }
}

struct Modifiers<'e> {
    offset: &'e mut DurationArg,
    at: &'e mut Option<At>,
}

/// Where `offset` and `@` of a selector or subquery go.
fn modifiers_of(expr: &mut Expr) -> Option<Modifiers<'_>> {
    match &mut expr.kind {
        ExprKind::Vector(v) => Some(Modifiers { offset: &mut v.offset, at: &mut v.at }),
        ExprKind::Matrix(m) => Some(Modifiers { offset: &mut m.vector.offset, at: &mut m.vector.at }),
        ExprKind::Subquery(s) => Some(Modifiers { offset: &mut s.offset, at: &mut s.at }),
        _ => None,
    }
}

/// A sign before an expression; before a number it becomes part of the number.
fn signed(op: UnaryOp, sign: Span, mut inner: Box<Expr>) -> Expr {
    let span = sign.to(inner.span);
    match (&mut inner.kind, op) {
        (ExprKind::Number(value), UnaryOp::Minus) => Expr { kind: ExprKind::Number(-*value), span },
        (ExprKind::Number(value), UnaryOp::Plus) => Expr { kind: ExprKind::Number(*value), span },
        _ => Expr { kind: ExprKind::Unary(Unary { op, expr: inner }), span },
    }
}

/// As Go's `%f`.
fn go_f(value: f64) -> String {
    if value.is_finite() { format!("{value:.6}") } else { crate::literal::format_number(value) }
}
