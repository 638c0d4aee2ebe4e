//! A configuration, ready to be asked.

use std::sync::Arc;

use hashbrown::HashMap;
use model::TimestampMs;

use crate::config::{AlertingConfig, Receiver};
use crate::interval::NamedIntervals;
use crate::route::RouteTree;

#[derive(Clone, Debug)]
pub(super) struct Compiled {
    pub(super) tree: RouteTree,
    receivers: HashMap<String, Arc<Receiver>>,
    intervals: HashMap<String, NamedIntervals>,
    pub(super) resolve_timeout_ms: i64,
}

impl Compiled {
    pub(super) fn new(config: &AlertingConfig) -> Self {
        Self {
            tree: RouteTree::new(config),
            receivers: config.receivers.iter().map(|r| (r.name.clone(), r.clone())).collect(),
            intervals: config.time_intervals.iter().map(|i| (i.name.clone(), i.clone())).collect(),
            resolve_timeout_ms: config.global.resolve_timeout.as_ms(),
        }
    }

    pub(super) fn receiver(&self, name: &str) -> Option<&Arc<Receiver>> {
        self.receivers.get(name)
    }

    /// Those of the named intervals that contain a moment. Every name is known: the configuration was checked.
    pub(super) fn containing(&self, names: &[String], at_ms: TimestampMs) -> Vec<String> {
        let contains =
            |name: &&String| self.intervals.get(*name).is_some_and(|interval| interval.contains(at_ms));
        names.iter().filter(contains).cloned().collect()
    }
}
