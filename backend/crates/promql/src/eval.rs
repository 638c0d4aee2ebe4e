//! Walking the tree: every expression becomes a scalar, a string, or rows of columns over the steps.

use promql_syntax::ast::{Expr, ExprKind, Unary, UnaryOp, ValueType};

use crate::column::Row;
use crate::context::Context;
use crate::error::{EvalError, Result};
use crate::plan;
use crate::scalar::ScalarColumn;
use crate::steps::Steps;

/// What an expression gives over the steps.
pub(crate) enum Evaluated {
    Scalar(ScalarColumn),
    String(String),
    Vector(Vec<Row>),
}

impl Context<'_> {
    /// Evaluates any expression but a range vector.
    pub(crate) fn eval(&self, expr: &Expr, steps: Steps) -> Result<Evaluated> {
        self.check()?;
        match &expr.kind {
            ExprKind::Paren(inner) => self.eval(inner, steps),
            ExprKind::String(text) => Ok(Evaluated::String(text.clone())),
            ExprKind::Bytes(bytes) => Ok(Evaluated::String(String::from_utf8_lossy(bytes).into_owned())),
            _ => match expr.value_type() {
                ValueType::Scalar => self.scalar(expr, steps).map(Evaluated::Scalar),
                ValueType::Vector => self.vector(expr, steps).map(Evaluated::Vector),
                ValueType::String => Err(EvalError::at("a string was expected to be a literal", expr.span)),
                ValueType::Matrix => Err(EvalError::at("a range vector cannot stand here", expr.span)),
            },
        }
    }

    /// Evaluates a scalar expression.
    pub(crate) fn scalar(&self, expr: &Expr, steps: Steps) -> Result<ScalarColumn> {
        match &expr.kind {
            ExprKind::Paren(inner) => self.scalar(inner, steps),
            ExprKind::Number(value) => Ok(ScalarColumn::Constant(*value)),
            ExprKind::Unary(Unary { op, expr }) => {
                let value = self.scalar(expr, steps)?;
                Ok(if *op == UnaryOp::Minus { value.map(|v| -v) } else { value })
            }
            ExprKind::Binary(binary) => {
                let (lhs, rhs) = (self.scalar(&binary.lhs, steps)?, self.scalar(&binary.rhs, steps)?);
                Ok(crate::binary::arith::scalars(binary.op, &lhs, &rhs))
            }
            ExprKind::Call(call) => {
                if steps.count > 1 && plan::is_step_invariant(expr) {
                    let once = self.scalar(expr, Steps { count: 1, ..steps })?;
                    return Ok(ScalarColumn::Constant(once.get(0)));
                }
                self.scalar_call(call, steps)
            }
            _ => Err(EvalError::at("a scalar was expected", expr.span)),
        }
    }

    /// Evaluates an expression that has to be a string literal.
    pub(crate) fn string(&self, expr: &Expr) -> Result<String> {
        match &plan::unparen(expr).kind {
            ExprKind::String(text) => Ok(text.clone()),
            ExprKind::Bytes(_) => Err(EvalError::at("this string is not valid UTF-8", expr.span)),
            _ => Err(EvalError::at("a string was expected", expr.span)),
        }
    }

    /// Evaluates a vector expression and holds all rows; whoever drops them calls [`Context::release_rows`].
    pub(crate) fn vector(&self, expr: &Expr, steps: Steps) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        self.stream(expr, steps, &mut |row| {
            self.hold(row.values.len())?;
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    /// Says that rows are no longer held.
    pub(crate) fn release_rows(&self, rows: &[Row]) {
        self.release(rows.iter().map(|row| row.values.len()).sum());
    }

    /// Hands the rows of a vector expression to `sink`, one by one where the expression allows it. Rows
    /// that came out of a collected vector are released before.
    pub(crate) fn stream(
        &self,
        expr: &Expr,
        steps: Steps,
        sink: &mut dyn FnMut(Row) -> Result<()>,
    ) -> Result<()> {
        self.check()?;
        if steps.count > 1 && plan::is_step_invariant(expr) {
            return self.stream(expr, Steps { count: 1, ..steps }, &mut |row| {
                sink(Row { values: row.values.broadcast(steps.count), ..row })
            });
        }
        match &expr.kind {
            ExprKind::Paren(inner) => self.stream(inner, steps, sink),
            ExprKind::Vector(selector) => self.instant_rows(selector, steps, false, sink),
            ExprKind::Call(call) => self.call(expr, call, steps, sink),
            ExprKind::Aggregate(aggregate) => give(self.aggregate(aggregate, expr.span, steps)?, sink),
            ExprKind::Binary(binary) => give(self.binary(binary, expr.span, steps)?, sink),
            ExprKind::Unary(Unary { op: UnaryOp::Plus, expr }) => self.stream(expr, steps, sink),
            ExprKind::Unary(Unary { op: UnaryOp::Minus, expr }) => {
                self.stream(expr, steps, &mut |mut row| {
                    crate::binary::arith::negate(&mut row.values);
                    row.drop_name = true;
                    sink(row)
                })
            }
            ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::Bytes(_)
            | ExprKind::Matrix(_)
            | ExprKind::Subquery(_) => Err(EvalError::at("an instant vector was expected", expr.span)),
        }
    }
}

/// Hands finished rows on.
pub(crate) fn give(rows: Vec<Row>, sink: &mut dyn FnMut(Row) -> Result<()>) -> Result<()> {
    rows.into_iter().filter(|row| !row.values.is_empty()).try_for_each(sink)
}
