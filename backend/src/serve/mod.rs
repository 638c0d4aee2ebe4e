//! `watchfire serve` and `demo`: start in order, run until told to stop, stop in the opposite order.
//!
//! Start: configuration and addresses first, because they fail most and cost nothing; then the stores; then
//! scraping and rules; then the word that the server is ready. Stop: no new requests, running scrapes and rules end, queries
//! end or are cancelled, the log is synced, the files are closed.

pub(crate) mod alerting;
pub(crate) mod config_file;
mod control;
mod dashboards;
mod demo;
mod listen;
mod memory;
mod metrics;
mod parts;
mod store;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use http_rim::ServeOptions;
use tokio::sync::{oneshot, watch};
use tsdb::OpenProgress;

use crate::cli::ServerFlags;
pub(crate) use demo::DemoOptions;
use parts::Parts;

/// How long running scrapes may go on once the server is told to stop.
const SCRAPE_GRACE: Duration = Duration::from_secs(10);
/// How long running queries may go on before they are cancelled.
const QUERY_GRACE: Duration = Duration::from_secs(5);
/// How long requests may take to end after that.
const REQUEST_GRACE: Duration = Duration::from_secs(5);
/// Time between looks after the store.
const MAINTENANCE_INTERVAL_MS: i64 = 1_000;

/// Runs the server until it is told to stop.
pub(crate) fn main(
    flags: &ServerFlags,
    values: BTreeMap<String, String>,
    demo: Option<DemoOptions>,
) -> ExitCode {
    if let Err(error) = telemetry::init_logging(flags.log_level, flags.log_format) {
        tracing::error!(%error, "logging is set up twice");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "failed to start threads");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(run(flags, values, demo));
    // What is still computing by now has been cancelled and holds nothing that must be kept.
    runtime.shutdown_timeout(Duration::from_secs(1));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: &ServerFlags, values: BTreeMap<String, String>, demo: Option<DemoOptions>) -> Result<()> {
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "starting Watchfire");
    let mut signals = control::Signals::new().context("failed to listen for signals")?;
    let (listeners, addresses) = listen::all(flags).await?;
    let source = config_file::Source {
        file: flags.config_file.clone(),
        own_address: addresses[0],
        start_zeros: flags.start_zeros(),
        parse: flags.parse_options(),
        alertmanager: flags.alertmanager_file.clone(),
    };
    let loaded = source.load()?;
    let url = source.url(flags);

    let is_demo = demo.is_some();
    let progress = OpenProgress::default();
    let far = progress.clone();
    let how_far = move || far.now().map_or_else(|| "opening the store".to_owned(), |step| step.to_string());
    let (parts, requests) = tokio::select! {
        opened = Parts::open(flags, values, is_demo, &loaded, progress, &url) => opened?,
        never = http_rim::answer_while_starting(&listeners, how_far) => match never {},
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let options = ServeOptions {
        connections_max: flags.max_connections,
        read_timeout: flags.read_timeout,
        grace: REQUEST_GRACE,
    };
    let router = http_rim::router(parts.app.clone());
    let serving = tokio::spawn(http_rim::serve(listeners, parts.app.clone(), router, options, async {
        let _ = stopped.await;
    }));
    for address in &addresses {
        tracing::info!(address = %address, "listening at http://{address}");
    }
    let maintenance = tokio::spawn(maintain(parts.clone()));
    let memory = tokio::spawn(memory::watch(parts.clone(), flags.memory_budget));
    let (stop_alerting, stopped) = watch::channel(false);
    let alerting = Arc::clone(&parts.alerting);
    let alerting = tokio::spawn(async move { alerting.run(stopped).await });

    let mut control = control::Control::new(parts.clone(), source, flags.dashboards_path.clone());
    let mut fleet = None;
    let started = tokio::select! {
        started = async {
            if let Some(options) = demo {
                let running = demo::start(&parts, &options).await.context("failed to start the demo fleet")?;
                control.add_jobs(running.jobs.clone());
                fleet = Some(running);
            }
            control.start(loaded).await
        } => started.map(|()| true),
        // A demo that is still making its history can be stopped like anything else.
        () = signals.stop() => Ok(false),
    };
    let outcome = match started {
        Ok(true) => {
            parts.app.set_ready();
            let kind = if is_demo { "with simulated data" } else { "with real data" };
            tracing::info!("server is ready to receive web requests, {kind}: http://{}", addresses[0]);
            control.run(requests, &mut signals).await;
            Ok(())
        }
        Ok(false) => Ok(()),
        Err(error) => Err(error),
    };

    parts.app.set_not_ready("the server is stopping");
    tracing::info!("stopping: ending rules and scrapes");
    parts.rules.shutdown().await;
    let _ = stop_alerting.send(true);
    let _ = alerting.await;
    parts.scraping.shutdown(SCRAPE_GRACE).await;
    drop(fleet);
    tracing::info!("stopping: ending requests");
    let _ = stop.send(());
    if !parts.app.queries_finished(QUERY_GRACE).await {
        tracing::warn!("cancelling queries that still run");
    }
    parts.app.cancel_queries();
    let _ = serving.await;
    maintenance.abort();
    memory.abort();
    tracing::info!("stopping: closing the stores");
    parts.close().await?;
    tracing::info!("see you next time");
    outcome
}

/// Looks after the store about every second. A disk that fails is told once; `/-/ready` keeps telling.
async fn maintain(parts: Parts) {
    let mut healthy = true;
    loop {
        parts.clock.sleep_until(parts.clock.now_ms() + MAINTENANCE_INTERVAL_MS).await;
        let store = Arc::clone(&parts.store);
        let outcome = tokio::task::spawn_blocking(move || store.tsdb().maintain()).await;
        match outcome {
            Ok(Ok(())) => healthy = true,
            Ok(Err(error)) if healthy => {
                healthy = false;
                tracing::error!(%error, "the store takes no more writes");
            }
            Ok(Err(_)) => {}
            Err(error) => tracing::error!(%error, "looking after the store failed"),
        }
    }
}
