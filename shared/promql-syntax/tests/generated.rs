//! Random well-typed trees print as text that reads back as the same tree.
#![cfg(feature = "parse")]

mod common;

use std::sync::Arc;

use model::{MatchOp, Matcher};
use promql_syntax::ast::{
    Aggregate, AggregateOp, At, Binary, BinaryOp, Call, Cardinality, DurationArg, DurationExpr, DurationOp,
    Expr, ExprKind, Grouping, MatrixSelector, RangeEdges, Span, Subquery, Unary, UnaryOp, ValueType,
    VectorMatching, VectorSelector,
};
use promql_syntax::functions::{FUNCTIONS, Function};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn node(kind: ExprKind) -> Expr {
    Expr { kind, span: Span::default() }
}

fn paren(expr: Expr) -> Expr {
    node(ExprKind::Paren(Box::new(expr)))
}

/// In parentheses, unless nothing around could pull it apart.
fn closed(expr: Expr) -> Expr {
    match &expr.kind {
        ExprKind::Number(value) if value.is_sign_negative() && !value.is_nan() => paren(expr),
        ExprKind::Binary(_) | ExprKind::Unary(_) => paren(expr),
        _ => expr,
    }
}

fn label() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z_][a-z0-9_]{0,6}",
        1 => prop::sample::select(vec!["by", "offset", "sum", "on"]).prop_map(str::to_owned),
        1 => "\\PC{1,6}",
    ]
}

fn matcher() -> impl Strategy<Value = Matcher> {
    let op = prop::sample::select(vec![MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex, MatchOp::NotRegex]);
    (label(), op, "[a-z\"\\n é]{0,6}")
        .prop_map(|(name, op, value)| Matcher::new(name, op, value))
        .prop_filter("the name has its own place", |m| m.name != "__name__")
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![any::<f64>(), (-100..100_i32).prop_map(f64::from), Just(f64::INFINITY)]
        .prop_map(|value| if value.is_nan() { f64::NAN } else { value })
}

fn duration_expr() -> impl Strategy<Value = DurationExpr> {
    let leaf = prop_oneof![
        (0..1_000_000_u32).prop_map(|n| DurationExpr::Number(f64::from(n) / 8.0)),
        (-1_000_000..1_000_000_i64).prop_map(DurationExpr::Duration),
        Just(DurationExpr::Step),
        Just(DurationExpr::Range),
    ];
    leaf.prop_recursive(4, 12, 2, |inner| {
        let op = prop::sample::select(vec![
            DurationOp::Add,
            DurationOp::Sub,
            DurationOp::Mul,
            DurationOp::Div,
            DurationOp::Mod,
            DurationOp::Pow,
            DurationOp::Min,
            DurationOp::Max,
        ]);
        let negate = inner.clone().prop_map(|expr| match expr {
            // A sign before a literal is part of it.
            DurationExpr::Number(_) | DurationExpr::Duration(_) => expr,
            other => DurationExpr::Negate(Box::new(other)),
        });
        let zero =
            |e: &DurationExpr| matches!(e, DurationExpr::Duration(0)) || *e == DurationExpr::Number(0.0);
        prop_oneof![
            negate,
            (op, inner.clone(), inner).prop_map(move |(op, a, b)| {
                let divides = matches!(op, DurationOp::Div | DurationOp::Mod);
                let op = if divides && zero(&b) { DurationOp::Add } else { op };
                DurationExpr::Binary(op, Box::new(a), Box::new(b))
            }),
        ]
    })
}

fn computed() -> impl Strategy<Value = DurationArg> {
    duration_expr().prop_filter_map("a literal stands for itself", |expr| match expr {
        DurationExpr::Number(_) | DurationExpr::Duration(_) => None,
        expr => Some(DurationArg::Expr(Arc::new(expr))),
    })
}

fn range() -> impl Strategy<Value = DurationArg> {
    prop_oneof![(1..10_000_000_000_i64).prop_map(DurationArg::Literal), computed()]
}

fn offset() -> impl Strategy<Value = DurationArg> {
    prop_oneof![
        3 => Just(DurationArg::ZERO),
        2 => (-10_000_000_000_i64..10_000_000_000).prop_map(DurationArg::Literal),
        1 => computed(),
    ]
}

fn at() -> impl Strategy<Value = Option<At>> {
    option::of(prop_oneof![
        Just(At::Start),
        Just(At::End),
        (-4_000_000_000_000..4_000_000_000_000_i64).prop_map(At::Timestamp),
    ])
}

fn selector() -> impl Strategy<Value = VectorSelector> {
    let edges = prop::sample::select(vec![RangeEdges::Plain, RangeEdges::Anchored, RangeEdges::Smoothed]);
    let name = prop_oneof!["[a-z_:][a-z0-9_:]{0,8}", Just("by".to_owned()), Just("and".to_owned())]
        .prop_filter("a keyword anywhere", |name| {
            !["on", "bool", "inf", "nan", "ignoring", "atan2"].contains(&name.as_str())
        });
    (option::of(name), vec(matcher(), 0..4), offset(), at(), edges).prop_map(
        |(name, matchers, offset, at, edges)| {
            let mut all: Vec<Matcher> = Vec::new();
            match &name {
                Some(name) => all.push(Matcher::equal("__name__", name.as_str())),
                None => all.push(Matcher::equal("job", "x")), // at least one that does not match ""
            }
            all.extend(matchers);
            let matchers = all.into_iter().map(|m| (m, Span::default())).collect();
            VectorSelector { name, matchers, offset, at, edges }
        },
    )
}

fn matching(op: BinaryOp, fills: bool) -> impl Strategy<Value = VectorMatching> {
    let fill = option::of((-9..9_i32).prop_map(f64::from));
    (any::<bool>(), vec(label(), 0..3), 0..3_usize, vec("i[a-z]{0,3}", 0..2), fill.clone(), fill).prop_map(
        move |(on, labels, card, include, fill_left, fill_right)| {
            let grouped = [Cardinality::OneToOne, Cardinality::ManyToOne, Cardinality::OneToMany][card];
            let cardinality = if op.is_set() { Cardinality::ManyToMany } else { grouped };
            let is_group = matches!(cardinality, Cardinality::ManyToOne | Cardinality::OneToMany);
            let include = if is_group { include } else { Vec::new() };
            let labels = labels.into_iter().filter(|l| !include.contains(l)).collect();
            let fills = fills && !op.is_set();
            VectorMatching {
                cardinality,
                on,
                labels,
                include,
                fill_left: fill_left.filter(|_| fills),
                fill_right: fill_right.filter(|_| fills),
            }
        },
    )
}

const OPS: &[BinaryOp] = &[
    BinaryOp::Add,
    BinaryOp::Sub,
    BinaryOp::Mul,
    BinaryOp::Div,
    BinaryOp::Mod,
    BinaryOp::Pow,
    BinaryOp::Atan2,
    BinaryOp::Eq,
    BinaryOp::Ne,
    BinaryOp::Gt,
    BinaryOp::Lt,
    BinaryOp::Ge,
    BinaryOp::Le,
    BinaryOp::And,
    BinaryOp::Or,
    BinaryOp::Unless,
    BinaryOp::TrimUpper,
    BinaryOp::TrimLower,
];

fn binary(a: Expr, b: Expr) -> impl Strategy<Value = Expr> {
    let types = (a.value_type(), b.value_type());
    let vectors = types == (ValueType::Vector, ValueType::Vector);
    let scalars = types == (ValueType::Scalar, ValueType::Scalar);
    let ops: Vec<BinaryOp> = OPS.iter().copied().filter(|op| vectors || !op.is_set()).collect();
    (prop::sample::select(ops), any::<bool>()).prop_flat_map(move |(op, flag)| {
        let (a, b) = (closed(a.clone()), closed(b.clone()));
        let return_bool = op.is_comparison() && (flag || scalars);
        matching(op, true).prop_map(move |matching| {
            node(ExprKind::Binary(Binary {
                op,
                lhs: Box::new(a.clone()),
                rhs: Box::new(b.clone()),
                return_bool,
                matching: vectors.then_some(matching),
                op_span: Span::default(),
            }))
        })
    })
}

/// Arguments for a function, from a scalar and a vector to build on.
fn arguments(
    function: &'static Function,
    scalar: &Expr,
    vector: &Expr,
    matrix: &MatrixSelector,
) -> Vec<Expr> {
    function
        .args
        .iter()
        .enumerate()
        .map(|(i, kind)| match kind {
            _ if function.name == "info" && i == 1 => node(ExprKind::Vector(VectorSelector {
                name: None,
                matchers: vec![(Matcher::equal("a", ""), Span::default())],
                offset: DurationArg::ZERO,
                at: None,
                edges: RangeEdges::Plain,
            })),
            ValueType::Scalar => scalar.clone(),
            ValueType::String => node(ExprKind::String(format!("s{i}\n\"é"))),
            ValueType::Vector => vector.clone(),
            ValueType::Matrix => node(ExprKind::Matrix(matrix.clone())),
        })
        .collect()
}

fn tree() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        number().prop_map(|value| node(ExprKind::Number(value))),
        selector().prop_map(|vector| node(ExprKind::Vector(vector))),
    ];
    leaf.prop_recursive(5, 24, 3, |inner| {
        let is_vector = |e: &Expr| e.value_type() == ValueType::Vector;
        let vector = || inner.clone().prop_filter("a vector", is_vector);
        let scalar = inner.clone().prop_filter("a scalar", |e| e.value_type() == ValueType::Scalar);
        let matrix = (selector(), range()).prop_map(|(mut vector, range)| {
            vector.edges = RangeEdges::Plain;
            MatrixSelector { vector, vector_span: Span::default(), range }
        });
        let subquery = (vector(), range(), option::of(range()), offset(), at()).prop_map(
            |(expr, range, step, offset, at)| {
                // A selector's own modifiers come before the brackets.
                let expr = Box::new(closed(expr));
                let subquery = Subquery { expr, range, step, offset, at };
                let function = promql_syntax::functions::function("max_over_time").expect("known");
                node(ExprKind::Call(Call { function, args: vec![node(ExprKind::Subquery(subquery))] }))
            },
        );
        let call =
            (prop::sample::select(FUNCTIONS.iter().collect::<Vec<_>>()), scalar.clone(), vector(), matrix)
                .prop_map(|(function, scalar, vector, matrix)| {
                    let args = arguments(function, &scalar, &vector, &matrix);
                    node(ExprKind::Call(Call { function, args }))
                });
        let aggregate = (0..14_usize, vec(label(), 0..3), any::<bool>(), scalar, vector()).prop_map(
            |(i, labels, by, scalar, vector)| {
                let info = &promql_syntax::aggregations::AGGREGATIONS[i];
                let param = info.param.map(|kind| match kind {
                    ValueType::String => Box::new(node(ExprKind::String("v".into()))),
                    _ => Box::new(scalar.clone()),
                });
                let op: AggregateOp = info.op;
                let grouping = match (by, labels.is_empty()) {
                    (true, true) => Grouping::All,
                    (true, false) => Grouping::By(labels),
                    (false, _) => Grouping::Without(labels),
                };
                node(ExprKind::Aggregate(Aggregate { op, grouping, param, expr: Box::new(vector) }))
            },
        );
        let unary = (inner.clone(), any::<bool>()).prop_map(|(expr, plus)| {
            let op = if plus { UnaryOp::Plus } else { UnaryOp::Minus };
            let expr = match &expr.kind {
                ExprKind::Number(_) => paren(expr), // or the sign would be part of it
                _ => closed(expr),
            };
            node(ExprKind::Unary(Unary { op, expr: Box::new(expr) }))
        });
        prop_oneof![
            call,
            aggregate,
            subquery,
            unary,
            inner.clone().prop_map(paren),
            (inner.clone(), inner.clone()).prop_flat_map(|(a, b)| binary(a, b)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_global_rejects: 100_000, max_local_rejects: 200_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn printed_and_read_again(tree in tree()) {
        common::assert_reads_back(&tree);
        let text = tree.to_string();
        let parsed = promql_syntax::parse(&text, &promql_syntax::ParseOptions::all_features()).expect("reads back");
        common::assert_spans(&text, &parsed);
        prop_assert_eq!(parsed.to_string(), text);
    }
}
