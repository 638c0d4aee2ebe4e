//! Running rules.

use std::borrow::Cow;

use md5::{Digest as _, Md5};
use model::LabelsBuilder;

use crate::action::Action;
use crate::config::Rule;
use crate::template::has_variable;

/// Runs the rules in order over `labels`. Returns whether they are kept; after a drop, `labels` are as the
/// rules before left them.
#[must_use]
pub fn process(rules: &[Rule], labels: &mut LabelsBuilder) -> bool {
    rules.iter().all(|rule| apply(rule, labels))
}

/// Runs one rule; `false` means drop.
pub(crate) fn apply(rule: &Rule, labels: &mut LabelsBuilder) -> bool {
    match rule.action {
        Action::Keep => rule.regex.is_match(&source(rule, labels)),
        Action::Drop => !rule.regex.is_match(&source(rule, labels)),
        Action::KeepEqual => source(rule, labels) == labels.get(&rule.target_label),
        Action::DropEqual => source(rule, labels) != labels.get(&rule.target_label),
        Action::Replace => {
            replace(rule, labels);
            true
        }
        Action::HashMod => {
            let remainder = hash(&source(rule, labels)) % rule.modulus;
            labels.set(&rule.target_label, &remainder.to_string());
            true
        }
        Action::Lowercase => {
            let lower: String = source(rule, labels).chars().map(lowercase).collect();
            labels.set(&rule.target_label, &lower);
            true
        }
        Action::Uppercase => {
            let upper: String = source(rule, labels).chars().map(uppercase).collect();
            labels.set(&rule.target_label, &upper);
            true
        }
        Action::LabelMap => {
            label_map(rule, labels);
            true
        }
        Action::LabelDrop => {
            remove_labels(labels, |name| rule.regex.is_match(name));
            true
        }
        Action::LabelKeep => {
            remove_labels(labels, |name| !rule.regex.is_match(name));
            true
        }
    }
}

/// The values of the source labels, joined.
fn source<'l>(rule: &Rule, labels: &'l LabelsBuilder) -> Cow<'l, str> {
    match rule.source_labels.as_slice() {
        [] => Cow::Borrowed(""),
        [name] => Cow::Borrowed(labels.get(name)),
        names => {
            let values: Vec<&str> = names.iter().map(|name| labels.get(name)).collect();
            Cow::Owned(values.join(&rule.separator))
        }
    }
}

fn replace(rule: &Rule, labels: &mut LabelsBuilder) {
    let value = source(rule, labels);
    let target_varies = has_variable(&rule.target_label);
    if rule.matches_all && !target_varies && matches!(rule.replacement.as_str(), "$1" | "${1}") {
        let value = value.into_owned();
        labels.set(&rule.target_label, &value);
        return;
    }
    if !target_varies && !has_variable(&rule.replacement) {
        if rule.matches_all || rule.regex.is_match(&value) {
            labels.set(&rule.target_label, &rule.replacement);
        }
        return;
    }
    let Some(captures) = rule.regex.captures(&value) else { return };
    let (mut target, mut replacement) = (String::new(), String::new());
    captures.expand(&rule.target_label, &mut target);
    captures.expand(&rule.replacement, &mut replacement);
    if !target.is_empty() {
        labels.set(&target, &replacement);
    }
}

/// The last eight bytes of the MD5 sum, as Prometheus shards targets.
fn hash(value: &str) -> u64 {
    let sum: [u8; 16] = Md5::digest(value.as_bytes()).into();
    u128::from_be_bytes(sum) as u64
}

/// One character for one, as Go maps them.
fn lowercase(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// One character for one; what would become several stays.
fn uppercase(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(single), None) => single,
        _ => c,
    }
}

fn label_map(rule: &Rule, labels: &mut LabelsBuilder) {
    let mut copies = Vec::new();
    for (name, value) in labels.iter() {
        if let Some(target) = rule.regex.expand(name, &rule.replacement) {
            copies.push((target, value.to_owned()));
        }
    }
    for (target, value) in copies.iter().filter(|(target, _)| !target.is_empty()) {
        labels.set(target, value);
    }
}

fn remove_labels(labels: &mut LabelsBuilder, remove: impl Fn(&str) -> bool) {
    let names: Vec<String> =
        labels.iter().filter(|(name, _)| remove(name)).map(|(name, _)| name.to_owned()).collect();
    for name in &names {
        labels.remove(name);
    }
}
