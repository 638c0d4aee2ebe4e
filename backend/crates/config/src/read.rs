//! Reading single values: strings, numbers, booleans, durations, sizes, lists.

use std::fmt;

use url::Url;

use crate::error::Problem;
use crate::node::{Node, Scalar, ScalarKind};
use crate::secret::Secret;

/// Something that can be read from a node.
pub trait Read: Sized {
    /// Reads `node`, which is called `name` in messages.
    ///
    /// # Errors
    /// When the node is something else.
    fn read(node: &Node, name: &str) -> Result<Self, Problem>;
}

fn unexpected(node: &Node, name: &str, expected: &str) -> Problem {
    Problem::new(node.place(), format!("{name}: expected {expected}, found {}", node.describe()))
}

/// Any scalar is a string with the text it was written with; nothing is the empty string.
impl Read for String {
    fn read(node: &Node, name: &str) -> Result<Self, Problem> {
        match node {
            Node::Scalar(scalar) => Ok(scalar.text.clone()),
            Node::Null(_) => Ok(Self::new()),
            _ => Err(unexpected(node, name, "a string")),
        }
    }
}

impl Read for Secret {
    fn read(node: &Node, name: &str) -> Result<Self, Problem> {
        String::read(node, name).map(Self::new)
    }
}

/// `true` and `false`, and the words for them that YAML 1.1 knows.
impl Read for bool {
    fn read(node: &Node, name: &str) -> Result<Self, Problem> {
        match node {
            Node::Scalar(Scalar { kind: ScalarKind::Bool(value), .. }) => Ok(*value),
            Node::Scalar(Scalar { text, .. })
                if ["yes", "Yes", "YES", "on", "On", "ON"].contains(&text.as_str()) =>
            {
                Ok(true)
            }
            Node::Scalar(Scalar { text, .. })
                if ["no", "No", "NO", "off", "Off", "OFF"].contains(&text.as_str()) =>
            {
                Ok(false)
            }
            _ => Err(unexpected(node, name, "true or false")),
        }
    }
}

impl Read for u64 {
    fn read(node: &Node, name: &str) -> Result<Self, Problem> {
        match node {
            Node::Scalar(scalar) => scalar.text.parse().map_err(|_| {
                Problem::new(
                    scalar.place,
                    format!("{name}: expected a whole number from 0, found {:?}", short(&scalar.text)),
                )
            }),
            _ => Err(unexpected(node, name, "a whole number from 0")),
        }
    }
}

impl Read for f64 {
    fn read(node: &Node, name: &str) -> Result<Self, Problem> {
        match node {
            Node::Scalar(scalar) => scalar.text.parse().map_err(|_| {
                Problem::new(
                    scalar.place,
                    format!("{name}: expected a number, found {:?}", short(&scalar.text)),
                )
            }),
            _ => Err(unexpected(node, name, "a number")),
        }
    }
}

impl Read for Url {
    fn read(node: &Node, name: &str) -> Result<Self, Problem> {
        let text = String::read(node, name)?;
        // The address may hold a password, so that it is not shown.
        Self::parse(&text).map_err(|error| Problem::new(node.place(), format!("{name}: not a URL: {error}")))
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(node: &Node, name: &str) -> Result<Self, Problem> {
        match node {
            Node::Null(_) => Ok(Self::new()),
            Node::List(_, items) => items.iter().map(|item| T::read(item, name)).collect(),
            _ => Err(unexpected(node, name, "a list")),
        }
    }
}

/// A raw node, for sections that others read.
impl Read for Node {
    fn read(node: &Node, _name: &str) -> Result<Self, Problem> {
        Ok(node.clone())
    }
}

/// A duration as Prometheus writes it: `15s`, `1h30m`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Duration(i64);

impl Duration {
    /// From milliseconds.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// From seconds.
    #[must_use]
    pub const fn from_secs(s: i64) -> Self {
        Self(s * 1000)
    }

    /// Milliseconds.
    #[must_use]
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// As the standard library has it; a negative duration is zero.
    #[must_use]
    pub fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_millis(u64::try_from(self.0).unwrap_or(0))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&model::format_duration(self.0))
    }
}

impl Read for Duration {
    fn read(node: &Node, name: &str) -> Result<Self, Problem> {
        let Node::Scalar(scalar) = node else {
            return Err(unexpected(node, name, "a duration such as 15s or 1h30m"));
        };
        model::parse_duration(&scalar.text).map(Self).map_err(|error| {
            Problem::new(scalar.place, format!("{name}: {error}; write a duration such as 15s or 1h30m"))
        })
    }
}

/// A size in bytes: `10MB`, `512KiB`, `1GB`. As in Prometheus the units are powers of 1024 with and without
/// the `i`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl Read for ByteSize {
    fn read(node: &Node, name: &str) -> Result<Self, Problem> {
        let Node::Scalar(scalar) = node else { return Err(unexpected(node, name, "a size such as 10MB")) };
        parse_size(&scalar.text).map(Self).ok_or_else(|| {
            let message = format!(
                "{name}: {:?} is not a size; write one such as 512KB, 10MB or 1.5GB",
                short(&scalar.text)
            );
            Problem::new(scalar.place, message)
        })
    }
}

fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let (number, unit) = text.split_at(digits);
    let power = match unit.trim() {
        "" if number == "0" => 0,
        "B" => 0,
        "KB" | "KiB" => 1,
        "MB" | "MiB" => 2,
        "GB" | "GiB" => 3,
        "TB" | "TiB" => 4,
        "PB" | "PiB" => 5,
        "EB" | "EiB" => 6,
        _ => return None,
    };
    let factor = 1_u64.checked_shl(10 * power)?;
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(factor);
    }
    let bytes = number.parse::<f64>().ok()? * factor as f64;
    (bytes.is_finite() && bytes < u64::MAX as f64).then_some(bytes as u64)
}

/// A text for messages: at most 60 characters of it.
fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(parse_size("0"), Some(0));
        assert_eq!(parse_size("1B"), Some(1));
        assert_eq!(parse_size("10MB"), Some(10 << 20));
        assert_eq!(parse_size("1.5GiB"), Some(3 << 29));
        for bad in ["", "10", "MB", "1.2.3MB", "99999999999EB", "-1MB", "10 mb"] {
            assert_eq!(parse_size(bad), None, "{bad}");
        }
    }
}
