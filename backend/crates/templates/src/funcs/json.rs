//! Values as JSON, written as Go's encoder writes it.

use super::float;
use crate::value::{LONGEST_TEXT, Value};

/// A value as JSON.
///
/// # Errors
/// When it holds what JSON cannot say, or becomes too long.
pub(crate) fn to_json(value: &Value) -> Result<String, String> {
    let mut out = String::new();
    write(value, &mut out)?;
    Ok(out)
}

fn write(value: &Value, out: &mut String) -> Result<(), String> {
    if out.len() > LONGEST_TEXT {
        return Err(format!("json: longer than {LONGEST_TEXT} bytes"));
    }
    match value {
        Value::Nil => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => out.push_str(&value.to_string()),
        Value::Byte(value) => out.push_str(&value.to_string()),
        Value::Duration(value) => out.push_str(&value.0.to_string()),
        Value::Month(value) | Value::Weekday(value) => out.push_str(&value.to_string()),
        Value::Float(value) => out.push_str(&number(*value)?),
        Value::Text(text) | Value::SafeHtml(text) | Value::SafeUrl(text) | Value::Histogram(text) => {
            string(text, out);
        }
        Value::Time(time) => string(&time.rfc3339(), out),
        Value::Location(_) => out.push_str("{}"),
        Value::Map { .. } | Value::TextMap(_) | Value::Kv(_) => {
            let entries = value.entries().unwrap_or_default();
            object(entries.iter().map(|(key, value)| (&**key, value.clone())), out)?;
        }
        Value::Alert(_) => fields(value, &ALERT, out)?,
        Value::Notification(_) => fields(value, &NOTIFICATION, out)?,
        Value::Pair(_) => fields(value, &[("Name", "Name"), ("Value", "Value")], out)?,
        Value::Sample(_) => fields(value, &[("Labels", "Labels"), ("Value", "Value")], out)?,
        Value::Rule(_) => fields(value, &RULE, out)?,
        Value::Texts(_) | Value::List { .. } | Value::Pairs(_) | Value::Alerts { .. } | Value::Samples(_) => {
            out.push('[');
            for at in 0..value.len().unwrap_or(0) {
                if at > 0 {
                    out.push(',');
                }
                write(&value.element(at).unwrap_or(Value::Nil), out)?;
            }
            out.push(']');
        }
    }
    Ok(())
}

/// Fields of structs and the names that they have in JSON.
type Fields = [(&'static str, &'static str)];

const ALERT: [(&str, &str); 7] = [
    ("Status", "status"),
    ("Labels", "labels"),
    ("Annotations", "annotations"),
    ("StartsAt", "startsAt"),
    ("EndsAt", "endsAt"),
    ("GeneratorURL", "generatorURL"),
    ("Fingerprint", "fingerprint"),
];

const NOTIFICATION: [(&str, &str); 8] = [
    ("Receiver", "receiver"),
    ("Status", "status"),
    ("Alerts", "alerts"),
    ("NotificationReason", "notification_reason"),
    ("GroupLabels", "groupLabels"),
    ("CommonLabels", "commonLabels"),
    ("CommonAnnotations", "commonAnnotations"),
    ("ExternalURL", "externalURL"),
];

const RULE: [(&str, &str); 4] = [
    ("Labels", "Labels"),
    ("ExternalLabels", "ExternalLabels"),
    ("ExternalURL", "ExternalURL"),
    ("Value", "Value"),
];

fn fields(value: &Value, names: &Fields, out: &mut String) -> Result<(), String> {
    let members = names.iter().map(|(field, name)| (*name, value.struct_field(field).unwrap_or(Value::Nil)));
    object(members, out)
}

fn object<'a>(members: impl Iterator<Item = (&'a str, Value)>, out: &mut String) -> Result<(), String> {
    out.push('{');
    for (i, (name, value)) in members.enumerate() {
        if i > 0 {
            out.push(',');
        }
        string(name, out);
        out.push(':');
        write(&value, out)?;
    }
    out.push('}');
    Ok(())
}

fn number(value: f64) -> Result<String, String> {
    if !value.is_finite() {
        return Err(format!("json: unsupported value: {}", float::general(value, None)));
    }
    let size = value.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return Ok(float::fixed(value, None));
    }
    // Go writes e-9 here where it writes e-09 elsewhere.
    Ok(float::exponent(value, None).replace("e-0", "e-"))
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_go_writes_them() {
        for (value, text) in
            [(0.0, "0"), (1.5, "1.5"), (1e20, "100000000000000000000"), (1e21, "1e+21"), (1e-7, "1e-7")]
        {
            assert_eq!(number(value).unwrap(), text);
        }
        assert!(number(f64::NAN).is_err());
    }
}
