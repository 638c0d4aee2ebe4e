//! Comparisons as Go's templates make them: of equal kinds only.

use std::cmp::Ordering;

use crate::value::{Value, show};

const NOT_ORDERED: &str = "invalid type for comparison";

fn incompatible(left: &Value, right: &Value) -> String {
    format!("incompatible types for comparison: {} and {}", left.type_name(), right.type_name())
}

/// What a value is compared as.
enum Basic<'a> {
    Bool(bool),
    Int(i64),
    Uint(u8),
    Float(f64),
    Text(&'a str),
    Other,
}

fn basic(value: &Value) -> Basic<'_> {
    match value {
        Value::Bool(value) => Basic::Bool(*value),
        Value::Int(value) => Basic::Int(*value),
        Value::Duration(value) => Basic::Int(value.0),
        Value::Month(value) | Value::Weekday(value) => Basic::Int(i64::from(*value)),
        Value::Byte(value) => Basic::Uint(*value),
        Value::Float(value) => Basic::Float(*value),
        Value::Text(text) | Value::SafeHtml(text) | Value::SafeUrl(text) => Basic::Text(text),
        _ => Basic::Other,
    }
}

/// Whether two values are equal.
///
/// # Errors
/// When they are of different kinds, or of one that cannot be compared.
pub(super) fn equal(left: &Value, right: &Value) -> Result<bool, String> {
    match (basic(left), basic(right)) {
        (Basic::Bool(a), Basic::Bool(b)) => Ok(a == b),
        (Basic::Int(a), Basic::Int(b)) => Ok(a == b),
        (Basic::Uint(a), Basic::Uint(b)) => Ok(a == b),
        (Basic::Int(a), Basic::Uint(b)) | (Basic::Uint(b), Basic::Int(a)) => Ok(a == i64::from(b)),
        (Basic::Float(a), Basic::Float(b)) => Ok(a == b),
        (Basic::Text(a), Basic::Text(b)) => Ok(a == b),
        (Basic::Other, Basic::Other) => other(left, right),
        _ if matches!(left, Value::Nil) || matches!(right, Value::Nil) => Ok(false),
        _ => Err(incompatible(left, right)),
    }
}

fn other(left: &Value, right: &Value) -> Result<bool, String> {
    match (left, right) {
        (Value::Nil, Value::Nil) => Ok(true),
        (Value::Nil, _) | (_, Value::Nil) => Ok(false),
        (Value::Time(a), Value::Time(b)) => Ok(a == b),
        (Value::Pair(a), Value::Pair(b)) => Ok(a == b),
        (Value::Location(a), Value::Location(b)) => Ok(a == b),
        _ if kind(left) == kind(right) => {
            Err(format!("non-comparable type {}: {}", show(right), right.type_name()))
        }
        _ => Err(format!(
            "non-comparable types {}: {}, {}: {}",
            show(left),
            left.type_name(),
            right.type_name(),
            show(right)
        )),
    }
}

/// What Go's reflection calls a kind, as far as it is no basic one.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Map { .. } | Value::TextMap(_) | Value::Kv(_) => "map",
        value if value.len().is_some() => "slice",
        value => value.type_name(),
    }
}

/// Which of two values comes first; `None` if neither does, as with NaN.
///
/// # Errors
/// When they are of different kinds, or of one without an order.
pub(super) fn order(left: &Value, right: &Value) -> Result<Option<Ordering>, String> {
    match (basic(left), basic(right)) {
        (Basic::Int(a), Basic::Int(b)) => Ok(Some(a.cmp(&b))),
        (Basic::Uint(a), Basic::Uint(b)) => Ok(Some(a.cmp(&b))),
        (Basic::Int(a), Basic::Uint(b)) => Ok(Some(a.cmp(&i64::from(b)))),
        (Basic::Uint(a), Basic::Int(b)) => Ok(Some(i64::from(a).cmp(&b))),
        (Basic::Float(a), Basic::Float(b)) => Ok(a.partial_cmp(&b)),
        (Basic::Text(a), Basic::Text(b)) => Ok(Some(a.cmp(b))),
        (Basic::Bool(_), Basic::Bool(_)) | (Basic::Other, _) | (_, Basic::Other) => {
            Err(NOT_ORDERED.to_owned())
        }
        _ => Err(incompatible(left, right)),
    }
}
