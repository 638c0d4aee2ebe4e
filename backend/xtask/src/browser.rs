//! What the browser tests need besides the program: Chromium, and node exporter as a real target.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::run::{in_path, run};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Finds Chromium, or installs it where that is possible.
pub(crate) fn ensure() -> Result<PathBuf> {
    if let Some(path) = find() {
        return Ok(path);
    }
    if in_path("apt-get").is_some() && is_root() {
        println!("      Chromium is missing; installing Debian's package");
        let apt =
            |args: &[&str]| run(Command::new("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive"));
        apt(&["update", "-q"])?;
        apt(&["install", "-y", "-q", "--no-install-recommends", "chromium"])?;
        if let Some(path) = find() {
            return Ok(path);
        }
    }
    bail!(
        "the browser tests need Chromium in the PATH (or its path in CHROMIUM). On Debian: `apt-get install \
         chromium` as root. Everything else can be tested with `cargo xtask test --quick`"
    )
}

/// Installs Debian's node exporter where it is missing and that is possible. The tests that scrape it are
/// skipped without, so that this never fails.
pub(crate) fn install_node_exporter() {
    const NAME: &str = "prometheus-node-exporter";
    if in_path(NAME).is_some() {
        return;
    }
    if !can_install() {
        println!("      {NAME} is not in the PATH; the tests that scrape it will be skipped");
        return;
    }
    println!("      {NAME} is missing; installing Debian's package");
    if let Err(error) = install(NAME) {
        println!("      {error:#}; the tests that scrape it will be skipped");
    }
}

fn can_install() -> bool {
    in_path("apt-get").is_some() && is_root()
}

fn install(package: &str) -> Result<()> {
    let apt =
        |args: &[&str]| run(Command::new("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive"));
    apt(&["update", "-q"])?;
    apt(&["install", "-y", "-q", "--no-install-recommends", package])
}

fn find() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("CHROMIUM") {
        return Some(path.into());
    }
    NAMES.iter().find_map(|name| in_path(name))
}

fn is_root() -> bool {
    crate::run::output(Command::new("id").arg("-u")).is_some_and(|id| id == "0")
}
