//! Operators on single samples.

use std::sync::Arc;

use model::{Histogram, ResetHint};
use promql_syntax::ast::BinaryOp;

use crate::annotations::Flags;
use crate::column::{Cell, Column};
use crate::histogram::ops;
use crate::histogram::trim::{Keep, trim};
use crate::scalar::ScalarColumn;

/// What an operator makes of two samples.
pub(crate) enum Outcome {
    Float(f64),
    Histogram(Arc<Histogram>, Flags),
    /// Whether a comparison holds.
    Compared(bool),
    /// The operator does not know these kinds of samples.
    Incompatible,
    /// Exponential buckets met custom ones.
    Layouts,
}

/// Applies `op` to two samples.
#[inline]
pub(crate) fn apply(op: BinaryOp, a: Cell<'_>, b: Cell<'_>) -> Outcome {
    match (a, b) {
        (Cell::Float(a), Cell::Float(b)) => floats(op, a, b),
        (Cell::Histogram(a), Cell::Histogram(b)) => histograms(op, a, b),
        (Cell::Float(factor), Cell::Histogram(h)) if op == BinaryOp::Mul => {
            scaled(h, |h| ops::scale(h, factor))
        }
        (Cell::Histogram(h), Cell::Float(factor)) if op == BinaryOp::Mul => {
            scaled(h, |h| ops::scale(h, factor))
        }
        (Cell::Histogram(h), Cell::Float(divisor)) if op == BinaryOp::Div => {
            scaled(h, |h| ops::divide(h, divisor))
        }
        (Cell::Histogram(h), Cell::Float(value)) if op == BinaryOp::TrimUpper => {
            trimmed(h, value, Keep::Below)
        }
        (Cell::Histogram(h), Cell::Float(value)) if op == BinaryOp::TrimLower => {
            trimmed(h, value, Keep::Above)
        }
        _ => Outcome::Incompatible,
    }
}

fn trimmed(h: &Histogram, value: f64, keep: Keep) -> Outcome {
    Outcome::Histogram(Arc::new(trim(h, value, keep)), Flags::default())
}

#[inline]
fn floats(op: BinaryOp, a: f64, b: f64) -> Outcome {
    match op {
        BinaryOp::Add => Outcome::Float(a + b),
        BinaryOp::Sub => Outcome::Float(a - b),
        BinaryOp::Mul => Outcome::Float(a * b),
        BinaryOp::Div => Outcome::Float(a / b),
        BinaryOp::Mod => Outcome::Float(a % b),
        BinaryOp::Pow => Outcome::Float(a.powf(b)),
        BinaryOp::Atan2 => Outcome::Float(a.atan2(b)),
        BinaryOp::Eq => Outcome::Compared(a == b),
        BinaryOp::Ne => Outcome::Compared(a != b),
        BinaryOp::Gt => Outcome::Compared(a > b),
        BinaryOp::Lt => Outcome::Compared(a < b),
        BinaryOp::Ge => Outcome::Compared(a >= b),
        BinaryOp::Le => Outcome::Compared(a <= b),
        _ => Outcome::Incompatible,
    }
}

fn scaled(h: &Histogram, f: impl FnOnce(&mut Histogram)) -> Outcome {
    let mut out = h.clone();
    f(&mut out);
    Outcome::Histogram(Arc::new(out), Flags::default())
}

fn histograms(op: BinaryOp, a: &Histogram, b: &Histogram) -> Outcome {
    let mut flags = Flags::default();
    let mut out = a.clone();
    let done = match op {
        BinaryOp::Add => ops::add(&mut out, b),
        BinaryOp::Sub => ops::subtract(&mut out, b),
        BinaryOp::Eq => return Outcome::Compared(ops::equal(a, b)),
        BinaryOp::Ne => return Outcome::Compared(!ops::equal(a, b)),
        _ => return Outcome::Incompatible,
    };
    let Ok(remarks) = done else { return Outcome::Layouts };
    let subtraction = op == BinaryOp::Sub;
    if remarks.reconciled {
        flags.raise(if subtraction { Flags::RECONCILED_SUB } else { Flags::RECONCILED_ADD });
    }
    if remarks.reset_collision {
        flags.raise(if subtraction { Flags::RESET_COLLISION_SUB } else { Flags::RESET_COLLISION_ADD });
    }
    if subtraction {
        out.reset_hint = ResetHint::Gauge;
    }
    ops::compact(&mut out);
    Outcome::Histogram(Arc::new(out), flags)
}

/// Two scalars; a comparison gives 1 or 0.
pub(crate) fn scalars(op: BinaryOp, a: &ScalarColumn, b: &ScalarColumn) -> ScalarColumn {
    a.zip(b, |a, b| match floats(op, a, b) {
        Outcome::Float(value) => value,
        Outcome::Compared(holds) => f64::from(u8::from(holds)),
        _ => f64::NAN,
    })
}

/// Changes the sign of every sample.
pub(crate) fn negate(column: &mut Column) {
    for step in 0..column.len() {
        match column.cell(step) {
            Cell::Absent => {}
            Cell::Float(value) => column.set(step, -value),
            Cell::Histogram(histogram) => {
                let mut negative = Histogram::clone(histogram);
                ops::scale(&mut negative, -1.0);
                column.set_histogram(step, Arc::new(negative));
            }
        }
    }
}

/// The operator as written.
pub(crate) fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Mod => "%",
        BinaryOp::Pow => "^",
        BinaryOp::Atan2 => "atan2",
        BinaryOp::Eq => "==",
        BinaryOp::Ne => "!=",
        BinaryOp::Gt => ">",
        BinaryOp::Lt => "<",
        BinaryOp::Ge => ">=",
        BinaryOp::Le => "<=",
        BinaryOp::And => "and",
        BinaryOp::Or => "or",
        BinaryOp::Unless => "unless",
        BinaryOp::TrimUpper => "</",
        BinaryOp::TrimLower => ">/",
    }
}
