//! What several tests assert about trees.

use promql_syntax::ast::{Expr, ExprKind, Span};
use promql_syntax::{ParseOptions, parse, pretty};

/// The tree without what printing does not keep: spans and the order of matchers.
pub(crate) fn bare(tree: &Expr) -> Expr {
    let mut tree = tree.clone();
    strip(&mut tree);
    tree
}

fn strip(expr: &mut Expr) {
    expr.span = Span::default();
    match &mut expr.kind {
        ExprKind::Number(value) if value.is_nan() => *value = -1.25e-300, // NaN is not equal to itself
        ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Bytes(_) => {}
        ExprKind::Vector(vector) => strip_matchers(&mut vector.matchers),
        ExprKind::Matrix(matrix) => {
            matrix.vector_span = Span::default();
            strip_matchers(&mut matrix.vector.matchers);
        }
        ExprKind::Subquery(subquery) => strip(&mut subquery.expr),
        ExprKind::Call(call) => call.args.iter_mut().for_each(strip),
        ExprKind::Aggregate(aggregate) => {
            if let Some(param) = &mut aggregate.param {
                strip(param);
            }
            strip(&mut aggregate.expr);
        }
        ExprKind::Binary(binary) => {
            binary.op_span = Span::default();
            strip(&mut binary.lhs);
            strip(&mut binary.rhs);
            if let Some(matching) = &mut binary.matching {
                for fill in [&mut matching.fill_left, &mut matching.fill_right] {
                    *fill = fill.map(|value| if value.is_nan() { -1.25e-300 } else { value });
                }
            }
        }
        ExprKind::Unary(unary) => strip(&mut unary.expr),
        ExprKind::Paren(inner) => strip(inner),
    }
}

fn strip_matchers(matchers: &mut [(model::Matcher, Span)]) {
    for (_, span) in matchers.iter_mut() {
        *span = Span::default();
    }
    matchers.sort_by_key(|(m, _)| (m.name.clone(), m.op.as_str(), m.value.clone()));
}

/// Printed on one line or over several, a tree reads back as itself.
pub(crate) fn assert_reads_back(tree: &Expr) {
    for text in [tree.to_string(), pretty(tree)] {
        let back = parse(&text, &ParseOptions::all_features())
            .unwrap_or_else(|error| panic!("does not read back: {text}\n  {error}"));
        assert_eq!(bare(&back), bare(tree), "reads back differently: {text}");
    }
}

/// Each node's span covers text that, read on its own, gives that node.
pub(crate) fn assert_spans(query: &str, tree: &Expr) {
    for node in tree.walk() {
        let text = node.span.of(query);
        assert_eq!(text, text.trim(), "space around a node of {query}");
        // `info`'s second argument may match everything, which is refused elsewhere.
        match parse(text, &ParseOptions::all_features()) {
            Ok(alone) => assert_eq!(bare(&alone), bare(node), "span {:?} of {query}: {text}", node.span),
            Err(error) => assert!(
                query.contains("info(") && error.message.contains("at least one non-empty matcher"),
                "span {:?} of {query}: {text}: {error}",
                node.span
            ),
        }
        if let ExprKind::Binary(binary) = &node.kind {
            assert_eq!(binary.op_span.of(query).to_lowercase(), binary.op.as_str(), "operator of {query}");
        }
    }
}
