//! Values of any shape in the configuration whose texts are templates. What a text makes may be such a value
//! itself: `[1, 2]` is a list then, not a text.

use std::collections::BTreeMap;
use std::path::Path;

use config::{Document, Node, Scalar, ScalarKind};
use serde_json::{Map, Number, Value};

use super::NotifyError;
use super::data::Render;

/// How deep values may lie in texts that lie in values.
const MOST_DEPTH: usize = 32;

/// Words that older YAML takes for booleans, besides true and false.
const TRUE_WORDS: [&str; 8] = ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON"];
const FALSE_WORDS: [&str; 8] = ["n", "N", "no", "No", "NO", "off", "Off", "OFF"];

impl Render<'_> {
    /// The value with what its texts make.
    pub(super) fn value(&self, node: &Node) -> Result<Value, NotifyError> {
        shaped(node, &|text| self.text(text), MOST_DEPTH)
    }
}

type Make<'m> = &'m dyn Fn(&str) -> Result<String, NotifyError>;

fn shaped(node: &Node, make: Make<'_>, depth: usize) -> Result<Value, NotifyError> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(NotifyError::lasting(format!("values lie more than {MOST_DEPTH} deep in each other")));
    };
    match node {
        Node::Null(_) => Ok(Value::Null),
        Node::Scalar(Scalar { kind: ScalarKind::Bool(value), .. }) => Ok(Value::Bool(*value)),
        Node::Scalar(Scalar { kind: ScalarKind::Number, text, .. }) => number(text),
        Node::Scalar(Scalar { kind: ScalarKind::Text, text, .. }) => read(make(text)?, depth),
        Node::List(_, items) => items.iter().map(|item| shaped(item, make, depth)).collect(),
        Node::Map(_, entries) => {
            let mut sorted = BTreeMap::new();
            for entry in entries {
                sorted.insert(make(&entry.key)?, shaped(&entry.value, make, depth)?);
            }
            Ok(Value::Object(Map::from_iter(sorted)))
        }
    }
}

/// The value that a text stands for. What lies in it is data: it is looked into in the same way, but no
/// template, lest a label could run one.
fn read(text: String, depth: usize) -> Result<Value, NotifyError> {
    let trimmed = text.trim();
    if TRUE_WORDS.contains(&trimmed) || FALSE_WORDS.contains(&trimmed) {
        return Ok(Value::Bool(TRUE_WORDS.contains(&trimmed)));
    }
    match Document::parse(Path::new("text"), &text) {
        Ok(document) if !matches!(document.root(), Node::Scalar(Scalar { kind: ScalarKind::Text, .. })) => {
            shaped(document.root(), &|text| Ok(text.to_owned()), depth)
        }
        _ => Ok(Value::String(text)),
    }
}

fn number(text: &str) -> Result<Value, NotifyError> {
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(Value::from(whole));
    }
    if let Ok(whole) = text.parse::<u64>() {
        return Ok(Value::from(whole));
    }
    let value: f64 = text.parse().map_err(|_| NotifyError::lasting(format!("{text} is not a number")))?;
    // Whole numbers are written without a point.
    if value.fract() == 0.0 && value.abs() < 1e15 {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number of at most fifteen digits")]
        return Ok(Value::from(value as i64));
    }
    Number::from_f64(value)
        .map(Value::Number)
        .ok_or_else(|| NotifyError::lasting(format!("JSON cannot say the number {text}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(yaml: &str) -> String {
        let document = Document::parse(Path::new("t"), yaml).unwrap();
        shaped(document.root(), &|text| Ok(text.replace("{{x}}", "[1, '2', {a: b}]")), MOST_DEPTH)
            .map_or_else(|error| error.reason, |value| value.to_string())
    }

    #[test]
    fn texts_become_what_they_say() {
        assert_eq!(made("a: '{{x}}'\n'b{{x}}': 1.50"), r#"{"a":[1,2,{"a":"b"}],"b[1, '2', {a: b}]":1.5}"#);
        assert_eq!(
            made("['', '~', 'yes', 'off', 'true', '1e3', '\"q\"', 'a: b', 'x y']"),
            r#"[null,null,true,false,true,1000,"\"q\"",{"a":"b"},"x y"]"#
        );
    }
}
