//! The death of a server right after its word that samples are stored, and what is there when it comes back.

use std::path::Path;

use anyhow::Result;

use super::client::Client;
use super::contender::Contender;
use super::figures::Measured;
use super::fleet::{ONCE_A_POD, names};
use super::ingest::send;
use super::load::{Load, samples};
use super::server::Server;

/// Sends the burst, kills the server, starts it again and counts every sample.
///
/// # Errors
/// When the server does not come back.
pub(super) fn recover(
    server: Server,
    contender: &Contender,
    dir: &Path,
    load: &Load,
    measured: &mut Measured,
) -> Result<()> {
    send(&server.client, &load.burst)?;
    drop(server);

    let mut server = Server::launch(contender, dir, None)?;
    let query = format!("count({ONCE_A_POD})");
    let seconds = server.wait(|client| Ok(client.scalar(&query, load.end_ms)? == load.pods as f64))?;
    measured.set("recover_cpu", server.process.cpu_s()?);
    measured.set("recover_s", seconds);

    let acknowledged = samples(&load.first) + samples(&load.steady) + samples(&load.burst);
    measured.set("lost", acknowledged as f64 - count_all(&server.client, load)?);
    Ok(())
}

/// Every sample there is, metric by metric: a function over a range drops the name, so they cannot be counted
/// in one query.
fn count_all(client: &Client, load: &Load) -> Result<f64> {
    let seconds = (load.last_ms - load.start_ms) / 1_000 + 60;
    let mut found = 0.0;
    for name in names() {
        let query = format!("sum(count_over_time({{__name__=\"{name}\"}}[{seconds}s]))");
        found += client.scalar(&query, load.last_ms)?;
    }
    Ok(found)
}
