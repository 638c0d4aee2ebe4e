//! The demo: a simulated fleet on a loopback port, found by HTTP discovery and scraped like any other, after
//! some hours of its past have gone the way of ordinary scrapes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use fleet::{Fleet, FleetTarget};
use http_rim::{Page, PageAnswer};
use model::Labels;
use parking_lot::Mutex;
use platform::Clock;
use promql_syntax::ParseOptions;
use scrape::{Replay, ScrapeConfig};
use storage::Storage;
use tokio::task::JoinHandle;

use super::config_file;
use super::parts::Parts;
use crate::cli::DemoFlags;

/// Time between scrapes of the fleet.
const INTERVAL_MS: i64 = 15_000;
/// What a scrape of the past is said to have taken, in seconds.
const SCRAPE_SECONDS: f64 = 0.004;
/// Jobs of the fleet.
const JOBS: [&str; 4] = ["vllm", "dcgm", "node", "litellm"];

/// What the demo is asked for.
#[derive(Clone, Debug)]
pub(crate) struct DemoOptions {
    seed: u64,
    history: Duration,
}

impl From<&DemoFlags> for DemoOptions {
    fn from(flags: &DemoFlags) -> Self {
        Self { seed: flags.seed, history: flags.history }
    }
}

/// The running fleet; it ends when this is dropped.
pub(super) struct RunningFleet {
    pub(super) jobs: Vec<Arc<ScrapeConfig>>,
    server: JoinHandle<()>,
}

impl Drop for RunningFleet {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Makes the fleet's history and starts serving its pages.
pub(super) async fn start(parts: &Parts, options: &DemoOptions) -> Result<RunningFleet> {
    let listener = platform::listen(([127, 0, 0, 1], 0).into()).await.context("no free port on 127.0.0.1")?;
    let address = listener.local_addr().context("the fleet's port is not known")?.to_string();
    let (name, text) = (Path::new("the demo's configuration"), configuration(&address));
    let jobs = config_file::parse(name, &text, &ParseOptions::default())?.scrape.jobs;

    let fleet = {
        let (parts, jobs, options, address) = (parts.clone(), jobs.clone(), options.clone(), address.clone());
        let history = tokio::task::spawn_blocking(move || make_history(&parts, &jobs, &options, &address));
        history.await.context("making the fleet's history failed")??
    };
    let pages = Pages { fleet: Mutex::new(fleet), clock: Arc::clone(&parts.clock), address: address.clone() };
    let server = tokio::spawn(async move {
        if let Err(error) = http_rim::serve_pages(
            listener,
            Arc::new(move |path: &str| pages.page(path)),
            std::future::pending(),
        )
        .await
        {
            tracing::error!(%error, "the fleet's pages are no longer served");
        }
    });
    tracing::info!(%address, "the simulated fleet is running");
    Ok(RunningFleet { jobs, server })
}

/// The jobs of the fleet.
fn configuration(address: &str) -> String {
    let mut text = format!(
        "global:\n  scrape_interval: {}s\n  scrape_timeout: 5s\nscrape_configs:\n",
        INTERVAL_MS / 1000
    );
    for job in JOBS {
        text.push_str(&format!(
            "  - job_name: {job}\n    http_sd_configs:\n      - url: http://{address}/targets/{job}\n        refresh_interval: 10s\n"
        ));
    }
    text
}

/// Labels as discovery finds them.
fn discovered(target: &FleetTarget, address: &str) -> Vec<(String, String)> {
    let mut labels: Vec<(String, String)> =
        target.labels.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    labels.push(("__address__".to_owned(), address.to_owned()));
    labels.push(("__metrics_path__".to_owned(), target.path.clone()));
    labels
}

/// Lets the fleet live through its past, from where the store ends (at most the history's length ago) until
/// now, scrape by scrape. Answers with the fleet as it is now.
fn make_history(
    parts: &Parts,
    jobs: &[Arc<ScrapeConfig>],
    options: &DemoOptions,
    address: &str,
) -> Result<Fleet> {
    let now_ms = parts.clock.now_ms();
    let history_ms = i64::try_from(options.history.as_millis()).unwrap_or(i64::MAX);
    let newest = parts.store.tsdb().time_range().map(|range| range.end_ms + INTERVAL_MS);
    let start_ms = newest.unwrap_or(i64::MIN).max(now_ms.saturating_sub(history_ms)).min(now_ms);
    let start_ms = start_ms - start_ms.rem_euclid(INTERVAL_MS) + INTERVAL_MS;
    let mut fleet = Fleet::new(options.seed, start_ms - INTERVAL_MS);
    if start_ms < now_ms {
        tracing::info!(minutes = (now_ms - start_ms) / 60_000, "making the simulated fleet's history");
    }

    let mut replays: BTreeMap<(String, Labels), (usize, Replay)> = BTreeMap::new();
    let mut t = start_ms;
    let mut round = 0_usize;
    let mut told_ms = parts.clock.monotonic();
    while t < now_ms {
        fleet.advance_to(t);
        round += 1;
        for target in fleet.targets() {
            let Some(job) = jobs.iter().find(|job| job.job_name == target.job) else { continue };
            let labels = Labels::from_pairs(discovered(&target, address));
            let key = (target.job.to_owned(), labels.clone());
            if !replays.contains_key(&key) {
                let storage: &dyn Storage = &*parts.store;
                let replay = Replay::new(storage, Arc::clone(job), labels, parts.scraping.metrics().clone())
                    .map_err(anyhow::Error::msg)
                    .with_context(|| format!("target {}", target.path))?;
                replays.insert(key.clone(), (round, replay));
            }
            if let Some((seen, replay)) = replays.get_mut(&key) {
                *seen = round;
                replay
                    .scrape(t, fleet.page(&target.path).as_deref(), SCRAPE_SECONDS)
                    .map_err(anyhow::Error::msg)
                    .with_context(|| format!("page {}", target.path))?;
            }
        }
        // A target whose labels changed is another one; what it was is gone.
        for (_, replay) in replays.values_mut().filter(|(seen, _)| *seen != round) {
            replay.end(t).map_err(anyhow::Error::msg)?;
        }
        replays.retain(|_, (seen, _)| *seen == round);
        if parts.clock.monotonic().saturating_sub(told_ms) >= Duration::from_secs(2) {
            told_ms = parts.clock.monotonic();
            let percent = (t - start_ms) * 100 / (now_ms - start_ms).max(1);
            tracing::info!(percent, "making the simulated fleet's history");
        }
        t += INTERVAL_MS;
    }
    Ok(fleet)
}

/// The fleet's pages, as of the moment they are asked for.
struct Pages {
    fleet: Mutex<Fleet>,
    clock: Arc<dyn Clock>,
    address: String,
}

impl Pages {
    fn page(&self, path: &str) -> PageAnswer {
        let mut fleet = self.fleet.lock();
        fleet.advance_to(self.clock.now_ms());
        match path.strip_prefix("/targets/") {
            Some(job) => {
                let groups: Vec<serde_json::Value> = fleet
                    .targets()
                    .iter()
                    .filter(|target| target.job == job)
                    .map(|target| {
                        let labels: BTreeMap<String, String> = discovered(target, &self.address)
                            .into_iter()
                            .filter(|(name, _)| name != "__address__")
                            .collect();
                        serde_json::json!({"targets": [self.address], "labels": labels})
                    })
                    .collect();
                PageAnswer::Found(Page {
                    content_type: "application/json",
                    body: serde_json::Value::from(groups).to_string(),
                })
            }
            None => fleet.page(path).map_or(PageAnswer::Down, |body| {
                PageAnswer::Found(Page { content_type: exposition::Format::Text.content_type(), body })
            }),
        }
    }
}
