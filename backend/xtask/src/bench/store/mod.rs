//! `cargo xtask bench-store`: the store against Prometheus and VictoriaMetrics, one after the other in the same
//! run, with the same bytes sent to each.
//!
//! What counts is the server's own CPU time, memory and writing, from the kernel's accounting: time by the
//! clock depends on who else uses the machine. What each part does is said where it is measured.

mod body;
mod churn;
mod client;
mod contender;
mod disk;
mod figures;
mod fleet;
mod ingest;
mod load;
mod options;
mod recover;
mod select;
mod server;
mod values;

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::run::target_dir;
use contender::{Contender, Kind};
use figures::{Measured, Turns, document, table};
use load::{Load, samples};
use options::Options;
use server::Server;

/// Runs the comparison and prints the table; all figures go into `target/bench-store.json` too.
pub(crate) fn store(args: &[String]) -> Result<()> {
    let options = Options::parse(args)?;
    let mut contenders = Vec::new();
    for kind in [Kind::Watchfire].into_iter().chain(options.peers.clone()) {
        match Contender::find(kind)? {
            Some(contender) => contenders.push(contender),
            None => println!("{} is not at hand", kind.name()),
        }
    }
    let mut all: Vec<Turns> =
        contenders.iter().map(|one| Turns { name: one.kind.name(), turns: Vec::new() }).collect();
    let mut loads = Vec::new();
    let dir = target_dir().join(format!("bench-store-{}", std::process::id()));
    for round in 1..=options.rounds {
        let now_ms = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as i64;
        let load = if options.wants_load() {
            println!("round {round}: encoding the load");
            Some(Load::new(options.series, options.steps, options.burst(), now_ms)?)
        } else {
            None
        };
        for (contender, turns) in contenders.iter().zip(&mut all) {
            let name = contender.kind.name();
            let before = machine_load();
            let outcome = turn(contender, &dir, load.as_ref(), &options);
            if dir.exists() {
                fs::remove_dir_all(&dir)?;
            }
            turns.turns.push(outcome.with_context(|| format!("round {round} of {name}"))?);
            println!(
                "round {round} {name}: done; load of the machine {before:.2} before, {:.2} after",
                machine_load()
            );
            loads.push(json!({"round": round, "server": name, "before": before, "after": machine_load()}));
        }
        let file = target_dir().join("bench-store.json");
        let text = serde_json::to_string_pretty(&document(&all, &facts(&options, load.as_ref(), &loads)))?;
        fs::write(&file, text).with_context(|| format!("failed to write {}", file.display()))?;
    }
    println!("\n{}", table(&all));
    Ok(())
}

/// Everything about one server, once.
fn turn(contender: &Contender, dir: &Path, load: Option<&Load>, options: &Options) -> Result<Measured> {
    let mut measured = Measured::default();
    if let Some(load) = load {
        let say = |part: &str| println!("  {}: {part}", contender.kind.name());
        let dir = dir.join("load");
        let server = Server::start(contender, &dir, None)?;
        say("ingest");
        ingest::ingest(&server, load, &mut measured)?;
        if options.wants("select") {
            say("select");
            select::select(&server, load, &mut measured)?;
        }
        if options.wants("compact") {
            say("compact");
            compact(contender, &server, load, &mut measured)?;
        }
        if options.wants("recover") {
            say("recover");
            recover::recover(server, contender, &dir, load, &mut measured)?;
        }
    }
    if options.wants("churn") {
        println!("  {}: churn", contender.kind.name());
        churn::churn(contender, &dir.join("churn"), &options.churn, &mut measured)?;
    }
    Ok(measured)
}

/// Measures the data in the form in which it is kept for long.
fn compact(contender: &Contender, server: &Server, load: &Load, measured: &mut Measured) -> Result<()> {
    let all = (samples(&load.first) + samples(&load.steady)) as f64;
    let cpu = server.process.cpu_s()?;
    let found = contender.compact(&server.client, &server.data, || server.settle().map(drop))?;
    let Some(usage) = found else { return Ok(()) };
    measured.set("block_cpu", (server.process.cpu_s()? - cpu) / (all / 1e6));
    measured.set("block_total", usage.total / all);
    measured.set("block_values", usage.values / all);
    measured.set("block_index", usage.index / load.series() as f64);
    Ok(())
}

/// What one must know to repeat the run, and to trust it.
fn facts(options: &Options, load: Option<&Load>, loads: &[Value]) -> Value {
    let crosses = |ms: i64| load.map(|load| load.start_ms / ms != load.last_ms / ms);
    json!({
        "series": options.series, "steps": options.steps, "burst_steps": options.burst(),
        "churn": {"per_second": options.churn.per_second, "seconds": options.churn.seconds, "block": options.churn.block},
        // A window across these borders takes more room: another block, another day of an index by day.
        "window_crosses_2h": crosses(7_200_000), "window_crosses_day": crosses(86_400_000),
        "cores": std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        "machine_load": loads,
    })
}

/// Processes that wanted to run, averaged over the last minute.
fn machine_load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(f64::NAN)
}
