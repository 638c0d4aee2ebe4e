//! Stored answers of the original programs, and the programs themselves where they are.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part of this")]
#![allow(clippy::unwrap_used, reason = "only tests use this")]

use std::env;
use std::fs;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A file of cases.
pub fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)
}

/// The cases of a file.
pub fn read<T: DeserializeOwned>(name: &str) -> T {
    serde_json::from_str(&fs::read_to_string(path(name)).unwrap()).unwrap()
}

/// Writes the cases of a file if `TEMPLATES_RECORD` asks for it.
pub fn record<T: Serialize>(name: &str, cases: &T) {
    if env::var_os("TEMPLATES_RECORD").is_some() {
        fs::write(path(name), serde_json::to_string_pretty(cases).unwrap() + "\n").unwrap();
    }
}

/// Answers without what a parser of regular expressions says is wrong, which each says in its own words.
pub fn comparable(answer: &Result<String, String>) -> Result<String, String> {
    let cut = |text: &String| match text.split_once("error parsing regexp: ") {
        Some((before, _)) => format!("{before}error parsing regexp"),
        None => text.clone(),
    };
    answer.as_ref().map(cut).map_err(cut)
}

/// A program in the `PATH`; without it the test counts as skipped.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|dir| dir.join(name)).find(|program| program.is_file());
    if found.is_none() {
        testkit::skip(&format!("there is no {name} in the PATH"));
    }
    found
}
