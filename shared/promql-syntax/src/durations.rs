//! Durations that depend on the query: what `step()` and `range()` arithmetic comes to.

use thiserror::Error;

use crate::ast::{DurationArg, DurationExpr, DurationOp};

/// A computed duration that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DurationExprError {
    /// A range or step has to be positive.
    #[error("duration must be greater than 0")]
    NotPositive,
    /// It does not fit 64 bits of nanoseconds (about 292 years).
    #[error("duration out of range")]
    OutOfRange,
    /// `x / 0`.
    #[error("division by zero")]
    DivisionByZero,
    /// `x % 0`.
    #[error("modulo by zero")]
    ModuloByZero,
}

/// The greatest number of seconds Prometheus can hold: 2⁶³ nanoseconds.
pub(crate) const MAX_SECONDS: f64 = 9_223_372_036.854_776;

impl DurationArg {
    /// The duration in milliseconds, for a query with this step and length (end − start), both in
    /// milliseconds. An `offset` may be negative, a range or step of a subquery may not be 0 either:
    /// for those pass `positive`.
    ///
    /// # Errors
    /// When the duration is out of range, not positive although it has to be, or divides by zero.
    pub fn resolve(&self, step_ms: i64, range_ms: i64, positive: bool) -> Result<i64, DurationExprError> {
        let expr = match self {
            Self::Literal(ms) if positive && *ms <= 0 => return Err(DurationExprError::NotPositive),
            Self::Literal(ms) => return Ok(*ms),
            Self::Expr(expr) => expr,
        };
        let seconds = expr.seconds(step_ms as f64 / 1000.0, range_ms as f64 / 1000.0)?;
        if positive && seconds <= 0.0 {
            return Err(DurationExprError::NotPositive);
        }
        if seconds.is_nan() || seconds.abs() > MAX_SECONDS {
            return Err(DurationExprError::OutOfRange);
        }
        Ok((seconds * 1000.0) as i64) // towards zero, as Prometheus rounds
    }

    /// The literal's milliseconds; `None` when the duration depends on the query.
    #[must_use]
    pub fn literal(&self) -> Option<i64> {
        match self {
            Self::Literal(ms) => Some(*ms),
            Self::Expr(_) => None,
        }
    }
}

impl DurationExpr {
    fn seconds(&self, step: f64, range: f64) -> Result<f64, DurationExprError> {
        Ok(match self {
            Self::Number(seconds) => *seconds,
            Self::Duration(ms) => *ms as f64 / 1000.0,
            Self::Step => step,
            Self::Range => range,
            Self::Negate(inner) => -inner.seconds(step, range)?,
            Self::Binary(op, lhs, rhs) => {
                let (a, b) = (lhs.seconds(step, range)?, rhs.seconds(step, range)?);
                match op {
                    DurationOp::Add => a + b,
                    DurationOp::Sub => a - b,
                    DurationOp::Mul => a * b,
                    DurationOp::Div if b == 0.0 => return Err(DurationExprError::DivisionByZero),
                    DurationOp::Div => a / b,
                    DurationOp::Mod if b == 0.0 => return Err(DurationExprError::ModuloByZero),
                    DurationOp::Mod => a % b,
                    DurationOp::Pow => a.powf(b),
                    DurationOp::Min if a.is_nan() || b.is_nan() => f64::NAN,
                    DurationOp::Min => a.min(b),
                    DurationOp::Max if a.is_nan() || b.is_nan() => f64::NAN,
                    DurationOp::Max => a.max(b),
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn binary(op: DurationOp, a: DurationExpr, b: DurationExpr) -> DurationArg {
        DurationArg::Expr(Arc::new(DurationExpr::Binary(op, Box::new(a), Box::new(b))))
    }

    #[test]
    fn computed_in_seconds() {
        let two_minutes = DurationExpr::Duration(120_000);
        let arg = binary(DurationOp::Mul, two_minutes, DurationExpr::Number(15.0));
        assert_eq!(arg.resolve(0, 0, true), Ok(1_800_000));
        let arg = binary(DurationOp::Add, DurationExpr::Step, DurationExpr::Number(1.0));
        assert_eq!(arg.resolve(15_000, 0, true), Ok(16_000));
        let arg = binary(DurationOp::Sub, DurationExpr::Number(1.0), DurationExpr::Range);
        assert_eq!(arg.resolve(0, 3_000, false), Ok(-2_000));
        assert_eq!(arg.resolve(0, 3_000, true), Err(DurationExprError::NotPositive));
    }

    #[test]
    fn refused_when_senseless() {
        let div = binary(DurationOp::Div, DurationExpr::Number(1.0), DurationExpr::Step);
        assert_eq!(div.resolve(0, 0, true), Err(DurationExprError::DivisionByZero));
        let modulo = binary(DurationOp::Mod, DurationExpr::Number(1.0), DurationExpr::Step);
        assert_eq!(modulo.resolve(0, 0, true), Err(DurationExprError::ModuloByZero));
        let huge = binary(DurationOp::Pow, DurationExpr::Number(10.0), DurationExpr::Number(11.0));
        assert_eq!(huge.resolve(0, 0, true), Err(DurationExprError::OutOfRange));
        assert_eq!(DurationArg::Literal(0).resolve(0, 0, true), Err(DurationExprError::NotPositive));
        assert_eq!(DurationArg::Literal(-5).resolve(0, 0, false), Ok(-5));
    }
}
