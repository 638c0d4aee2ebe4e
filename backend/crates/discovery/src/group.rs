//! Groups of targets, and reading them from JSON and YAML.

use std::path::Path;

use config::{ConfigError, Document, Node, Place, Problem, Read as _, Section};
use model::Labels;
use serde::Deserialize;

use crate::ADDRESS_LABEL;

/// Targets with labels in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetGroup {
    /// Where the group comes from; unique within a job.
    pub source: String,
    /// Labels of all targets of the group.
    pub labels: Labels,
    /// Labels of each target, `__address__` at least.
    pub targets: Vec<Labels>,
}

impl TargetGroup {
    fn new(source: String, labels: Labels, addresses: &[String]) -> Self {
        let target = |address: &String| Labels::from_pairs([(ADDRESS_LABEL, address)]);
        Self { source, labels, targets: addresses.iter().map(target).collect() }
    }

    /// The group with one more label.
    #[must_use]
    pub(crate) fn with_label(mut self, name: &str, value: &str) -> Self {
        let mut builder = model::LabelsBuilder::new(&self.labels);
        self.labels = builder.set(name, value).build();
        self
    }
}

/// The groups in a JSON text, named `source:0`, `source:1` and so on.
///
/// # Errors
/// What is wrong, with line and column.
pub fn parse_json(text: &str, source: &str) -> Result<Vec<TargetGroup>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Group {
        #[serde(default)]
        targets: Option<Vec<String>>,
        #[serde(default)]
        labels: Option<std::collections::BTreeMap<String, String>>,
    }
    let groups: Vec<Group> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut found = Vec::with_capacity(groups.len());
    for (index, group) in groups.into_iter().enumerate() {
        let labels = group.labels.unwrap_or_default();
        if let Some(name) = labels.keys().find(|name| !is_label_name(name)) {
            return Err(format!("group {index}: {name:?} is not a label name"));
        }
        let targets = group.targets.unwrap_or_default();
        found.push(TargetGroup::new(format!("{source}:{index}"), Labels::from_pairs(labels), &targets));
    }
    Ok(found)
}

/// The groups in a YAML text, named after `path`.
///
/// # Errors
/// What is wrong, with line and column.
pub fn parse_yaml(text: &str, path: &Path) -> Result<Vec<TargetGroup>, ConfigError> {
    let document = Document::parse(path, text)?;
    let groups = read_groups(document.root(), &path.display().to_string());
    groups.map_err(|problem| document.error(problem))
}

/// Reads a list of groups.
pub(crate) fn read_groups(node: &Node, source: &str) -> Result<Vec<TargetGroup>, Problem> {
    let items = match node {
        Node::Null(_) => return Ok(Vec::new()),
        Node::List(_, items) => items,
        other => {
            let message = format!("expected a list of target groups, found {}", other.describe());
            return Err(Problem::new(other.place(), message));
        }
    };
    items.iter().enumerate().map(|(index, item)| read_group(item, format!("{source}:{index}"))).collect()
}

fn read_group(node: &Node, source: String) -> Result<TargetGroup, Problem> {
    if node.is_null() {
        return Err(Problem::new(node.place(), "a target group is empty"));
    }
    let mut section = Section::of(node, "target group")?;
    let targets: Vec<String> = section.list("targets", |node| {
        let address = String::read(node, "targets")?;
        check_address(&address, node.place())?;
        Ok(address)
    })?;
    let mut pairs = Vec::new();
    if let Some(node) = section.node("labels") {
        let mut labels = Section::of(node, "labels")?;
        for entry in labels.free_entries() {
            if !is_label_name(&entry.key) {
                return Err(Problem::new(
                    entry.place,
                    format!("labels: {:?} is not a label name", entry.key),
                ));
            }
            pairs.push((entry.key.clone(), String::read(&entry.value, &entry.key)?));
        }
    }
    section.finish()?;
    Ok(TargetGroup::new(source, Labels::from_pairs(pairs), &targets))
}

/// Any non-empty name; the metric name is none.
fn is_label_name(name: &str) -> bool {
    !name.is_empty() && name != model::METRIC_NAME
}

/// A target is a host and a port, not a URL: the most frequent mistake in such files.
fn check_address(address: &str, place: Place) -> Result<(), Problem> {
    if address.contains('/') {
        let message = format!(
            "targets: {address:?} is not host:port; scheme and path are set by scheme and metrics_path"
        );
        return Err(Problem::new(place, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"[{"targets": ["a:1", "b:2"], "labels": {"zone": "x"}}, {"targets": []}]"#;

    #[test]
    fn json_and_yaml_say_the_same() {
        let json = parse_json(JSON, "f").unwrap();
        let yaml = "- targets: ['a:1', b:2]\n  labels:\n    zone: x\n- targets: []\n";
        assert_eq!(parse_yaml(yaml, Path::new("f")).unwrap(), json);
        assert_eq!(json[0].source, "f:0");
        assert_eq!(json[0].targets[1].get(ADDRESS_LABEL), Some("b:2"));
        assert_eq!(parse_yaml(JSON, Path::new("f")).unwrap(), json);
        assert_eq!(parse_yaml("", Path::new("f")).unwrap(), []);
    }

    #[test]
    fn errors_tell_the_place() {
        let json = |text: &str| parse_json(text, "f").unwrap_err();
        assert_eq!(
            json("[{\"targets\": [1]}]"),
            "invalid type: integer `1`, expected a string at line 1 column 15"
        );
        assert!(json("[{\"target\": []}]").starts_with("unknown field `target`"));
        assert_eq!(json("[{\"labels\": {\"\": \"x\"}}]"), "group 0: \"\" is not a label name");
        let yaml = |text: &str| parse_yaml(text, Path::new("f.yml")).unwrap_err().to_string();
        assert_eq!(
            yaml("- target: []"),
            "f.yml:1:3: target group: unknown key \"target\"; did you mean \"targets\"?"
        );
        assert_eq!(yaml("a: 1"), "f.yml:1:1: expected a list of target groups, found a mapping");
        assert_eq!(
            yaml("- targets:\n  - http://a:1/metrics"),
            "f.yml:2:5: targets: \"http://a:1/metrics\" is not host:port; scheme and path are set by scheme and metrics_path"
        );
    }
}
