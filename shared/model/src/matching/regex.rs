//! Regular expressions with Prometheus' semantics: RE2 syntax, fully anchored, `.` matches a newline.

use std::sync::{Arc, OnceLock};

use regex_automata::meta::{Config, Regex};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::{Hir, HirKind, Look};
use thiserror::Error;

use super::expand::expand;
use super::shape::{Piece, Shape, gaps_match, prefix, shape};
use super::translate::{MOST_REPETITIONS, translate};

/// How deep groups may be nested.
const MOST_NESTING: u32 = 250;
/// The largest compiled program, in bytes.
const LARGEST_PROGRAM: usize = 10 << 20;

/// A regular expression that Prometheus would not accept either.
#[derive(Clone, Debug, Error)]
#[error("invalid regular expression {pattern:?}: {reason}")]
pub struct RegexError {
    /// The pattern as given.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A regular expression anchored at both ends. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AnchoredRegex {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    pattern: String,
    group_names: Vec<Option<String>>,
    prefix: String,
    /// When it is there, matching needs no program.
    shape: Option<Shape>,
    /// Compiled at once without a shape, else when captures are asked for.
    program: OnceLock<Option<Regex>>,
}

impl AnchoredRegex {
    /// Compiles `pattern`.
    ///
    /// # Errors
    /// When the pattern is not valid RE2 syntax or would grow too large.
    pub fn new(pattern: &str) -> Result<Self, RegexError> {
        let error = |reason: String| RegexError { pattern: pattern.to_owned(), reason };
        let translated = translate(pattern).map_err(error)?;
        let hir = parse(&translated.pattern).map_err(error)?;
        if repetitions(&hir) > u64::from(MOST_REPETITIONS) {
            return Err(error(format!("nested repetitions multiply to more than {MOST_REPETITIONS}")));
        }
        let shape = shape(&hir);
        let program = OnceLock::new();
        if shape.is_none() {
            let compiled = compile(&hir, Some(LARGEST_PROGRAM)).map_err(error)?;
            let _ = program.set(Some(compiled));
        }
        let (pattern, group_names, prefix) = (pattern.to_owned(), translated.group_names, prefix(&hir));
        Ok(Self { inner: Arc::new(Inner { pattern, group_names, prefix, shape, program }) })
    }

    /// The pattern as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.inner.pattern
    }

    /// Bytes of memory that the pattern and its program take, about.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let program = self.inner.program.get().and_then(Option::as_ref);
        let texts = self.set_matches().map_or(0, |texts| texts.iter().map(|text| text.len() + 24).sum());
        self.inner.pattern.len() * 2 + texts + program.map_or(0, Regex::memory_usage)
    }

    /// Whether the whole of `text` matches.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        match &self.inner.shape {
            Some(Shape::Texts(texts)) => texts.binary_search_by(|t| t.as_str().cmp(text)).is_ok(),
            Some(Shape::Gaps(pieces)) => gaps_match(pieces, text),
            None => self.program().is_some_and(|program| program.is_match(anchored(text))),
        }
    }

    /// All texts that match, sorted, if the pattern says that they are few (`a|b|c`, `foo(bar|baz)`, `5..`
    /// spelt out as digits).
    #[must_use]
    pub fn set_matches(&self) -> Option<&[String]> {
        match &self.inner.shape {
            Some(Shape::Texts(texts)) => Some(texts),
            _ => None,
        }
    }

    /// What every matching text begins with, if that is known.
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        Some(self.inner.prefix.as_str()).filter(|prefix| !prefix.is_empty())
    }

    /// The groups of a match of the whole of `text`; `None` if it does not match.
    #[must_use]
    pub fn captures<'r, 't>(&'r self, text: &'t str) -> Option<Captures<'r, 't>> {
        let program = self.program()?;
        let mut slots = program.create_captures();
        program.captures(anchored(text), &mut slots);
        if !slots.is_match() {
            return None;
        }
        let groups = (0..slots.group_len())
            .map(|group| slots.get_group(group).and_then(|span| text.get(span.range())))
            .collect();
        Some(Captures { groups, names: &self.inner.group_names })
    }

    /// `template` filled from a match of the whole of `text`, as [`Captures::expand`] does it; `None` if it
    /// does not match.
    #[must_use]
    pub fn expand(&self, text: &str, template: &str) -> Option<String> {
        if !template.contains('$') {
            return self.is_match(text).then(|| template.to_owned());
        }
        let mut out = String::new();
        self.captures(text)?.expand(template, &mut out);
        Some(out)
    }

    /// Whether every text matches (`.*`).
    #[must_use]
    pub fn matches_everything(&self) -> bool {
        matches!(&self.inner.shape, Some(Shape::Gaps(pieces)) if pieces.as_slice() == [Piece::Gap(0)])
    }

    fn program(&self) -> Option<&Regex> {
        let compiled = self.inner.program.get_or_init(|| {
            // A pattern with a shape holds bounded literals and nothing else, and it parsed before.
            let translated = translate(&self.inner.pattern).ok()?;
            compile(&parse(&translated.pattern).ok()?, None).ok()
        });
        compiled.as_ref()
    }
}

/// Same pattern, same expression.
impl PartialEq for AnchoredRegex {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for AnchoredRegex {}

/// The groups of a match.
#[derive(Clone, Debug)]
pub struct Captures<'r, 't> {
    groups: Vec<Option<&'t str>>,
    names: &'r [Option<String>],
}

impl<'t> Captures<'_, 't> {
    /// The text of a group, if it took part in the match; group 0 is the whole.
    #[must_use]
    pub fn get(&self, group: usize) -> Option<&'t str> {
        self.groups.get(group).copied().flatten()
    }

    /// The text of a named group, if there is one and it took part in the match.
    #[must_use]
    pub fn name(&self, name: &str) -> Option<&'t str> {
        let group = self.names.iter().position(|known| known.as_deref() == Some(name))?;
        self.get(group)
    }

    /// Appends `template` to `out` with `$1`, `${1}`, `$name` and `${name}` replaced by the groups; rules as in
    /// Go's `Regexp.Expand`.
    pub fn expand(&self, template: &str, out: &mut String) {
        expand(template, self, out);
    }
}

fn anchored(text: &str) -> Input<'_> {
    Input::new(text).anchored(Anchored::Yes)
}

fn parse(pattern: &str) -> Result<Hir, String> {
    // Word boundaries are ASCII ones, which the parser takes only when it may split characters; a match of
    // the whole text never does.
    let config = syntax::Config::new().dot_matches_new_line(true).utf8(false).nest_limit(MOST_NESTING);
    syntax::parse_with(pattern, &config).map_err(|e| {
        let text = e.to_string();
        let last = text.lines().last().unwrap_or("not valid");
        last.strip_prefix("error: ").unwrap_or(last).to_owned()
    })
}

fn compile(hir: &Hir, size_limit: Option<usize>) -> Result<Regex, String> {
    let whole = Hir::concat(vec![Hir::look(Look::Start), hir.clone(), Hir::look(Look::End)]);
    let config = Config::new().utf8_empty(false).nfa_size_limit(size_limit);
    Regex::builder().configure(config).build_from_hir(&whole).map_err(|e| match e.size_limit() {
        Some(limit) => format!("the compiled expression is larger than {limit} bytes"),
        None => e.to_string(),
    })
}

/// The largest product of counts of repetitions inside each other.
fn repetitions(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Repetition(repetition) => {
            let count = repetition.max.unwrap_or(repetition.min).max(1);
            u64::from(count).saturating_mul(repetitions(&repetition.sub))
        }
        HirKind::Capture(capture) => repetitions(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(repetitions).max().unwrap_or(1)
        }
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => 1,
    }
}
