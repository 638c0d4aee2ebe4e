//! `cargo xtask bench-scrape`: the same load on Watchfire and, where its binary is at hand, on Prometheus, one
//! after the other in the same run.
//!
//! Twenty targets of 5,000 series each in text format 0.0.4, scraped once a second. What is compared is the
//! server's own CPU time (user and system, from the kernel's accounting) per million samples, and its
//! resident memory per active series over what it holds without any.

mod exporter;
mod page;
mod process;
mod rules;
mod server;
mod store;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::peers;
use crate::run::{cargo, in_path, run, target_dir};
use exporter::Exporter;
pub(crate) use page::page;
pub(crate) use rules::rules;
use server::{Measured, measure};
pub(crate) use store::store;

/// Targets.
const TARGETS: usize = 20;
/// Series of a target.
const SERIES_PER_TARGET: usize = 5_000;
/// Scraped before the measurement begins, so that every series is known.
const WARM_UP: Duration = Duration::from_secs(10);

/// Runs the comparison; `--seconds N` (default 60) is the measured time, `--rounds N` (default 3) how often
/// each server has its turn.
pub(crate) fn scrape(args: &[String]) -> Result<()> {
    let number = |flag: &str, default: u64| -> Result<u64> {
        match args.iter().position(|arg| arg == flag) {
            None => Ok(default),
            Some(at) => args.get(at + 1).context("a flag has no value")?.parse().context("not a number"),
        }
    };
    let seconds = Duration::from_secs(number("--seconds", 60)?);
    let rounds = number("--rounds", 3)?;

    run(&mut cargo(&["build", "--release", "--package", "watchfire"]))?;
    let ours = target_dir().join("release").join("watchfire");
    let prometheus = std::env::var_os("PROMETHEUS")
        .map(PathBuf::from)
        .or_else(|| in_path("prometheus"))
        .or_else(|| peers::ensure().map(|dir| dir.join("prometheus")));
    if prometheus.is_none() {
        println!("no Prometheus: measuring Watchfire alone");
    }
    let exporter = Exporter::start(TARGETS, SERIES_PER_TARGET)?;

    let mut results: Vec<(&str, Vec<Measured>)> = vec![("watchfire", Vec::new())];
    if prometheus.is_some() {
        results.push(("prometheus", Vec::new()));
    }
    for round in 1..=rounds {
        for (name, measured) in &mut results {
            let mut command = if *name == "watchfire" {
                let mut command = std::process::Command::new(&ours);
                command.arg("serve");
                command
            } else {
                std::process::Command::new(prometheus.as_ref().context("found above")?)
            };
            let result = measure(&mut command, &exporter, WARM_UP, seconds)
                .with_context(|| format!("round {round} of {name}"))?;
            println!("round {round} {name}: {result}");
            measured.push(result);
        }
    }
    println!("\nmedian of {rounds} rounds ({} s each):", seconds.as_secs());
    let medians: Vec<(&str, Measured)> =
        results.iter().map(|(name, m)| (*name, Measured::median(m))).collect();
    for (name, median) in &medians {
        println!("{name:>11}: {median}");
    }
    if let [(_, ours), (_, theirs)] = medians.as_slice() {
        println!(
            "ratio watchfire / prometheus: CPU {:.2}, memory per series {:.2}",
            ours.cpu_s_per_million / theirs.cpu_s_per_million,
            ours.bytes_per_series / theirs.bytes_per_series
        );
    }
    Ok(())
}
