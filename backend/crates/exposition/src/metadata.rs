//! The parts of `# HELP`, `# TYPE` and `# UNIT` lines that both text formats share.

use std::borrow::Cow;

use crate::labels::{end_of_string, unescape};

/// Splits a family name, bare or quoted, off the front of `rest`. Returns the name and how many bytes it
/// took, or what is wrong and where.
pub(crate) fn family_name(rest: &[u8], allow_quoted: bool) -> Result<(Cow<'_, str>, usize), (usize, String)> {
    if allow_quoted && rest.first() == Some(&b'"') {
        let end = end_of_string(rest, 1).ok_or((0, "the string is not terminated".to_owned()))?;
        let text = utf8(&rest[1..end]).map_err(|(at, why)| (at + 1, why))?;
        if text.is_empty() {
            return Err((0, "the metric name is empty".to_owned()));
        }
        return Ok((unescaped(text, true), end + 1));
    }
    let is_part = |(at, b): (usize, &u8)| {
        b.is_ascii_alphabetic() || *b == b'_' || *b == b':' || (at > 0 && b.is_ascii_digit())
    };
    let length = rest.iter().enumerate().take_while(|(at, b)| is_part((*at, b))).count();
    match std::str::from_utf8(&rest[..length]) {
        Ok(name) if length > 0 => Ok((Cow::Borrowed(name), length)),
        _ => Err((0, "expected a metric name".to_owned())),
    }
}

/// `text` as UTF-8, or where it is not.
pub(crate) fn utf8(text: &[u8]) -> Result<&str, (usize, String)> {
    std::str::from_utf8(text).map_err(|error| (error.valid_up_to(), "invalid UTF-8".to_owned()))
}

/// `text` without its escapes; borrowed when it has none.
pub(crate) fn unescaped(text: &str, quotes: bool) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    unescape(&mut out, text, quotes);
    Cow::Owned(out)
}
