//! The alert manager at work: drives a [`Dispatcher`] by the clock, has its notifications delivered, and keeps what
//! must outlive the process.
//!
//! Silences are kept before whoever made them is answered. What receivers were told is kept within a second: after
//! a crash a receiver may be told once more, never not at all.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use model::TimestampMs;
use parking_lot::Mutex;
use platform::{Clock, Entropy};
use thiserror::Error;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::alert::{AlertError, NewAlert};
use crate::config::AlertingConfig;
use crate::dispatch::{DispatchLimits, Dispatcher, Send as Notification, SendId};
use crate::fingerprint::Fingerprint;
use crate::records::{RecordStore, Records};
use crate::silence::{NewSilence, SilenceError};

/// Time between two rounds of forgetting what is of no use any more.
const MAINTENANCE_MS: i64 = 15 * 60_000;
/// How long what receivers were told may wait to be kept.
const KEEP_WITHIN_MS: i64 = 1_000;

/// The outcome of a delivery: an error says why it was given up.
pub type Delivering = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// Who delivers notifications, with all attempts until their deadline.
pub trait Deliver: Send + Sync {
    /// Delivers one.
    fn deliver(&self, notification: Notification) -> Delivering;
}

/// A store of records that can be shared with a thread.
pub type SharedRecords = Box<dyn RecordStore<Error = String> + Send>;

/// What an alert manager needs of its surroundings.
pub struct ManagerDeps {
    /// Clock.
    pub clock: Arc<dyn Clock>,
    /// For identifiers of silences.
    pub entropy: Arc<dyn Entropy>,
    /// Who delivers.
    pub deliver: Arc<dyn Deliver>,
    /// Where records are kept.
    pub records: SharedRecords,
}

/// Why a silence was not made or ended.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChangeError {
    /// It cannot be.
    #[error(transparent)]
    Silence(#[from] SilenceError),
    /// It holds, but would be gone after a restart.
    #[error("the silence counts, but cannot be kept for after a restart: {0}")]
    NotKept(String),
}

/// The alert manager. Cheap to clone; clones are the same one.
#[derive(Clone)]
pub struct AlertManager {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    deliver: Arc<dyn Deliver>,
    records: Mutex<SharedRecords>,
    core: Mutex<Core>,
    /// Something is due earlier than it was.
    changed: Notify,
}

struct Core {
    dispatcher: Dispatcher,
    config: Arc<AlertingConfig>,
    /// Deliveries to be stopped.
    stopped: Vec<SendId>,
    /// Since when something is to be kept.
    unkept_since: Option<TimestampMs>,
}

impl AlertManager {
    /// An alert manager with what was kept. Hands back what could not be taken up of it, for people.
    ///
    /// # Errors
    /// When the records cannot be read.
    pub fn new(
        config: Arc<AlertingConfig>,
        limits: DispatchLimits,
        mut deps: ManagerDeps,
    ) -> Result<(Self, Vec<String>), String> {
        let mut dispatcher = Dispatcher::new(&config, limits);
        let left_out = dispatcher.restore(deps.records.load()?);
        let core = Core { dispatcher, config, stopped: Vec::new(), unkept_since: None };
        let shared = Shared {
            clock: deps.clock,
            entropy: deps.entropy,
            deliver: deps.deliver,
            records: Mutex::new(deps.records),
            core: Mutex::new(core),
            changed: Notify::new(),
        };
        Ok((Self { shared: Arc::new(shared) }, left_out.iter().map(ToString::to_string).collect()))
    }

    /// Takes alerts in, and tells of each whether it was taken.
    pub fn put_alerts(&self, alerts: Vec<NewAlert>) -> Vec<Result<Fingerprint, AlertError>> {
        let now_ms = self.shared.clock.now_ms();
        let outcomes = self.shared.core.lock().dispatcher.put_alerts(alerts, now_ms);
        self.shared.changed.notify_one();
        outcomes
    }

    /// Takes another configuration in. Alerts, silences and what was told stay.
    pub fn apply(&self, config: Arc<AlertingConfig>) {
        let now_ms = self.shared.clock.now_ms();
        {
            let mut core = self.shared.core.lock();
            let stopped = core.dispatcher.reload(&config, now_ms);
            core.stopped.extend(stopped);
            core.config = config;
        }
        self.shared.changed.notify_one();
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> Arc<AlertingConfig> {
        Arc::clone(&self.shared.core.lock().config)
    }

    /// Asks the dispatcher, at the present.
    pub fn look<T>(&self, ask: impl FnOnce(&Dispatcher, TimestampMs) -> T) -> T {
        let now_ms = self.shared.clock.now_ms();
        ask(&self.shared.core.lock().dispatcher, now_ms)
    }

    /// Makes or changes a silence and gives its identifier, once it is kept. May block on the disk.
    ///
    /// # Errors
    /// When it cannot be, or cannot be kept.
    pub fn set_silence(&self, silence: NewSilence) -> Result<Arc<str>, ChangeError> {
        let shared = &*self.shared;
        let now_ms = shared.clock.now_ms();
        let id = shared.core.lock().dispatcher.silences_mut().set(silence, now_ms, &*shared.entropy)?;
        shared.keep().map_err(ChangeError::NotKept)?;
        Ok(id)
    }

    /// Ends a silence, as [`AlertManager::set_silence`] makes one.
    ///
    /// # Errors
    /// When there is none with the identifier, or it cannot be kept that it ended.
    pub fn expire_silence(&self, id: &str) -> Result<(), ChangeError> {
        let shared = &*self.shared;
        shared.core.lock().dispatcher.silences_mut().expire(id, shared.clock.now_ms())?;
        shared.keep().map_err(ChangeError::NotKept)
    }

    /// Notifies until `stop` says true; then what was told is kept once more. Deliveries that run are given up:
    /// they are made again after the next start.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let shared = &self.shared;
        let mut deliveries: JoinSet<(SendId, Result<(), String>)> = JoinSet::new();
        let mut running = std::collections::HashMap::new();
        let mut maintained_ms = shared.clock.now_ms();
        loop {
            let now_ms = shared.clock.now_ms();
            let (sends, stopped, due_ms) = {
                let mut core = shared.core.lock();
                if now_ms - maintained_ms >= MAINTENANCE_MS {
                    core.dispatcher.maintain(now_ms);
                    maintained_ms = now_ms;
                }
                let sends = core.dispatcher.tick(now_ms);
                let keep_ms = core.unkept_since.map(|since| since.saturating_add(KEEP_WITHIN_MS));
                let next_ms = [core.dispatcher.next_due(), keep_ms].into_iter().flatten().min();
                let maintain_ms = maintained_ms.saturating_add(MAINTENANCE_MS);
                (
                    sends,
                    std::mem::take(&mut core.stopped),
                    next_ms.map_or(maintain_ms, |ms| ms.min(maintain_ms)),
                )
            };
            for id in stopped {
                running.remove(&id).iter().for_each(tokio::task::AbortHandle::abort);
            }
            for send in sends {
                let (id, delivering) = (send.id, shared.deliver.deliver(send));
                running.insert(id, deliveries.spawn(async move { (id, delivering.await) }));
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                () = shared.changed.notified() => {}
                () = shared.clock.sleep_until(due_ms) => {}
                Some(done) = deliveries.join_next() => {
                    // One that was stopped has nothing to say; one that panicked counts when its deadline is over.
                    if let Ok((id, outcome)) = done {
                        running.remove(&id);
                        shared.answered(id, outcome);
                    }
                }
            }
            self.keep_if_due().await;
        }
        deliveries.abort_all();
        let shared = Arc::clone(shared);
        let kept = tokio::task::spawn_blocking(move || shared.keep()).await;
        if let Ok(Err(reason)) = kept {
            tracing::error!(reason, "what receivers were told cannot be kept");
        }
    }

    async fn keep_if_due(&self) {
        let now_ms = self.shared.clock.now_ms();
        let since = self.shared.core.lock().unkept_since;
        if since.is_none_or(|since| now_ms - since < KEEP_WITHIN_MS) {
            return;
        }
        let shared = Arc::clone(&self.shared);
        if let Ok(Err(reason)) = tokio::task::spawn_blocking(move || shared.keep()).await {
            tracing::error!(reason, "what receivers were told cannot be kept; trying again");
            self.shared.core.lock().unkept_since = Some(now_ms);
        }
    }
}

impl Shared {
    fn answered(&self, id: SendId, outcome: Result<(), String>) {
        let now_ms = self.clock.now_ms();
        let mut core = self.core.lock();
        match outcome {
            Ok(()) => {
                core.dispatcher.sent(id, now_ms);
                core.unkept_since.get_or_insert(now_ms);
            }
            Err(error) => {
                core.dispatcher.failed(id, &error, now_ms);
            }
        }
    }

    /// Keeps all records. One at a time, so that an older state never replaces a newer one.
    fn keep(&self) -> Result<(), String> {
        let mut store = self.records.lock();
        let records: Records = {
            let mut core = self.core.lock();
            core.unkept_since = None;
            core.dispatcher.records()
        };
        store.save(&records)
    }
}
