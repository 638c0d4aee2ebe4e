//! `GET|POST /api/v1/query_exemplars`: exemplars of the series that a query selects.

use axum::extract::State;
use axum::response::Response;
use model::CompiledMatcher;
use promql_syntax::ast::{Expr, ExprKind};

use super::success_raw;
use crate::app::App;
use crate::error::ApiError;
use crate::wire::float::{push_float, push_seconds};
use crate::wire::json::{push_array, push_labels};
use crate::wire::params::Params;

pub(crate) async fn exemplars(State(app): State<App>, params: Params) -> Result<Response, ApiError> {
    let range = params.range()?;
    if range.end_ms < range.start_ms {
        return Err(ApiError::parameter("end", "end timestamp must not be before start timestamp"));
    }
    let (expr, _) = app.engine.parse(params.get("query"))?;
    let mut selectors = Vec::new();
    collect_selectors(&expr, &mut selectors)?;
    let found = app.store.exemplars(&selectors, range);
    let mut data = Vec::new();
    push_array(&mut data, &found, |out, series| {
        out.extend_from_slice(b"{\"seriesLabels\":");
        push_labels(out, &series.series);
        out.extend_from_slice(b",\"exemplars\":");
        push_array(out, &series.exemplars, |out, exemplar| {
            out.extend_from_slice(b"{\"labels\":");
            push_labels(out, &exemplar.labels);
            out.extend_from_slice(b",\"value\":\"");
            push_float(out, exemplar.value);
            out.extend_from_slice(b"\",\"timestamp\":");
            push_seconds(out, exemplar.timestamp_ms);
            out.push(b'}');
        });
        out.push(b'}');
    });
    Ok(success_raw(&data, &[]))
}

/// Matchers of all selectors in an expression; its depth is bounded by the parser.
fn collect_selectors(expr: &Expr, out: &mut Vec<Vec<CompiledMatcher>>) -> Result<(), ApiError> {
    let selector = match &expr.kind {
        ExprKind::Vector(selector) => selector,
        ExprKind::Matrix(matrix) => &matrix.vector,
        ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Bytes(_) => return Ok(()),
        ExprKind::Subquery(subquery) => return collect_selectors(&subquery.expr, out),
        ExprKind::Call(call) => return call.args.iter().try_for_each(|arg| collect_selectors(arg, out)),
        ExprKind::Aggregate(aggregate) => {
            if let Some(param) = &aggregate.param {
                collect_selectors(param, out)?;
            }
            return collect_selectors(&aggregate.expr, out);
        }
        ExprKind::Binary(binary) => {
            collect_selectors(&binary.lhs, out)?;
            return collect_selectors(&binary.rhs, out);
        }
        ExprKind::Unary(unary) => return collect_selectors(&unary.expr, out),
        ExprKind::Paren(inner) => return collect_selectors(inner, out),
    };
    let matchers = selector.matchers.iter().map(|(matcher, _)| CompiledMatcher::new(matcher.clone()));
    let matchers = matchers
        .collect::<Result<_, _>>()
        .map_err(|error| ApiError::parameter("query", &error.to_string()))?;
    out.push(matchers);
    Ok(())
}
