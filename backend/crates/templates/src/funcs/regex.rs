//! Searching with regular expressions, built on the anchored ones that the rest of the program uses.

use model::{AnchoredRegex, Captures};

use super::Context;

/// What compiling an expression costs, counted as work.
pub(crate) const COMPILING: usize = 1 << 16;
/// How many compiled expressions an execution keeps.
const MOST_KEPT: usize = 16;
/// What a step over a byte costs at most when groups are wanted.
const SEARCHING: usize = 4;

/// Whether `pattern` matches anywhere in `text`.
///
/// # Errors
/// When the pattern is none, or there is too much to do.
pub(crate) fn is_match(context: &Context<'_>, pattern: &str, text: &str) -> Result<bool, String> {
    context.charge(text.len())?;
    let regex = anywhere(context, pattern, "(?s:.*?)")?;
    Ok(regex.is_match(text))
}

/// `text` with all matches of `pattern` replaced, where `$1` and `${name}` stand for groups.
///
/// # Errors
/// When the pattern is none, or there is too much to do.
pub(crate) fn replace_all(
    context: &Context<'_>,
    pattern: &str,
    replacement: &str,
    text: &str,
) -> Result<String, String> {
    // Groups 1 and 2 are what stands before the match, and the match. What decides a match besides its own
    // text is at most the one character before it, which all searches but the first are given.
    let prefixed = |error: String| format!("regexp: Compile(`{pattern}`): {error}");
    let first = anywhere(context, pattern, "((?s:.*?))").map_err(prefixed)?;
    let further = anywhere(context, pattern, "((?s:.)(?s:.*?))").map_err(prefixed)?;
    let mut out = String::new();
    let mut copied = 0;
    let mut search = 0;
    let mut last_end = None;
    while search <= text.len() {
        let context_start = text[..search].char_indices().next_back().map_or(0, |(at, _)| at);
        let window = &text[context_start..];
        context.charge(window.len().saturating_mul(SEARCHING))?;
        let regex = if search == 0 { &first } else { &further };
        let Some(found) = regex.captures(window) else { break };
        let start = context_start + found.get(1).map_or(0, str::len);
        let end = start + found.get(2).map_or(0, str::len);
        // An empty match right behind another match does not count.
        if !(start == end && last_end == Some(start)) {
            out.push_str(&text[copied..start]);
            expand(replacement, &found, &mut out);
            context.fits(out.len())?;
            copied = end;
            last_end = Some(end);
        }
        search =
            if end > search { end } else { search + text[search..].chars().next().map_or(1, char::len_utf8) };
    }
    out.push_str(&text[copied..]);
    context.room(out.len())?;
    Ok(out)
}

/// Expressions that were compiled, the latest last.
#[derive(Default)]
pub(crate) struct Compiled(Vec<AnchoredRegex>);

impl Compiled {
    /// The expression for `pattern`; if it has to be compiled, `pay` may refuse it.
    pub(crate) fn get(
        &mut self,
        pattern: &str,
        pay: impl FnOnce() -> Result<(), String>,
    ) -> Result<AnchoredRegex, String> {
        if let Some(known) = self.0.iter().find(|known| known.as_str() == pattern) {
            return Ok(known.clone());
        }
        pay()?;
        let regex = AnchoredRegex::new(pattern).map_err(|error| error.reason)?;
        if self.0.len() >= MOST_KEPT {
            self.0.remove(0);
        }
        self.0.push(regex.clone());
        Ok(regex)
    }
}

/// `pattern` with something before it and anything behind it, in groups if what stands before it is one.
fn anywhere(context: &Context<'_>, pattern: &str, before: &str) -> Result<AnchoredRegex, String> {
    let told = |reason: String| format!("error parsing regexp: {reason}: `{pattern}`");
    // On its own first: what is wrong with it may be right inside of parentheses.
    context.compiled(pattern).map_err(told)?;
    let grouped = before.starts_with("((");
    let wrapped = if grouped { format!("((?-s:{pattern}))") } else { format!("(?-s:{pattern})") };
    context.compiled(&format!("{before}{wrapped}(?s:.*)")).map_err(told)
}

/// Appends a replacement with its groups filled in; two groups stand before those of the pattern.
fn expand(template: &str, found: &Captures<'_, '_>, out: &mut String) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(behind) = after.strip_prefix('$') {
            out.push('$');
            rest = behind;
            continue;
        }
        let (inner, braces) = after.strip_prefix('{').map_or((after, 0), |inner| (inner, 2));
        let is_part = |c: char| c == '_' || c.is_alphabetic() || c.is_numeric();
        let length = inner.find(|c| !is_part(c)).unwrap_or(inner.len());
        let closed = braces == 0 || inner[length..].starts_with('}');
        if length == 0 || !closed {
            out.push('$');
            rest = after;
            continue;
        }
        let name = &inner[..length];
        let is_number = name.bytes().all(|b| b.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
        let group = if is_number {
            let number = name.parse::<usize>().ok().and_then(|number| number.checked_add(2));
            number.and_then(|number| found.get(number))
        } else {
            found.name(name)
        };
        out.push_str(group.unwrap_or(""));
        rest = &after[length + braces..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn replaced(pattern: &str, replacement: &str, text: &str) -> String {
        let context = Context::new(Limits::default(), 0, None, "".into());
        replace_all(&context, pattern, replacement, text).unwrap()
    }

    #[test]
    fn all_matches_are_replaced() {
        for (pattern, replacement, text, wanted) in [
            ("a", "b", "banana", "bbnbnb"),
            ("", "-", "abc", "-a-b-c-"),
            ("a*", "x", "baaac", "xbxcx"),
            ("^a", "x", "aaa", "xaa"),
            ("(?m)^", "> ", "a\nb", "> a\n> b"),
            (r"\b", "|", "ab cd", "|ab| |cd|"),
            (r"(\w+)-(\w+)", "$2-$1", "a-b c-d", "b-a d-c"),
            (r"(?P<x>\d+)", "<${x}>", "a12b3", "a<12>b<3>"),
            ("a|ab", "x", "abab", "xbxb"),
            (".", "x", "é\nb", "x\nx"),
            ("(a)|b", "[$1]", "ab", "[a][]"),
            ("a", "$$ $x $ ${", "a", "$  $ ${"),
            ("z", "x", "abc", "abc"),
        ] {
            assert_eq!(replaced(pattern, replacement, text), wanted, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        let context = Context::new(Limits::default(), 0, None, "".into());
        assert!(is_match(&context, "(", "x").is_err());
        assert!(is_match(&context, "a)(b", "x").is_err());
        assert_eq!(is_match(&context, "b.d", "abcde"), Ok(true));
        assert_eq!(is_match(&context, "b.d", "ab\nde"), Ok(false));
    }

    #[test]
    fn much_work_ends() {
        let limits = Limits { work: 1 << 21, ..Limits::default() };
        let context = Context::new(limits, 0, None, "".into());
        let text = "a".repeat(1 << 16);
        assert!(replace_all(&context, "a", "b", &text).is_err());
    }
}
