//! The tree of a PromQL expression. Every node knows the bytes of the query it came from.

use std::sync::Arc;

use model::{Matcher, TimestampMs};

use crate::functions::Function;

/// A half-open range of byte offsets into the query text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// The type of an expression's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// One number.
    Scalar,
    /// A string.
    String,
    /// A set of series with one sample each.
    Vector,
    /// A set of series with a range of samples each.
    Matrix,
}

impl ValueType {
    /// The name Prometheus' messages use: `scalar`, `string`, `instant vector`, `range vector`.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::String => "string",
            Self::Vector => "instant vector",
            Self::Matrix => "range vector",
        }
    }
}

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands, without surrounding space.
    pub span: Span,
}

/// The kinds of node.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `1.5`, `0x1f`, `Inf`, `5m` used as a number of seconds.
    Number(f64),
    /// A string literal, unquoted.
    String(String),
    /// A string literal whose escapes make bytes that are not UTF-8. No name or label value can be one.
    Bytes(Vec<u8>),
    /// `name{matchers} @ t offset d`.
    Vector(VectorSelector),
    /// `selector[range]`.
    Matrix(MatrixSelector),
    /// `expr[range:step]`.
    Subquery(Subquery),
    /// `function(args)`.
    Call(Call),
    /// `sum by (…) (expr)`.
    Aggregate(Aggregate),
    /// `lhs op rhs`.
    Binary(Binary),
    /// `-expr`, `+expr`.
    Unary(Unary),
    /// `(expr)`.
    Paren(Box<Expr>),
}

/// A length of time as written: a literal or, where durations may be computed, an expression over the
/// query's step and range.
#[derive(Clone, Debug, PartialEq)]
pub enum DurationArg {
    /// Milliseconds.
    Literal(i64),
    /// To be computed when step and range of the query are known.
    Expr(Arc<DurationExpr>),
}

/// Arithmetic on durations (behind Prometheus' feature flag `promql-duration-expr`). Everything is
/// computed in seconds; `DurationArg::resolve` does it.
#[derive(Clone, Debug, PartialEq)]
pub enum DurationExpr {
    /// A plain number: seconds, or a factor.
    Number(f64),
    /// A duration literal such as `1h30m`, in milliseconds.
    Duration(i64),
    /// `step()`: the query's step.
    Step,
    /// `range()`: the length of the query's time range.
    Range,
    /// `-d`.
    Negate(Box<DurationExpr>),
    /// `min_of(a, b)`, `max_of(a, b)` or an arithmetic operator.
    Binary(DurationOp, Box<DurationExpr>, Box<DurationExpr>),
}

/// Operators on durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DurationOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Mod,
    /// `^`
    Pow,
    /// `min_of(a, b)`
    Min,
    /// `max_of(a, b)`
    Max,
}

/// The `@` modifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// `@ start()`.
    Start,
    /// `@ end()`.
    End,
    /// `@ 1600000000.5`.
    Timestamp(TimestampMs),
}

/// How a selector treats the edges of its range (behind `promql-extended-range-selectors`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RangeEdges {
    /// As always.
    #[default]
    Plain,
    /// `anchored`.
    Anchored,
    /// `smoothed`.
    Smoothed,
}

/// An instant selector.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorSelector {
    /// The metric name as written before the braces; its matcher is among `matchers` too.
    pub name: Option<String>,
    /// All matchers, the one for the name included; each with where it stands.
    pub matchers: Vec<(Matcher, Span)>,
    /// `offset`; negative looks ahead.
    pub offset: DurationArg,
    /// `@`.
    pub at: Option<At>,
    /// `anchored` / `smoothed`.
    pub edges: RangeEdges,
}

/// A range selector.
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixSelector {
    /// The selector; offset, `@` and edges written after the brackets are on it.
    pub vector: VectorSelector,
    /// Where the selector without the brackets stands.
    pub vector_span: Span,
    /// Length of the range.
    pub range: DurationArg,
}

/// An expression evaluated over a range.
#[derive(Clone, Debug, PartialEq)]
pub struct Subquery {
    /// What is evaluated.
    pub expr: Box<Expr>,
    /// Length of the range.
    pub range: DurationArg,
    /// Resolution; `None` takes the global evaluation interval.
    pub step: Option<DurationArg>,
    /// `offset`.
    pub offset: DurationArg,
    /// `@`.
    pub at: Option<At>,
}

/// A function call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The function.
    pub function: &'static Function,
    /// Its arguments, checked against its signature.
    pub args: Vec<Expr>,
}

/// Aggregation operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregateOp {
    /// `sum`
    Sum,
    /// `avg`
    Avg,
    /// `min`
    Min,
    /// `max`
    Max,
    /// `count`
    Count,
    /// `group`
    Group,
    /// `stddev` (population)
    Stddev,
    /// `stdvar` (population)
    Stdvar,
    /// `topk(k, …)`
    TopK,
    /// `bottomk(k, …)`
    BottomK,
    /// `quantile(φ, …)`
    Quantile,
    /// `count_values("label", …)`
    CountValues,
    /// `limitk(k, …)`, experimental
    LimitK,
    /// `limit_ratio(r, …)`, experimental
    LimitRatio,
}

/// Which labels make a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// Everything is one group.
    All,
    /// `by (…)`; never empty when parsed, since `by ()` is `All`
    By(Vec<String>),
    /// `without (…)`
    Without(Vec<String>),
}

/// An aggregation.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// Operator.
    pub op: AggregateOp,
    /// Grouping.
    pub grouping: Grouping,
    /// The parameter of `topk`, `quantile` …
    pub param: Option<Box<Expr>>,
    /// What is aggregated.
    pub expr: Box<Expr>,
}

/// Binary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Mod,
    /// `^`
    Pow,
    /// `atan2`
    Atan2,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `>`
    Gt,
    /// `<`
    Lt,
    /// `>=`
    Ge,
    /// `<=`
    Le,
    /// `and`
    And,
    /// `or`
    Or,
    /// `unless`
    Unless,
    /// `</`: the part of a histogram below a value
    TrimUpper,
    /// `>/`: the part of a histogram above a value
    TrimLower,
}

impl BinaryOp {
    /// The operator as written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Mod => "%",
            Self::Pow => "^",
            Self::Atan2 => "atan2",
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Gt => ">",
            Self::Lt => "<",
            Self::Ge => ">=",
            Self::Le => "<=",
            Self::And => "and",
            Self::Or => "or",
            Self::Unless => "unless",
            Self::TrimUpper => "</",
            Self::TrimLower => ">/",
        }
    }

    /// Whether this is one of the six comparisons.
    #[must_use]
    pub fn is_comparison(self) -> bool {
        matches!(self, Self::Eq | Self::Ne | Self::Gt | Self::Lt | Self::Ge | Self::Le)
    }

    /// Whether this is `and`, `or` or `unless`.
    #[must_use]
    pub fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }
}

/// How many series on each side belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cardinality {
    /// One to one.
    #[default]
    OneToOne,
    /// `group_left`: many on the left.
    ManyToOne,
    /// `group_right`: many on the right.
    OneToMany,
    /// Set operators.
    ManyToMany,
}

/// Which series of the two sides belong together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VectorMatching {
    /// Cardinality.
    pub cardinality: Cardinality,
    /// `true` for `on (…)`, `false` for `ignoring (…)` (also when nothing was written).
    pub on: bool,
    /// The labels in the parentheses.
    pub labels: Vec<String>,
    /// Labels of the one side that are copied to the result.
    pub include: Vec<String>,
    /// `fill`, `fill_left`: value for series missing on the left (behind a feature flag).
    pub fill_left: Option<f64>,
    /// `fill`, `fill_right`: value for series missing on the right (behind a feature flag).
    pub fill_right: Option<f64>,
}

/// A binary operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Binary {
    /// Operator.
    pub op: BinaryOp,
    /// Left side.
    pub lhs: Box<Expr>,
    /// Right side.
    pub rhs: Box<Expr>,
    /// `bool` was written.
    pub return_bool: bool,
    /// Between two vectors: how they match; `None` when a side is a scalar.
    pub matching: Option<VectorMatching>,
    /// Where the operator itself stands.
    pub op_span: Span,
}

/// Sign operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `+`
    Plus,
    /// `-`
    Minus,
}

/// A sign before an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Unary {
    /// Operator.
    pub op: UnaryOp,
    /// Operand.
    pub expr: Box<Expr>,
}

impl Span {
    /// The part of `text` this span covers; "" when it does not fit that text.
    #[must_use]
    pub fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or("")
    }

    /// From the start of this span to the end of `other`.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start, end: other.end }
    }
}

impl DurationArg {
    /// No time at all: what an absent `offset` means.
    pub const ZERO: Self = Self::Literal(0);
}

impl UnaryOp {
    /// The sign as written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plus => "+",
            Self::Minus => "-",
        }
    }
}

impl Expr {
    /// The type of the expression's result.
    #[must_use]
    pub fn value_type(&self) -> ValueType {
        match &self.kind {
            ExprKind::Number(_) => ValueType::Scalar,
            ExprKind::String(_) | ExprKind::Bytes(_) => ValueType::String,
            ExprKind::Vector(_) | ExprKind::Aggregate(_) => ValueType::Vector,
            ExprKind::Matrix(_) | ExprKind::Subquery(_) => ValueType::Matrix,
            ExprKind::Call(call) => call.function.returns,
            ExprKind::Binary(binary) => match (binary.lhs.value_type(), binary.rhs.value_type()) {
                (ValueType::Scalar, ValueType::Scalar) => ValueType::Scalar,
                _ => ValueType::Vector,
            },
            ExprKind::Unary(unary) => unary.expr.value_type(),
            ExprKind::Paren(inner) => inner.value_type(),
        }
    }
}
