//! Remote write: what a sample costs, and what is left of it in memory and on disk.

use std::time::Duration;

use anyhow::{Context, Result};

use super::client::Client;
use super::disk::usage;
use super::figures::Measured;
use super::load::{Load, Queues, samples};
use super::server::Server;

const MILLION: f64 = 1e6;
const MIB: f64 = 1_048_576.0;

/// Sends a part of the load as fast as the server takes it; how long each request took.
///
/// # Errors
/// When the server refuses some of it.
pub(super) fn send(client: &Client, queues: &Queues) -> Result<Vec<Duration>> {
    std::thread::scope(|scope| {
        let senders: Vec<_> = queues
            .iter()
            .map(|bodies| {
                let client = client.another();
                scope.spawn(move || bodies.iter().map(|body| client.write(body)).collect::<Result<Vec<_>>>())
            })
            .collect();
        let mut took = Vec::new();
        for sender in senders {
            took.extend(sender.join().ok().context("a sender panicked")??);
        }
        Ok(took)
    })
}

/// Writes the first step and the steady part, waits until the server is calm, and looks at what it holds.
///
/// # Errors
/// When the server refuses some of it.
pub(super) fn ingest(server: &Server, load: &Load, measured: &mut Measured) -> Result<()> {
    let process = &server.process;
    let empty = server.settle()?;
    measured.set("empty_rss_mib", empty.resident / MIB);

    let (cpu, written) = (process.cpu_s()?, process.written()?);
    send(&server.client, &load.first)?;
    let cpu_first = process.cpu_s()?;
    measured.set("write_first_cpu", (cpu_first - cpu) / (samples(&load.first) as f64 / MILLION));

    let begun = std::time::Instant::now();
    let mut took = send(&server.client, &load.steady)?;
    let wall = begun.elapsed().as_secs_f64();
    let steady = samples(&load.steady) as f64;
    measured.set("write_steady_cpu", (process.cpu_s()? - cpu_first) / (steady / MILLION));
    measured.set("write_rate", steady / wall);
    took.sort_unstable();
    measured.set("write_p50_ms", quantile_ms(&took, 0.5));
    measured.set("write_p99_ms", quantile_ms(&took, 0.99));
    measured.set("peak_rss_mib", process.memory()?.peak / MIB);

    let rest = server.settle()?;
    let series = load.series() as f64;
    measured.set("rest_rss", (rest.resident - empty.resident) / series);
    measured.set("rest_anon", (rest.anonymous - empty.anonymous) / series);
    let all = steady + samples(&load.first) as f64;
    let now = process.written()?;
    measured.set("written_disk", (now.disk - written.disk) / all);
    measured.set("written_calls", (now.calls - written.calls) / all);
    measured.set("disk_rest", usage(&server.data)?.allocated / all);
    Ok(())
}

/// A quantile of sorted times, in milliseconds.
fn quantile_ms(sorted: &[Duration], quantile: f64) -> f64 {
    let at = (sorted.len().saturating_sub(1) as f64 * quantile).round() as usize;
    sorted.get(at).map_or(f64::NAN, |took| took.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles() {
        let sorted: Vec<Duration> = (1..=101).map(Duration::from_millis).collect();
        assert_eq!(quantile_ms(&sorted, 0.5), 51.0);
        assert_eq!(quantile_ms(&sorted, 0.99), 100.0);
        assert!(quantile_ms(&[], 0.5).is_nan());
    }
}
