//! The house rules that can be checked by a machine: who may know whom, what only one room may touch, and
//! that every file says what it is for. The rules are those of `backend/docs/architecture.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// For each crate, the crates of the house that it may use.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("dashboard", &["model"]),
    ("api", &["model", "dashboard"]),
    ("promql-syntax", &["model"]),
    ("chart", &["model", "dashboard"]),
    ("platform", &[]),
    ("telemetry", &["platform", "exposition", "model"]),
    ("exposition", &["model"]),
    ("relabel", &["model"]),
    ("chunk", &["model"]),
    ("templates", &["model"]),
    ("storage", &["model"]),
    ("remote", &["model", "storage", "chunk", "telemetry"]),
    ("config", &["model", "platform"]),
    ("tsdb", &["model", "storage", "chunk", "platform", "telemetry"]),
    ("promql", &["model", "promql-syntax", "storage", "telemetry"]),
    ("discovery", &["model", "config", "platform", "telemetry"]),
    (
        "scrape",
        &["model", "config", "relabel", "exposition", "discovery", "storage", "platform", "telemetry"],
    ),
    ("alerting", &["model", "config", "relabel", "templates", "platform", "telemetry"]),
    (
        "rules",
        &["model", "config", "promql", "promql-syntax", "storage", "templates", "platform", "telemetry"],
    ),
    ("metastore", &["model", "dashboard", "platform"]),
    ("fleet", &["model", "exposition", "platform"]),
    (
        "http-rim",
        &[
            "api",
            "dashboard",
            "chart",
            "model",
            "promql-syntax",
            "storage",
            "promql",
            "scrape",
            "rules",
            "alerting",
            "remote",
            "metastore",
            "telemetry",
            "platform",
        ],
    ),
    ("testkit", &["model", "storage", "platform"]),
    ("ui", &[]),
    ("scene", &["api", "dashboard", "model", "promql-syntax"]),
    ("canvas", &["chart"]),
    ("chart-bench", &["canvas", "chart", "dashboard"]),
    ("frontend", &["ui", "scene", "canvas", "chart", "api", "dashboard", "model", "promql-syntax"]),
    ("xtask", &[]),
    ("e2e", &["testkit"]),
];

/// The binary wires everything and so may use everything but the app and the chores.
const BINARY: &str = "watchfire";

/// Libraries that only certain crates may use, because what they stand for is those crates' duty.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("axum", &["http-rim"]),
    ("tower-http", &["http-rim"]),
    ("sqlx", &["metastore"]),
    ("promql-parser", &["promql-syntax"]),
    ("gotmpl", &["templates"]),
    ("reqwest", &["platform"]),
    ("notify", &["platform"]),
    ("memmap2", &["platform"]),
    ("leptos", &["frontend", "ui"]),
    ("leptos_router", &["frontend"]),
    ("gloo-net", &["frontend"]),
    ("web-sys", &["frontend", "ui", "canvas", "chart-bench"]),
];

/// Words that stand for a clock, a file or a socket. Only `platform` may say them, outside of tests.
const OUTSIDE_WORLD: &[&str] = &[
    "std::fs",
    "tokio::fs",
    "std::net::Tcp",
    "std::net::Udp",
    "tokio::net::Tcp",
    "tokio::net::Udp",
    "SystemTime::now",
    "Instant::now",
    "File::open",
    "File::create",
];

/// Crates that may touch the outside world: the platform, and what never runs in the server.
const OUTSIDE_WORLD_ALLOWED: &[&str] =
    &["platform", "testkit", "xtask", "e2e", "frontend", "ui", "canvas", "chart-bench"];

fn metadata() -> Metadata {
    MetadataCommand::new().no_deps().exec().expect("cargo metadata runs")
}

/// Normal (not dev) dependencies of each crate of the workspace.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    metadata()
        .packages
        .iter()
        .map(|package| {
            let dependencies = package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind == DependencyKind::Normal)
                .map(|dependency| dependency.name.clone())
                .collect();
            (package.name.to_string(), dependencies)
        })
        .collect()
}

/// Sources of each crate, without its tests, benches and examples.
fn sources() -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for package in &metadata().packages {
        let dir = package.manifest_path.parent().expect("a manifest lies in a folder");
        let mut open = vec![dir.join("src").into_std_path_buf()];
        while let Some(dir) = open.pop() {
            let Ok(entries) = fs::read_dir(&dir) else { continue };
            for entry in entries {
                let path = entry.expect("readable folder").path();
                if path.is_dir() {
                    open.push(path);
                } else if path.extension().is_some_and(|e| e == "rs") {
                    found.push((package.name.to_string(), path));
                }
            }
        }
    }
    found
}

/// A file's text up to its unit tests.
fn without_tests(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("readable source");
    text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned()
}

#[test]
fn crates_know_only_those_below_them() {
    let dependencies = dependencies();
    let house: BTreeSet<&str> = dependencies.keys().map(String::as_str).collect();
    let mut broken = Vec::new();
    for (name, uses) in &dependencies {
        if name == BINARY {
            continue;
        }
        let Some((_, allowed)) = MAY_USE.iter().find(|(crate_name, _)| crate_name == name) else {
            broken.push(format!("{name} is not in the plan: add it to architecture.md and here"));
            continue;
        };
        for used in uses.iter().filter(|used| house.contains(used.as_str())) {
            if !allowed.contains(&used.as_str()) {
                broken.push(format!("{name} must not know {used}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_plan_names_no_crate_that_is_gone() {
    let dependencies = dependencies();
    let gone: Vec<&str> =
        MAY_USE.iter().map(|(name, _)| *name).filter(|name| !dependencies.contains_key(*name)).collect();
    assert!(gone.is_empty(), "not in the workspace: {gone:?}");
}

#[test]
fn a_library_stays_in_the_room_whose_duty_it_is() {
    let mut broken = Vec::new();
    for (name, uses) in dependencies() {
        for (library, rooms) in ONLY_IN {
            if uses.contains(*library) && !rooms.contains(&name.as_str()) {
                broken.push(format!("{name} must not use {library}; that is for {}", rooms.join(", ")));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn only_the_platform_touches_clock_files_and_sockets() {
    let mut broken = Vec::new();
    for (name, path) in sources() {
        if OUTSIDE_WORLD_ALLOWED.contains(&name.as_str()) {
            continue;
        }
        for (number, line) in without_tests(&path).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for word in OUTSIDE_WORLD {
                if code.contains(word) {
                    broken.push(format!("{}:{}: {word}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(broken.is_empty(), "only `platform` may use these:\n{}", broken.join("\n"));
}

#[test]
fn every_file_opens_by_saying_what_it_is_for() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|(_, path)| !fs::read_to_string(path).expect("readable source").starts_with("//!"))
        .map(|(_, path)| path.display().to_string())
        .collect();
    assert!(silent.is_empty(), "no `//!` header in:\n{}", silent.join("\n"));
}
