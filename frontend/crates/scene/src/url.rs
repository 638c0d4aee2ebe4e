//! A view's state in its address: query strings, and what of them a view with a time range and variables
//! means by them.

use crate::time::{RawRange, TimeExpr};

/// Keys and values in order; a key may occur several times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads `a=1&b=x%20y`, with or without a leading `?`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.strip_prefix('?').unwrap_or(text);
        let pairs = text
            .split('&')
            .filter(|part| !part.is_empty())
            .map(|part| {
                let (key, value) = part.split_once('=').unwrap_or((part, ""));
                (decode(key), decode(value))
            })
            .collect();
        Self { pairs }
    }

    /// The text after `?`.
    #[must_use]
    pub fn print(&self) -> String {
        let mut out = String::new();
        for (key, value) in &self.pairs {
            if !out.is_empty() {
                out.push('&');
            }
            encode_into(&mut out, key);
            out.push('=');
            encode_into(&mut out, value);
        }
        out
    }

    /// `path?query`, or the path alone.
    #[must_use]
    pub fn on(&self, path: &str) -> String {
        if self.pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", self.print()) }
    }

    /// The first value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// All values of `key`.
    #[must_use]
    pub fn get_all(&self, key: &str) -> Vec<String> {
        self.pairs.iter().filter(|(k, _)| k == key).map(|(_, v)| v.clone()).collect()
    }

    /// Sets `key` to one value, where it stood before or at the end; an empty value removes it.
    pub fn set(&mut self, key: &str, value: &str) -> &mut Self {
        if value.is_empty() { self.set_all(key, &[]) } else { self.set_all(key, &[value.to_owned()]) }
    }

    /// Sets `key` to several values, where it stood before or at the end.
    pub fn set_all(&mut self, key: &str, values: &[String]) -> &mut Self {
        let at = self.pairs.iter().position(|(k, _)| k == key).unwrap_or(self.pairs.len());
        self.pairs.retain(|(k, _)| k != key);
        let new = values.iter().map(|v| (key.to_owned(), v.clone()));
        self.pairs.splice(at..at, new);
        self
    }

    /// The pairs.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// Only the pairs that a link to another view of the same time should carry.
    #[must_use]
    pub fn time_only(&self) -> Self {
        let keep = |k: &str| matches!(k, "from" | "to" | "refresh");
        Self { pairs: self.pairs.iter().filter(|(k, _)| keep(k)).cloned().collect() }
    }

    /// The time range, if both ends are there and right.
    #[must_use]
    pub fn range(&self) -> Option<RawRange> {
        Some(RawRange { from: TimeExpr::parse(self.get("from")?)?, to: TimeExpr::parse(self.get("to")?)? })
    }

    /// Sets the time range.
    pub fn set_range(&mut self, range: RawRange) -> &mut Self {
        self.set("from", &range.from.print()).set("to", &range.to.print())
    }

    /// The values chosen for variable `name`; none when the address does not say.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<Vec<String>> {
        let values = self.get_all(&format!("var-{name}"));
        (!values.is_empty()).then_some(values)
    }

    /// Chooses values of a variable.
    pub fn set_variable(&mut self, name: &str, values: &[String]) -> &mut Self {
        self.set_all(&format!("var-{name}"), values)
    }
}

/// Percent-encodes what must not stand in a query string.
fn encode_into(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(byte as char),
            b'-' | b'_' | b'.' | b'~' | b'*' | b'(' | b')' | b'!' | b'/' | b':' | b',' | b'@' | b'$' => {
                out.push(byte as char);
            }
            b' ' => out.push('+'),
            _ => {
                out.push('%');
                out.push(HEX[usize::from(byte >> 4)] as char);
                out.push(HEX[usize::from(byte & 15)] as char);
            }
        }
    }
}

/// Percent-encoded text for a query string.
#[must_use]
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    encode_into(&mut out, text);
    out
}

/// Percent-encoded text for one segment of a path.
#[must_use]
pub fn encode_segment(text: &str) -> String {
    encode(text).replace('+', "%20").replace('/', "%2F")
}

/// Undoes percent-encoding; broken escapes stay as they are.
#[must_use]
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |i: usize| bytes.get(i).and_then(|b| (*b as char).to_digit(16));
        match (bytes[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
                continue;
            }
            (b'+', ..) => out.push(b' '),
            (byte, ..) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_view_in_an_address() {
        let mut q = Query::parse("?from=now-6h&to=now&var-model=a&var-model=b%2Fc&viewPanel=3");
        assert_eq!(q.range(), RawRange::parse("now-6h", "now"));
        assert_eq!(q.variable("model"), Some(vec!["a".to_owned(), "b/c".to_owned()]));
        assert_eq!(q.variable("host"), None);
        q.set_variable("model", &["x y".to_owned()]).set("viewPanel", "").set("refresh", "10s");
        assert_eq!(q.print(), "from=now-6h&to=now&var-model=x+y&refresh=10s");
        assert_eq!(q.time_only().on("/explore"), "/explore?from=now-6h&to=now&refresh=10s");
    }

    #[test]
    fn an_empty_value_of_a_variable_is_a_choice() {
        let mut q = Query::default();
        q.set_variable("v", &[String::new()]);
        assert_eq!(Query::parse(&q.print()).variable("v"), Some(vec![String::new()]));
    }

    proptest! {
        #[test]
        fn there_and_back(pairs in prop::collection::vec(("[^\u{0}]{1,8}", ".{0,12}"), 0..8)) {
            let q = Query { pairs };
            prop_assert_eq!(Query::parse(&q.print()), q);
        }
        #[test]
        fn any_text_is_survived(text in ".{0,40}") {
            let q = Query::parse(&text);
            prop_assert_eq!(Query::parse(&q.print()).pairs.len(), q.pairs.len());
        }
    }
}
