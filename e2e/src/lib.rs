//! Browser tests of the built program: it is started as a user starts it, and used through headless
//! Chromium by role and label, as a person or a screen reader would find things.
//!
//! The program comes from `WATCHFIRE_BIN` and the browser from `CHROMIUM`; `cargo xtask e2e` sets both. A
//! test without them says that it was skipped.

mod program;
mod tab;

pub use program::Program;
pub use tab::{Browser, Name, Tab, Theme};

use std::path::PathBuf;

/// The program and the browser to test with; `None` (and the test is counted as skipped) without them.
#[must_use]
pub fn subjects() -> Option<(PathBuf, PathBuf)> {
    let path = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_file());
    let subjects = path("WATCHFIRE_BIN").zip(path("CHROMIUM"));
    if subjects.is_none() {
        testkit::skip(
            "WATCHFIRE_BIN and CHROMIUM do not name a program and a browser; use `cargo xtask e2e`",
        );
    }
    subjects
}

/// Where screenshots go, for a person to look at.
#[must_use]
pub fn screenshots_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/screenshots")
}
