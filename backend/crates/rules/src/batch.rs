//! Which rules of a group may be asked at once.
//!
//! Rules of a group are evaluated in their order: one sees what those before it gave at the same time. Those
//! that read nothing of what the others give can be asked at once.

use model::{METRIC_NAME, MatchOp};
use promql_syntax::ast::Expr;

use crate::config::RuleConfig;

/// Cuts rules into stretches, none of which holds a rule that reads what another one of it gives.
pub(crate) fn stretches(rules: &[&RuleConfig]) -> Vec<std::ops::Range<usize>> {
    let mut out = Vec::new();
    let mut start = 0;
    for (at, rule) in rules.iter().enumerate() {
        if rules[start..at].iter().any(|before| reads(&rule.expr, before)) {
            out.push(start..at);
            start = at;
        }
    }
    if start < rules.len() {
        out.push(start..rules.len());
    }
    out
}

/// Whether `expr` may read what `rule` gives.
fn reads(expr: &Expr, rule: &RuleConfig) -> bool {
    expr.selectors().any(|selector| {
        let name = selector.vector.matchers.iter().find(|(matcher, _)| matcher.name == METRIC_NAME);
        match name {
            Some((matcher, _)) if matcher.op == MatchOp::Equal => match rule.alerting() {
                None => matcher.value == rule.name,
                Some(_) => matcher.value == "ALERTS" || matcher.value == "ALERTS_FOR_STATE",
            },
            // Any name may be among those it matches.
            _ => true,
        }
    })
}
