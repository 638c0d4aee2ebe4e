//! `alertmanager.yml`: its keys, defaults and checks are those of Alertmanager.
//!
//! Texts that receivers send are templates; they are kept as written. Nothing here reads a file: secrets in
//! files and templates are named by path and read when they are needed.

mod fields;
mod global;
mod inhibit;
pub mod receivers;
mod route;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use ::config::{ConfigError, Document, Node, Problem, Section};

pub use fields::HostPort;
pub use global::{GlobalConfig, SmtpDefaults};
pub use inhibit::InhibitRuleConfig;
pub use receivers::{Integration, Receiver};
pub use route::{GroupBy, RouteConfig};

use crate::interval::NamedIntervals;

/// The whole file.
#[derive(Clone, Debug)]
pub struct AlertingConfig {
    /// `global`.
    pub global: GlobalConfig,
    /// Patterns of template files, with their folder.
    pub templates: Vec<PathBuf>,
    /// The root of the routing tree.
    pub route: RouteConfig,
    /// Rules of inhibition.
    pub inhibit_rules: Vec<InhibitRuleConfig>,
    /// Receivers, with names that are unique.
    pub receivers: Vec<Arc<Receiver>>,
    /// Time intervals, with names that are unique; those under the old name `mute_time_intervals` first.
    pub time_intervals: Vec<NamedIntervals>,
    /// `tracing` and `event_recorder`, as they stand; nothing acts on them.
    pub tracing: Option<Node>,
    /// See `tracing`.
    pub event_recorder: Option<Node>,
    /// What should be written otherwise, with its line and column; to be told at start.
    pub warnings: Vec<String>,
}

impl AlertingConfig {
    /// Reads a file.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn load(document: &Document) -> Result<Self, ConfigError> {
        Self::read(document).map_err(|problem| document.error(problem))
    }

    fn read(document: &Document) -> Result<Self, Problem> {
        let folder = document.folder();
        let mut top = Section::of(document.root(), "configuration")?;
        let empty = Node::Null(top.place());
        let mut warnings = Vec::new();
        let global = GlobalConfig::read(top.node("global").unwrap_or(&empty), folder)?;
        let templates: Vec<String> = top.get_or("templates", Vec::new())?;
        let receivers = top.list("receivers", |node| {
            Ok((node.place(), Receiver::read(node, &receivers::Context { folder, global: &global })?))
        })?;
        let mut names = BTreeSet::new();
        for (place, receiver) in &receivers {
            if !names.insert(receiver.name.clone()) {
                let why = format!("receiver: there is already a receiver named {:?}", receiver.name);
                return Err(Problem::new(*place, why));
            }
        }
        let Some(root) = top.node("route") else {
            return Err(Problem::new(top.place(), "configuration: route is missing"));
        };
        let route = RouteConfig::read(root, &mut warnings)?;
        check_root(&route, root)?;
        let inhibit_rules = top.list("inhibit_rules", |node| InhibitRuleConfig::read(node, &mut warnings))?;
        let time_intervals = time_intervals(&mut top)?;
        check_names(&route, &names, &time_intervals)?;
        let mut ignored = |key: &'static str| -> Result<Option<Node>, Problem> {
            let node: Option<Node> = top.get(key)?;
            warnings.extend(node.iter().map(|node| format!("{}: {key} has no effect yet", node.place())));
            Ok(node)
        };
        let (tracing, event_recorder) = (ignored("tracing")?, ignored("event_recorder")?);
        top.finish()?;
        Ok(Self {
            global,
            templates: templates.into_iter().map(|pattern| folder.join(pattern)).collect(),
            route,
            inhibit_rules,
            receivers: receivers.into_iter().map(|(_, receiver)| Arc::new(receiver)).collect(),
            time_intervals,
            tracing,
            event_recorder,
            warnings,
        })
    }
}

fn time_intervals(top: &mut Section<'_>) -> Result<Vec<NamedIntervals>, Problem> {
    let with_place = |node: &Node| Ok((node.place(), NamedIntervals::read(node)?));
    let mut all = top.list("mute_time_intervals", with_place)?;
    all.extend(top.list("time_intervals", with_place)?);
    let mut names = BTreeSet::new();
    for (place, interval) in &all {
        if !names.insert(interval.name.as_str()) {
            let why = format!("time_interval: there is already one named {:?}", interval.name);
            return Err(Problem::new(*place, why));
        }
    }
    Ok(all.into_iter().map(|(_, interval)| interval).collect())
}

/// The root takes every alert at every time.
fn check_root(route: &RouteConfig, node: &Node) -> Result<(), Problem> {
    let section = Section::of(node, "route")?;
    if route.receiver.is_none() {
        return Err(section.problem("receiver", "the root route needs a receiver"));
    }
    let refused = [
        ("matchers", !route.matchers.is_empty()),
        ("mute_time_intervals", !route.mute_time_intervals.is_empty()),
        ("active_time_intervals", !route.active_time_intervals.is_empty()),
        ("continue", route.r#continue),
    ];
    match refused.iter().find(|(_, there)| *there) {
        Some((key, _)) => {
            Err(section.problem(key, "is not for the root route, which takes every alert at every time"))
        }
        None => Ok(()),
    }
}

/// Every name that a route says is known.
fn check_names(
    root: &RouteConfig,
    receivers: &BTreeSet<String>,
    intervals: &[NamedIntervals],
) -> Result<(), Problem> {
    root.walk(&mut |route| {
        if let Some(name) = route.receiver.as_ref().filter(|name| !receivers.contains(*name)) {
            let why = format!("route: receiver: there is no receiver named {name:?}");
            return Err(Problem::new(route.place, why));
        }
        let mut used = route.mute_time_intervals.iter().chain(&route.active_time_intervals);
        match used.find(|name| !intervals.iter().any(|interval| interval.name == **name)) {
            Some(name) => {
                Err(Problem::new(route.place, format!("route: there is no time interval named {name:?}")))
            }
            None => Ok(()),
        }
    })
}

#[cfg(test)]
mod tests;
