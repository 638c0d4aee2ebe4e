//! The tree of a document. Scalars keep the text they were written with, so that a password `0123` or a
//! label value `1.10` stays what it is.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use crate::document::Place;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub enum Node {
    /// Nothing: an empty value, `~`, `null`.
    Null(Place),
    /// A single value.
    Scalar(Scalar),
    /// A list.
    List(Place, Vec<Node>),
    /// Keys with values, in the order of the file. Keys are unique.
    Map(Place, Vec<Entry>),
}

/// A single value.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// Where it stands.
    pub place: Place,
    /// Its text.
    pub text: String,
    /// What YAML takes it for.
    pub kind: ScalarKind,
}

/// What YAML takes a scalar for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalarKind {
    /// A string.
    Text,
    /// A number.
    Number,
    /// True or false.
    Bool(bool),
}

/// A key and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where the key stands.
    pub place: Place,
    /// Key.
    pub key: String,
    /// Value.
    pub value: Node,
}

impl Node {
    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Self::Null(place) | Self::List(place, _) | Self::Map(place, _) => *place,
            Self::Scalar(scalar) => scalar.place,
        }
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null(_))
    }

    /// What it is, for messages.
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Null(_) => "nothing",
            Self::Scalar(Scalar { kind: ScalarKind::Text, .. }) => "a string",
            Self::Scalar(Scalar { kind: ScalarKind::Number, .. }) => "a number",
            Self::Scalar(Scalar { kind: ScalarKind::Bool(_), .. }) => "a boolean",
            Self::List(..) => "a list",
            Self::Map(..) => "a mapping",
        }
    }

    /// Whether both have the same content, wherever it stands.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null(_), Self::Null(_)) => true,
            (Self::Scalar(a), Self::Scalar(b)) => a.text == b.text && a.kind == b.kind,
            (Self::List(_, a), Self::List(_, b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same_content(b))
            }
            (Self::Map(_, a), Self::Map(_, b)) => {
                a.len() == b.len()
                    && a.iter().zip(b).all(|(a, b)| a.key == b.key && a.value.same_content(&b.value))
            }
            _ => false,
        }
    }

    /// Takes what the YAML reader made, with `source` to look numbers up in. Depth was bounded by the reader.
    pub(crate) fn from_tree(tree: Spanned<Tree>, source: &str) -> Self {
        let place = Place::from(tree.referenced);
        let scalar = |text: String, kind| Self::Scalar(Scalar { place, text, kind });
        match tree.value {
            Tree::Null => Self::Null(place),
            Tree::Text(text) => scalar(text, ScalarKind::Text),
            Tree::Bool(value) => scalar(value.to_string(), ScalarKind::Bool(value)),
            Tree::Number(text) => {
                let span = tree.defined.span();
                let written = span.byte_offset().zip(span.byte_len()).and_then(|(at, len)| {
                    let at = usize::try_from(at).ok()?;
                    source.get(at..at.checked_add(usize::try_from(len).ok()?)?)
                });
                // The text as written, unless tags or quotes make it something else than a plain number.
                let plain = |w: &&str| !w.is_empty() && !w.contains(['"', '\'', '!', '&', '\n']);
                let text = written.map(str::trim).filter(plain).map_or(text, str::to_owned);
                scalar(text, ScalarKind::Number)
            }
            Tree::List(items) => {
                Self::List(place, items.into_iter().map(|item| Self::from_tree(item, source)).collect())
            }
            Tree::Map(entries) => {
                let entry = |(key, value): (Spanned<String>, Spanned<Tree>)| Entry {
                    place: Place::from(key.referenced),
                    key: key.value,
                    value: Self::from_tree(value, source),
                };
                Self::Map(place, entries.into_iter().map(entry).collect())
            }
        }
    }
}

/// What the YAML reader hands over, before places are joined to it.
#[derive(Debug)]
pub enum Tree {
    /// Nothing.
    Null,
    /// A string.
    Text(String),
    /// A boolean.
    Bool(bool),
    /// A number, in a normal form.
    Number(String),
    /// A list.
    List(Vec<Spanned<Tree>>),
    /// A mapping.
    Map(Vec<(Spanned<String>, Spanned<Tree>)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_some<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Number(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Tree, E> {
        Ok(Tree::Number(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Tree, E> {
        Ok(Tree::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Tree::Map(entries))
    }
}
