//! Finding a thousand series by three matchers.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::client::series;
use super::figures::Measured;
use super::fleet::selector;
use super::load::Load;
use super::server::Server;

/// The wall clock's median is of this many queries.
const QUERIES: usize = 20;
/// The kernel counts in hundredths of a second: queries go on until the server has used this much.
const CPU_S: f64 = 0.5;
/// … or for so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks for the newest values of the series, and then only for their number, which leaves out the writing of
/// the answer.
///
/// # Errors
/// When the answer has other series than it should.
pub(super) fn select(server: &Server, load: &Load, measured: &mut Measured) -> Result<()> {
    let (query, expected) = selector(load.pods);
    let (text, _) = server.client.query_text(&query, load.end_ms)?;
    let found = series(&text)?.len();
    if found != expected {
        bail!("{query} found {found} series instead of {expected}");
    }
    measured.set("select_series", found as f64);
    let (cpu, wall) = ask(server, load, &query)?;
    measured.set("select_cpu_ms", cpu);
    measured.set("select_wall_ms", wall);
    let (cpu, wall) = ask(server, load, &format!("count({query})"))?;
    measured.set("count_cpu_ms", cpu);
    measured.set("count_wall_ms", wall);
    Ok(())
}

/// Milliseconds that a query takes: the server's CPU on average, and the median by the clock.
fn ask(server: &Server, load: &Load, query: &str) -> Result<(f64, f64)> {
    let (cpu, begun) = (server.process.cpu_s()?, Instant::now());
    let mut took = Vec::new();
    while took.len() < QUERIES || (server.process.cpu_s()? - cpu < CPU_S && begun.elapsed() < PATIENCE) {
        took.push(server.client.query_text(query, load.end_ms)?.1);
    }
    let cpu_ms = (server.process.cpu_s()? - cpu) * 1e3 / took.len() as f64;
    took.sort_unstable();
    Ok((cpu_ms, took[took.len() / 2].as_secs_f64() * 1e3))
}
