//! `cargo xtask test`: every check and test there is, closed by one line with the count.
//!
//! The count is the test runner's own: the `test result` lines of `cargo test`, added up. A test that could
//! not run because something is missing on the machine says so through `testkit::skip` and is moved from
//! passed to skipped.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::run::{cargo, in_path, root, run, step, target_dir};
use crate::{browser, demo, peers, wasm_target};

/// Crates that only make sense in the browser and are checked for wasm32 instead of the host.
const BROWSER_CRATES: [&str; 4] = ["frontend", "ui", "canvas", "chart-bench"];
/// The shared crates, which must build for the browser as well as for the host.
const SHARED_CRATES: [&str; 6] = ["model", "api", "dashboard", "chart", "promql-syntax", "scene"];

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    ignored: u64,
}

/// Runs everything.
fn everything(quick: bool) -> Result<()> {
    let of = if quick { 5 } else { 8 };
    step(1, of, "formatting", || run(&mut cargo(&["fmt", "--all", "--check"])))?;
    step(2, of, "lints", host_lints)?;
    step(3, of, "dependencies", dependencies)?;
    let skipped_file = target_dir().join("skipped-tests");
    if skipped_file.exists() {
        std::fs::remove_file(&skipped_file)?;
    }
    let mut counts = step(4, of, "tests", || {
        browser::install_node_exporter();
        let peers = peers::ensure();
        let mut command = cargo(&["test", "--workspace", "--no-fail-fast", "--features", "dashboard/schema"]);
        for name in BROWSER_CRATES.iter().chain(&["e2e"]) {
            command.args(["--exclude", name]);
        }
        if let Some(peers) = peers {
            command.env("WATCHFIRE_PROMETHEUS", peers.join("prometheus")).env("PATH", before_path(&peers)?);
        }
        count(command.env("WATCHFIRE_SKIPPED", &skipped_file))
    })?;
    step(5, of, "lints for the browser", browser_lints)?;
    if !quick {
        let chromium = step(6, of, "look for Chromium", browser::ensure)?;
        let binary = step(7, of, "build the program", demo::build)?;
        let browser_counts =
            step(8, of, "browser tests", || browser_tests(&binary, &chromium, &[], Some(&skipped_file)))?;
        counts.add(&browser_counts);
    }
    finish(&counts, &skipped_file)
}

/// The PATH with one more folder, first.
fn before_path(folder: &std::path::Path) -> Result<std::ffi::OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    Ok(std::env::join_paths(std::iter::once(folder.to_owned()).chain(std::env::split_paths(&path)))?)
}

/// `cargo xtask test [--quick]`
pub(crate) fn test(args: &[String]) -> Result<()> {
    match args {
        [] => everything(false),
        [flag] if flag == "--quick" => everything(true),
        _ => bail!("usage: cargo xtask test [--quick]"),
    }
}

/// `cargo xtask e2e [FILTER]`
pub(crate) fn browser_tests_only(filter: &[String]) -> Result<()> {
    let chromium = browser::ensure()?;
    let binary = demo::build()?;
    let counts = browser_tests(&binary, &chromium, filter, None)?;
    if counts.failed > 0 { bail!("{} browser tests failed", counts.failed) } else { Ok(()) }
}

fn host_lints() -> Result<()> {
    let mut command = cargo(&["clippy", "--workspace", "--all-targets"]);
    for name in BROWSER_CRATES {
        command.args(["--exclude", name]);
    }
    run(command.args(["--", "-D", "warnings"]))
}

/// The app's own crates with lints, and the shared ones, built for the browser.
fn browser_lints() -> Result<()> {
    let toolchain = wasm_target::ensure()?;
    let mut command = toolchain.cargo(&["clippy", "--target", wasm_target::TARGET]);
    command.arg("--target-dir").arg(toolchain.target_dir()).env("RUSTFLAGS", "--cfg erase_components");
    for name in BROWSER_CRATES.iter().chain(&SHARED_CRATES) {
        command.args(["--package", name]);
    }
    run(command.args(["--", "-D", "warnings"]))
}

/// Licences, duplicates and sources of the dependencies, where cargo-deny is installed.
fn dependencies() -> Result<()> {
    if in_path("cargo-deny").is_none() {
        println!("      cargo-deny is not installed; `cargo install cargo-deny` to check licences here too");
        return run(cargo(&["metadata", "--locked", "--format-version", "1"]).stdout(Stdio::null()));
    }
    run(&mut cargo(&["deny", "check", "bans", "licenses", "sources"]))
}

fn browser_tests(
    binary: &std::path::Path,
    chromium: &std::path::Path,
    filter: &[String],
    skipped_file: Option<&std::path::Path>,
) -> Result<Counts> {
    let mut command = cargo(&["test", "--package", "e2e", "--no-fail-fast", "--"]);
    command
        .args(["--nocapture", "--test-threads", "1"])
        .args(filter)
        .env("WATCHFIRE_BIN", binary)
        .env("CHROMIUM", chromium);
    if let Some(file) = skipped_file {
        command.env("WATCHFIRE_SKIPPED", file);
    }
    count(&mut command)
}

/// Runs a `cargo test` command, shows its output and adds its results up. Failing tests are counted, not
/// an error yet; a run that breaks off before any result is one.
fn count(command: &mut Command) -> Result<Counts> {
    let mut child =
        command.current_dir(root()).stdout(Stdio::piped()).spawn().context("failed to start cargo")?;
    let stdout = child.stdout.take().context("cargo has no output")?;
    let mut counts = Counts::default();
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        println!("{line}");
        counts.read(&line);
    }
    let status = child.wait()?;
    if !status.success() && counts.failed == 0 {
        bail!("the tests did not run to their end: {status}");
    }
    Ok(counts)
}

impl Counts {
    /// Reads a line such as `test result: ok. 12 passed; 0 failed; 1 ignored; …`.
    fn read(&mut self, line: &str) {
        let Some(result) = line.trim_start().strip_prefix("test result: ") else { return };
        for part in result.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(kind)) = (words.next(), words.next()) else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match kind {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }

    fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

fn finish(counts: &Counts, skipped_file: &std::path::Path) -> Result<()> {
    let skipped_text = std::fs::read_to_string(skipped_file).unwrap_or_default();
    let mut skipped: Vec<&str> = skipped_text.lines().collect();
    skipped.sort_unstable();
    skipped.dedup();
    for line in &skipped {
        println!("skipped: {line}");
    }
    let skipped = skipped.len() as u64;
    println!();
    println!(
        "{} passed, {} failed, {} skipped",
        counts.passed.saturating_sub(skipped),
        counts.failed,
        skipped + counts.ignored
    );
    if counts.failed > 0 {
        bail!("{} tests failed", counts.failed);
    }
    if counts.passed == 0 {
        bail!("no test ran");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_all_test_programs_are_added_up() {
        let mut counts = Counts::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.0s",
            "test result: FAILED. 10 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.2s",
        ] {
            counts.read(line);
        }
        assert_eq!(counts, Counts { passed: 13, failed: 2, ignored: 1 });
    }
}
