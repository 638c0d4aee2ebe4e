//! What a recording rule makes of an answer.

use foldhash::fast::RandomState;
use hashbrown::HashSet;
use model::{Labels, LabelsBuilder, METRIC_NAME, Value};
use promql::VectorSample;

use crate::config::RuleConfig;
use crate::error::RuleError;

/// The samples, under the rule's name and with its labels.
pub(crate) fn samples(
    rule: &RuleConfig,
    limit: usize,
    answer: Vec<VectorSample>,
) -> Result<Vec<(Labels, Value)>, RuleError> {
    let mut seen: HashSet<Labels, RandomState> =
        HashSet::with_capacity_and_hasher(answer.len(), RandomState::default());
    let mut out = Vec::with_capacity(answer.len());
    for sample in answer {
        let mut labels = LabelsBuilder::new(&sample.labels);
        labels.set(METRIC_NAME, &rule.name);
        for (name, text) in &rule.labels {
            labels.set(name, text.source());
        }
        let labels = labels.build();
        if !seen.insert(labels.clone()) {
            return Err(RuleError::SameLabels("rule"));
        }
        out.push((labels, sample.value));
    }
    if limit > 0 && out.len() > limit {
        return Err(RuleError::Limit { limit, found: out.len(), what: "series" });
    }
    Ok(out)
}
