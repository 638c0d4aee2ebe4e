//! Reading a mapping key by key. What was not asked for is unknown and refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::document::Place;
use crate::error::Problem;
use crate::node::{Entry, Node};
use crate::read::Read;

/// A mapping that is being read. Null counts as an empty mapping, and a key with a null value as absent.
#[derive(Debug)]
pub struct Section<'n> {
    name: &'n str,
    place: Place,
    entries: &'n [Entry],
    asked: Vec<&'static str>,
}

impl<'n> Section<'n> {
    /// Begins to read `node`, which is called `name` in messages.
    ///
    /// # Errors
    /// When the node is no mapping.
    pub fn of(node: &'n Node, name: &'n str) -> Result<Self, Problem> {
        let entries: &[Entry] = match node {
            Node::Map(_, entries) => entries,
            Node::Null(_) => &[],
            other => {
                let message = format!("{name}: expected a mapping, found {}", other.describe());
                return Err(Problem::new(other.place(), message));
            }
        };
        Ok(Self { name, place: node.place(), entries, asked: Vec::new() })
    }

    /// Where the mapping stands.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }

    /// The value of `key`, and that `key` is known.
    pub fn node(&mut self, key: &'static str) -> Option<&'n Node> {
        self.asked.push(key);
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value).filter(|v| !v.is_null())
    }

    /// Reads the value of `key`, if it is there.
    ///
    /// # Errors
    /// When the value is not what `T` reads.
    pub fn get<T: Read>(&mut self, key: &'static str) -> Result<Option<T>, Problem> {
        self.node(key).map(|node| T::read(node, key)).transpose()
    }

    /// Reads the value of `key`, or `default`.
    ///
    /// # Errors
    /// When the value is not what `T` reads.
    pub fn get_or<T: Read>(&mut self, key: &'static str, default: T) -> Result<T, Problem> {
        Ok(self.get(key)?.unwrap_or(default))
    }

    /// Reads the value of `key`, which must be there.
    ///
    /// # Errors
    /// When it is missing or not what `T` reads.
    pub fn require<T: Read>(&mut self, key: &'static str) -> Result<T, Problem> {
        let value = self.get(key)?;
        value.ok_or_else(|| Problem::new(self.place, format!("{}: {key} is missing", self.name)))
    }

    /// A path; a relative one is taken from `folder`.
    ///
    /// # Errors
    /// When the value is no string.
    pub fn path(&mut self, key: &'static str, folder: &Path) -> Result<Option<PathBuf>, Problem> {
        Ok(self.get::<String>(key)?.filter(|text| !text.is_empty()).map(|text| folder.join(text)))
    }

    /// Reads a list with one element after another.
    ///
    /// # Errors
    /// When the value is no list, or an element is refused.
    pub fn list<T>(
        &mut self,
        key: &'static str,
        mut element: impl FnMut(&'n Node) -> Result<T, Problem>,
    ) -> Result<Vec<T>, Problem> {
        match self.node(key) {
            None => Ok(Vec::new()),
            Some(Node::List(_, items)) => items.iter().map(&mut element).collect(),
            Some(other) => {
                let message = format!("{key}: expected a list, found {}", other.describe());
                Err(Problem::new(other.place(), message))
            }
        }
    }

    /// All entries, for mappings whose keys are free. Nothing counts as unknown after that.
    pub fn free_entries(&mut self) -> &'n [Entry] {
        std::mem::take(&mut self.entries)
    }

    /// Where `key` stands, or the whole mapping if it is not there.
    #[must_use]
    pub fn place_of(&self, key: &str) -> Place {
        self.entries.iter().find(|entry| entry.key == key).map_or(self.place, |entry| entry.value.place())
    }

    /// Whether `key` is there with a value.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key && !entry.value.is_null())
    }

    /// A problem with `key`.
    pub fn problem(&self, key: &str, message: impl std::fmt::Display) -> Problem {
        Problem::new(self.place_of(key), format!("{}: {key}: {message}", self.name))
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// When there is a key that nobody asked for; the message suggests the nearest known one.
    pub fn finish(self) -> Result<(), Problem> {
        let Some(unknown) = self.entries.iter().find(|entry| !self.asked.contains(&entry.key.as_str()))
        else {
            return Ok(());
        };
        let key: String = unknown.key.chars().take(100).collect();
        let near = self
            .asked
            .iter()
            .map(|known| (distance(&key, known), *known))
            .min()
            .filter(|(far, known)| *far <= 2 && *far < known.len());
        let hint = near.map_or_else(String::new, |(_, known)| format!("; did you mean {known:?}?"));
        Err(Problem::new(unknown.place, format!("{}: unknown key {key:?}{hint}", self.name)))
    }
}

/// Free keys with values that are read alike.
impl<T: Read> Read for BTreeMap<String, T> {
    fn read(node: &Node, name: &str) -> Result<Self, Problem> {
        let mut section = Section::of(node, name)?;
        let entries = section.free_entries().iter();
        entries.map(|entry| Ok((entry.key.clone(), T::read(&entry.value, &entry.key)?))).collect()
    }
}

/// Edits between two words, for suggestions.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let best = (diagonal + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], best);
        }
    }
    row[b.len()]
}
