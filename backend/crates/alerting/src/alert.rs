//! Alerts: as they are told by rules and other senders, and as they are kept.

use std::sync::Arc;

use hashbrown::HashMap;
use model::{Labels, TimestampMs};
use thiserror::Error;

use crate::fingerprint::Fingerprint;

/// An alert as somebody tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewAlert {
    /// What it is; empty values count as absent.
    pub labels: Labels,
    /// What is said about it.
    pub annotations: Labels,
    /// Since when; now if not said.
    pub starts_at_ms: Option<TimestampMs>,
    /// Until when. If not said, it ends after the timeout for resolving, unless it is told again.
    pub ends_at_ms: Option<TimestampMs>,
    /// Link to where it comes from; may be empty.
    pub generator_url: String,
}

/// An alert as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// What it is.
    pub labels: Labels,
    /// What is said about it.
    pub annotations: Labels,
    /// Since when.
    pub starts_at_ms: TimestampMs,
    /// Until when; it counts as resolved from then on.
    pub ends_at_ms: TimestampMs,
    /// Link to where it comes from; may be empty.
    pub generator_url: String,
    /// When it was told last.
    pub updated_at_ms: TimestampMs,
    /// Whether its end is only a timeout.
    pub timeout: bool,
    /// The fingerprint of its labels.
    pub fingerprint: Fingerprint,
}

/// Why an alert is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AlertError {
    /// It has no label.
    #[error("at least one label with a value is needed")]
    NoLabels,
    /// A label or an annotation has no name.
    #[error("a name of a label or an annotation is empty")]
    EmptyName,
    /// It ends before it starts.
    #[error("the alert ends before it starts")]
    EndsBeforeStart,
    /// It is too large.
    #[error("labels and annotations have {found} bytes; at most {most} are taken")]
    TooLarge {
        /// Bytes.
        found: usize,
        /// Most bytes.
        most: usize,
    },
    /// There are too many alerts.
    #[error("there are {0} alerts already; none is taken that is not among them")]
    TooMany(usize),
}

/// Most bytes of labels, annotations and link of an alert.
pub const MOST_ALERT_BYTES: usize = 256 << 10;

impl NewAlert {
    /// Fills in what is not said.
    ///
    /// # Errors
    /// When it cannot be an alert.
    pub fn into_alert(self, now_ms: TimestampMs, resolve_timeout_ms: i64) -> Result<Alert, AlertError> {
        let found = self.labels.key().len() + self.annotations.key().len() + self.generator_url.len();
        if found > MOST_ALERT_BYTES {
            return Err(AlertError::TooLarge { found, most: MOST_ALERT_BYTES });
        }
        if self.labels.is_empty() {
            return Err(AlertError::NoLabels);
        }
        if self.labels.iter().chain(&self.annotations).any(|(name, _)| name.is_empty()) {
            return Err(AlertError::EmptyName);
        }
        let starts_at_ms = self.starts_at_ms.or(self.ends_at_ms).unwrap_or(now_ms);
        let ends_at_ms = self.ends_at_ms.unwrap_or_else(|| now_ms.saturating_add(resolve_timeout_ms));
        if self.ends_at_ms.is_some_and(|end| end < starts_at_ms) {
            return Err(AlertError::EndsBeforeStart);
        }
        Ok(Alert {
            fingerprint: Fingerprint::of(&self.labels),
            labels: self.labels,
            annotations: self.annotations,
            starts_at_ms,
            ends_at_ms,
            generator_url: self.generator_url,
            updated_at_ms: now_ms,
            timeout: self.ends_at_ms.is_none(),
        })
    }
}

impl Alert {
    /// Whether it has ended at a moment.
    #[must_use]
    pub fn is_resolved(&self, at_ms: TimestampMs) -> bool {
        self.ends_at_ms <= at_ms
    }

    /// The label `alertname`, or "".
    #[must_use]
    pub fn name(&self) -> &str {
        self.labels.get("alertname").unwrap_or("")
    }

    /// The order in which alerts are told: by job, by instance, by labels; those with the label first.
    #[must_use]
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        let by = |name| match (self.labels.get(name), other.labels.get(name)) {
            (Some(a), Some(b)) => a.cmp(b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        by("job").then_with(|| by("instance")).then_with(|| self.labels.cmp(&other.labels))
    }

    /// What is kept after `self` was known and `newer` is told: the earliest start, and of two ends the later
    /// one if both are past, or if the known one was said on purpose and lies ahead.
    fn merged_with(&self, newer: Self, now_ms: TimestampMs) -> Self {
        let keeps_end = self.ends_at_ms > newer.ends_at_ms
            && if newer.is_resolved(now_ms) { self.is_resolved(now_ms) } else { !self.timeout };
        Self {
            starts_at_ms: self.starts_at_ms.min(newer.starts_at_ms),
            ends_at_ms: if keeps_end { self.ends_at_ms } else { newer.ends_at_ms },
            ..newer
        }
    }

    /// Whether the times of two tellings of an alert overlap, so that they are one.
    fn overlaps(&self, newer: &Self) -> bool {
        let inside = |at: TimestampMs| at > self.starts_at_ms && at < self.ends_at_ms;
        inside(newer.ends_at_ms) || inside(newer.starts_at_ms)
    }
}

/// All alerts that are known, by fingerprint.
#[derive(Clone, Debug)]
pub struct AlertStore {
    alerts: HashMap<Fingerprint, Arc<Alert>, foldhash::fast::RandomState>,
    most: usize,
}

impl AlertStore {
    /// An empty store for at most `most` alerts.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { alerts: HashMap::default(), most }
    }

    /// Takes an alert in and gives what is kept of it.
    ///
    /// # Errors
    /// [`AlertError::TooMany`] for an alert that is not known when the store is full.
    pub fn put(&mut self, alert: Alert, now_ms: TimestampMs) -> Result<Arc<Alert>, AlertError> {
        let known = self.alerts.get(&alert.fingerprint);
        if known.is_none() && self.alerts.len() >= self.most {
            return Err(AlertError::TooMany(self.alerts.len()));
        }
        let kept = match known {
            Some(known) if known.overlaps(&alert) => known.merged_with(alert, now_ms),
            _ => alert,
        };
        let kept = Arc::new(kept);
        self.alerts.insert(kept.fingerprint, kept.clone());
        Ok(kept)
    }

    /// An alert.
    #[must_use]
    pub fn get(&self, fingerprint: Fingerprint) -> Option<&Arc<Alert>> {
        self.alerts.get(&fingerprint)
    }

    /// All alerts, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Alert>> {
        self.alerts.values()
    }

    /// Number of alerts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.alerts.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.alerts.is_empty()
    }

    /// Forgets alerts that are resolved, and gives how many.
    pub fn forget_resolved(&mut self, now_ms: TimestampMs) -> usize {
        let before = self.alerts.len();
        self.alerts.retain(|_, alert| !alert.is_resolved(now_ms));
        before - self.alerts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(starts_at_ms: Option<i64>, ends_at_ms: Option<i64>) -> NewAlert {
        NewAlert { labels: Labels::from_pairs([("a", "b")]), starts_at_ms, ends_at_ms, ..NewAlert::default() }
    }

    #[test]
    fn what_is_not_said_is_filled_in() {
        let times = |starts, ends| {
            let alert = told(starts, ends).into_alert(1000, 300).unwrap();
            (alert.starts_at_ms, alert.ends_at_ms, alert.timeout)
        };
        assert_eq!(times(None, None), (1000, 1300, true));
        assert_eq!(times(Some(500), None), (500, 1300, true));
        assert_eq!(times(None, Some(700)), (700, 700, false));
        assert_eq!(told(Some(2), Some(1)).into_alert(0, 1), Err(AlertError::EndsBeforeStart));
        assert_eq!(NewAlert::default().into_alert(0, 1), Err(AlertError::NoLabels));
        let huge = Labels::from_pairs([("a", "x".repeat(MOST_ALERT_BYTES))]);
        let huge = NewAlert { labels: huge, ..NewAlert::default() };
        assert!(matches!(huge.into_alert(0, 1), Err(AlertError::TooLarge { .. })));
    }

    /// Puts tellings `(now, start, end)` one after another and gives start and end of what is kept.
    fn kept(tellings: &[(i64, i64, Option<i64>)]) -> (i64, i64) {
        let mut store = AlertStore::new(10);
        let mut last = (0, 0);
        for (now, start, end) in tellings {
            let alert = told(Some(*start), *end).into_alert(*now, 300).unwrap();
            let kept = store.put(alert, *now).unwrap();
            last = (kept.starts_at_ms, kept.ends_at_ms);
        }
        last
    }

    #[test]
    fn tellings_that_overlap_are_one_alert() {
        assert_eq!(kept(&[(100, 100, None), (200, 150, None)]), (100, 500), "a timeout is pushed on");
        assert_eq!(kept(&[(100, 100, Some(900)), (200, 150, None)]), (100, 900), "an end on purpose stays");
        assert_eq!(kept(&[(100, 100, None), (200, 100, Some(200))]), (100, 200), "it is resolved");
        assert_eq!(kept(&[(100, 100, Some(900)), (200, 100, Some(200))]), (100, 200));
        assert_eq!(kept(&[(100, 10, Some(90)), (100, 20, Some(80))]), (10, 90), "both are past");
        assert_eq!(kept(&[(100, 100, Some(200)), (400, 400, None)]), (400, 700), "it fires anew");
    }

    #[test]
    fn a_full_store_takes_what_it_knows() {
        let mut store = AlertStore::new(1);
        store.put(told(None, None).into_alert(0, 10).unwrap(), 0).unwrap();
        assert!(store.put(told(None, None).into_alert(5, 10).unwrap(), 5).is_ok());
        let other = NewAlert { labels: Labels::from_pairs([("c", "d")]), ..NewAlert::default() };
        let other = other.into_alert(5, 10).unwrap();
        assert_eq!(store.put(other.clone(), 5), Err(AlertError::TooMany(1)));
        assert_eq!(store.forget_resolved(15), 1);
        assert!(store.is_empty() && store.put(other, 15).is_ok());
    }

    #[test]
    fn told_in_the_order_of_job_and_instance() {
        let alert = |pairs: &[(&str, &str)]| {
            let labels = Labels::from_pairs(pairs.iter().copied());
            NewAlert { labels, ..NewAlert::default() }.into_alert(0, 1).unwrap()
        };
        let mut alerts = [
            alert(&[("a", "1")]),
            alert(&[("instance", "a")]),
            alert(&[("job", "b"), ("a", "1")]),
            alert(&[("job", "a"), ("instance", "z")]),
            alert(&[("job", "a"), ("instance", "b")]),
        ];
        let expected: Vec<Labels> =
            [4, 3, 2, 1, 0].iter().map(|at: &usize| alerts[*at].labels.clone()).collect();
        alerts.sort_by(Alert::order);
        assert_eq!(alerts.map(|alert| alert.labels).to_vec(), expected);
    }
}
