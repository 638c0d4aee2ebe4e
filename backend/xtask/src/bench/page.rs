//! `cargo xtask bench-page`: from navigation to the panels of a page, in headless Chromium.

use anyhow::{Result, bail};

use crate::run::{cargo, run};
use crate::{browser, demo};

/// Runs the measurement; `--runs N` (default 9) is how often each page is loaded.
pub(crate) fn page(args: &[String]) -> Result<()> {
    let runs = match args {
        [] => "9",
        [flag, number] if flag == "--runs" => number,
        _ => bail!("usage: cargo xtask bench-page [--runs N]"),
    };
    let chromium = browser::ensure()?;
    let binary = demo::build()?;
    run(cargo(&["run", "--quiet", "--package", "e2e", "--example", "page_times", "--", runs])
        .env("WATCHFIRE_BIN", binary)
        .env("CHROMIUM", chromium))
}
