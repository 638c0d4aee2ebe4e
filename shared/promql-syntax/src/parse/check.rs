//! Types, arguments and modifiers: what the grammar allows and the language does not. In the order in
//! which Prometheus checks, so that the same mistake is named first.

use model::{CompiledMatcher, METRIC_NAME};

use crate::ast::{
    Aggregate, Binary, Call, Cardinality, Expr, ExprKind, Span, ValueType, VectorMatching, VectorSelector,
};
use crate::error::ParseError;
use crate::functions::Function;
use crate::literal::quote;

/// Checks a tree and settles how its binary operations match.
pub(super) fn check(query: &str, mut expr: Expr) -> Result<Expr, ParseError> {
    Checker { query }.expr(&mut expr)?;
    Ok(expr)
}

struct Checker<'q> {
    query: &'q str,
}

impl Checker<'_> {
    /// Checks a node and those below it; returns its type.
    fn expr(&self, expr: &mut Expr) -> Result<ValueType, ParseError> {
        let span = expr.span;
        Ok(match &mut expr.kind {
            ExprKind::Number(_) => ValueType::Scalar,
            ExprKind::String(_) | ExprKind::Bytes(_) => ValueType::String,
            ExprKind::Vector(vector) => {
                self.vector(vector, span, false)?;
                ValueType::Vector
            }
            ExprKind::Matrix(matrix) => {
                self.vector(&matrix.vector, matrix.vector_span, false)?;
                ValueType::Matrix
            }
            ExprKind::Subquery(subquery) => {
                let kind = self.expr(&mut subquery.expr)?;
                if kind != ValueType::Vector {
                    let message =
                        format!("subquery is only allowed on instant vector, got {} instead", short(kind));
                    return Err(self.error(span, message));
                }
                ValueType::Matrix
            }
            ExprKind::Call(call) => self.call(call, span)?,
            ExprKind::Aggregate(aggregate) => self.aggregate(aggregate)?,
            ExprKind::Binary(binary) => self.binary(binary, span)?,
            ExprKind::Unary(unary) => {
                let kind = self.expr(&mut unary.expr)?;
                if !matches!(kind, ValueType::Scalar | ValueType::Vector) {
                    let message = format!(
                        "unary expression only allowed on expressions of type scalar or instant vector, got {}",
                        quote(kind.describe())
                    );
                    return Err(self.error(span, message));
                }
                kind
            }
            ExprKind::Paren(inner) => self.expr(inner)?,
        })
    }

    fn vector(&self, vector: &VectorSelector, span: Span, may_be_empty: bool) -> Result<(), ParseError> {
        if let Some(name) = &vector.name {
            // The first matcher is the one for the name before the braces.
            return match vector.matchers.iter().skip(1).find(|(m, _)| m.name == METRIC_NAME) {
                Some((second, _)) => {
                    let message = format!(
                        "metric name must not be set twice: {} or {}",
                        quote(name),
                        quote(&second.value)
                    );
                    Err(self.error(span, message))
                }
                None => Ok(()),
            };
        }
        if may_be_empty {
            return Ok(());
        }
        for (matcher, at) in &vector.matchers {
            let compiled =
                CompiledMatcher::new(matcher.clone()).map_err(|e| self.error(*at, e.to_string()))?;
            if !compiled.matches_absent() {
                return Ok(());
            }
        }
        Err(self.error(span, "vector selector must contain at least one non-empty matcher"))
    }

    fn aggregate(&self, aggregate: &mut Aggregate) -> Result<ValueType, ParseError> {
        self.expect(&mut aggregate.expr, ValueType::Vector, "aggregation expression")?;
        if let (Some(param), Some(wanted)) = (&mut aggregate.param, aggregate.op.info().param) {
            self.expect(param, wanted, "aggregation parameter")?;
        }
        Ok(ValueType::Vector)
    }

    fn expect(&self, expr: &mut Expr, wanted: ValueType, context: &str) -> Result<(), ParseError> {
        let kind = self.expr(expr)?;
        if kind != wanted {
            let message =
                format!("expected type {} in {context}, got {}", wanted.describe(), kind.describe());
            return Err(self.error(expr.span, message));
        }
        Ok(())
    }

    fn call(&self, call: &mut Call, span: Span) -> Result<ValueType, ParseError> {
        let function = call.function;
        self.count(function, call.args.len(), span)?;
        let context = format!("call to function {}", quote(function.name));
        for (i, arg) in call.args.iter_mut().enumerate() {
            if function.name == "info" && i == 1 {
                self.info_selector(arg, span, &context)?;
                continue;
            }
            // `count` has seen to it that there is a type.
            let Some(wanted) = function.arg_type(i) else { break };
            self.expect(arg, wanted, &context)?;
        }
        Ok(function.returns)
    }

    fn count(&self, function: &Function, given: usize, span: Span) -> Result<(), ParseError> {
        let (min, max) = (function.min_args(), function.max_args());
        let (bound, number) = match max {
            Some(max) if min == max && given != min => ("", min),
            _ if given < min => ("at least ", min),
            Some(max) if given > max => ("at most ", max),
            _ => return Ok(()),
        };
        let name = quote(function.name);
        Err(self.error(span, format!("expected {bound}{number} argument(s) in call to {name}, got {given}")))
    }

    /// The second argument of `info`: matchers without a metric name, all of which may match "".
    fn info_selector(&self, arg: &Expr, call: Span, context: &str) -> Result<(), ParseError> {
        let kind = arg.value_type();
        if kind != ValueType::Vector {
            let message = format!(
                "expected type {} in {context}, got {}",
                ValueType::Vector.describe(),
                kind.describe()
            );
            return Err(self.error(call, message));
        }
        match &arg.kind {
            ExprKind::Vector(vector) if vector.name.is_some() => {
                Err(self.error(arg.span, "expected label selectors only, got vector selector instead"))
            }
            ExprKind::Vector(vector) => self.vector(vector, arg.span, true),
            _ => Err(self.error(arg.span, "expected label selectors only")),
        }
    }

    fn binary(&self, binary: &mut Binary, span: Span) -> Result<ValueType, ParseError> {
        let left = self.expr(&mut binary.lhs)?;
        let right = self.expr(&mut binary.rhs)?;
        let op = binary.op;
        let scalars = left == ValueType::Scalar && right == ValueType::Scalar;
        if binary.return_bool && !op.is_comparison() {
            return Err(self.error(binary.op_span, "bool modifier can only be used on comparison operators"));
        }
        if op.is_comparison() && !binary.return_bool && scalars {
            return Err(self.error(binary.op_span, "comparisons between scalars must use BOOL modifier"));
        }
        let mut matching = binary.matching.take().unwrap_or_default();
        if op.is_set() && matching.cardinality == Cardinality::OneToOne {
            matching.cardinality = Cardinality::ManyToMany;
        }
        if matching.on
            && let Some(label) = matching.labels.iter().find(|label| matching.include.contains(label))
        {
            let message = format!("label {} must not occur in ON and GROUP clause at once", quote(label));
            return Err(self.error(binary.op_span, message));
        }
        for (kind, side) in [(left, &binary.lhs), (right, &binary.rhs)] {
            if !matches!(kind, ValueType::Scalar | ValueType::Vector) {
                let message = "binary expression must contain only scalar and instant vector types";
                return Err(self.error(side.span, message));
            }
        }
        let vectors = left == ValueType::Vector && right == ValueType::Vector;
        self.matching(binary, &matching, vectors, span)?;
        binary.matching = vectors.then_some(matching);
        Ok(if scalars { ValueType::Scalar } else { ValueType::Vector })
    }

    fn matching(
        &self,
        binary: &Binary,
        matching: &VectorMatching,
        vectors: bool,
        span: Span,
    ) -> Result<(), ParseError> {
        let fills = matching.fill_left.is_some() || matching.fill_right.is_some();
        let op = binary.op;
        let message = if !vectors && !matching.labels.is_empty() {
            "vector matching only allowed between instant vectors".to_owned()
        } else if !vectors && fills {
            "filling in missing series only allowed between instant vectors".to_owned()
        } else if !vectors && op.is_set() {
            format!("set operator {} not allowed in binary scalar expression", quote(op.as_str()))
        } else if op.is_set() && matching.cardinality != Cardinality::ManyToMany {
            format!("no grouping allowed for {} operation", quote(op.as_str()))
        } else if op.is_set() && fills {
            "filling in missing series not allowed for set operators".to_owned()
        } else {
            return Ok(());
        };
        Err(self.error(span, message))
    }

    fn error(&self, span: Span, message: impl Into<String>) -> ParseError {
        ParseError::new(self.query, span, message)
    }
}

/// The type's name where Prometheus uses the short one.
fn short(kind: ValueType) -> &'static str {
    match kind {
        ValueType::Scalar => "scalar",
        ValueType::String => "string",
        ValueType::Vector => "vector",
        ValueType::Matrix => "matrix",
    }
}
