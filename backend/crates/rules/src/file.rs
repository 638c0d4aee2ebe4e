//! Reading rule files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use config::{ConfigError, Document, Duration, Node, Problem, Section};
use model::METRIC_NAME;
use promql_syntax::ParseOptions;

use crate::config::{AlertingConfig, GroupConfig, RuleConfig, RuleKind};
use crate::policy;
use crate::text::Text;

/// Reads the files that match the patterns; one that matches several is read once.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn read_files(patterns: &[PathBuf], options: &ParseOptions) -> Result<Vec<GroupConfig>, ConfigError> {
    let mut files = BTreeSet::new();
    for pattern in patterns {
        let found = platform::files::matching(pattern).map_err(|message| ConfigError {
            file: pattern.clone(),
            place: None,
            message,
        })?;
        files.extend(found);
    }
    let mut groups = Vec::new();
    for file in files {
        groups.extend(read_file(&file, options)?);
    }
    Ok(groups)
}

/// Reads a file of rule groups.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn read_file(path: &Path, options: &ParseOptions) -> Result<Vec<GroupConfig>, ConfigError> {
    read(&Document::read(path)?, options)
}

/// Reads a text that is shown as `path` in errors.
///
/// # Errors
/// As for [`read_file`].
pub fn read_text(path: &Path, text: &str, options: &ParseOptions) -> Result<Vec<GroupConfig>, ConfigError> {
    read(&Document::parse(path, text)?, options)
}

fn read(document: &Document, options: &ParseOptions) -> Result<Vec<GroupConfig>, ConfigError> {
    let file = document.path().display().to_string();
    groups(document.root(), &file, options).map_err(|problem| document.error(problem))
}

fn groups(root: &Node, file: &str, options: &ParseOptions) -> Result<Vec<GroupConfig>, Problem> {
    let mut top = Section::of(root, "rule file")?;
    let mut groups: Vec<GroupConfig> = Vec::new();
    top.list("groups", |node| {
        let group = group(node, file, options)?;
        if groups.iter().any(|other| other.name == group.name) {
            let message = format!("groupname: {:?} is repeated in the same file", group.name);
            return Err(Problem::new(node.place(), message));
        }
        groups.push(group);
        Ok(())
    })?;
    top.finish()?;
    Ok(groups)
}

fn group(node: &Node, file: &str, options: &ParseOptions) -> Result<GroupConfig, Problem> {
    let mut section = Section::of(node, "group")?;
    let name: String = section.require("name")?;
    if name.is_empty() {
        return Err(section.problem("name", "must not be empty"));
    }
    let interval = section.get::<Duration>("interval")?.map(Duration::as_ms).filter(|ms| *ms > 0);
    let query_offset_ms = section.get::<Duration>("query_offset")?.map(Duration::as_ms);
    let limit = section.get_or::<u64>("limit", 0)?;
    let labels = texts(&mut section, "labels")?;
    let rules = section.list("rules", |node| rule(node, &labels, options).map(Arc::new))?;
    section.finish()?;
    Ok(GroupConfig {
        file: file.to_owned(),
        name,
        interval_ms: interval,
        query_offset_ms,
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
        rules,
    })
}

/// A name with a text and the node it stands in.
type Named<'n> = (&'n str, String, &'n Node);

fn rule(node: &Node, of_group: &[Named<'_>], options: &ParseOptions) -> Result<RuleConfig, Problem> {
    let mut section = Section::of(node, "rule")?;
    let record: Option<String> = section.get("record")?.filter(|name: &String| !name.is_empty());
    let alert: Option<String> = section.get("alert")?.filter(|name: &String| !name.is_empty());
    let hold = section.get::<Duration>("for")?;
    let keep_firing = section.get::<Duration>("keep_firing_for")?;
    let own = texts(&mut section, "labels")?;
    let annotations = texts(&mut section, "annotations")?;
    let (name, is_alert) = match (record, alert) {
        (Some(_), Some(_)) => {
            return Err(Problem::new(node.place(), "rule: only one of 'record' and 'alert' must be set"));
        }
        (None, None) => {
            return Err(Problem::new(node.place(), "rule: one of 'record' or 'alert' must be set"));
        }
        (Some(record), None) => (record, false),
        (None, Some(alert)) => (alert, true),
    };
    let text: String = section.get_or("expr", String::new())?;
    if text.trim().is_empty() {
        return Err(section.problem("expr", format!("rule {name:?} has no expression")));
    }
    let expr = promql_syntax::parse(&text, options).map_err(|error| {
        section.problem("expr", format!("rule {name:?}: could not parse expression: {error}"))
    })?;
    if !is_alert {
        for key in ["for", "keep_firing_for", "annotations"] {
            if section.has(key) {
                return Err(section.problem(key, "only alerting rules can have it, this is a recording rule"));
            }
        }
        if name.contains(['{', '}']) {
            return Err(section.problem("record", "braces in the name; should it be in expr?"));
        }
    }
    section.finish()?;
    let mut labels: Vec<Named<'_>> =
        of_group.iter().filter(|(name, ..)| own.iter().all(|o| o.0 != *name)).cloned().collect();
    labels.extend(own);
    labels.sort_by(|a, b| a.0.cmp(b.0));
    if let Some((.., node)) = labels.iter().find(|(name, ..)| *name == METRIC_NAME || name.is_empty()) {
        return Err(Problem::new(
            node.place(),
            format!("labels: no rule may set the label {METRIC_NAME:?} or one without a name"),
        ));
    }
    let name_of_alert = name.clone();
    let template = |(name, text, node): Named<'_>| {
        let template = if is_alert {
            Text::template(&name_of_alert, &text)
                .map_err(|error| Problem::new(node.place(), format!("{name}: {error}")))?
        } else {
            Text::literal(&text)
        };
        Ok((name.to_owned(), template))
    };
    let kind = if is_alert {
        RuleKind::Alerting(AlertingConfig {
            hold_ms: hold.unwrap_or_default().as_ms(),
            keep_firing_ms: keep_firing.unwrap_or_default().as_ms(),
            policies: policy::read(
                annotations.iter().map(|(name, text, node)| (*name, text.as_str(), node.place())),
            )?,
            annotations: annotations.into_iter().map(template).collect::<Result<_, Problem>>()?,
        })
    } else {
        RuleKind::Recording
    };
    Ok(RuleConfig {
        name,
        kind,
        query: expr.to_string(),
        expr: Arc::new(expr),
        labels: labels.into_iter().map(template).collect::<Result<_, Problem>>()?,
        place: node.place(),
    })
}

/// Names with texts, by name.
fn texts<'n>(section: &mut Section<'n>, key: &'static str) -> Result<Vec<Named<'n>>, Problem> {
    let Some(node) = section.node(key) else { return Ok(Vec::new()) };
    let mut map = Section::of(node, key)?;
    let entries = map.free_entries().iter();
    let read = |entry: &'n config::Entry| {
        let text = <String as config::Read>::read(&entry.value, &entry.key)?;
        Ok((entry.key.as_str(), text, &entry.value))
    };
    let mut texts: Vec<Named<'n>> = entries.map(read).collect::<Result<_, Problem>>()?;
    texts.sort_by(|a, b| a.0.cmp(b.0));
    Ok(texts)
}
