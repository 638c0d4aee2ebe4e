//! What a target says about its metric families.

use std::collections::HashMap;

use model::{MetricMetadata, MetricType};

/// Scrapes after which a family that is no longer announced is forgotten.
const KEPT_FOR: u32 = 10;

/// The families of a target.
#[derive(Debug, Default)]
pub(crate) struct Families {
    families: HashMap<String, Family>,
    /// Number of the running scrape, from 1.
    scrape: u32,
    seen_now: usize,
    /// The family that was announced last.
    last: String,
}

#[derive(Debug, Default)]
struct Family {
    metadata: MetricMetadata,
    seen: u32,
}

impl Families {
    pub(crate) fn set_type(&mut self, family: &str, metric_type: MetricType) {
        self.announced(family).metric_type = metric_type;
    }

    pub(crate) fn set_help(&mut self, family: &str, help: &str) {
        let metadata = self.announced(family);
        if metadata.help != help {
            help.clone_into(&mut metadata.help);
        }
    }

    pub(crate) fn set_unit(&mut self, family: &str, unit: &str) {
        let metadata = self.announced(family);
        if metadata.unit != unit {
            unit.clone_into(&mut metadata.unit);
        }
    }

    fn announced(&mut self, name: &str) -> &mut MetricMetadata {
        if self.last != name {
            name.clone_into(&mut self.last);
        }
        // Only a new family costs an allocation for its name.
        if !self.families.contains_key(name) {
            self.families.insert(name.to_owned(), Family::default());
        }
        let family = self.families.get_mut(name).expect("was inserted if it was not there");
        if family.seen != self.scrape {
            family.seen = self.scrape;
            self.seen_now += 1;
        }
        &mut family.metadata
    }

    /// What was announced last, if `metric` belongs to it.
    pub(crate) fn of(&self, metric: &str) -> Option<&MetricMetadata> {
        if self.last.is_empty() || !metric.starts_with(&self.last) {
            return None;
        }
        self.families.get(&self.last).map(|family| &family.metadata)
    }

    /// Begins a scrape.
    pub(crate) fn begin(&mut self) {
        self.scrape = self.scrape.wrapping_add(1);
        self.seen_now = 0;
        self.last.clear();
    }

    /// Ends a good scrape.
    pub(crate) fn end(&mut self) {
        if self.seen_now < self.families.len() {
            let scrape = self.scrape;
            self.families.retain(|_, family| scrape.wrapping_sub(family.seen) <= KEPT_FOR);
        }
    }

    /// The families, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &MetricMetadata)> {
        self.families.iter().map(|(name, family)| (name.as_str(), &family.metadata))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_come_change_and_go() {
        let mut families = Families::default();
        families.begin();
        families.set_help("a", "one");
        families.set_type("a", MetricType::Counter);
        assert_eq!(families.of("a_total").map(|m| m.metric_type), Some(MetricType::Counter));
        assert_eq!(families.of("b"), None);
        families.end();
        for round in 0..=KEPT_FOR {
            families.begin();
            families.set_help("b", "two");
            families.end();
            assert_eq!(families.iter().count(), if round < KEPT_FOR { 2 } else { 1 }, "round {round}");
        }
    }
}
