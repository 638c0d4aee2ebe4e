//! Filling variables into text: `$name`, `${name}`, `${name:format}`, `[[name]]`, and the built-in ones
//! such as `$__rate_interval`.
//!
//! A name that is not known stays as it is, so that the server can complain about it. Formats and their
//! escapes are those that Grafana users know for Prometheus.

use model::TimeRange;

use crate::step;

/// A variable with its present values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// Name.
    pub name: String,
    /// Values; for "All", all of them.
    pub values: Vec<String>,
    /// Several values are possible, so that it stands in regex matchers.
    pub regex: bool,
    /// Text put in verbatim instead of the values ("All" with its own value).
    pub verbatim: Option<String>,
    /// "All" is chosen.
    pub is_all: bool,
}

/// What built-in variables mean for one query.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// The range that is asked for.
    pub range: TimeRange,
    /// Its step in milliseconds.
    pub step_ms: i64,
    /// How often data is collected, in milliseconds.
    pub scrape_interval_ms: i64,
}

/// Fills a PromQL text.
#[must_use]
pub fn query(text: &str, bound: &[Bound], window: Option<Window>) -> String {
    fill(text, |name, format| {
        if let Some(value) = window.and_then(|w| builtin(name, w)) {
            return Some(value);
        }
        let variable = bound.iter().find(|b| b.name == name)?;
        Some(format_values(variable, format))
    })
}

/// Fills a title or description: values as text, "All" by its name.
#[must_use]
pub fn title(text: &str, bound: &[Bound]) -> String {
    fill(text, |name, _| {
        let variable = bound.iter().find(|b| b.name == name)?;
        Some(if variable.is_all { "All".to_owned() } else { variable.values.join(" + ") })
    })
}

/// Fills a PromQL text and tells how places of the result map back to the text.
#[must_use]
pub fn query_mapped(text: &str, bound: &[Bound], window: Option<Window>) -> (String, Map) {
    let mut pieces = Vec::new();
    let mut out = String::with_capacity(text.len() + 16);
    let mut at = 0;
    for (start, end) in references(text) {
        out.push_str(&text[at..start]);
        let begin = out.len();
        out.push_str(&query(&text[start..end], bound, window));
        pieces.push(MapPiece { text: (start, end), filled: (begin, out.len()) });
        at = end;
    }
    out.push_str(&text[at..]);
    (out, Map { pieces })
}

/// How places of a filled text map back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map {
    pieces: Vec<MapPiece>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct MapPiece {
    text: (usize, usize),
    filled: (usize, usize),
}

impl Map {
    /// The range of the text that a range of the filled one came from; a place within a value means its
    /// whole reference.
    #[must_use]
    pub fn back(&self, start: usize, end: usize) -> (usize, usize) {
        (self.place(start, false), self.place(end.max(start), true))
    }

    fn place(&self, at: usize, is_end: bool) -> usize {
        let mut shift = 0i64;
        for p in &self.pieces {
            let inside = if is_end {
                at > p.filled.0 && at <= p.filled.1
            } else {
                at >= p.filled.0 && at < p.filled.1
            };
            if inside {
                return if is_end { p.text.1 } else { p.text.0 };
            }
            if at >= p.filled.1 {
                shift = p.text.1 as i64 - p.filled.1 as i64;
            }
        }
        (at as i64 + shift).max(0) as usize
    }
}

/// Byte ranges of all references in `text`, known or not.
#[must_use]
pub fn references(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].find(['$', '[']) {
        at += next;
        match reference(&text[at..]) {
            Some((_, _, length)) => {
                found.push((at, at + length));
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

/// Names of the variables that `text` mentions, built-in ones left out.
#[must_use]
pub fn mentioned(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    fill(text, |name, _| {
        if !name.starts_with("__") && !names.iter().any(|n| n == name) {
            names.push(name.to_owned());
        }
        None
    });
    names
}

fn builtin(name: &str, w: Window) -> Option<String> {
    let range_ms = w.range.end_ms - w.range.start_ms;
    let rate_ms = step::rate_interval_ms(w.step_ms, w.scrape_interval_ms);
    Some(match name {
        "__interval" => model::format_duration(w.step_ms),
        "__interval_ms" => w.step_ms.to_string(),
        "__rate_interval" => model::format_duration(rate_ms),
        "__rate_interval_ms" => rate_ms.to_string(),
        // Seconds are kept whole: PromQL takes them everywhere, and `1h0m0s` reads badly in an error.
        "__range" => format!("{}s", (range_ms / 1000).max(1)),
        "__range_s" => (range_ms / 1000).max(1).to_string(),
        "__range_ms" => range_ms.to_string(),
        "__from" => w.range.start_ms.to_string(),
        "__to" => w.range.end_ms.to_string(),
        _ => return None,
    })
}

fn format_values(variable: &Bound, format: &str) -> String {
    if let Some(verbatim) = &variable.verbatim {
        return verbatim.clone();
    }
    let values = &variable.values;
    let join =
        |map: &dyn Fn(&str) -> String, sep: &str| values.iter().map(|v| map(v)).collect::<Vec<_>>().join(sep);
    let group = |text: String| if values.len() == 1 { text } else { format!("({text})") };
    match format {
        "" if variable.regex => group(join(&|v| escape_string(&escape_regex(v)), "|")),
        "" => join(&escape_string, ","),
        "regex" => group(join(&escape_regex, "|")),
        "pipe" => join(&str::to_owned, "|"),
        "glob" if values.len() > 1 => format!("{{{}}}", join(&str::to_owned, ",")),
        "json" => format!("[{}]", join(&|v| format!("\"{}\"", escape_string(v)), ",")),
        "doublequote" => join(&|v| format!("\"{}\"", escape_string(v)), ","),
        "singlequote" => join(&|v| format!("'{}'", v.replace('\\', "\\\\").replace('\'', "\\'")), ","),
        "text" if variable.is_all => "All".to_owned(),
        "text" => values.join(" + "),
        "percentencode" => crate::url::encode_segment(&values.join(",")),
        "queryparam" => {
            join(&|v| format!("var-{}={}", crate::url::encode(&variable.name), crate::url::encode(v)), "&")
        }
        // `csv`, `raw` and what we do not know.
        _ => values.join(","),
    }
}

/// Backslashes before what means something in a regular expression.
#[must_use]
pub fn escape_regex(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    for c in text.chars() {
        if matches!(c, '\\' | '^' | '$' | '*' | '+' | '?' | '.' | '(' | ')' | '|' | '{' | '}' | '[' | ']') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Escapes for the inside of a PromQL string in double quotes.
#[must_use]
pub fn escape_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out
}

/// Walks over `text` and replaces each reference for which `value(name, format)` knows one.
fn fill(text: &str, mut value: impl FnMut(&str, &str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = rest.find(['$', '[']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match reference(rest) {
            Some((name, format, length)) => {
                match value(name, format) {
                    Some(filled) => out.push_str(&filled),
                    None => out.push_str(&rest[..length]),
                }
                rest = &rest[length..];
            }
            None => {
                out.push_str(&rest[..1]);
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// A reference at the beginning of `text`: name, format, length in bytes.
fn reference(text: &str) -> Option<(&str, &str, usize)> {
    let braced = |open: &str, close: &str| {
        let body = text.strip_prefix(open)?;
        let end = body.find(close)?;
        let (name, format) = body[..end].split_once(':').unwrap_or((&body[..end], ""));
        (identifier(name) == name.len() && !name.is_empty()).then_some((
            name,
            format,
            open.len() + end + close.len(),
        ))
    };
    braced("${", "}").or_else(|| braced("[[", "]]")).or_else(|| {
        let body = text.strip_prefix('$')?;
        let length = identifier(body);
        (length > 0).then(|| (&body[..length], "", 1 + length))
    })
}

/// Length of the identifier at the beginning of `text`.
fn identifier(text: &str) -> usize {
    let end = text.bytes().position(|b| !b.is_ascii_alphanumeric() && b != b'_').unwrap_or(text.len());
    if text.as_bytes().first().is_some_and(u8::is_ascii_digit) { 0 } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bound() -> Vec<Bound> {
        let values = |v: &[&str]| v.iter().map(|s| (*s).to_owned()).collect();
        vec![
            Bound { name: "one".into(), values: values(&["a\"b.c"]), ..Bound::default() },
            Bound { name: "many".into(), values: values(&["x.y", "z/1"]), regex: true, ..Bound::default() },
            Bound { name: "single".into(), values: values(&["x.y"]), regex: true, ..Bound::default() },
            Bound {
                name: "all".into(),
                verbatim: Some(".+".into()),
                is_all: true,
                regex: true,
                ..Bound::default()
            },
        ]
    }

    #[test]
    fn forms_and_formats() {
        let fill = |text| query(text, &bound(), None);
        assert_eq!(fill(r#"m{l="$one"}"#), r#"m{l="a\"b.c"}"#);
        assert_eq!(fill(r#"m{l=~"$many"}"#), r#"m{l=~"(x\\.y|z/1)"}"#);
        assert_eq!(fill(r#"m{l=~"[[many]]", n=~"${single}"}"#), r#"m{l=~"(x\\.y|z/1)", n=~"x\\.y"}"#);
        assert_eq!(
            fill("${many:pipe} ${many:csv} ${many:regex} ${many:raw}"),
            r"x.y|z/1 x.y,z/1 (x\.y|z/1) x.y,z/1"
        );
        assert_eq!(fill("${many:doublequote} ${many:singlequote}"), r#""x.y","z/1" 'x.y','z/1'"#);
        assert_eq!(
            fill("${many:queryparam} ${many:glob} ${all:text} $all"),
            "var-many=x.y&var-many=z/1 {x.y,z/1} .+ .+"
        );
    }

    #[test]
    fn what_is_no_variable_stays() {
        let fill = |text| query(text, &bound(), None);
        for text in [
            "rate(x[5m])",
            "$unknown",
            "${unknown}",
            "${",
            "$",
            "[[",
            "$1",
            "label_replace(x, \"a\", \"$1\", \"b\", \"(.*)\")",
            "[[x",
            "ü$",
        ] {
            assert_eq!(fill(text), text);
        }
        assert_eq!(fill("$many_more"), "$many_more");
    }

    #[test]
    fn built_in_ones() {
        let w = Window { range: TimeRange::new(0, 3_600_000), step_ms: 10_000, scrape_interval_ms: 5_000 };
        assert_eq!(
            query(
                "rate(a[$__rate_interval]) $__interval $__range $__range_s ${__from} ${__to:date}",
                &[],
                Some(w)
            ),
            "rate(a[20s]) 10s 3600s 3600 0 3600000"
        );
    }

    #[test]
    fn places_map_back() {
        let text = r#"rate(m{l=~"$many"}[5m]) +"#;
        let (filled, map) = query_mapped(text, &bound(), None);
        assert_eq!(filled, query(text, &bound(), None));
        let of = |part: &str| {
            let at = filled.find(part).unwrap();
            let (a, b) = map.back(at, at + part.len());
            &text[a..b]
        };
        assert_eq!(of("5m"), "5m");
        assert_eq!(of("rate"), "rate");
        assert_eq!(of("z/1"), "$many");
        assert_eq!(of("\"}["), "\"}[");
        assert_eq!(map.back(filled.len(), filled.len()), (text.len(), text.len()));
    }

    #[test]
    fn titles_and_names() {
        assert_eq!(title("GPU of $many, $all", &bound()), "GPU of x.y + z/1, All");
        assert_eq!(mentioned("$a ${b:csv} [[a]] $__range"), ["a", "b"]);
    }

    proptest! {
        #[test]
        fn any_text_is_survived_and_kept_without_variables(text in ".{0,40}") {
            prop_assert_eq!(query(&text, &[], None), text);
        }
        #[test]
        fn a_map_is_right_for_any_text(text in "[$a-c{}\\[\\] ]{0,20}") {
            let (filled, map) = query_mapped(&text, &bound(), None);
            prop_assert_eq!(&filled, &query(&text, &bound(), None));
            let (a, b) = map.back(0, filled.len());
            prop_assert!(a == 0 && b == text.len());
        }
        #[test]
        fn an_escaped_regex_has_no_bare_metacharacter(text in ".{0,20}") {
            let escaped = escape_regex(&text);
            let mut chars = escaped.chars();
            while let Some(c) = chars.next() {
                if c == '\\' { chars.next(); } else { let bare = "^$*+?.()|{}[]".contains(c); prop_assert!(!bare); }
            }
        }
    }
}
