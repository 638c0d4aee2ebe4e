//! The pool of one job: keeps one loop per target, as discovery and the rules have it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use discovery::{Discovery, DiscoveryDeps};
use parking_lot::RwLock;
use platform::http_client::HttpFetch;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::config::ScrapeConfig;
use crate::looping::{self, LoopDeps, LoopHandle, LoopView, Phase, Start};
use crate::request::Request;
use crate::status::{DroppedTarget, PoolStatus, TargetMetadata, TargetStatus};
use crate::target::{self, Outcome, Target};

/// Dropped targets remembered where the configuration says no number.
const MOST_DROPPED: usize = 10_000;
/// How long a changed discovery may take before the pool goes on with what it has found.
const DISCOVERY_WAIT_MS: i64 = 5_000;

/// What a pool is told.
pub(crate) enum Command {
    /// Another configuration, with its client.
    Configure(Arc<ScrapeConfig>, Arc<dyn HttpFetch>),
    /// The job is gone: all targets are.
    Retire,
    /// The server stops: end at once, without markers, but let running scrapes end within the time.
    Stop(Duration),
}

/// A pool that runs.
pub(crate) struct PoolHandle {
    pub config: Arc<ScrapeConfig>,
    pub commands: mpsc::UnboundedSender<Command>,
    pub board: Arc<PoolBoard>,
    pub join: JoinHandle<()>,
}

/// What others see of a pool.
#[derive(Default)]
pub(crate) struct PoolBoard {
    inner: RwLock<Seen>,
}

#[derive(Default)]
struct Seen {
    targets: Vec<(Arc<Target>, Arc<LoopView>)>,
    dropped: Vec<DroppedTarget>,
    dropped_count: usize,
    errors: Vec<discovery::SourceError>,
}

impl PoolBoard {
    pub(crate) fn status(&self, job: &str) -> PoolStatus {
        let seen = self.inner.read();
        let target = |(target, view): &(Arc<Target>, Arc<LoopView>)| {
            let last = view.last.lock().clone();
            TargetStatus {
                pool: job.to_owned(),
                discovered_labels: target.discovered.clone(),
                labels: target.labels.clone(),
                scrape_url: target.url.to_string(),
                health: last.health,
                last_error: last.error,
                last_scrape_ms: last.at_ms,
                last_scrape_duration_s: last.duration_s,
                samples_scraped: last.scraped,
                samples_kept: last.kept,
                series_added: last.added,
                scrape_interval_ms: target.interval_ms,
                scrape_timeout_ms: target.timeout_ms,
            }
        };
        PoolStatus {
            job: job.to_owned(),
            targets: seen.targets.iter().map(target).collect(),
            dropped: seen.dropped.clone(),
            dropped_count: seen.dropped_count,
            discovery_errors: seen.errors.clone(),
        }
    }

    pub(crate) fn metadata(&self, out: &mut Vec<TargetMetadata>) {
        for (target, view) in &self.inner.read().targets {
            out.extend(view.families.lock().iter().map(|(metric, metadata)| TargetMetadata {
                target: target.labels.clone(),
                metric: metric.to_owned(),
                metadata: metadata.clone(),
            }));
        }
    }
}

struct Pool {
    deps: Arc<LoopDeps>,
    discovery_deps: DiscoveryDeps,
    config: Arc<ScrapeConfig>,
    client: Arc<dyn HttpFetch>,
    discovery: Discovery,
    changes: watch::Receiver<u64>,
    loops: HashMap<u64, LoopHandle>,
    /// Loops of targets that are gone, until they have marked their series.
    ending: HashMap<u64, LoopHandle>,
    board: Arc<PoolBoard>,
}

/// Starts a pool. Must be called within a tokio runtime.
pub(crate) fn spawn(
    deps: Arc<LoopDeps>,
    discovery_deps: DiscoveryDeps,
    config: Arc<ScrapeConfig>,
    client: Arc<dyn HttpFetch>,
) -> PoolHandle {
    let (commands, receiver) = mpsc::unbounded_channel();
    let board = Arc::new(PoolBoard::default());
    let discovery = Discovery::start(&config.discovery, &discovery_deps);
    let pool = Pool {
        deps,
        discovery_deps,
        config: Arc::clone(&config),
        client,
        changes: discovery.changes(),
        discovery,
        loops: HashMap::new(),
        ending: HashMap::new(),
        board: Arc::clone(&board),
    };
    let join = tokio::spawn(pool.run(receiver));
    PoolHandle { config, commands, board, join }
}

impl Pool {
    async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        self.sync(None);
        let mut waiting = None;
        loop {
            let command = tokio::select! {
                biased;
                command = next(&mut waiting, &mut commands) => command,
                changed = self.changes.changed() => {
                    // The sender lives in `self.discovery`.
                    debug_assert!(changed.is_ok());
                    self.sync(None);
                    continue;
                }
            };
            match command {
                Some(Command::Configure(config, client)) => {
                    waiting = self.configure(config, client, &mut commands).await;
                }
                Some(Command::Retire) => {
                    self.retire(&mut commands).await;
                    return;
                }
                Some(Command::Stop(within)) => {
                    self.stop(within).await;
                    return;
                }
                // The manager is gone without a word, as in a panic.
                None => return,
            }
        }
    }

    /// Takes another configuration. Hands back the command that interrupted it, if one did.
    async fn configure(
        &mut self,
        config: Arc<ScrapeConfig>,
        client: Arc<dyn HttpFetch>,
        commands: &mut mpsc::UnboundedReceiver<Command>,
    ) -> Option<Command> {
        let mut interrupted = None;
        if config.discovery != self.config.discovery {
            let discovery = Discovery::start(&config.discovery, &self.discovery_deps);
            self.changes = discovery.changes();
            // The old targets are scraped on until the new ones are known.
            let deadline = self.deps.clock.now_ms() + DISCOVERY_WAIT_MS;
            while !discovery.is_ready() {
                tokio::select! {
                    _ = self.changes.changed() => {}
                    () = self.deps.clock.sleep_until(deadline) => break,
                    command = commands.recv() => {
                        interrupted = command;
                        break;
                    }
                }
            }
            self.discovery = discovery;
        }
        let before = std::mem::replace(&mut self.config, config);
        self.client = client;
        self.sync(Some(&before));
        interrupted
    }

    /// Brings the loops in line with discovery. After a change of configuration, `before` is the old one and
    /// every loop is replaced.
    fn sync(&mut self, before: Option<&ScrapeConfig>) {
        self.changes.mark_unchanged();
        let (targets, seen) = self.wanted();
        let limit = self.config.limits.targets;
        let over = limit > 0 && targets.len() as u64 > limit;
        let forced = over
            .then(|| format!("target_limit exceeded (number of targets: {}, limit: {limit})", targets.len()));
        self.ending.retain(|_, ending| !ending.join.is_finished());
        let mut old = std::mem::take(&mut self.loops);
        for (hash, target) in targets {
            let kept = match old.remove(&hash) {
                Some(running) if before.is_none() => Ok(running),
                other => Err(other.or_else(|| self.ending.remove(&hash))),
            };
            let running = match kept {
                Ok(running) => running,
                Err(previous) => self.start(target, previous, before),
            };
            running.view.forced_error.lock().clone_from(&forced);
            self.loops.insert(hash, running);
        }
        for (hash, gone) in old {
            gone.phase.send_replace(Phase::Gone);
            self.ending.insert(hash, gone);
        }
        self.publish(seen);
    }

    fn start(
        &self,
        target: Arc<Target>,
        previous: Option<LoopHandle>,
        before: Option<&ScrapeConfig>,
    ) -> LoopHandle {
        let request = Request::new(Arc::clone(&self.client), &self.config, target.timeout_ms);
        let samples_alike = before.is_none_or(|before| before.samples_alike(&self.config));
        let (view, start) = match previous {
            None => (Arc::default(), Start::Fresh),
            Some(previous) => {
                previous.phase.send_replace(Phase::Release);
                (previous.view, Start::Continue { before: previous.join, samples_alike })
            }
        };
        let seed = offset_seed(&self.config);
        looping::spawn(&self.deps, &self.config, target, view, request, seed, start)
    }

    /// The targets that there shall be, and those that shall not.
    fn wanted(&self) -> (HashMap<u64, Arc<Target>>, Seen) {
        let keep = match usize::try_from(self.config.limits.keep_dropped_targets) {
            Ok(0) | Err(_) => MOST_DROPPED,
            Ok(keep) => keep,
        };
        let mut targets = HashMap::new();
        let mut seen = Seen { errors: self.discovery.errors(), ..Seen::default() };
        let mut drop_target = |discovered_labels, rule, reason| {
            seen.dropped_count += 1;
            if seen.dropped.len() < keep {
                let pool = self.config.job_name.clone();
                seen.dropped.push(DroppedTarget { pool, discovered_labels, rule, reason });
            }
        };
        for group in self.discovery.groups() {
            for outcome in target::from_group(&self.config, &group) {
                match outcome {
                    // The same target found twice is scraped once.
                    Outcome::Scrape(target) => {
                        targets.entry(target.hash).or_insert_with(|| Arc::new(*target));
                    }
                    Outcome::Dropped { discovered, rule } => {
                        let action = self
                            .config
                            .relabel
                            .get(rule)
                            .map_or_else(String::new, |r| r.action().to_string());
                        drop_target(
                            discovered,
                            Some(rule),
                            format!("relabel_configs[{rule}] ({action}) dropped it"),
                        );
                    }
                    Outcome::Invalid { discovered, reason } => {
                        tracing::warn!(job = %self.config.job_name, source = %group.source, %reason, "not a target");
                        drop_target(discovered, None, reason);
                    }
                }
            }
        }
        (targets, seen)
    }

    fn publish(&self, mut seen: Seen) {
        let mut targets: Vec<_> = self
            .loops
            .values()
            .map(|running| (Arc::clone(&running.target), Arc::clone(&running.view)))
            .collect();
        targets.sort_by(|a, b| a.0.labels.cmp(&b.0.labels).then_with(|| a.0.url.cmp(&b.0.url)));
        seen.targets = targets;
        let mut held = self.board.inner.write();
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        self.deps.metrics.targets.inc_by(count(seen.targets.len()) - count(held.targets.len()));
        *held = seen;
    }

    /// Lets all loops mark their series; a stop on the way ends them at once.
    async fn retire(mut self, commands: &mut mpsc::UnboundedReceiver<Command>) {
        for (hash, gone) in self.loops.drain() {
            gone.phase.send_replace(Phase::Gone);
            self.ending.insert(hash, gone);
        }
        self.publish(Seen::default());
        let mut ending: Vec<LoopHandle> = self.ending.drain().map(|(_, ending)| ending).collect();
        while let Some(last) = ending.last_mut() {
            let within = tokio::select! {
                _ = &mut last.join => {
                    ending.pop();
                    continue;
                }
                command = commands.recv() => match command {
                    Some(Command::Stop(within)) => within,
                    Some(_) => continue,
                    None => Duration::ZERO,
                },
            };
            release(ending, within).await;
            return;
        }
    }

    async fn stop(mut self, within: Duration) {
        let all = self.loops.drain().chain(self.ending.drain()).map(|(_, running)| running).collect();
        release(all, within).await;
    }
}

/// The command that waits, or the next one.
async fn next(
    waiting: &mut Option<Command>,
    commands: &mut mpsc::UnboundedReceiver<Command>,
) -> Option<Command> {
    match waiting.take() {
        Some(command) => Some(command),
        None => commands.recv().await,
    }
}

/// Ends loops: running scrapes may end within the time, then they are cut off.
async fn release(loops: Vec<LoopHandle>, within: Duration) {
    for running in &loops {
        running.phase.send_replace(Phase::Release);
    }
    let aborts: Vec<_> = loops.iter().map(|running| running.join.abort_handle()).collect();
    let ended = async {
        for running in loops {
            // A loop that panicked has ended, too.
            let _ = running.join.await;
        }
    };
    if tokio::time::timeout(within, ended).await.is_err() {
        for abort in aborts {
            abort.abort();
        }
    }
}

/// Servers with other external labels scrape the same target at another moment.
fn offset_seed(config: &ScrapeConfig) -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _};
    let mut hasher = foldhash::quality::FixedState::with_seed(0).build_hasher();
    hasher.write(config.external_labels.key().as_bytes());
    hasher.finish()
}
