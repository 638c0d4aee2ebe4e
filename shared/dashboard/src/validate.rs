//! What serde cannot check: ranges, uniqueness, references.

use std::collections::BTreeSet;
use std::fmt;

use crate::{Dashboard, GRID_COLUMNS, SCHEMA_VERSION, VariableKind};

/// A mistake in a document, with the place as a JSON path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `panels[3].grid.w`
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// Most panels a document may hold.
const PANELS_MAX: usize = 500;
/// Most variables a document may hold.
const VARIABLES_MAX: usize = 100;
/// Longest title in characters.
const TITLE_CHARS_MAX: usize = 200;
/// Lowest row a panel may reach.
const ROWS_MAX: u32 = 10_000;

/// All mistakes of a document; empty when it is right.
#[must_use]
pub fn validate(dashboard: &Dashboard) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut problem = |path: String, message: String| problems.push(Problem { path, message });

    if dashboard.schema_version != SCHEMA_VERSION {
        problem(
            "schemaVersion".into(),
            format!("is {}, but this server reads {SCHEMA_VERSION}", dashboard.schema_version),
        );
    }
    if !is_uid(&dashboard.uid) && !dashboard.uid.is_empty() {
        problem("uid".into(), "must be 1 to 64 letters, digits, dashes or underscores".into());
    }
    let title_chars = dashboard.title.trim().chars().count();
    if title_chars == 0 || title_chars > TITLE_CHARS_MAX {
        problem("title".into(), format!("must have 1 to {TITLE_CHARS_MAX} characters"));
    }
    if dashboard.panels.len() > PANELS_MAX {
        problem("panels".into(), format!("must be at most {PANELS_MAX}"));
    }
    if dashboard.variables.len() > VARIABLES_MAX {
        problem("variables".into(), format!("must be at most {VARIABLES_MAX}"));
    }

    let mut ids = BTreeSet::new();
    for (i, panel) in dashboard.panels.iter().enumerate() {
        if !ids.insert(panel.id) {
            problem(format!("panels[{i}].id"), format!("{} is used twice", panel.id));
        }
        let grid = panel.grid;
        if grid.w == 0 || grid.h == 0 {
            problem(format!("panels[{i}].grid"), "width and height must be at least 1".into());
        }
        if grid.x.saturating_add(grid.w) > GRID_COLUMNS {
            problem(format!("panels[{i}].grid"), format!("must end within {GRID_COLUMNS} columns"));
        }
        if grid.y.saturating_add(grid.h) > ROWS_MAX {
            problem(format!("panels[{i}].grid"), format!("must end within {ROWS_MAX} rows"));
        }
        let mut refs = BTreeSet::new();
        for (j, query) in panel.queries.iter().enumerate() {
            if query.ref_id.is_empty() || !refs.insert(query.ref_id.as_str()) {
                problem(
                    format!("panels[{i}].queries[{j}].refId"),
                    "must be there and differ from the panel's other queries".into(),
                );
            }
        }
        if let (Some(min), Some(max)) = (panel.field.min, panel.field.max)
            && min >= max
        {
            problem(format!("panels[{i}].field.min"), format!("must be less than max ({max})"));
        }
        if let Some(thresholds) = &panel.field.thresholds
            && !thresholds.steps.windows(2).all(|w| w[0].value < w[1].value)
        {
            problem(format!("panels[{i}].field.thresholds.steps"), "must ascend".into());
        }
    }

    let mut names = BTreeSet::new();
    for (i, variable) in dashboard.variables.iter().enumerate() {
        if !model::is_valid_label_name(&variable.name) || variable.name.starts_with("__") {
            problem(
                format!("variables[{i}].name"),
                "must be letters, digits and underscores, not begin with a digit or with __".into(),
            );
        }
        if !names.insert(variable.name.as_str()) {
            problem(format!("variables[{i}].name"), format!("{} is used twice", variable.name));
        }
        if let VariableKind::Custom { options } = &variable.kind
            && options.is_empty()
        {
            problem(format!("variables[{i}].options"), "must not be empty".into());
        }
    }
    problems
}

/// Whether `uid` can be part of an address.
fn is_uid(uid: &str) -> bool {
    (1..=64).contains(&uid.len()) && uid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(json: &str) -> Vec<String> {
        let dashboard: Dashboard = serde_json::from_str(json).unwrap();
        validate(&dashboard).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_small_document_is_right() {
        let json = r#"{"title": "T", "panels": [{"id": 1, "type": "stat", "options": {},
            "grid": {"x": 0, "y": 0, "w": 24, "h": 4}, "queries": [{"refId": "A", "expr": "up"}]}]}"#;
        assert_eq!(problems(json), [""; 0]);
    }

    #[test]
    fn every_mistake_is_named_with_its_place() {
        let json = r#"{"uid": "a b", "title": " ", "variables": [{"name": "1x", "type": "custom", "options": []}],
            "panels": [
              {"id": 1, "type": "text", "options": {"markdown": "x"}, "grid": {"x": 20, "y": 0, "w": 5, "h": 0},
               "field": {"min": 2.0, "max": 1.0}},
              {"id": 1, "type": "stat", "options": {}, "grid": {"x": 0, "y": 0, "w": 1, "h": 1},
               "queries": [{"refId": "A", "expr": "up"}, {"refId": "A", "expr": "up"}]}]}"#;
        insta::assert_snapshot!(problems(json).join("\n"), @r"
        uid: must be 1 to 64 letters, digits, dashes or underscores
        title: must have 1 to 200 characters
        panels[0].grid: width and height must be at least 1
        panels[0].grid: must end within 24 columns
        panels[0].field.min: must be less than max (1)
        panels[1].id: 1 is used twice
        panels[1].queries[1].refId: must be there and differ from the panel's other queries
        variables[0].name: must be letters, digits and underscores, not begin with a digit or with __
        variables[0].options: must not be empty
        ");
    }
}
