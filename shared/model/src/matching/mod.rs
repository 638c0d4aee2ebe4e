//! Matchers ready to match, with Prometheus' semantics: RE2 syntax, fully anchored, `.` matches a
//! newline, Perl classes are ASCII.

mod expand;
mod recent;
mod regex;
mod shape;
#[cfg(test)]
mod tests;
mod translate;

pub use regex::{AnchoredRegex, Captures, RegexError};

use crate::{Labels, MatchOp, Matcher};

/// A matcher that can match.
#[derive(Clone, Debug)]
pub struct CompiledMatcher {
    matcher: Matcher,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    Equal([String; 1]),
    NotEqual,
    Regex(AnchoredRegex),
    NotRegex(AnchoredRegex),
}

impl CompiledMatcher {
    /// Compiles `matcher`.
    ///
    /// # Errors
    /// When its value has to be a regular expression and is none.
    pub fn new(matcher: Matcher) -> Result<Self, RegexError> {
        let test = match matcher.op {
            MatchOp::Equal => Test::Equal([matcher.value.clone()]),
            MatchOp::NotEqual => Test::NotEqual,
            MatchOp::Regex => Test::Regex(AnchoredRegex::recent(&matcher.value)?),
            MatchOp::NotRegex => Test::NotRegex(AnchoredRegex::recent(&matcher.value)?),
        };
        Ok(Self { matcher, test })
    }

    /// The matcher as written.
    #[must_use]
    pub fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    /// Label name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.matcher.name
    }

    /// Whether a label value matches; pass "" for an absent label.
    #[must_use]
    pub fn is_match(&self, value: &str) -> bool {
        match &self.test {
            Test::Equal([wanted]) => value == wanted,
            Test::NotEqual => value != self.matcher.value,
            Test::Regex(regex) => regex.is_match(value),
            Test::NotRegex(regex) => !regex.is_match(value),
        }
    }

    /// Whether the matcher holds for a label set.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.is_match(labels.get(&self.matcher.name).unwrap_or(""))
    }

    /// Whether series without the label match.
    #[must_use]
    pub fn matches_absent(&self) -> bool {
        self.is_match("")
    }

    /// The only values that can match, sorted, when they are few and known: the value of `=`, the
    /// alternatives of a simple `=~`. "" among them means that series without the label match as well.
    #[must_use]
    pub fn set_matches(&self) -> Option<&[String]> {
        match &self.test {
            Test::Equal(value) => Some(value),
            Test::Regex(regex) => regex.set_matches(),
            Test::NotEqual | Test::NotRegex(_) => None,
        }
    }

    /// What every value that matches begins with, if that is known; never for `!=` and `!~`.
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        match &self.test {
            Test::Equal([value]) => Some(value.as_str()).filter(|value| !value.is_empty()),
            Test::Regex(regex) => regex.prefix(),
            Test::NotEqual | Test::NotRegex(_) => None,
        }
    }

    /// Whether every series matches, with the label or without (`=~".*"`).
    #[must_use]
    pub fn matches_everything(&self) -> bool {
        matches!(&self.test, Test::Regex(regex) if regex.matches_everything())
    }

    /// The expression of `=~` or `!~`.
    #[must_use]
    pub fn regex(&self) -> Option<&AnchoredRegex> {
        match &self.test {
            Test::Regex(regex) | Test::NotRegex(regex) => Some(regex),
            Test::Equal(_) | Test::NotEqual => None,
        }
    }
}
