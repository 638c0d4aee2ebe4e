//! Templates such as `$1-${name}` filled from the groups of a match, as Go's `Regexp.Expand` does it.

use super::Captures;

/// Appends `template` with its variables replaced. A name is as long as it can be (`$1x` is `${1x}`); a
/// group that is not there or did not take part is empty; `$$` is a dollar, as is a `$` that begins nothing.
pub(super) fn expand(template: &str, captures: &Captures<'_, '_>, out: &mut String) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        rest = match variable(after) {
            _ if after.starts_with('$') => {
                out.push('$');
                &after[1..]
            }
            Some((name, length)) => {
                out.push_str(group(name, captures));
                &after[length..]
            }
            None => {
                out.push('$');
                after
            }
        };
    }
    out.push_str(rest);
}

/// The name behind a dollar, and how many bytes it takes with its braces.
fn variable(after: &str) -> Option<(&str, usize)> {
    let (inner, braces) = match after.strip_prefix('{') {
        Some(inner) => (inner, 2),
        None => (after, 0),
    };
    let is_part = |c: char| c == '_' || c.is_alphabetic() || c.is_numeric();
    let length = inner.find(|c| !is_part(c)).unwrap_or(inner.len());
    let closed = braces == 0 || inner[length..].starts_with('}');
    (length > 0 && closed).then_some((&inner[..length], length + braces))
}

fn group<'t>(name: &str, captures: &Captures<'_, 't>) -> &'t str {
    let is_number = name.bytes().all(|b| b.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    let found =
        if is_number { name.parse().ok().and_then(|group| captures.get(group)) } else { captures.name(name) };
    found.unwrap_or("")
}
