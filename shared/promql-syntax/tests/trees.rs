//! Our own queries: the tree or error each gives, and that trees print, read back and know their places.
#![cfg(feature = "parse")]

mod common;

use std::fmt::Write as _;

use promql_syntax::ast::{DurationArg, Expr, ExprKind, VectorSelector};
use promql_syntax::{Features, ParseOptions, parse, parse_selector, pretty};

const QUERIES: &str = include_str!("queries.txt");

fn queries() -> impl Iterator<Item = String> {
    QUERIES
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
        .map(|line| line.replace('⏎', "\n"))
}

/// One line per node: kind, what only it knows, and its text.
fn outline(query: &str, expr: &Expr, level: usize, out: &mut String) {
    let what = match &expr.kind {
        ExprKind::Number(value) => format!("number {value}"),
        ExprKind::String(text) => format!("string {text:?}"),
        ExprKind::Bytes(bytes) => format!("bytes {bytes:?}"),
        ExprKind::Vector(vector) => format!("vector{}", modifiers(vector)),
        ExprKind::Matrix(matrix) => {
            format!("matrix [{}]{}", duration(&matrix.range), modifiers(&matrix.vector))
        }
        ExprKind::Subquery(s) => {
            let step = s.step.as_ref().map_or_else(String::new, duration);
            format!("subquery [{}:{step}] offset {} at {:?}", duration(&s.range), duration(&s.offset), s.at)
        }
        ExprKind::Call(call) => format!("call {}", call.function.name),
        ExprKind::Aggregate(a) => format!("aggregate {} {:?}", a.op.as_str(), a.grouping),
        ExprKind::Binary(b) => {
            let matching = b.matching.as_ref().map_or_else(
                || "no matching".to_owned(),
                |m| {
                    let fills = format!("{:?} {:?}", m.fill_left, m.fill_right);
                    format!("{:?} on {} {:?} {:?} fill {fills}", m.cardinality, m.on, m.labels, m.include)
                },
            );
            format!("binary {}{} {matching}", b.op.as_str(), if b.return_bool { " bool" } else { "" })
        }
        ExprKind::Unary(unary) => format!("unary {}", unary.op.as_str()),
        ExprKind::Paren(_) => "paren".to_owned(),
    };
    writeln!(out, "{}{what} «{}»", "  ".repeat(level), expr.span.of(query)).expect("a String");
    for child in expr.children() {
        outline(query, child, level + 1, out);
    }
}

fn modifiers(vector: &VectorSelector) -> String {
    let matchers: Vec<String> = vector.matchers.iter().map(|(m, _)| m.to_string()).collect();
    let mut out = format!(" {}", matchers.join(" "));
    if vector.offset != DurationArg::ZERO {
        out.push_str(&format!(" offset {}", duration(&vector.offset)));
    }
    if let Some(at) = vector.at {
        out.push_str(&format!(" at {at:?}"));
    }
    if vector.edges != Default::default() {
        out.push_str(&format!(" {:?}", vector.edges));
    }
    out
}

fn duration(arg: &DurationArg) -> String {
    match arg {
        DurationArg::Literal(ms) => format!("{ms}ms"),
        DurationArg::Expr(expr) => format!("{expr:?}"),
    }
}

#[test]
fn trees_and_errors() {
    let mut out = String::new();
    for query in queries() {
        writeln!(out, "{query}").expect("a String");
        match parse(&query, &ParseOptions::all_features()) {
            Ok(tree) => {
                writeln!(out, "  = {tree}").expect("a String");
                outline(&query, &tree, 1, &mut out);
            }
            Err(error) => writeln!(out, "  ! {error} «{}»", error.span.of(&query)).expect("a String"),
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn trees_print_read_back_and_know_their_places() {
    let mut count = 0;
    for query in queries() {
        if let Ok(tree) = parse(&query, &ParseOptions::all_features()) {
            count += 1;
            common::assert_reads_back(&tree);
            common::assert_spans(&query, &tree);
        }
    }
    assert!(count > 45, "only {count} queries parse");
}

#[test]
fn nothing_experimental_unless_switched_on() {
    let refused = |query: &str| match parse(query, &ParseOptions::default()) {
        Err(error) => error.to_string(),
        Ok(tree) => panic!("accepted: {tree}"),
    };
    for (query, want) in [
        ("mad_over_time(x[5m])", "1:1: parse error: function \"mad_over_time\" is not enabled"),
        (
            "limitk(1, x)",
            "1:1: parse error: limitk() is experimental and must be enabled with \
             --enable-feature=promql-experimental-functions",
        ),
        ("x[step()]", "1:3: parse error: experimental duration expression is not enabled"),
        ("x[5m + 1m]", "1:3: parse error: experimental duration expression is not enabled"),
        ("x offset (5m)", "1:11: parse error: experimental duration expression is not enabled"),
        ("x[5m] anchored", "1:1: parse error: anchored modifier is experimental and not enabled"),
        ("a + fill (0) b", "1:1: parse error: binop fill modifiers are experimental and not enabled"),
        ("start()", "1:1: parse error: function \"start\" is not enabled"),
    ] {
        assert_eq!(refused(query), want);
    }
    let only = |name: &str, query: &str| {
        let mut features = Features::default();
        assert!(features.enable(name));
        parse(query, &ParseOptions { features }).is_ok()
    };
    assert!(only("promql-experimental-functions", "mad_over_time(x[5m])"));
    assert!(only("promql-duration-expr", "x[step()]"));
    assert!(only("promql-extended-range-selectors", "x[5m] smoothed"));
    assert!(only("promql-binop-fill-modifiers", "a + fill (0) b"));
    assert!(parse("x[+5m] offset -5m", &ParseOptions::default()).is_ok(), "signs are no arithmetic");
}

#[test]
fn laid_out_over_lines_when_too_long_for_one() {
    let query = "histogram_quantile(0.99, sum by (le, model_name) (rate(vllm:e2e_request_latency_seconds_bucket{cluster=\"prod\", namespace=~\"llm-.*\"}[5m]))) > on (model_name) group_left (team) (slo:latency:objective * 2 + -max_over_time(slo:latency:correction{cluster=\"prod\"}[1h:5m] offset 1d))";
    let tree = parse(query, &ParseOptions::default()).expect("valid");
    insta::assert_snapshot!(pretty(&tree));
    assert_eq!(
        pretty(&parse("sum  by(b,a)( x )", &ParseOptions::default()).expect("valid")),
        "sum by (b, a) (x)"
    );
}

#[test]
fn selectors_alone() {
    let matchers = parse_selector(r#"up{job="a", pod=~"x.*"}"#).expect("a selector");
    let shown: Vec<String> = matchers.iter().map(ToString::to_string).collect();
    assert_eq!(shown, [r#"__name__="up""#, r#"job="a""#, r#"pod=~"x.*""#]);
    assert_eq!(parse_selector("{}").expect("left to the caller"), []);
    for bad in ["", "up offset 5m", "rate(x[5m])", "1", "up{", "up{a=~\"(\"}"] {
        assert!(parse_selector(bad).is_err(), "{bad}");
    }
}
