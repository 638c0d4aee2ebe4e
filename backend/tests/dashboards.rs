//! The built-in dashboards ask only for what there is: metrics of the simulated fleet, of the server itself,
//! and of every scrape.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may panic like the test itself")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use dashboard::{Dashboard, VariableKind, validate};
use fleet::Fleet;
use promql_syntax::{ParseOptions, parse};
use scene::interpolate::{Bound, Window, query};

/// Written by every scrape.
const REPORTS: [&str; 5] = [
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn dashboards() -> Vec<(String, Dashboard)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join("dashboards")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".json") && name != "schema.json" {
            let text = fs::read_to_string(&path).unwrap();
            found.push((name.clone(), serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"))));
        }
    }
    assert!(!found.is_empty());
    found
}

/// Names of all series that the demo holds.
fn catalogue() -> BTreeSet<String> {
    let mut names: BTreeSet<String> = REPORTS.iter().map(|name| (*name).to_owned()).collect();
    let mut fleet = Fleet::new(1, 1_763_607_600_000);
    fleet.advance_to(1_763_607_600_000 + 5_000);
    for target in fleet.targets() {
        let page = fleet.page(&target.path).unwrap();
        names.extend(
            page.lines()
                .filter(|line| !line.starts_with('#'))
                .filter_map(|line| line.split(['{', ' ']).next())
                .map(str::to_owned),
        );
    }
    let own = fs::read_to_string(root().join("backend/docs/metrics.md")).unwrap();
    for row in own.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`'));
        let (name, kind) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
        if kind == "histogram" {
            names.extend(["_bucket", "_sum", "_count"].map(|suffix| format!("{name}{suffix}")));
        } else {
            names.insert(name.to_owned());
        }
    }
    names
}

/// Metric names that an expression selects, after variables are filled in as the app does.
fn selected(expr: &str, dashboard: &Dashboard) -> Result<Vec<String>, String> {
    let bound: Vec<Bound> = dashboard
        .variables
        .iter()
        .map(|v| Bound {
            name: v.name.clone(),
            values: vec!["x".to_owned()],
            regex: true,
            ..Bound::default()
        })
        .collect();
    let range = model::TimeRange::new(0, 3_600_000);
    let window = Window { range, step_ms: 15_000, scrape_interval_ms: 15_000 };
    let text = query(expr, &bound, Some(window));
    let tree = parse(&text, &ParseOptions::default()).map_err(|error| format!("{text}: {error}"))?;
    Ok(tree.selectors().filter_map(|selector| selector.vector.name.clone()).collect())
}

#[test]
fn every_document_is_right() {
    for (file, dashboard) in dashboards() {
        let problems = validate(&dashboard);
        assert!(problems.is_empty(), "{file}: {problems:?}");
        assert_eq!(format!("{}.json", dashboard.uid), file, "a document is found by its uid");
        assert!(!dashboard.description.is_empty(), "{file} says what it is for");
    }
}

#[test]
fn every_query_asks_for_metrics_that_there_are() {
    let catalogue = catalogue();
    let mut missing = Vec::new();
    for (file, dashboard) in dashboards() {
        let mut expressions: Vec<(String, String)> = dashboard
            .panels
            .iter()
            .flat_map(|panel| panel.queries.iter().map(|q| (panel.title.clone(), q.expr.clone())))
            .collect();
        for variable in &dashboard.variables {
            if let VariableKind::Query { query, .. } = &variable.kind
                && let Some(inner) = query.strip_prefix("label_values(").and_then(|q| q.rsplit_once(','))
            {
                expressions.push((format!("${}", variable.name), inner.0.to_owned()));
            }
        }
        for (place, expr) in expressions {
            match selected(&expr, &dashboard) {
                Ok(names) => missing.extend(
                    names
                        .into_iter()
                        .filter(|name| !catalogue.contains(name))
                        .map(|name| format!("{file}: {place}: there is no {name}")),
                ),
                Err(error) => missing.push(format!("{file}: {place}: {error}")),
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
