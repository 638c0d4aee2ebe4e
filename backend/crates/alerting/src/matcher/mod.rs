//! Matchers on the labels of alerts, in both syntaxes of Alertmanager, and as its API has them.
//!
//! A text is read twice: by the rules of UTF-8 names, and by the classic ones. If only the classic reading
//! works, or if both work and say different things, the classic one counts and the text is noted, as
//! Alertmanager does without feature flags.

mod classic;
mod quote;
mod utf8;

use std::fmt;
use std::sync::Arc;

use model::{CompiledMatcher, Labels, MatchOp, Matcher};
use thiserror::Error;

pub(crate) use quote::go_quote;

/// Most bytes of a text with matchers.
pub const MOST_MATCHER_BYTES: usize = 64 << 10;

/// A text that is no list of matchers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct MatcherError(pub(crate) String);

/// Matchers that all have to hold. Cheap to clone; none of them holds for every label set.
#[derive(Clone, Debug, Default)]
pub struct Matchers {
    list: Arc<[CompiledMatcher]>,
}

/// A reading of a text.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// What it says, in the order of the text.
    pub matchers: Vec<Matcher>,
    /// What its author should know.
    pub note: Option<Note>,
}

/// Something about a text that works today and may mean something else in future.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Only the classic rules take it.
    OnlyClassic {
        /// Why the rules of UTF-8 names refuse it.
        reason: String,
        /// The same matchers in a way that both rules read alike.
        suggestion: String,
    },
    /// Both rules take it and read different matchers; the classic ones count.
    Disagreement,
}

/// Reads a list of matchers, with braces or without.
///
/// # Errors
/// When neither syntax takes the text.
pub fn parse_matchers(text: &str) -> Result<Parsed, MatcherError> {
    if text.len() > MOST_MATCHER_BYTES {
        return Err(MatcherError(format!("longer than {MOST_MATCHER_BYTES} bytes")));
    }
    choose(utf8::parse(text).and_then(checked), classic::parse_matchers(text).and_then(checked))
}

/// Reads a single matcher, without braces.
///
/// # Errors
/// When neither syntax takes the text, or it holds another number of matchers.
pub fn parse_matcher(text: &str) -> Result<Parsed, MatcherError> {
    if text.len() > MOST_MATCHER_BYTES {
        return Err(MatcherError(format!("longer than {MOST_MATCHER_BYTES} bytes")));
    }
    if text.starts_with('{') || text.ends_with('}') {
        return Err(MatcherError(format!("{text:?}: a single matcher has no braces")));
    }
    let one = |list: Vec<Matcher>| match list.len() {
        1 => Ok(list),
        found => Err(MatcherError(format!("expected one matcher, found {found}"))),
    };
    let utf8 = utf8::parse(text).and_then(one).and_then(checked);
    choose(utf8, classic::parse_matcher(text).map(|matcher| vec![matcher]).and_then(checked))
}

/// The rule by which one of two readings is taken.
fn choose(
    utf8: Result<Vec<Matcher>, MatcherError>,
    classic: Result<Vec<Matcher>, MatcherError>,
) -> Result<Parsed, MatcherError> {
    match (utf8, classic) {
        (Err(_), Err(error)) => Err(error),
        (Err(error), Ok(matchers)) => {
            let suggestion: Vec<String> = matchers.iter().map(matcher_text).collect();
            let note = Note::OnlyClassic { reason: error.0, suggestion: suggestion.join(",") };
            Ok(Parsed { matchers, note: Some(note) })
        }
        (Ok(utf8), Ok(classic)) if utf8 != classic => {
            Ok(Parsed { matchers: classic, note: Some(Note::Disagreement) })
        }
        (Ok(matchers), _) => Ok(Parsed { matchers, note: None }),
    }
}

/// A reading counts only if its regular expressions are ones.
fn checked(matchers: Vec<Matcher>) -> Result<Vec<Matcher>, MatcherError> {
    for matcher in &matchers {
        compile(matcher.clone())?;
    }
    Ok(matchers)
}

fn compile(matcher: Matcher) -> Result<CompiledMatcher, MatcherError> {
    CompiledMatcher::new(matcher).map_err(|error| MatcherError(error.to_string()))
}

/// The operator for the two flags of the API.
#[must_use]
pub fn operator(is_regex: bool, is_equal: bool) -> MatchOp {
    match (is_regex, is_equal) {
        (false, true) => MatchOp::Equal,
        (false, false) => MatchOp::NotEqual,
        (true, true) => MatchOp::Regex,
        (true, false) => MatchOp::NotRegex,
    }
}

/// The flags `isRegex` and `isEqual` of the API for an operator.
#[must_use]
pub fn flags(op: MatchOp) -> (bool, bool) {
    (matches!(op, MatchOp::Regex | MatchOp::NotRegex), matches!(op, MatchOp::Equal | MatchOp::Regex))
}

/// A matcher as Alertmanager prints it: the name bare unless it holds a character with a meaning.
#[must_use]
pub fn matcher_text(matcher: &Matcher) -> String {
    if matcher.name.chars().any(is_reserved) {
        return format!("{}{}{}", go_quote(&matcher.name), matcher.op, go_quote(&matcher.value));
    }
    let value = matcher.value.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"");
    format!("{}{}\"{value}\"", matcher.name, matcher.op)
}

/// Whether a character has to be in quotes to be part of a name or a value.
fn is_reserved(c: char) -> bool {
    c.is_whitespace() || "{}!=~,\\\"'`".contains(c)
}

impl Matchers {
    /// Compiles matchers and puts them in Alertmanager's order: by name, value, operator.
    ///
    /// # Errors
    /// When a regular expression is none.
    pub fn new(matchers: impl IntoIterator<Item = Matcher>) -> Result<Self, MatcherError> {
        let mut list = matchers.into_iter().map(compile).collect::<Result<Vec<_>, _>>()?;
        let rank = |op: MatchOp| match op {
            MatchOp::Equal => 0,
            MatchOp::NotEqual => 1,
            MatchOp::Regex => 2,
            MatchOp::NotRegex => 3,
        };
        list.sort_by(|a, b| {
            let (a, b) = (a.matcher(), b.matcher());
            (&a.name, &a.value, rank(a.op)).cmp(&(&b.name, &b.value, rank(b.op)))
        });
        Ok(Self { list: list.into() })
    }

    /// The matchers of a text; its note is dropped.
    ///
    /// # Errors
    /// When neither syntax takes the text.
    pub fn parse(text: &str) -> Result<Self, MatcherError> {
        Self::new(parse_matchers(text)?.matchers)
    }

    /// Whether all hold for a label set; an absent label counts as an empty value.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.list.iter().all(|matcher| matcher.matches(labels))
    }

    /// The matchers, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[CompiledMatcher] {
        &self.list
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// Written alike, matching alike.
impl PartialEq for Matchers {
    fn eq(&self, other: &Self) -> bool {
        self.list.len() == other.list.len()
            && self.list.iter().zip(other.list.iter()).all(|(a, b)| a.matcher() == b.matcher())
    }
}

impl Eq for Matchers {}

/// `{a="b",c=~"d"}`.
impl fmt::Display for Matchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, matcher) in self.list.iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            f.write_str(&matcher_text(matcher.matcher()))?;
        }
        f.write_str("}")
    }
}

#[cfg(test)]
mod tests;
