//! Rules of inhibition, as written.

use config::{Node, Problem, Section};
use model::MatchOp;

use super::route::{compiled, read_match, read_matchers};
use crate::matcher::Matchers;

/// Alerts that match the source keep those that match the target from being told, where both have the same
/// values of the labels in `equal`.
#[derive(Clone, Debug)]
pub struct InhibitRuleConfig {
    /// Name for people; may be empty.
    pub name: String,
    /// What an inhibiting alert matches.
    pub source: Matchers,
    /// What an inhibited alert matches.
    pub target: Matchers,
    /// Labels whose values have to be equal; an absent one counts as empty.
    pub equal: Vec<String>,
}

impl InhibitRuleConfig {
    /// Reads a rule.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn read(node: &Node, warnings: &mut Vec<String>) -> Result<Self, Problem> {
        let mut section = Section::of(node, "inhibit_rule")?;
        let mut source = read_matchers(&mut section, "source_matchers", warnings)?;
        source.extend(read_match(&mut section, "source_match", MatchOp::Equal)?);
        source.extend(read_match(&mut section, "source_match_re", MatchOp::Regex)?);
        let mut target = read_matchers(&mut section, "target_matchers", warnings)?;
        target.extend(read_match(&mut section, "target_match", MatchOp::Equal)?);
        target.extend(read_match(&mut section, "target_match_re", MatchOp::Regex)?);
        let mut equal: Vec<String> = section.get_or("equal", Vec::new())?;
        if equal.iter().any(String::is_empty) {
            return Err(section.problem("equal", "a label name is empty"));
        }
        equal.sort();
        equal.dedup();
        let rule = Self {
            name: section.get_or("name", String::new())?,
            source: compiled(&section, source)?,
            target: compiled(&section, target)?,
            equal,
        };
        section.finish()?;
        Ok(rule)
    }
}
