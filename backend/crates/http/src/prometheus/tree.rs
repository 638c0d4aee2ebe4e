//! An expression's tree as the JSON of `parse_query`.

use model::Matcher;
use promql_syntax::ast::{
    At, Cardinality, DurationArg, Expr, ExprKind, Grouping, ValueType, VectorMatching, VectorSelector,
};
use serde_json::{Value, json};

use crate::wire::float::push_float;

/// The tree; the parser bounds its depth.
pub(crate) fn tree(expr: &Expr) -> Value {
    match &expr.kind {
        ExprKind::Number(number) => {
            let mut text = Vec::new();
            push_float(&mut text, *number);
            json!({"type": "numberLiteral", "val": String::from_utf8_lossy(&text)})
        }
        ExprKind::String(text) => json!({"type": "stringLiteral", "val": text}),
        ExprKind::Bytes(bytes) => json!({"type": "stringLiteral", "val": String::from_utf8_lossy(bytes)}),
        ExprKind::Vector(selector) => selector_tree("vectorSelector", selector),
        ExprKind::Matrix(matrix) => {
            let mut tree = selector_tree("matrixSelector", &matrix.vector);
            tree["range"] = duration(&matrix.range);
            tree
        }
        ExprKind::Subquery(subquery) => {
            let (timestamp, start_or_end) = at(subquery.at);
            json!({
                "type": "subquery", "expr": tree(&subquery.expr), "range": duration(&subquery.range),
                "offset": duration(&subquery.offset),
                "step": subquery.step.as_ref().map_or(json!(0), duration),
                "timestamp": timestamp, "startOrEnd": start_or_end,
            })
        }
        ExprKind::Call(call) => {
            let function = call.function;
            let names: Vec<&str> = function.args.iter().copied().map(type_name).collect();
            json!({
                "type": "call",
                "func": {
                    "name": function.name, "argTypes": names, "variadic": function.variadic,
                    "returnType": type_name(function.returns),
                },
                "args": call.args.iter().map(tree).collect::<Vec<_>>(),
            })
        }
        ExprKind::Aggregate(aggregate) => {
            let (grouping, without): (&[String], bool) = match &aggregate.grouping {
                Grouping::All => (&[], false),
                Grouping::By(labels) => (labels, false),
                Grouping::Without(labels) => (labels, true),
            };
            json!({
                "type": "aggregation", "op": aggregate.op.as_str(), "expr": tree(&aggregate.expr),
                "param": aggregate.param.as_ref().map(|param| tree(param)),
                "grouping": grouping, "without": without,
            })
        }
        ExprKind::Binary(binary) => json!({
            "type": "binaryExpr", "op": binary.op.as_str(), "lhs": tree(&binary.lhs), "rhs": tree(&binary.rhs),
            "matching": binary.matching.as_ref().map(matching), "bool": binary.return_bool,
        }),
        ExprKind::Unary(unary) => {
            json!({"type": "unaryExpr", "op": unary.op.as_str(), "expr": tree(&unary.expr)})
        }
        ExprKind::Paren(inner) => json!({"type": "parenExpr", "expr": tree(inner)}),
    }
}

fn selector_tree(kind: &str, selector: &VectorSelector) -> Value {
    let (timestamp, start_or_end) = at(selector.at);
    // The matcher of a name before the braces comes last.
    let mut matchers: Vec<&Matcher> = selector.matchers.iter().map(|(matcher, _)| matcher).collect();
    if selector.name.is_some()
        && let Some(place) = matchers.iter().position(|matcher| matcher.name == model::METRIC_NAME)
    {
        let name = matchers.remove(place);
        matchers.push(name);
    }
    json!({
        "type": kind, "name": selector.name.as_deref().unwrap_or_default(),
        "offset": duration(&selector.offset),
        "matchers": matchers.into_iter().map(matcher).collect::<Vec<_>>(),
        "timestamp": timestamp, "startOrEnd": start_or_end,
    })
}

fn matcher(matcher: &Matcher) -> Value {
    json!({"name": matcher.name, "value": matcher.value, "type": matcher.op.as_str()})
}

fn matching(matching: &VectorMatching) -> Value {
    let card = match matching.cardinality {
        Cardinality::OneToOne => "one-to-one",
        Cardinality::ManyToOne => "many-to-one",
        Cardinality::OneToMany => "one-to-many",
        Cardinality::ManyToMany => "many-to-many",
    };
    json!({"card": card, "labels": matching.labels, "on": matching.on, "include": matching.include})
}

fn at(at: Option<At>) -> (Value, Value) {
    match at {
        None => (Value::Null, Value::Null),
        Some(At::Timestamp(ms)) => (json!(ms), Value::Null),
        Some(At::Start) => (Value::Null, json!("start")),
        Some(At::End) => (Value::Null, json!("end")),
    }
}

/// Milliseconds; 0 for a length that is only known when the query runs.
fn duration(duration: &DurationArg) -> Value {
    match duration {
        DurationArg::Literal(ms) => json!(ms),
        DurationArg::Expr(_) => json!(0),
    }
}

fn type_name(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::Scalar => "scalar",
        ValueType::String => "string",
        ValueType::Vector => "vector",
        ValueType::Matrix => "matrix",
    }
}
