//! Which rule did what, for people who look for a target that is not there.

use model::{Labels, LabelsBuilder};

use crate::apply::apply;
use crate::config::Rule;

/// What rules did to a label set.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The labels that came out, or those that the dropping rule saw.
    pub labels: Labels,
    /// Index of the rule that dropped the labels, if one did.
    pub dropped_by: Option<usize>,
    /// The rules that changed something, in order.
    pub steps: Vec<Step>,
}

/// What one rule changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Index of the rule.
    pub rule: usize,
    /// Its changes, in order of label name.
    pub changes: Vec<Change>,
}

/// A label with another value; "" means that it is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Label name.
    pub label: String,
    /// Value before.
    pub before: String,
    /// Value after.
    pub after: String,
}

/// Runs the rules like [`crate::process`] and notes what each did.
#[must_use]
pub fn explain(rules: &[Rule], labels: &Labels) -> Explanation {
    let mut builder = LabelsBuilder::new(labels);
    let mut current = labels.clone();
    let mut steps = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        if !apply(rule, &mut builder) {
            return Explanation { labels: current, dropped_by: Some(index), steps };
        }
        let next = builder.build();
        if next != current {
            steps.push(Step { rule: index, changes: changes(&current, &next) });
        }
        current = next;
    }
    Explanation { labels: current, dropped_by: None, steps }
}

fn changes(before: &Labels, after: &Labels) -> Vec<Change> {
    let mut names: Vec<&str> = before.iter().chain(after.iter()).map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    let value = |labels: &Labels, name: &str| labels.get(name).unwrap_or("").to_owned();
    names
        .into_iter()
        .map(|name| Change { label: name.to_owned(), before: value(before, name), after: value(after, name) })
        .filter(|change| change.before != change.after)
        .collect()
}
