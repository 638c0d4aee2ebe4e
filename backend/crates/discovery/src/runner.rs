//! Running the mechanisms of one job and holding what they found.

use std::sync::Arc;

use parking_lot::Mutex;
use platform::Clock;
use platform::http_client::HttpNet;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::{DiscoveryConfig, DiscoveryConfigs};
use crate::file::FileSource;
use crate::group::TargetGroup;
use crate::http_source::HttpSource;
use crate::metrics::Metrics;

/// What discovery needs of its surroundings.
#[derive(Clone)]
pub struct DiscoveryDeps {
    /// Clock.
    pub clock: Arc<dyn Clock>,
    /// Network.
    pub net: Arc<dyn HttpNet>,
    /// Own metrics.
    pub metrics: Metrics,
}

/// A file or address that could not be read; its last groups stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError {
    /// File or address.
    pub source: String,
    /// What is wrong.
    pub message: String,
}

/// The running mechanisms of a job. They end when this is dropped.
pub struct Discovery {
    board: Arc<Board>,
    tasks: Vec<JoinHandle<()>>,
}

/// Where mechanisms write what they found.
pub(crate) struct Board {
    slots: Mutex<Vec<Slot>>,
    version: watch::Sender<u64>,
    metrics: Metrics,
}

#[derive(Default)]
struct Slot {
    groups: Vec<Arc<TargetGroup>>,
    errors: Vec<SourceError>,
    ready: bool,
}

impl Board {
    /// Publishes what mechanism `slot` found.
    pub(crate) fn publish(&self, slot: usize, groups: Vec<Arc<TargetGroup>>, errors: Vec<SourceError>) {
        {
            let mut slots = self.slots.lock();
            let Some(slot) = slots.get_mut(slot) else { return };
            let unchanged = slot.ready && slot.groups == groups && slot.errors == errors;
            if unchanged {
                return;
            }
            let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
            self.metrics.groups.inc_by(count(groups.len()) - count(slot.groups.len()));
            *slot = Slot { groups, errors, ready: true };
        }
        self.version.send_modify(|version| *version += 1);
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

impl Discovery {
    /// Starts the mechanisms. Must be called within a tokio runtime.
    #[must_use]
    pub fn start(configs: &DiscoveryConfigs, deps: &DiscoveryDeps) -> Self {
        let slots = configs.mechanisms.iter().map(|_| Slot::default()).collect();
        let board = Arc::new(Board {
            slots: Mutex::new(slots),
            version: watch::Sender::new(0),
            metrics: deps.metrics.clone(),
        });
        let mut tasks = Vec::new();
        for (slot, config) in configs.mechanisms.iter().enumerate() {
            match config {
                DiscoveryConfig::Static(groups) => {
                    board.publish(slot, groups.iter().cloned().map(Arc::new).collect(), Vec::new());
                }
                DiscoveryConfig::File(config) => {
                    let source = FileSource::new(config.clone(), Arc::clone(&board), slot);
                    tasks.push(tokio::spawn(source.run(Arc::clone(&deps.clock))));
                }
                DiscoveryConfig::Http(config) => {
                    let source = HttpSource::new((**config).clone(), Arc::clone(&board), slot);
                    tasks.push(tokio::spawn(source.run(deps.clone())));
                }
            }
        }
        Self { board, tasks }
    }

    /// Changes whenever the groups or the errors do.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.board.version.subscribe()
    }

    /// The groups known now.
    #[must_use]
    pub fn groups(&self) -> Vec<Arc<TargetGroup>> {
        self.board.slots.lock().iter().flat_map(|slot| slot.groups.iter().cloned()).collect()
    }

    /// Sources that could not be read when they were last tried.
    #[must_use]
    pub fn errors(&self) -> Vec<SourceError> {
        self.board.slots.lock().iter().flat_map(|slot| slot.errors.iter().cloned()).collect()
    }

    /// Whether each mechanism has answered once, be it with an error.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.board.slots.lock().iter().all(|slot| slot.ready)
    }
}

impl Drop for Discovery {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        let held: usize = self.board.slots.lock().iter().map(|slot| slot.groups.len()).sum();
        self.board.metrics.groups.dec_by(i64::try_from(held).unwrap_or(0));
    }
}
