//! All jobs: starts, changes and stops their pools.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use discovery::DiscoveryDeps;
use parking_lot::Mutex;
use platform::Clock;
use platform::http_client::HttpNet;
use storage::Storage;
use telemetry::Registry;

use crate::buffers::Buffers;
use crate::config::ScrapeConfigs;
use crate::looping::LoopDeps;
use crate::metrics::Metrics;
use crate::pool::{self, Command, PoolHandle};
use crate::status::{PoolStatus, TargetMetadata};

/// What scraping needs of its surroundings.
#[derive(Clone)]
pub struct ScrapeDeps {
    /// Where samples go.
    pub storage: Arc<dyn Storage>,
    /// Clock.
    pub clock: Arc<dyn Clock>,
    /// Network.
    pub net: Arc<dyn HttpNet>,
    /// Where own metrics are registered.
    pub registry: Registry,
}

/// Runs the pools of all jobs. Dropping it without [`ScrapeManager::shutdown`] leaves running loops behind
/// until their runtime ends.
pub struct ScrapeManager {
    deps: Arc<LoopDeps>,
    discovery_deps: DiscoveryDeps,
    net: Arc<dyn HttpNet>,
    pools: Mutex<Pools>,
}

#[derive(Default)]
struct Pools {
    running: BTreeMap<String, PoolHandle>,
    /// Pools of jobs that are gone, until their series are marked stale.
    retired: Vec<PoolHandle>,
    stopped: bool,
}

impl ScrapeManager {
    /// A manager without jobs.
    #[must_use]
    pub fn new(deps: ScrapeDeps) -> Self {
        let metrics = Metrics::register(&deps.registry);
        let discovery_deps = DiscoveryDeps {
            clock: Arc::clone(&deps.clock),
            net: Arc::clone(&deps.net),
            metrics: metrics.discovery.clone(),
        };
        let loop_deps =
            LoopDeps { storage: deps.storage, clock: deps.clock, buffers: Buffers::default(), metrics };
        Self { deps: Arc::new(loop_deps), discovery_deps, net: deps.net, pools: Mutex::default() }
    }

    /// Scrapes these jobs from now on. Jobs that did not change go on as if nothing happened; targets that
    /// stay keep what is known of their series. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When a job's client cannot be made (a certificate cannot be read, say). Nothing is changed then.
    pub fn apply(&self, configs: &ScrapeConfigs) -> Result<(), String> {
        let mut clients = Vec::with_capacity(configs.jobs.len());
        for job in &configs.jobs {
            let client =
                self.net.client(&job.client).map_err(|error| format!("job {:?}: {error}", job.job_name))?;
            clients.push(client);
        }
        let mut pools = self.pools.lock();
        if pools.stopped {
            return Ok(());
        }
        pools.retired.retain(|pool| !pool.join.is_finished());
        let mut before = std::mem::take(&mut pools.running);
        for (job, client) in configs.jobs.iter().zip(clients) {
            let handle = match before.remove(&job.job_name) {
                Some(mut pool) => {
                    if pool.config != *job {
                        // A pool that does not listen any more has panicked; its targets show no scrapes.
                        let _ = pool.commands.send(Command::Configure(Arc::clone(job), client));
                        pool.config = Arc::clone(job);
                    }
                    pool
                }
                None => {
                    pool::spawn(Arc::clone(&self.deps), self.discovery_deps.clone(), Arc::clone(job), client)
                }
            };
            pools.running.insert(job.job_name.clone(), handle);
        }
        for (_, gone) in before {
            let _ = gone.commands.send(Command::Retire);
            pools.retired.push(gone);
        }
        Ok(())
    }

    /// All jobs with their targets, by name.
    #[must_use]
    pub fn targets(&self) -> Vec<PoolStatus> {
        self.pools.lock().running.iter().map(|(job, pool)| pool.board.status(job)).collect()
    }

    /// What all targets say about their metric families.
    #[must_use]
    pub fn metadata(&self) -> Vec<TargetMetadata> {
        let mut all = Vec::new();
        for pool in self.pools.lock().running.values() {
            pool.board.metadata(&mut all);
        }
        all
    }

    /// Own metrics.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.deps.metrics
    }

    /// Stops scraping. Running scrapes may end within the time and are committed; nothing is marked stale, so
    /// that a restart leaves no gap. After it, [`ScrapeManager::apply`] does nothing.
    pub async fn shutdown(&self, within: Duration) {
        let pools = {
            let mut pools = self.pools.lock();
            pools.stopped = true;
            std::mem::take(&mut *pools)
        };
        self.pools.lock().stopped = true;
        let all: Vec<PoolHandle> = pools.running.into_values().chain(pools.retired).collect();
        for pool in &all {
            let _ = pool.commands.send(Command::Stop(within));
        }
        for pool in all {
            // A pool that panicked has stopped, too.
            let _ = pool.join.await;
        }
    }
}
