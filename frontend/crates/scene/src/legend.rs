//! Names of series: from a template, or from the labels that tell the series of a panel apart.

use std::collections::BTreeMap;

/// A series' labels, sorted by name.
pub type Labels = [(String, String)];

/// Fills `{{label}}` in a template; a label that is not there leaves nothing.
#[must_use]
pub fn from_template(template: &str, labels: &Labels) -> String {
    let mut out = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some(at) = rest.find("{{") {
        let Some(length) = rest[at + 2..].find("}}") else { break };
        out.push_str(&rest[..at]);
        let name = rest[at + 2..at + 2 + length].trim();
        out.push_str(get(labels, name).unwrap_or(""));
        rest = &rest[at + 4 + length..];
    }
    out.push_str(rest);
    out
}

/// Names for all series of a panel. `queries[i]` is the text of series `i`'s query, for what has no label
/// at all. Labels that all series share are left out.
#[must_use]
pub fn default_names(series: &[&Labels], queries: &[&str]) -> Vec<String> {
    let shared = shared_labels(series);
    series
        .iter()
        .enumerate()
        .map(|(i, labels)| {
            let own: Vec<&(String, String)> =
                labels.iter().filter(|(n, v)| shared.get(n.as_str()) != Some(&v.as_str())).collect();
            if own.is_empty() {
                // One series alone, or none that differ: the whole name, or what was asked.
                let full = print(labels.iter());
                if full.is_empty() { queries.get(i).map_or(String::new(), |q| (*q).to_owned()) } else { full }
            } else if let ([(_, value)], true) = (own.as_slice(), series.len() > 1) {
                value.clone()
            } else {
                print(own.into_iter())
            }
        })
        .collect()
}

/// Labels that every series has with the same value; none when there is only one series.
#[must_use]
pub fn shared_labels<'a>(series: &[&'a Labels]) -> BTreeMap<&'a str, &'a str> {
    let Some((first, others)) = series.split_first() else { return BTreeMap::new() };
    if others.is_empty() {
        return BTreeMap::new();
    }
    first
        .iter()
        .filter(|(n, v)| others.iter().all(|o| get(o, n) == Some(v.as_str())))
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect()
}

/// `name{a="b", c="d"}`; nothing for no labels.
fn print<'a>(labels: impl Iterator<Item = &'a (String, String)>) -> String {
    let (mut name, mut rest) = (String::new(), String::new());
    for (n, v) in labels {
        if n == model::METRIC_NAME {
            name.clone_from(v);
            continue;
        }
        if !rest.is_empty() {
            rest.push_str(", ");
        }
        rest.push_str(n);
        rest.push_str("=\"");
        rest.push_str(&crate::interpolate::escape_string(v));
        rest.push('"');
    }
    if rest.is_empty() {
        return name;
    }
    name.push('{');
    name.push_str(&rest);
    name.push('}');
    name
}

/// The series written out in full.
#[must_use]
pub fn full_name(labels: &Labels) -> String {
    print(labels.iter())
}

fn get<'a>(labels: &'a Labels, name: &str) -> Option<&'a str> {
    labels.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

/// A key by which a series keeps its colour: its distinguishing labels or its name.
#[must_use]
pub fn color_key(labels: &Labels, name: &str) -> String {
    let full = print(labels.iter().filter(|(n, _)| n != model::METRIC_NAME));
    if full.is_empty() { name.to_owned() } else { full }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn templates() {
        let l = labels(&[("gpu", "3"), ("host", "a")]);
        assert_eq!(from_template("{{host}} · GPU {{ gpu }}", &l), "a · GPU 3");
        assert_eq!(from_template("{{nope}}x {{open", &l), "x {{open");
    }

    #[test]
    fn only_what_differs_is_said() {
        let a = labels(&[("__name__", "up"), ("instance", "h:1"), ("job", "node")]);
        let b = labels(&[("__name__", "up"), ("instance", "h:2"), ("job", "node")]);
        let c = labels(&[("__name__", "up"), ("instance", "h:2"), ("job", "gpu")]);
        assert_eq!(default_names(&[&a, &b], &["up", "up"]), ["h:1", "h:2"]);
        assert_eq!(default_names(&[&b, &c], &["up", "up"]), ["node", "gpu"]);
        assert_eq!(default_names(&[&a, &b, &c], &["", "", ""])[0], r#"{instance="h:1", job="node"}"#);
        assert_eq!(default_names(&[&a], &["up"]), [r#"up{instance="h:1", job="node"}"#]);
        assert_eq!(default_names(&[&[]], &["sum(up)"]), ["sum(up)"]);
        assert_eq!(default_names(&[&[], &[]], &["sum(a)", "sum(b)"]), ["sum(a)", "sum(b)"]);
    }
}
