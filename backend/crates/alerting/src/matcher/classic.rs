//! The classic syntax: classic label names, values in quotes or bare, tolerant of what stands in a value.

use model::{MatchOp, Matcher};

use super::MatcherError;

/// Reads matchers between optional braces, separated by commas outside of quotes.
pub(super) fn parse_matchers(text: &str) -> Result<Vec<Matcher>, MatcherError> {
    let text = text.strip_prefix('{').unwrap_or(text);
    let text = text.strip_suffix('}').unwrap_or(text);
    let mut parts = Vec::new();
    let mut start = 0;
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            ',' if !quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            ',' => {}
            '"' if escaped => escaped = false,
            '"' => quoted = !quoted,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    // A comma at the end is taken, one in the middle without a matcher is not.
    if !text[start..].trim().is_empty() {
        parts.push(text[start..].trim());
    }
    parts.into_iter().map(parse_matcher).collect()
}

/// Reads one matcher.
pub(super) fn parse_matcher(text: &str) -> Result<Matcher, MatcherError> {
    let wrong = |what: &str| MatcherError(format!("{text:?}: {what}"));
    let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\u{c}' | '\r');
    let inner = text.trim_matches(blank);
    let name_length = inner
        .bytes()
        .enumerate()
        .take_while(|(at, b)| {
            b.is_ascii_alphabetic() || matches!(b, b'_' | b':') || (*at > 0 && b.is_ascii_digit())
        })
        .count();
    let (name, rest) = inner.split_at(name_length);
    if name.is_empty() {
        return Err(wrong("expected a label name, an operator (=, !=, =~ or !~) and a value"));
    }
    let rest = rest.trim_start_matches(blank);
    let operators =
        [("=~", MatchOp::Regex), ("=", MatchOp::Equal), ("!=", MatchOp::NotEqual), ("!~", MatchOp::NotRegex)];
    let found = operators.into_iter().find_map(|(sign, op)| rest.strip_prefix(sign).map(|rest| (op, rest)));
    let Some((op, raw)) = found else {
        return Err(wrong("expected an operator (=, !=, =~ or !~) after the label name"));
    };
    match value(raw.trim_start_matches(blank)) {
        Some(value) => Ok(Matcher::new(name, op, value)),
        None => Err(wrong("a double quote in the value; write it as \\\" inside of quotes")),
    }
}

/// The value without its quotes and escapes; `None` if a double quote stands where none may.
fn value(raw: &str) -> Option<String> {
    let (mut rest, mut open) = match raw.strip_prefix('"') {
        Some(rest) => (rest, true),
        None => (raw, false),
    };
    let mut value = String::with_capacity(rest.len());
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\\' => match rest.chars().next() {
                Some(next) => {
                    rest = &rest[next.len_utf8()..];
                    match next {
                        'n' => value.push('\n'),
                        '"' | '\\' => value.push(next),
                        // Not an escape: the backslash stands for itself.
                        other => value.extend(['\\', other]),
                    }
                }
                None => value.push('\\'),
            },
            '"' if open && rest.is_empty() => open = false,
            '"' => return None,
            c => value.push(c),
        }
    }
    (!open).then_some(value)
}
