//! A node of the routing tree, as written.

use config::{Duration, Node, Place, Problem, Read as _, Section};
use model::{MatchOp, Matcher};

use crate::matcher::{Matchers, Note, parse_matchers};

/// How alerts are put into groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// By the values of these labels; unique.
    Labels(Vec<String>),
    /// By all labels (`...`): every alert is a group of its own.
    All,
}

/// A node of the routing tree. What is `None` is inherited.
#[derive(Clone, Debug)]
pub struct RouteConfig {
    /// Where it stands.
    pub place: Place,
    /// Receiver.
    pub receiver: Option<String>,
    /// Grouping.
    pub group_by: Option<GroupBy>,
    /// Time from the first alert of a group to its first notification.
    pub group_wait: Option<Duration>,
    /// Time between notifications of a group about changes.
    pub group_interval: Option<Duration>,
    /// Time after which an unchanged group is told again.
    pub repeat_interval: Option<Duration>,
    /// What an alert has to match, from `matchers`, `match` and `match_re`.
    pub matchers: Matchers,
    /// Whether alerts that match go on to the next sibling.
    pub r#continue: bool,
    /// Intervals during which nothing is sent.
    pub mute_time_intervals: Vec<String>,
    /// Intervals outside of which nothing is sent, if there is any.
    pub active_time_intervals: Vec<String>,
    /// Children, in order.
    pub routes: Vec<RouteConfig>,
}

impl RouteConfig {
    /// Reads a node with its children. Depth is bounded by the document. Texts that should be written otherwise
    /// are told in `warnings`.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn read(node: &Node, warnings: &mut Vec<String>) -> Result<Self, Problem> {
        if node.is_null() {
            return Err(Problem::new(node.place(), "route: a route is empty"));
        }
        let mut section = Section::of(node, "route")?;
        let receiver: Option<String> = section.get("receiver")?;
        let positive = |section: &mut Section<'_>, key| -> Result<Option<Duration>, Problem> {
            let duration: Option<Duration> = section.get(key)?;
            if duration.is_some_and(|d| d.as_ms() <= 0) {
                return Err(section.problem(key, "must be greater than 0"));
            }
            Ok(duration)
        };
        let mut all = read_matchers(&mut section, "matchers", warnings)?;
        all.extend(read_match(&mut section, "match", MatchOp::Equal)?);
        // Written out as Alertmanager compiles them: so they stand in the keys of groups.
        let anchored = |matcher: Matcher| Matcher { value: format!("^(?:{})$", matcher.value), ..matcher };
        all.extend(read_match(&mut section, "match_re", MatchOp::Regex)?.into_iter().map(anchored));
        let config = Self {
            place: section.place(),
            receiver: receiver.filter(|name| !name.is_empty()),
            group_by: group_by(&mut section)?,
            group_wait: section.get("group_wait")?,
            group_interval: positive(&mut section, "group_interval")?,
            repeat_interval: positive(&mut section, "repeat_interval")?,
            matchers: compiled(&section, all)?,
            r#continue: section.get_or("continue", false)?,
            mute_time_intervals: section.get_or("mute_time_intervals", Vec::new())?,
            active_time_intervals: section.get_or("active_time_intervals", Vec::new())?,
            routes: section.list("routes", |node| Self::read(node, warnings))?,
        };
        section.finish()?;
        Ok(config)
    }

    /// The node and all below it, depth first.
    pub fn walk<'r>(
        &'r self,
        visit: &mut impl FnMut(&'r Self) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        visit(self)?;
        self.routes.iter().try_for_each(|route| route.walk(visit))
    }
}

fn group_by(section: &mut Section<'_>) -> Result<Option<GroupBy>, Problem> {
    let Some(names) = section.get::<Vec<String>>("group_by")? else { return Ok(None) };
    if names.iter().any(String::is_empty) {
        return Err(section.problem("group_by", "a label name is empty"));
    }
    let all = names.iter().any(|name| name == "...");
    if all && names.iter().any(|name| name != "...") {
        return Err(section.problem("group_by", "\"...\" stands for all labels and goes with no other"));
    }
    if all {
        return Ok(Some(GroupBy::All));
    }
    match (1..names.len()).find(|at| names[..*at].contains(&names[*at])) {
        Some(at) => Err(section.problem("group_by", format!("{:?} is there twice", names[at]))),
        None => Ok(Some(GroupBy::Labels(names))),
    }
}

/// The lines of `matchers` and its kin.
pub(super) fn read_matchers(
    section: &mut Section<'_>,
    key: &'static str,
    warnings: &mut Vec<String>,
) -> Result<Vec<Matcher>, Problem> {
    let mut matchers = Vec::new();
    let lines = section.list(key, |node| Ok((node.place(), String::read(node, key)?)))?;
    for (place, line) in lines {
        let parsed = parse_matchers(&line).map_err(|error| Problem::new(place, format!("{key}: {error}")))?;
        match parsed.note {
            None => {}
            Some(Note::OnlyClassic { suggestion, .. }) => warnings.push(format!(
                "{place}: {key}: {line:?} is written in the classic syntax only; write {suggestion}"
            )),
            Some(Note::Disagreement) => warnings.push(format!(
                "{place}: {key}: {line:?} means different things in the classic and the UTF-8 syntax; the \
                 classic one is taken"
            )),
        }
        matchers.extend(parsed.matchers);
    }
    Ok(matchers)
}

/// The deprecated mappings `match` and `match_re` and their kin.
pub(super) fn read_match(
    section: &mut Section<'_>,
    key: &'static str,
    op: MatchOp,
) -> Result<Vec<Matcher>, Problem> {
    let Some(node) = section.node(key) else { return Ok(Vec::new()) };
    let mut free = Section::of(node, key)?;
    let mut matchers = Vec::new();
    for entry in free.free_entries() {
        if !model::is_valid_label_name(&entry.key) {
            return Err(Problem::new(entry.place, format!("{key}: {:?} is not a label name", entry.key)));
        }
        if op == MatchOp::Regex && entry.value.is_null() {
            let why = format!("{key}: {}: expected a regular expression, found nothing", entry.key);
            return Err(Problem::new(entry.value.place(), why));
        }
        matchers.push(Matcher::new(&entry.key, op, String::read(&entry.value, &entry.key)?));
    }
    Ok(matchers)
}

/// Compiles matchers that were read from a section.
pub(super) fn compiled(section: &Section<'_>, matchers: Vec<Matcher>) -> Result<Matchers, Problem> {
    Matchers::new(matchers).map_err(|error| Problem::new(section.place(), error.to_string()))
}
