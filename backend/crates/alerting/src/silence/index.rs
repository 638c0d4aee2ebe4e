//! Which silences can match an alert at all.
//!
//! Most silences ask an exact value of some label. Each lies in the lists of the values of one such label, the
//! one whose lists are shortest, and an alert looks up its own labels. Only silences without such a matcher are
//! asked one by one.

use std::sync::Arc;

use hashbrown::HashMap;
use model::Labels;

use super::Silence;

type List = Vec<Arc<Silence>>;
type ByValue = HashMap<String, List, foldhash::fast::RandomState>;

/// Silences by label name and value.
#[derive(Clone, Debug, Default)]
pub(super) struct SilenceIndex {
    by_name: HashMap<String, ByValue, foldhash::fast::RandomState>,
    rest: List,
}

impl SilenceIndex {
    /// Adds a silence that is not in it.
    pub(super) fn insert(&mut self, silence: &Arc<Silence>) {
        let length =
            |name: &str, value: &str| self.by_name.get(name).and_then(|by| by.get(value)).map_or(0, Vec::len);
        // A value of "" stands for an absent label, which no alert looks up.
        let best = silence
            .matchers
            .as_slice()
            .iter()
            .filter_map(|matcher| Some((matcher.name(), matcher.set_matches()?)))
            .filter(|(_, values)| !values.is_empty() && values.iter().all(|value| !value.is_empty()))
            .min_by_key(|(name, values)| values.iter().map(|value| length(name, value) + 1).sum::<usize>());
        match best {
            Some((name, values)) => {
                let by_value = self.by_name.entry_ref(name).or_default();
                for value in values {
                    by_value.entry_ref(value.as_str()).or_default().push(silence.clone());
                }
            }
            None => self.rest.push(silence.clone()),
        }
    }

    /// Takes a silence out, if it is in.
    pub(super) fn remove(&mut self, silence: &Silence) {
        remove(&mut self.rest, silence);
        for matcher in silence.matchers.as_slice() {
            let Some(by_value) = self.by_name.get_mut(matcher.name()) else { continue };
            for value in matcher.set_matches().unwrap_or(&[]) {
                if let Some(list) = by_value.get_mut(value) {
                    remove(list, silence);
                    if list.is_empty() {
                        by_value.remove(value);
                    }
                }
            }
        }
    }

    /// The silences that can match, each once.
    pub(super) fn candidates<'i>(&'i self, labels: &'i Labels) -> impl Iterator<Item = &'i Arc<Silence>> {
        let listed = labels.iter().filter_map(|(name, value)| self.by_name.get(name)?.get(value));
        listed.flatten().chain(&self.rest)
    }
}

fn remove(list: &mut List, silence: &Silence) {
    if let Some(at) = list.iter().position(|other| other.id == silence.id) {
        list.swap_remove(at);
    }
}
