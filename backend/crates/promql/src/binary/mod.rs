//! Binary operators: which kind of operands meet, and what becomes of names.

pub(crate) mod arith;
mod matching;
mod set;

use promql_syntax::ast::{Binary, BinaryOp, Span, ValueType};

use crate::annotations::Severity;
use crate::column::{Cell, Column, Row};
use crate::context::Context;
use crate::error::Result;
use crate::steps::Steps;
use arith::Outcome;

impl Context<'_> {
    /// A binary operation with at least one vector.
    pub(crate) fn binary(&self, binary: &Binary, span: Span, steps: Steps) -> Result<Vec<Row>> {
        match (binary.lhs.value_type(), binary.rhs.value_type()) {
            (ValueType::Vector, ValueType::Scalar) => self.with_scalar(binary, span, steps, false),
            (ValueType::Scalar, ValueType::Vector) => self.with_scalar(binary, span, steps, true),
            _ if binary.op.is_set() => {
                let (lhs, rhs) = (self.vector(&binary.lhs, steps)?, self.vector(&binary.rhs, steps)?);
                self.set_operation(binary, lhs, rhs, steps)
            }
            _ => {
                let (lhs, rhs) = (self.vector(&binary.lhs, steps)?, self.vector(&binary.rhs, steps)?);
                self.matched(binary, span, &lhs, &rhs, steps)
            }
        }
    }

    /// A vector and a scalar; `swapped` when the scalar stands on the left.
    fn with_scalar(&self, binary: &Binary, span: Span, steps: Steps, swapped: bool) -> Result<Vec<Row>> {
        let (vector, scalar) = if swapped { (&binary.rhs, &binary.lhs) } else { (&binary.lhs, &binary.rhs) };
        let scalar = self.scalar(scalar, steps)?;
        let mut rows = self.vector(vector, steps)?;
        let mut remarks = Remarks::default();
        for row in &mut rows {
            let mut out = Column::absent(steps.count);
            for step in 0..steps.count {
                let number = Cell::Float(scalar.get(step));
                let sample = row.values.cell(step);
                if matches!(sample, Cell::Absent) {
                    continue;
                }
                let (a, b) = if swapped { (number, sample) } else { (sample, number) };
                // A comparison keeps the sample of the vector, on whichever side it stands.
                let outcome = arith::apply(binary.op, a, b);
                remarks.note(&outcome, a, b);
                store(&mut out, step, outcome, binary, sample);
            }
            row.values = out;
            row.drop_name |= drops_name(binary.op) || binary.return_bool;
        }
        self.tell(binary, span, &remarks);
        Ok(rows)
    }

    /// Turns what happened to single samples into annotations.
    fn tell(&self, binary: &Binary, span: Span, remarks: &Remarks) {
        let op = arith::symbol(binary.op);
        for (a, b) in &remarks.incompatible {
            let text =
                format!("incompatible sample types encountered for binary operator {op:?}: {a} {op} {b}");
            self.annotate(Severity::Info, text, span);
        }
        if remarks.layouts {
            let text = format!("incompatible bucket layout encountered for binary operator {op}");
            self.annotate(Severity::Warning, text, span);
        }
        self.annotate_flags(remarks.flags, "", span);
    }
}

/// What happened to samples of an operation.
#[derive(Default)]
struct Remarks {
    incompatible: Vec<(&'static str, &'static str)>,
    layouts: bool,
    flags: crate::annotations::Flags,
}

impl Remarks {
    fn note(&mut self, outcome: &Outcome, a: Cell<'_>, b: Cell<'_>) {
        match outcome {
            Outcome::Incompatible => {
                let kind = |cell| if matches!(cell, Cell::Float(_)) { "float" } else { "histogram" };
                let pair = (kind(a), kind(b));
                if !self.incompatible.contains(&pair) {
                    self.incompatible.push(pair);
                }
            }
            Outcome::Layouts => self.layouts = true,
            Outcome::Histogram(_, flags) => self.flags.raise(*flags),
            _ => {}
        }
    }
}

/// Whether a result is no longer a sample of the metric.
fn drops_name(op: BinaryOp) -> bool {
    !op.is_comparison() && !op.is_set() && !matches!(op, BinaryOp::TrimUpper | BinaryOp::TrimLower)
}

/// Writes an outcome; a comparison that holds keeps `sample`, or gives 1 with `bool`.
fn store(out: &mut Column, step: usize, outcome: Outcome, binary: &Binary, sample: Cell<'_>) {
    match outcome {
        Outcome::Float(value) => out.set(step, value),
        Outcome::Histogram(histogram, _) => out.set_histogram(step, histogram),
        Outcome::Compared(holds) if binary.return_bool => out.set(step, f64::from(u8::from(holds))),
        Outcome::Compared(true) => match sample {
            Cell::Absent => {}
            Cell::Float(value) => out.set(step, value),
            Cell::Histogram(histogram) => out.set_histogram(step, histogram.clone()),
        },
        Outcome::Compared(false) | Outcome::Incompatible | Outcome::Layouts => {}
    }
}
