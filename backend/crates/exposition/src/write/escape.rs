//! Escaping of help texts, names and label values.

use model::is_valid_label_name;

/// Appends the parts, joined, in double quotes.
pub(super) fn push_quoted(out: &mut String, parts: &[&str]) {
    out.push('"');
    for part in parts {
        push_escaped(out, part, true);
    }
    out.push('"');
}

/// Appends a label name, in quotes if it is not a classic one.
pub(super) fn push_label_name(out: &mut String, name: &str) {
    if is_valid_label_name(name) { out.push_str(name) } else { push_quoted(out, &[name]) }
}

/// Appends a help text. OpenMetrics escapes quotes in it, text 0.0.4 does not.
pub(super) fn push_help(out: &mut String, help: &str, openmetrics: bool) {
    push_escaped(out, help, openmetrics);
}

fn push_escaped(out: &mut String, text: &str, quotes: bool) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| b == b'\\' || b == b'\n' || (quotes && b == b'"')) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'\\' => "\\\\",
            b'\n' => "\\n",
            _ => "\\\"",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}
