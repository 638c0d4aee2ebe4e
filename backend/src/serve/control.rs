//! What happens while the server runs: signals, requests to reload or quit.
//!
//! A reload reads and checks everything first. If anything is wrong, the configuration in force stays, and
//! the reason reaches the log, the answer of `/-/reload` and a metric.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use http_rim::{ConfigStatus, ControlRequest};
use rules::RuleSettings;
use scrape::{ScrapeConfig, ScrapeConfigs};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use super::config_file::{Loaded, Source};
use super::dashboards;
use super::parts::Parts;

/// The signals that mean something here.
pub(super) struct Signals {
    hang_up: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self {
            hang_up: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Resolves when the process is told to end.
    pub(super) async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => tracing::info!("received SIGTERM"),
            _ = self.interrupt.recv() => tracing::info!("received SIGINT"),
        }
    }
}

/// Applies configurations.
pub(super) struct Control {
    parts: Parts,
    source: Source,
    dashboards: Option<PathBuf>,
    /// Jobs that are there whatever the configuration says.
    jobs: Vec<Arc<ScrapeConfig>>,
}

impl Control {
    pub(super) fn new(parts: Parts, source: Source, dashboards: Option<PathBuf>) -> Self {
        Self { parts, source, dashboards, jobs: Vec::new() }
    }

    /// Adds jobs to those of every configuration.
    pub(super) fn add_jobs(&mut self, jobs: Vec<Arc<ScrapeConfig>>) {
        self.jobs.extend(jobs);
    }

    /// Applies the first configuration.
    pub(super) async fn start(&self, loaded: Loaded) -> Result<()> {
        dashboards::provision(&self.parts.metastore, self.dashboards.as_deref()).await;
        self.apply(&loaded).map_err(anyhow::Error::msg).context("failed to apply the configuration")
    }

    /// Serves signals and requests until it is time to stop.
    pub(super) async fn run(&self, mut requests: mpsc::Receiver<ControlRequest>, signals: &mut Signals) {
        loop {
            tokio::select! {
                _ = signals.hang_up.recv() => {
                    tracing::info!("received SIGHUP");
                    // The reason of a failure is logged where it happens.
                    let _ = self.reload().await;
                }
                _ = signals.terminate.recv() => return tracing::info!("received SIGTERM"),
                _ = signals.interrupt.recv() => return tracing::info!("received SIGINT"),
                request = requests.recv() => match request {
                    Some(ControlRequest::Reload(answer)) => {
                        let _ = answer.send(self.reload().await);
                    }
                    Some(ControlRequest::Quit) | None => return tracing::info!("asked to quit"),
                },
            }
        }
    }

    async fn reload(&self) -> Result<(), String> {
        let source = self.source.clone();
        let read = tokio::task::spawn_blocking(move || source.load()).await;
        let outcome = match read {
            Ok(Ok(loaded)) => self.apply(&loaded),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(format!("reading the configuration failed: {error}")),
        };
        match &outcome {
            Ok(()) => {
                dashboards::provision(&self.parts.metastore, self.dashboards.as_deref()).await;
            }
            Err(reason) => {
                self.parts.metrics.reload_ok.set(0);
                self.parts.app.set_reload_failed();
                tracing::error!(%reason, "failed to load the configuration; the one before stays in force");
            }
        }
        outcome
    }

    fn apply(&self, loaded: &Loaded) -> Result<(), String> {
        let mut jobs = loaded.scrape.jobs.clone();
        for job in &self.jobs {
            if jobs.iter().any(|other| other.job_name == job.job_name) {
                return Err(format!("the job name {:?} is taken by the demo", job.job_name));
            }
            jobs.push(Arc::clone(job));
        }
        let warnings = loaded.warnings();
        let alerting = loaded.alerting.as_ref();
        let notifier = self.parts.alerting.prepare(alerting, &self.parts.rule_flags.external_url)?;
        self.parts.scraping.apply(&ScrapeConfigs { jobs, warnings: Vec::new() })?;
        for warning in warnings {
            tracing::warn!("configuration: {warning}");
        }
        self.parts.store.apply(&loaded.main.storage, self.parts.max_exemplars);
        let global = &loaded.main.global;
        let settings = RuleSettings {
            interval_ms: global.evaluation_interval.as_ms(),
            query_offset_ms: global.rule_query_offset.as_ms(),
            external_labels: global.external_labels.clone(),
            ..self.parts.rule_flags.clone()
        };
        self.parts.alerting.apply(alerting, notifier, &global.external_labels);
        self.parts.rules.apply(loaded.rules.clone(), settings);
        let now_ms = self.parts.clock.now_ms();
        self.parts.metrics.reload_ok.set(1);
        self.parts.metrics.reload_time.set(now_ms as f64 / 1000.0);
        let interval = loaded.main.global.scrape_interval.to_std();
        self.parts.app.set_config(ConfigStatus {
            yaml: loaded.main.redacted_yaml(),
            scrape_interval_ms: i64::try_from(interval.as_millis()).unwrap_or(i64::MAX),
            last_reload_ok: true,
            last_loaded_ms: now_ms,
        });
        tracing::info!(file = %loaded.main.document.path().display(), jobs = loaded.scrape.jobs.len(), groups = loaded.rules.len(), "loaded the configuration");
        Ok(())
    }
}
