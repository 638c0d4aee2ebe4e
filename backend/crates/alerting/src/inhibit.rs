//! Inhibition: alerts that keep others from being told.
//!
//! A rule holds where an unresolved source alert has the same values of the rule's `equal` labels as the target;
//! an absent label is as good as an empty one. An alert that is source and target of a rule is not inhibited by
//! alerts that are both as well, so that none inhibits itself. Sources lie in buckets by their `equal` values,
//! ordered by their end, so that a question costs two look-ups whatever the number of alerts.

use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::HashMap;
use model::{Labels, TimestampMs};

use crate::alert::Alert;
use crate::config::InhibitRuleConfig;
use crate::fingerprint::Fingerprint;
use crate::matcher::Matchers;

/// Why an alert is not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inhibition {
    /// The rule, by its place in the configuration.
    pub rule: usize,
    /// The name of the rule; may be empty.
    pub rule_name: Arc<str>,
    /// One of the alerts that inhibit.
    pub source: Fingerprint,
}

/// Rules with the alerts that are sources of them.
#[derive(Clone, Debug, Default)]
pub struct Inhibitor {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    name: Arc<str>,
    source: Matchers,
    target: Matchers,
    equal: Vec<String>,
    buckets: HashMap<Labels, Bucket, foldhash::fast::RandomState>,
}

/// Sources with the same values of the `equal` labels.
#[derive(Clone, Debug, Default)]
struct Bucket {
    /// Those that are no targets.
    sources: ByEnd,
    /// Those that are targets as well.
    both: ByEnd,
}

/// Alerts with their ends, in order of the end.
#[derive(Clone, Debug, Default)]
struct ByEnd {
    ends: HashMap<Fingerprint, TimestampMs, foldhash::fast::RandomState>,
    order: BTreeSet<(TimestampMs, Fingerprint)>,
}

impl ByEnd {
    fn put(&mut self, fingerprint: Fingerprint, end: TimestampMs) {
        if let Some(before) = self.ends.insert(fingerprint, end) {
            self.order.remove(&(before, fingerprint));
        }
        self.order.insert((end, fingerprint));
    }

    /// The alert that ends last, if it has not ended.
    fn unresolved(&self, now_ms: TimestampMs) -> Option<(TimestampMs, Fingerprint)> {
        self.order.last().copied().filter(|(end, _)| *end > now_ms)
    }

    fn forget_resolved(&mut self, now_ms: TimestampMs) {
        while let Some((end, fingerprint)) = self.order.first().copied().filter(|(end, _)| *end <= now_ms) {
            self.order.remove(&(end, fingerprint));
            self.ends.remove(&fingerprint);
        }
    }
}

impl Inhibitor {
    /// Rules without any alert yet.
    #[must_use]
    pub fn new(rules: &[InhibitRuleConfig]) -> Self {
        let rule = |config: &InhibitRuleConfig| Rule {
            name: Arc::from(config.name.as_str()),
            source: config.source.clone(),
            target: config.target.clone(),
            equal: config.equal.clone(),
            buckets: HashMap::default(),
        };
        Self { rules: rules.iter().map(rule).collect() }
    }

    /// Takes note of an alert that was told.
    pub fn put(&mut self, alert: &Alert) {
        for rule in &mut self.rules {
            if !rule.source.matches(&alert.labels) {
                continue;
            }
            let both = rule.target.matches(&alert.labels);
            let bucket = rule.buckets.entry(equal_labels(&rule.equal, &alert.labels)).or_default();
            let list = if both { &mut bucket.both } else { &mut bucket.sources };
            list.put(alert.fingerprint, alert.ends_at_ms);
        }
    }

    /// Why alerts with these labels are not told, if so: the first rule that holds.
    #[must_use]
    pub fn inhibition(&self, labels: &Labels, now_ms: TimestampMs) -> Option<Inhibition> {
        self.rules.iter().enumerate().find_map(|(at, rule)| {
            if rule.buckets.is_empty() || !rule.target.matches(labels) {
                return None;
            }
            let bucket = rule.buckets.get(&equal_labels(&rule.equal, labels))?;
            let mut found = bucket.sources.unresolved(now_ms);
            if found.is_none() && !rule.source.matches(labels) {
                found = bucket.both.unresolved(now_ms);
            }
            found.map(|(_, source)| Inhibition { rule: at, rule_name: rule.name.clone(), source })
        })
    }

    /// Forgets sources that are resolved.
    pub fn forget_resolved(&mut self, now_ms: TimestampMs) {
        for rule in &mut self.rules {
            rule.buckets.retain(|_, bucket| {
                bucket.sources.forget_resolved(now_ms);
                bucket.both.forget_resolved(now_ms);
                !(bucket.sources.order.is_empty() && bucket.both.order.is_empty())
            });
        }
    }
}

fn equal_labels(equal: &[String], labels: &Labels) -> Labels {
    labels.filtered(|name| equal.binary_search_by(|known| known.as_str().cmp(name)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::NewAlert;

    fn rule(name: &str, source: &str, target: &str, equal: &[&str]) -> InhibitRuleConfig {
        InhibitRuleConfig {
            name: name.to_owned(),
            source: Matchers::parse(source).unwrap(),
            target: Matchers::parse(target).unwrap(),
            equal: equal.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    fn labels(text: &str) -> Labels {
        Labels::from_pairs(text.split_whitespace().filter_map(|pair| pair.split_once('=')))
    }

    fn put(inhibitor: &mut Inhibitor, text: &str, ends_at_ms: i64) -> Fingerprint {
        let new = NewAlert {
            labels: labels(text),
            starts_at_ms: Some(0),
            ends_at_ms: Some(ends_at_ms),
            ..NewAlert::default()
        };
        let alert = new.into_alert(0, 1).unwrap();
        inhibitor.put(&alert);
        alert.fingerprint
    }

    #[test]
    fn same_values_and_absent_labels() {
        let mut inhibitor = Inhibitor::new(&[rule("r", "s=1", "t=1", &["cluster", "zone"])]);
        let source = put(&mut inhibitor, "s=1 cluster=a", 100);
        let found = inhibitor.inhibition(&labels("t=1 cluster=a"), 50).unwrap();
        assert_eq!((found.rule, &*found.rule_name, found.source), (0, "r", source));
        assert!(inhibitor.inhibition(&labels("t=1 cluster=b"), 50).is_none());
        assert!(inhibitor.inhibition(&labels("t=1 cluster=a zone=x"), 50).is_none());
        assert!(inhibitor.inhibition(&labels("t=2 cluster=a"), 50).is_none());
        put(&mut inhibitor, "s=1", 100);
        assert!(inhibitor.inhibition(&labels("t=1"), 50).is_some(), "both lack the labels");
    }

    #[test]
    fn resolved_sources_do_not_inhibit() {
        let mut inhibitor = Inhibitor::new(&[rule("", "s=1", "t=1", &[])]);
        put(&mut inhibitor, "s=1 a=1", 100);
        put(&mut inhibitor, "s=1 a=2", 200);
        assert!(inhibitor.inhibition(&labels("t=1"), 150).is_some());
        put(&mut inhibitor, "s=1 a=2", 140);
        assert!(inhibitor.inhibition(&labels("t=1"), 150).is_none());
        inhibitor.forget_resolved(150);
        assert!(inhibitor.rules[0].buckets.is_empty());
    }

    #[test]
    fn none_inhibits_itself_or_its_like() {
        let mut inhibitor = Inhibitor::new(&[rule("", "s=1", "t=1", &["c"])]);
        put(&mut inhibitor, "s=1 t=1 c=a", 100);
        put(&mut inhibitor, "s=1 t=1 c=a x=2", 100);
        assert!(inhibitor.inhibition(&labels("s=1 t=1 c=a"), 50).is_none());
        assert!(
            inhibitor.inhibition(&labels("t=1 c=a"), 50).is_some(),
            "one that is target only is inhibited"
        );
        put(&mut inhibitor, "s=1 c=a", 100);
        assert!(inhibitor.inhibition(&labels("s=1 t=1 c=a"), 50).is_some(), "by one that is source only");
    }

    #[test]
    fn a_hundred_thousand_sources_cost_what_one_costs() {
        let mut inhibitor = Inhibitor::new(&[rule("", "s=1", "t=1", &[])]);
        for n in 0..100_000 {
            put(&mut inhibitor, &format!("s=1 t=1 n={n}"), 100);
        }
        // Each of these would look at all sources if they were a plain list.
        let found =
            (0..100_000).filter(|n| inhibitor.inhibition(&labels(&format!("s=1 t=1 n={n}")), 50).is_some());
        assert_eq!(found.count(), 0);
    }
}
