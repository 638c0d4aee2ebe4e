//! A real exporter, if this machine has one.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod common;

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use common::{World, job};
use scrape::Health;

struct Exporter {
    process: Child,
    address: String,
}

impl Drop for Exporter {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let extra = std::env::var_os("PEERS_BIN").into_iter().map(PathBuf::from);
    let mut folders = std::env::split_paths(&path).chain(extra);
    folders.find_map(|folder| {
        let names = ["prometheus-node-exporter", "node_exporter"];
        names.iter().map(|name| folder.join(name)).find(|path| path.is_file())
    })
}

/// Starts the exporter on a port that it chooses itself and reads that from its log.
fn start(program: PathBuf) -> Option<Exporter> {
    let mut process = Command::new(program)
        .args(["--web.listen-address=127.0.0.1:0", "--log.format=logfmt"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let log = BufReader::new(process.stderr.take()?);
    let mut lines = log.lines();
    let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let (_, rest) = line.split_once("address=")?;
        let address = rest.split_whitespace().next()?.trim_matches('"').to_owned();
        address.starts_with("127.0.0.1:").then_some(address)
    })?;
    // The pipe must not fill up.
    std::thread::spawn(move || lines.for_each(drop));
    Some(Exporter { process, address })
}

#[tokio::test]
async fn node_exporter_is_up_and_then_down() {
    let Some(program) = find() else {
        testkit::skip("there is no prometheus-node-exporter in PATH or PEERS_BIN");
        return;
    };
    let Some(exporter) = start(program) else {
        testkit::skip("prometheus-node-exporter does not start here");
        return;
    };
    let world = World::with_jobs(&job(&exporter.address, ""));
    world.wait_targets(1).await;
    world.next_scrape().await;
    let target = world.target();
    assert_eq!((target.health, target.last_error), (Health::Up, None));
    assert!(target.samples_scraped > 100, "{}", target.samples_scraped);
    assert_eq!(target.samples_scraped, target.samples_kept);
    assert!(!world.series("node_load1").is_empty());
    assert!(!world.series("node_cpu_seconds_total").is_empty());
    world.next_scrape().await;
    let added = world.values("scrape_series_added");
    assert!(added[1].parse::<usize>().unwrap() < target.samples_scraped / 2, "{added:?}");
    drop(exporter);
    world.next_scrape().await;
    assert!(world.error().to_lowercase().contains("connection"), "{}", world.error());
    assert_eq!(world.values("up"), ["1", "1", "0"]);
    assert_eq!(world.values("node_load1").last().map(String::as_str), Some("stale"));
}
