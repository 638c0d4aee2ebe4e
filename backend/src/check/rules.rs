//! `check rules`: the groups in a file, with all their queries and templates. `test rules`: tests of them.

use std::collections::BTreeMap;
use std::path::Path;

use config::ConfigError;
use promql_syntax::ParseOptions;
use rules::{GroupConfig, RuleConfig};

use super::Verdict;

pub(super) fn check(path: &Path, options: &ParseOptions) -> Verdict {
    match rules::read_file(path, options) {
        Ok(groups) => {
            let rules: usize = groups.iter().map(|group| group.rules.len()).sum();
            let word = if rules == 1 { "rule" } else { "rules" };
            let mut text = format!("{rules} {word} found");
            for twice in duplicates(&groups) {
                text.push_str(&format!("\n  warning: {twice}"));
            }
            Verdict::good(text)
        }
        Err(error) => refused(path, error),
    }
}

/// Runs the tests in a file.
pub(super) fn test(path: &Path, options: &ParseOptions) -> Verdict {
    match rules::testing::run(path, options) {
        Ok(report) if report.failures.is_empty() => {
            let answers = if report.asked == 1 { "answer is" } else { "answers are" };
            Verdict::good(format!("{} {answers} as expected", report.asked))
        }
        Ok(report) => Verdict::bad(report.failures.join("\n  ")),
        Err(error) => refused(path, error),
    }
}

/// The file's name stands in front already, unless another one is to blame.
fn refused(path: &Path, error: ConfigError) -> Verdict {
    Verdict::bad(match error.place {
        _ if error.file != path => error.to_string(),
        Some(place) => format!("line {}, column {}: {}", place.line, place.column, error.message),
        None => error.message,
    })
}

/// Rules that write the same series: which of them is right when both have a sample is chance.
fn duplicates(groups: &[GroupConfig]) -> Vec<String> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for rule in groups.iter().flat_map(|group| &group.rules).filter(|rule| rule.alerting().is_none()) {
        *seen.entry(describe(rule)).or_default() += 1;
    }
    let twice = seen.into_iter().filter(|(_, count)| *count > 1);
    twice.map(|(rule, count)| format!("{rule} is recorded by {count} rules")).collect()
}

fn describe(rule: &RuleConfig) -> String {
    let labels: Vec<String> =
        rule.labels.iter().map(|(name, text)| format!("{name}={:?}", text.source())).collect();
    format!("{}{{{}}}", rule.name, labels.join(", "))
}
