//! Variables: in which order they are asked, what their question means for the API, which values of the
//! answer count, and what is chosen.

use std::cmp::Ordering;

use dashboard::{Variable, VariableKind, VariableSort};

use crate::interpolate::{self, Bound};
use crate::{natural, order, url};

/// How "All" stands in an address.
pub const ALL: &str = "$__all";
/// Most values of a variable that are kept.
pub const OPTIONS_MAX: usize = 10_000;

/// A value that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Shown.
    pub text: String,
    /// Put into queries.
    pub value: String,
}

/// What a query variable asks the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Values of a label, of the series that a selector matches (of all, if empty).
    LabelValues {
        /// Label name.
        label: String,
        /// Selector or "".
        selector: String,
    },
    /// Names of labels.
    LabelNames,
    /// Metric names that match a regular expression.
    Metrics(String),
    /// Series of an instant query, written out.
    QueryResult(String),
}

/// Reads `label_values(metric{…}, label)` and its siblings; variables are already filled in.
///
/// # Errors
/// A sentence that says what is understood.
pub fn parse_ask(query: &str) -> Result<Ask, String> {
    let query = query.trim();
    let wrong = || {
        "a variable asks label_values(metric, label), label_values(label), label_names(), metrics(regex) or \
         query_result(expr)"
            .to_owned()
    };
    let (function, rest) = query.split_once('(').ok_or_else(wrong)?;
    let body = rest.strip_suffix(')').ok_or_else(wrong)?.trim();
    match function.trim() {
        "label_values" => {
            // The label is what follows the last comma outside of braces and strings.
            let (selector, label) = match last_comma(body) {
                Some(at) => (body[..at].trim(), body[at + 1..].trim()),
                None => ("", body),
            };
            let label = label.trim_matches('"');
            if label.is_empty() || label.contains(['{', '}', '(', ')', '"']) {
                return Err(wrong());
            }
            Ok(Ask::LabelValues { label: label.to_owned(), selector: selector.to_owned() })
        }
        "label_names" if body.is_empty() => Ok(Ask::LabelNames),
        "metrics" => Ok(Ask::Metrics(body.trim_matches('"').to_owned())),
        "query_result" if !body.is_empty() => Ok(Ask::QueryResult(body.to_owned())),
        _ => Err(wrong()),
    }
}

fn last_comma(text: &str) -> Option<usize> {
    let (mut depth, mut quote, mut escaped, mut found) = (0i32, None, false, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(q), _) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '{' | '(' | '[') => depth += 1,
            (None, '}' | ')' | ']') => depth -= 1,
            (None, ',') if depth == 0 => found = Some(at),
            _ => {}
        }
    }
    found
}

/// Indexes of the variables so that each comes after those its question mentions. Of variables that
/// mention each other the earlier one in the list is asked first, without the other's value.
#[must_use]
pub fn asking_order(variables: &[Variable]) -> Vec<usize> {
    let needs: Vec<Vec<usize>> = variables
        .iter()
        .map(|v| match &v.kind {
            VariableKind::Query { query, .. } => interpolate::mentioned(query)
                .iter()
                .filter_map(|name| variables.iter().position(|other| other.name == *name))
                .collect(),
            VariableKind::Custom { .. } => Vec::new(),
        })
        .collect();
    let mut done: Vec<usize> = Vec::with_capacity(variables.len());
    while done.len() < variables.len() {
        let open = |i: &usize| !done.contains(i);
        let ready = (0..variables.len())
            .filter(open)
            .find(|i| needs[*i].iter().all(|n| n == i || done.contains(n)))
            .or_else(|| (0..variables.len()).find(open));
        match ready {
            Some(i) => done.push(i),
            None => break,
        }
    }
    done
}

/// Takes the value out of a text of the answer, or leaves the text out.
pub type Extract<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The choices of an answer: filtered and cut by the variable's regular expression (`matcher` gives the
/// first group or the whole match), unique, in the variable's order.
#[must_use]
pub fn choices(answer: Vec<String>, sort: VariableSort, matcher: Option<Extract<'_>>) -> Vec<Choice> {
    let mut values: Vec<String> = match matcher {
        Some(matcher) => answer.iter().filter_map(|v| matcher(v)).collect(),
        None => answer,
    };
    let compare: Option<fn(&String, &String) -> Ordering> = match sort {
        VariableSort::Natural => Some(|a, b| natural::compare(a, b)),
        VariableSort::NaturalDescending => Some(|a, b| natural::compare(b, a)),
        VariableSort::None => None,
    };
    if let Some(compare) = compare {
        order::sort_by(&mut values, compare);
        values.dedup();
    } else {
        let mut seen = std::collections::BTreeSet::new();
        values.retain(|v| seen.insert(v.clone()));
    }
    values.truncate(OPTIONS_MAX);
    values.into_iter().map(|v| Choice { text: v.clone(), value: v }).collect()
}

/// The choices of a fixed list.
#[must_use]
pub fn custom_choices(variable: &Variable) -> Vec<Choice> {
    match &variable.kind {
        VariableKind::Custom { options } => options
            .iter()
            .map(|o| Choice {
                text: if o.text.is_empty() { o.value.clone() } else { o.text.clone() },
                value: o.value.clone(),
            })
            .collect(),
        VariableKind::Query { .. } => Vec::new(),
    }
}

/// What is chosen: by the address, else by the document, else "All" or the first. Values that the list
/// does not know are kept when the address says them (the series may come back), not when the document does.
#[must_use]
pub fn selected(variable: &Variable, choices: &[Choice], address: Option<&[String]>) -> Vec<String> {
    if let Some(values) = address {
        let values: Vec<String> = values
            .iter()
            .filter(|v| v.as_str() != ALL || variable.include_all)
            .take(if variable.multi { OPTIONS_MAX } else { 1 })
            .cloned()
            .collect();
        if values.iter().any(|v| v == ALL) {
            return vec![ALL.to_owned()];
        }
        if !values.is_empty() {
            return values;
        }
    }
    let known =
        |v: &&String| choices.iter().any(|c| c.value == **v) || (v.as_str() == ALL && variable.include_all);
    let defaults: Vec<String> = variable.default.iter().filter(known).cloned().collect();
    if !defaults.is_empty() {
        return if variable.multi { defaults } else { defaults[..1].to_vec() };
    }
    if variable.include_all {
        return vec![ALL.to_owned()];
    }
    choices.first().map(|c| vec![c.value.clone()]).unwrap_or_default()
}

/// The variable with its values, ready to be filled in.
#[must_use]
pub fn bind(variable: &Variable, choices: &[Choice], selected: &[String]) -> Bound {
    let is_all = selected.iter().any(|v| v == ALL);
    let verbatim = (is_all && !variable.all_value.is_empty()).then(|| variable.all_value.clone());
    let values = if is_all { choices.iter().map(|c| c.value.clone()).collect() } else { selected.to_vec() };
    Bound {
        name: variable.name.clone(),
        values,
        regex: variable.multi || variable.include_all,
        verbatim,
        is_all,
    }
}

/// What a picker's button says.
#[must_use]
pub fn selected_text(choices: &[Choice], selected: &[String]) -> String {
    if selected.iter().any(|v| v == ALL) {
        return "All".to_owned();
    }
    let text = |value: &String| {
        choices.iter().find(|c| c.value == *value).map_or_else(|| value.clone(), |c| c.text.clone())
    };
    match selected {
        [] => "None".to_owned(),
        [one] => text(one),
        [first, second] => format!("{}, {}", text(first), text(second)),
        [first, rest @ ..] => format!("{} + {} more", text(first), rest.len()),
    }
}

/// Toggles a value of a variable with several; the last one taken away leaves "All" or the value itself.
#[must_use]
pub fn toggled(variable: &Variable, selected: &[String], value: &str) -> Vec<String> {
    if !variable.multi || value == ALL {
        return vec![value.to_owned()];
    }
    let mut now: Vec<String> = selected.iter().filter(|v| v.as_str() != ALL).cloned().collect();
    match now.iter().position(|v| v == value) {
        Some(at) => {
            now.remove(at);
        }
        None => now.push(value.to_owned()),
    }
    if now.is_empty() {
        now.push(if variable.include_all { ALL } else { value }.to_owned());
    }
    now
}

/// The path and query of the API request for a question that is not an instant query.
#[must_use]
pub fn api_path(ask: &Ask, start_s: i64, end_s: i64) -> String {
    let time = format!("start={start_s}&end={end_s}");
    match ask {
        Ask::LabelValues { label, selector } => {
            let mut path = format!("/api/v1/label/{}/values?{time}", url::encode_segment(label));
            if !selector.is_empty() {
                path.push_str("&match[]=");
                path.push_str(&url::encode(selector));
            }
            path
        }
        Ask::LabelNames => format!("/api/v1/labels?{time}"),
        Ask::Metrics(_) => format!("/api/v1/label/__name__/values?{time}"),
        Ask::QueryResult(expr) => format!("/api/v1/query?time={end_s}&query={}", url::encode(expr)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(json: &str) -> Variable {
        serde_json::from_str(json).unwrap()
    }

    fn asking(name: &str, query: &str) -> Variable {
        variable(&format!(r#"{{"name": "{name}", "type": "query", "query": "{query}"}}"#))
    }

    #[test]
    fn questions() {
        let values = |label: &str, selector: &str| {
            Ok(Ask::LabelValues { label: label.to_owned(), selector: selector.to_owned() })
        };
        assert_eq!(parse_ask("label_values(up, job)"), values("job", "up"));
        assert_eq!(parse_ask("label_values(job)"), values("job", ""));
        assert_eq!(
            parse_ask(r#"label_values(m{a="x,y", b=~"(c"}, host)"#),
            values("host", r#"m{a="x,y", b=~"(c"}"#)
        );
        assert_eq!(parse_ask("label_names()"), Ok(Ask::LabelNames));
        assert_eq!(parse_ask("metrics(vllm.*)"), Ok(Ask::Metrics("vllm.*".into())));
        assert_eq!(parse_ask("query_result(sum by (a) (b))"), Ok(Ask::QueryResult("sum by (a) (b)".into())));
        for bad in
            ["", "up", "label_values()", "label_values(a{b=\"c\"})", "query_result()", "label_values(up, job"]
        {
            assert!(parse_ask(bad).is_err(), "{bad}");
        }
        assert_eq!(
            api_path(&parse_ask("label_values(m{a=\"b\"}, host)").unwrap(), 1, 2),
            "/api/v1/label/host/values?start=1&end=2&match[]=m%7Ba%3D%22b%22%7D"
        );
    }

    #[test]
    fn chained_variables_come_after_what_they_need() {
        let list = [
            asking("gpu", "label_values(u{host=~'$host'}, gpu)"),
            asking("host", "label_values(u{m='$m'}, host)"),
            asking("m", "label_values(m)"),
        ];
        assert_eq!(asking_order(&list), [2, 1, 0]);
        let circle = [asking("a", "label_values(u{x='$b'}, a)"), asking("b", "label_values(u{x='$a'}, b)")];
        assert_eq!(asking_order(&circle), [0, 1]);
    }

    #[test]
    fn what_is_chosen() {
        let v = variable(
            r#"{"name": "m", "multi": true, "includeAll": true, "default": ["b", "gone"],
            "type": "custom", "options": [{"value": "a"}, {"text": "Bee", "value": "b"}]}"#,
        );
        let list = custom_choices(&v);
        assert_eq!(selected(&v, &list, None), ["b"]);
        assert_eq!(selected(&v, &list, Some(&["x".to_owned(), ALL.to_owned()])), [ALL]);
        assert_eq!(selected(&v, &list, Some(&["x".to_owned()])), ["x"]);
        assert_eq!(selected_text(&list, &["b".to_owned()]), "Bee");
        assert_eq!(selected_text(&list, &[ALL.to_owned()]), "All");
        let all = bind(&v, &list, &[ALL.to_owned()]);
        assert!(all.is_all && all.regex && all.values == ["a", "b"]);
        assert_eq!(toggled(&v, &["b".to_owned()], "a"), ["b", "a"]);
        assert_eq!(toggled(&v, &["b".to_owned()], "b"), [ALL]);
        assert_eq!(toggled(&v, &[ALL.to_owned()], "a"), ["a"]);
    }

    #[test]
    fn answers_are_cut_and_sorted() {
        let answer = || ["gpu10", "gpu2", "cpu1", "gpu2"].map(str::to_owned).to_vec();
        let texts = |c: Vec<Choice>| c.into_iter().map(|c| c.value).collect::<Vec<_>>();
        assert_eq!(texts(choices(answer(), VariableSort::Natural, None)), ["cpu1", "gpu2", "gpu10"]);
        assert_eq!(texts(choices(answer(), VariableSort::None, None)), ["gpu10", "gpu2", "cpu1"]);
        let digits = |v: &str| v.strip_prefix("gpu").map(str::to_owned);
        assert_eq!(texts(choices(answer(), VariableSort::NaturalDescending, Some(&digits))), ["10", "2"]);
    }
}
