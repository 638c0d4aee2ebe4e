//! The routing tree, compiled: which routes an alert takes, with what options, into which groups.

mod index;

use std::sync::Arc;

use model::Labels;

use crate::config::{AlertingConfig, GroupBy, RouteConfig};
use crate::matcher::{Matchers, go_quote};

use index::ChildIndex;

/// A node of a tree, by its place in depth-first order; the root is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteId(pub u32);

/// What counts for alerts of a route, with everything inherited. Times are milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteOptions {
    /// Receiver.
    pub receiver: Arc<str>,
    /// Grouping.
    pub group_by: GroupBy,
    /// Time from the first alert of a group to its first notification; 30 s by default.
    pub group_wait_ms: i64,
    /// Time between notifications of a group about changes; 5 minutes by default.
    pub group_interval_ms: i64,
    /// Time after which an unchanged group is told again; 4 hours by default.
    pub repeat_interval_ms: i64,
    /// Intervals during which nothing is sent; not inherited by children.
    pub mute_time_intervals: Vec<String>,
    /// Intervals outside of which nothing is sent, if there is any; not inherited by children.
    pub active_time_intervals: Vec<String>,
}

/// A node.
#[derive(Clone, Debug)]
pub struct Route {
    /// What an alert has to match, besides what the parents ask for.
    pub matchers: Matchers,
    /// Whether an alert that matches goes on to the next sibling.
    pub r#continue: bool,
    /// Options.
    pub options: RouteOptions,
    /// The matchers from the root to here, as they stand in the keys of groups: `{}/{severity="critical"}`.
    pub key: Arc<str>,
    /// As the key, with the place among siblings, so that it is unique: `{}/{severity="critical"}/0`.
    pub id: Arc<str>,
    /// Children, in order.
    pub children: Vec<RouteId>,
    index: ChildIndex,
}

/// The tree.
#[derive(Clone, Debug)]
pub struct RouteTree {
    /// In depth-first order; never empty.
    routes: Vec<Route>,
}

impl RouteTree {
    /// Compiles the tree of a configuration.
    #[must_use]
    pub fn new(config: &AlertingConfig) -> Self {
        let defaults = RouteOptions {
            receiver: Arc::from(""),
            group_by: GroupBy::Labels(Vec::new()),
            group_wait_ms: 30_000,
            group_interval_ms: 300_000,
            repeat_interval_ms: 14_400_000,
            mute_time_intervals: Vec::new(),
            active_time_intervals: Vec::new(),
        };
        let mut tree = Self { routes: Vec::new() };
        let key = config.route.matchers.to_string();
        tree.add(&config.route, &defaults, &key, &key);
        tree
    }

    /// Adds a node and all below it. Depth was bounded when the file was read.
    fn add(&mut self, config: &RouteConfig, inherited: &RouteOptions, key: &str, id: &str) -> RouteId {
        let or =
            |own: Option<config::Duration>, inherited: i64| own.map_or(inherited, config::Duration::as_ms);
        let options = RouteOptions {
            receiver: config.receiver.as_deref().map_or_else(|| inherited.receiver.clone(), Arc::from),
            group_by: config.group_by.clone().unwrap_or_else(|| inherited.group_by.clone()),
            group_wait_ms: or(config.group_wait, inherited.group_wait_ms),
            group_interval_ms: or(config.group_interval, inherited.group_interval_ms),
            repeat_interval_ms: or(config.repeat_interval, inherited.repeat_interval_ms),
            mute_time_intervals: config.mute_time_intervals.clone(),
            active_time_intervals: config.active_time_intervals.clone(),
        };
        // A file has at most some millions of nodes.
        let route_id = RouteId(u32::try_from(self.routes.len()).unwrap_or(u32::MAX));
        let place = self.routes.len();
        self.routes.push(Route {
            matchers: config.matchers.clone(),
            r#continue: config.r#continue,
            options: options.clone(),
            key: Arc::from(key),
            id: Arc::from(id),
            children: Vec::new(),
            index: ChildIndex::default(),
        });
        let mut children = Vec::with_capacity(config.routes.len());
        for (at, child) in config.routes.iter().enumerate() {
            let child_key = format!("{key}/{}", child.matchers);
            let child_id = format!("{id}/{}/{at}", child.matchers);
            children.push(self.add(child, &options, &child_key, &child_id));
        }
        let index = ChildIndex::new(config.routes.iter().map(|child| &child.matchers));
        self.routes[place].children = children;
        self.routes[place].index = index;
        route_id
    }

    /// A node. A number of another tree gives the root.
    #[must_use]
    pub fn route(&self, id: RouteId) -> &Route {
        self.routes.get(id.0 as usize).unwrap_or(&self.routes[0])
    }

    /// All nodes in depth-first order.
    pub fn iter(&self) -> impl Iterator<Item = (RouteId, &Route)> {
        (0..).map(RouteId).zip(&self.routes)
    }

    /// The routes that an alert takes, in order; at least one. The first child that matches takes the alert,
    /// and the next ones only if it says `continue`; where none matches, the node itself takes it.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> Vec<RouteId> {
        let mut found = Vec::new();
        self.descend(RouteId(0), labels, &mut found);
        found
    }

    fn descend(&self, id: RouteId, labels: &Labels, found: &mut Vec<RouteId>) {
        let route = self.route(id);
        let before = found.len();
        for at in route.index.candidates(labels) {
            let Some(child_id) = route.children.get(at as usize) else { continue };
            let child = self.route(*child_id);
            if !child.matchers.matches(labels) {
                continue;
            }
            self.descend(*child_id, labels, found);
            if !child.r#continue {
                break;
            }
        }
        if found.len() == before {
            found.push(id);
        }
    }
}

impl RouteOptions {
    /// The labels by which an alert of this route is grouped. A label that the alert does not have is not among
    /// them.
    #[must_use]
    pub fn group_labels(&self, labels: &Labels) -> Labels {
        match &self.group_by {
            GroupBy::All => labels.clone(),
            GroupBy::Labels(names) => labels.filtered(|name| names.iter().any(|known| known == name)),
        }
    }
}

/// The key of a group: `{}/{severity="critical"}:{alertname="X", zone="y"}`. The notification log and receivers
/// know a group by it, across restarts.
#[must_use]
pub fn group_key(route_key: &str, labels: &Labels) -> String {
    let pairs: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name}={}", go_quote(value))).collect();
    format!("{route_key}:{{{}}}", pairs.join(", "))
}

#[cfg(test)]
mod tests;
