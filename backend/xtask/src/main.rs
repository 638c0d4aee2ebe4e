//! Chores of the repository, one per file. `cargo xtask help` lists them.
//!
//! Everything here runs on a machine with rustup, git and a C compiler; what a chore needs beyond that it
//! installs itself or names exactly.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "chores talk to the person who started them")]

mod bench;
mod browser;
mod demo;
mod peers;
mod run;
mod suite;
mod ui;
mod wasm_target;

use std::env;
use std::process::ExitCode;

use anyhow::Context as _;

const HELP: &str = "\
cargo xtask demo [FLAGS]     build everything, start `watchfire demo` with FLAGS and print its address
cargo xtask build            build the release binary with the app embedded: target/release/watchfire
cargo xtask test [--quick]   run every check and test; --quick leaves out the browser tests
cargo xtask e2e [FILTER]     build everything and run the browser tests
cargo xtask ui               build the app alone into target/ui
cargo xtask peers            fetch Prometheus, Alertmanager and VictoriaMetrics to compare with
cargo xtask bench-page       time from navigation to the panels of a page, in headless Chromium
cargo xtask bench-rules      compare 2,000 rules with Prometheus ($PROMETHEUS or in the PATH)
cargo xtask bench-scrape     compare scraping with Prometheus ($PROMETHEUS or in the PATH)
cargo xtask bench-store      compare the store with Prometheus and VictoriaMetrics (wrong flag: all flags)
cargo xtask bindgen WASM DIR generate the JavaScript for a wasm file (for benchmarks)
";

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let result = match command.as_str() {
        "demo" => demo::run(&rest),
        "build" => demo::build().map(|_| ()),
        "test" => suite::test(&rest),
        "e2e" => suite::browser_tests_only(&rest),
        "ui" => ui::build().map(|_| ()),
        "peers" => peers::ensure().map(|dir| println!("{}", dir.display())).context("no peers"),
        "bench-page" => bench::page(&rest),
        "bench-store" => bench::store(&rest),
        "bench-rules" => bench::rules(&rest),
        "bench-scrape" => bench::scrape(&rest),
        "bindgen" => ui::bindgen_command(&rest),
        "" | "help" | "--help" | "-h" => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        other => Err(anyhow::anyhow!("there is no chore `{other}`\n\n{HELP}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
