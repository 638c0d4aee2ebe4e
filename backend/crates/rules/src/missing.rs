//! Why a query finds no data: are its targets gone, or does it ask for what is not there?

use std::collections::BTreeSet;

use model::{CompiledMatcher, METRIC_NAME, Matcher, TimestampMs};
use promql::QueryOptions;

use crate::config::RuleConfig;
use crate::group::vector;
use crate::manager::Shared;
use crate::policy::Missing;

/// Labels that tell targets apart.
const OF_TARGETS: &[&str] = &["job", "instance"];
/// Most targets that are named.
const MOST_NAMED: usize = 5;

/// Looks at `up` of the targets that the rule's selectors name.
pub(crate) fn why(shared: &Shared, rule: &RuleConfig, at: TimestampMs) -> Missing {
    let mut down = BTreeSet::new();
    let (mut asked, mut found) = (false, false);
    for selector in rule.expr.selectors() {
        let of_target = |matcher: &&Matcher| OF_TARGETS.contains(&matcher.name.as_str());
        let matchers = selector.vector.matchers.iter().map(|(matcher, _)| matcher).filter(of_target);
        let matchers: Vec<Matcher> = matchers.cloned().collect();
        let names_target = matchers.iter().any(|matcher| {
            CompiledMatcher::new(matcher.clone()).is_ok_and(|matcher| !matcher.matches_absent())
        });
        if !names_target {
            continue;
        }
        asked = true;
        let query = up_of(matchers);
        let answer = shared.deps.engine.instant(&*shared.deps.storage, &query, at, &QueryOptions::default());
        for sample in answer.ok().and_then(|answer| vector(answer.value)).unwrap_or_default() {
            found = true;
            if matches!(sample.value, model::Value::Float(up) if up == 0.0) {
                let label = |name| sample.labels.get(name).unwrap_or("");
                down.insert(format!("{} of job {}", label("instance"), label("job")));
            }
        }
    }
    if !down.is_empty() {
        let more = down.len().saturating_sub(MOST_NAMED);
        let mut named: Vec<String> = down.into_iter().take(MOST_NAMED).collect();
        if more > 0 {
            named.push(format!("{more} more"));
        }
        return Missing::TargetsDown(named);
    }
    if asked && !found { Missing::NoTarget } else { Missing::Nothing }
}

fn up_of(mut matchers: Vec<Matcher>) -> String {
    matchers.insert(0, Matcher::equal(METRIC_NAME, "up"));
    let all: Vec<String> = matchers.iter().map(ToString::to_string).collect();
    format!("{{{}}}", all.join(","))
}
