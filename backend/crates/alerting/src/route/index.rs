//! Which children of a node can match at all, by the value of one label.
//!
//! Trees are wide where every team has a route: `team="a"`, `team="b"`, …. The label that most children ask an
//! exact value of is looked up once, instead of asking every child.

use std::collections::{BTreeMap, HashMap};

use model::Labels;

use crate::matcher::Matchers;

/// Below so many children asking each is as fast.
const FEW: usize = 8;

/// Children by the value of a label.
#[derive(Clone, Debug, Default)]
pub(super) struct ChildIndex {
    /// Number of children.
    count: u32,
    /// The label, if there is one that sorts children apart.
    label: Option<String>,
    /// Children that ask for a value of it, in order.
    by_value: HashMap<String, Vec<u32>>,
    /// Children that do not, in order.
    rest: Vec<u32>,
}

impl ChildIndex {
    /// An index of children by their matchers, in order.
    pub(super) fn new<'m>(children: impl Iterator<Item = &'m Matchers>) -> Self {
        let children: Vec<&Matchers> = children.collect();
        let count = u32::try_from(children.len()).unwrap_or(u32::MAX);
        if children.len() < FEW {
            return Self { count, ..Self::default() };
        }
        let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
        for matchers in &children {
            for matcher in matchers.as_slice() {
                if matcher.set_matches().is_some() {
                    *uses.entry(matcher.name()).or_default() += 1;
                }
            }
        }
        let Some(label) = uses.iter().max_by_key(|(_, uses)| **uses).map(|(label, _)| (*label).to_owned())
        else {
            return Self { count, ..Self::default() };
        };
        let mut index = Self { count, ..Self::default() };
        for (at, matchers) in (0..).zip(&children) {
            let sets = matchers.as_slice().iter().filter(|matcher| matcher.name() == label);
            match sets.filter_map(model::CompiledMatcher::set_matches).min_by_key(|set| set.len()) {
                Some(values) => {
                    for value in values {
                        index.by_value.entry(value.clone()).or_default().push(at);
                    }
                }
                None => index.rest.push(at),
            }
        }
        index.label = Some(label);
        index
    }

    /// The children that can match, in order.
    pub(super) fn candidates<'i>(&'i self, labels: &Labels) -> Candidates<'i> {
        let Some(label) = &self.label else { return Candidates::All(0..self.count) };
        let value = labels.get(label).unwrap_or("");
        Candidates::Merged(self.by_value.get(value).map_or(&[], Vec::as_slice), &self.rest)
    }
}

/// Children in order.
pub(super) enum Candidates<'i> {
    All(std::ops::Range<u32>),
    /// Two sorted lists without a common element.
    Merged(&'i [u32], &'i [u32]),
}

impl Iterator for Candidates<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        match self {
            Self::All(range) => range.next(),
            Self::Merged(a, b) => {
                let from = match (a.first(), b.first()) {
                    (Some(x), Some(y)) if y < x => b,
                    (None, _) => b,
                    (Some(_), _) => a,
                };
                let (first, rest) = from.split_first()?;
                *from = rest;
                Some(*first)
            }
        }
    }
}
