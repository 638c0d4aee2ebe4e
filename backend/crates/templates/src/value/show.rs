//! Values as Go's `fmt` prints them.

use std::sync::Arc;

use super::fields::{kv_text, pairs_text};
use super::{DAYS, LONGEST_TEXT, MONTHS, Value};
use crate::funcs::float;

/// How the parts of a compound value are printed.
pub(crate) struct Style<'a> {
    /// Whether structs name their fields (`%+v`).
    pub(crate) named: bool,
    /// Prints what is not made of parts.
    pub(crate) leaf: &'a dyn Fn(&Value, &mut String),
    /// Whether types print as their method `String` says, which `%d` and its kin do not ask.
    pub(crate) strings: bool,
}

/// A value as `%v` prints it.
pub(crate) fn show(value: &Value) -> String {
    let mut out = String::new();
    let leaf = |value: &Value, out: &mut String| out.push_str(&leaf_text(value));
    show_into(value, &Style { named: false, leaf: &leaf, strings: true }, &mut out);
    out
}

/// What a value that is not made of parts prints as; labels and pairs count as such.
pub(crate) fn leaf_text(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Byte(value) => value.to_string(),
        Value::Float(value) => float::general(*value, None),
        Value::Text(text)
        | Value::SafeHtml(text)
        | Value::SafeUrl(text)
        | Value::Location(text)
        | Value::Histogram(text) => text.to_string(),
        Value::Time(time) => time.to_string(),
        Value::Duration(duration) => duration.to_string(),
        Value::Month(month) => MONTHS[usize::from(month.wrapping_sub(1)) % 12].to_owned(),
        Value::Weekday(day) => DAYS[usize::from(*day) % 7].to_owned(),
        Value::Kv(map) => kv_text(map),
        Value::Pairs(pairs) => pairs_text(pairs),
        _ => "<nil>".to_owned(),
    }
}

/// Prints a value with its parts.
pub(crate) fn show_into(value: &Value, style: &Style<'_>, out: &mut String) {
    // Few values hold many if they hold each other; beyond this it is refused anyway.
    if out.len() > LONGEST_TEXT {
        return;
    }
    match value {
        Value::Kv(_) | Value::Pairs(_) if style.strings => (style.leaf)(value, out),
        Value::Texts(texts) => list(texts.iter().map(|text| Value::Text(Arc::clone(text))), style, out),
        Value::List { values, .. } => list(values.iter().cloned(), style, out),
        Value::Pairs(pairs) => list(pairs.iter().cloned().map(Value::Pair), style, out),
        Value::Alerts { alerts, .. } => list(alerts.iter().cloned().map(Value::Alert), style, out),
        Value::Samples(samples) => list(samples.iter().cloned().map(Value::Sample), style, out),
        Value::Map { .. } | Value::TextMap(_) | Value::Kv(_) => {
            out.push_str("map[");
            for (i, (key, value)) in value.entries().unwrap_or_default().iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                (style.leaf)(&Value::Text(Arc::clone(key)), out);
                out.push(':');
                show_into(value, style, out);
            }
            out.push(']');
        }
        Value::Pair(_) => fields(value, &["Name", "Value"], style, out),
        Value::Alert(_) => {
            let names =
                ["Status", "Labels", "Annotations", "StartsAt", "EndsAt", "GeneratorURL", "Fingerprint"];
            fields(value, &names, style, out);
        }
        Value::Notification(_) => {
            let names = [
                "Receiver",
                "Status",
                "Alerts",
                "NotificationReason",
                "GroupLabels",
                "CommonLabels",
                "CommonAnnotations",
                "ExternalURL",
            ];
            fields(value, &names, style, out);
        }
        Value::Rule(_) => fields(value, &["Labels", "ExternalLabels", "ExternalURL", "Value"], style, out),
        Value::Sample(_) => fields(value, &["Labels", "Value"], style, out),
        _ => (style.leaf)(value, out),
    }
}

fn list(values: impl Iterator<Item = Value>, style: &Style<'_>, out: &mut String) {
    out.push('[');
    for (i, value) in values.enumerate() {
        if i > 0 {
            out.push(' ');
        }
        show_into(&value, style, out);
    }
    out.push(']');
}

fn fields(value: &Value, names: &[&str], style: &Style<'_>, out: &mut String) {
    out.push('{');
    for (i, name) in names.iter().enumerate() {
        if i > 0 {
            out.push(' ');
        }
        if style.named {
            out.push_str(name);
            out.push(':');
        }
        show_into(&value.struct_field(name).unwrap_or(Value::Nil), style, out);
    }
    out.push('}');
}
