//! A label set: sorted, immutable, cheap to clone, one allocation for all names and values.
//!
//! Layout: for each pair, in order of name: length of the name, name, length of the value, value.
//! A length below 127 is one ASCII byte; a longer one is 0x7f and four ASCII bytes of seven bits,
//! lowest first. Lengths are ASCII, so the whole buffer is valid UTF-8 and every slice of it is
//! checked only at its borders.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use crate::METRIC_NAME;

const LONG_LENGTH: u8 = 0x7f;

/// A sorted set of label names and values. Names are unique; no value is empty, because Prometheus
/// takes an empty value to mean that the label is absent.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Labels {
    packed: Arc<str>,
}

impl Labels {
    /// The empty set.
    #[must_use]
    pub fn empty() -> Self {
        Self { packed: Arc::from("") }
    }

    /// Builds a set from pairs in any order. Empty values are left out; of pairs with the same name the
    /// last one counts.
    pub fn from_pairs<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let pairs: Vec<(N, V)> = pairs.into_iter().collect();
        let mut refs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (n.as_ref(), v.as_ref())).collect();
        refs.sort_by(|a, b| a.0.cmp(b.0));
        let mut kept: Vec<(&str, &str)> = Vec::with_capacity(refs.len());
        for pair in refs {
            match kept.last_mut() {
                Some(last) if last.0 == pair.0 => *last = pair,
                _ => kept.push(pair),
            }
        }
        kept.retain(|(_, v)| !v.is_empty());
        Self::from_sorted(&kept)
    }

    /// Builds a set from pairs that are already sorted by name, unique and without empty values.
    #[must_use]
    pub fn from_sorted(pairs: &[(&str, &str)]) -> Self {
        debug_assert!(pairs.windows(2).all(|w| w[0].0 < w[1].0), "names sorted and unique");
        debug_assert!(pairs.iter().all(|(_, v)| !v.is_empty()), "no empty value");
        let mut writer = LabelsWriter::default();
        pairs.iter().for_each(|(name, value)| writer.push(name, value));
        writer.finish()
    }

    /// The pairs, in order of name (bytewise).
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter { rest: &self.packed }
    }

    /// The value of `name`, if the label is there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        for (n, v) in self.iter() {
            match n.cmp(name) {
                Ordering::Less => {}
                Ordering::Equal => return Some(v),
                Ordering::Greater => return None,
            }
        }
        None
    }

    /// The metric name, or "" if the set has none.
    #[must_use]
    pub fn metric_name(&self) -> &str {
        self.get(METRIC_NAME).unwrap_or("")
    }

    /// Number of labels.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether the set has no label.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packed.is_empty()
    }

    /// The packed bytes. Equal for equal sets, so they can serve as a hash or map key; the layout is
    /// private to this crate and must not be stored.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.packed
    }

    /// The set without the metric name.
    #[must_use]
    pub fn without_metric_name(&self) -> Self {
        if self.get(METRIC_NAME).is_none() {
            return self.clone();
        }
        self.filtered(|name| name != METRIC_NAME)
    }

    /// The set with only the labels for whose name `keep` says yes.
    #[must_use]
    pub fn filtered(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        let mut packed = String::with_capacity(self.packed.len());
        let mut rest: &str = &self.packed;
        while !rest.is_empty() {
            let (name, after_name) = take_str(rest);
            let (_, after) = take_str(after_name);
            if keep(name) {
                packed.push_str(&rest[..rest.len() - after.len()]);
            }
            rest = after;
        }
        Self { packed: Arc::from(packed) }
    }
}

impl Default for Labels {
    fn default() -> Self {
        Self::empty()
    }
}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Prometheus' order: pair by pair, name before value; a prefix comes first.
impl Ord for Labels {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other.iter())
    }
}

/// `name{a="b", c="d"}` as Prometheus prints a series; names that are not legacy names are quoted.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.metric_name();
        let bare_name = is_valid_legacy_metric_name(name);
        if bare_name {
            f.write_str(name)?;
        }
        let mut parts: Vec<String> = Vec::new();
        if !name.is_empty() && !bare_name {
            parts.push(quote(name));
        }
        for (n, v) in self.iter().filter(|(n, _)| *n != METRIC_NAME) {
            let n = if is_valid_label_name(n) { n.to_owned() } else { quote(n) };
            parts.push(format!("{n}={}", quote(v)));
        }
        if parts.is_empty() && bare_name {
            return Ok(());
        }
        write!(f, "{{{}}}", parts.join(", "))
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'a> IntoIterator for &'a Labels {
    type Item = (&'a str, &'a str);
    type IntoIter = Iter<'a>;
    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Iterator over `(name, value)`.
#[derive(Clone)]
pub struct Iter<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, &'a str);
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let (name, rest) = take_str(self.rest);
        let (value, rest) = take_str(rest);
        self.rest = rest;
        Some((name, value))
    }
}

/// Writes sets one after another, from pairs that come sorted by name, unique and without empty values.
#[derive(Clone, Debug, Default)]
pub struct LabelsWriter {
    packed: String,
}

impl LabelsWriter {
    /// Adds a pair.
    #[inline]
    pub fn push(&mut self, name: &str, value: &str) {
        push_str(&mut self.packed, name);
        push_str(&mut self.packed, value);
    }

    /// The set of the pairs since the last one.
    #[must_use]
    pub fn finish(&mut self) -> Labels {
        let labels = Labels { packed: Arc::from(self.packed.as_str()) };
        self.packed.clear();
        labels
    }
}

/// Changes to a base set, collected and applied at once.
#[derive(Clone, Debug, Default)]
pub struct LabelsBuilder {
    pairs: Vec<(String, String)>,
}

impl LabelsBuilder {
    /// Starts from `base`.
    #[must_use]
    pub fn new(base: &Labels) -> Self {
        Self { pairs: base.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect() }
    }

    /// Sets a label; an empty value removes it.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        match self.pairs.binary_search_by(|(n, _)| n.as_str().cmp(name)) {
            Ok(at) if value.is_empty() => {
                self.pairs.remove(at);
            }
            Ok(at) => value.clone_into(&mut self.pairs[at].1),
            Err(_) if value.is_empty() => {}
            Err(at) => self.pairs.insert(at, (name.to_owned(), value.to_owned())),
        }
        self
    }

    /// Removes a label, if it is there.
    pub fn remove(&mut self, name: &str) -> &mut Self {
        self.set(name, "")
    }

    /// The current value of `name`, or "".
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.pairs.binary_search_by(|(n, _)| n.as_str().cmp(name)).map_or("", |at| self.pairs[at].1.as_str())
    }

    /// The pairs as they stand, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// The finished set.
    #[must_use]
    pub fn build(&self) -> Labels {
        let refs: Vec<(&str, &str)> = self.iter().collect();
        Labels::from_sorted(&refs)
    }
}

/// Whether `name` is a label name in the classic character set `[a-zA-Z_][a-zA-Z0-9_]*`, so that it
/// needs no quotes in PromQL. Any non-empty UTF-8 string is a legal label name since Prometheus 3.
#[must_use]
pub fn is_valid_label_name(name: &str) -> bool {
    is_identifier(name, false)
}

/// Whether `name` is a metric name in the classic character set `[a-zA-Z_:][a-zA-Z0-9_:]*`.
#[must_use]
pub fn is_valid_legacy_metric_name(name: &str) -> bool {
    is_identifier(name, true)
}

fn is_identifier(name: &str, colon: bool) -> bool {
    let ok = |b: u8, first: bool| {
        b.is_ascii_alphabetic() || b == b'_' || (colon && b == b':') || (!first && b.is_ascii_digit())
    };
    !name.is_empty() && name.bytes().enumerate().all(|(i, b)| ok(b, i == 0))
}

/// `s` in double quotes, with Go's escapes for quotes, backslashes and control characters.
fn quote(s: &str) -> String {
    let mut out = String::with_capacity(s.len() + 2);
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => {
                out.push_str(&format!("\\x{:02x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn push_str(packed: &mut String, s: &str) {
    let length = s.len();
    if length < usize::from(LONG_LENGTH) {
        packed.push(length as u8 as char);
    } else {
        assert!(length < 1 << 28, "a label name or value of {length} bytes cannot be held");
        packed.push(LONG_LENGTH as char);
        for shift in [0, 7, 14, 21] {
            packed.push(((length >> shift) & 0x7f) as u8 as char);
        }
    }
    packed.push_str(s);
}

#[inline]
fn take_str(packed: &str) -> (&str, &str) {
    let bytes = packed.as_bytes();
    let (length, start) = if bytes[0] < LONG_LENGTH {
        (usize::from(bytes[0]), 1)
    } else {
        let length = (0..4).map(|i| usize::from(bytes[1 + i]) << (7 * i)).sum();
        (length, 5)
    };
    packed[start..].split_at(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pairs_are_sorted_deduplicated_and_empty_values_dropped() {
        let labels = Labels::from_pairs([("z", "1"), ("a", "x"), ("m", ""), ("a", "y")]);
        assert_eq!(labels.iter().collect::<Vec<_>>(), [("a", "y"), ("z", "1")]);
        assert_eq!(labels.get("a"), Some("y"));
        assert_eq!(labels.get("m"), None);
    }

    #[test]
    fn printed_as_prometheus_prints_a_series() {
        let show = |pairs: &[(&str, &str)]| Labels::from_pairs(pairs.iter().copied()).to_string();
        assert_eq!(show(&[]), "{}");
        assert_eq!(show(&[("__name__", "up")]), "up");
        assert_eq!(show(&[("__name__", "up"), ("job", "a\"b")]), r#"up{job="a\"b"}"#);
        assert_eq!(show(&[("__name__", "my.metric"), ("x.y", "1")]), r#"{"my.metric", "x.y"="1"}"#);
    }

    #[test]
    fn builder_sets_and_removes() {
        let base = Labels::from_pairs([("a", "1"), ("b", "2")]);
        let mut builder = LabelsBuilder::new(&base);
        builder.set("c", "3").remove("a").set("b", "x");
        assert_eq!(builder.build(), Labels::from_pairs([("b", "x"), ("c", "3")]));
    }

    proptest! {
        #[test]
        fn holds_what_was_put_in(map in proptest::collection::btree_map(".{0,200}", ".{1,300}", 0..12)) {
            let labels = Labels::from_pairs(map.iter());
            let back: Vec<(String, String)> = labels.iter().map(|(n, v)| (n.into(), v.into())).collect();
            let want: Vec<(String, String)> = map.clone().into_iter().collect();
            prop_assert_eq!(back, want);
            for (name, value) in &map {
                prop_assert_eq!(labels.get(name), Some(value.as_str()));
            }
            prop_assert_eq!(labels.filtered(|_| true), labels);
        }

        #[test]
        fn order_is_that_of_the_pairs(
            a in proptest::collection::btree_map("[a-c]{1,2}", "[a-c]{1,2}", 0..4),
            b in proptest::collection::btree_map("[a-c]{1,2}", "[a-c]{1,2}", 0..4),
        ) {
            let want = a.iter().cmp(b.iter());
            prop_assert_eq!(Labels::from_pairs(a).cmp(&Labels::from_pairs(b)), want);
        }
    }
}
