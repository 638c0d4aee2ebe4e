//! What all handlers share.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use metastore::Metastore;
use parking_lot::RwLock;
use platform::Clock;
use promql::Engine;
use remote::read::ReadLimits;
use remote::write::{RemoteWriter, WriteLimits};
use storage::Storage;
use telemetry::Registry;
use tokio::sync::{mpsc, oneshot};

use crate::metrics::Metrics;
use crate::prometheus::rules::Rules;
use crate::remote::RemoteAdmission;
use crate::run::Admission;
use crate::store::Store;
use crate::watchfire::targets::Targets;

/// Bounds on what clients may ask for.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Queries that run at a time; more wait.
    pub queries: usize,
    /// Queries that wait at a time; more are refused.
    pub queries_waiting: usize,
    /// Largest body of a form or document in bytes.
    pub body_bytes: usize,
    /// Bounds on what remote write may bring.
    pub remote_write: WriteLimits,
    /// Bounds on what remote read may ask for.
    pub remote_read: ReadLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queries: 20,
            queries_waiting: 1_000,
            body_bytes: 10 << 20,
            remote_write: WriteLimits::default(),
            remote_read: ReadLimits::default(),
        }
    }
}

/// What was built.
#[derive(Clone, Debug, Default)]
pub struct BuildInfo {
    /// Version of the program.
    pub version: String,
    /// Commit, or "".
    pub revision: String,
}

/// What does not change while the server runs.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What was built.
    pub build: BuildInfo,
    /// The data comes from the simulated fleet.
    pub demo: bool,
    /// Flags with their values.
    pub flags: BTreeMap<String, String>,
    /// How long samples are kept, as said in the flag.
    pub retention: String,
    /// Whether `/-/quit` works.
    pub lifecycle: bool,
    /// Whether series may be deleted and snapshots made over HTTP.
    pub admin_api: bool,
    /// Whether `/api/v1/write` works.
    pub remote_write_receiver: bool,
    /// Host names, besides loopback and plain addresses, under which browsers may change things here.
    pub hosts: Vec<String>,
    /// The address under which others reach the server; ends without a slash.
    pub external_url: String,
    /// Working directory.
    pub working_directory: String,
    /// Start, milliseconds since the epoch.
    pub started_ms: i64,
}

/// The configuration in force.
#[derive(Clone, Debug, Default)]
pub struct ConfigStatus {
    /// The whole configuration as YAML, without secrets.
    pub yaml: String,
    /// Global scrape interval in milliseconds.
    pub scrape_interval_ms: i64,
    /// Whether the last attempt to load it worked.
    pub last_reload_ok: bool,
    /// When it was last loaded, milliseconds since the epoch.
    pub last_loaded_ms: i64,
}

/// What the administrator asks for.
#[derive(Debug)]
pub enum ControlRequest {
    /// Load the configuration again; the answer says what is wrong with it.
    Reload(oneshot::Sender<Result<(), String>>),
    /// Stop.
    Quit,
}

/// The way to whoever runs the server.
pub type Control = mpsc::Sender<ControlRequest>;

/// What all handlers share. Cheap to clone.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

/// The parts; only this crate reaches them.
pub struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) engine: Arc<Engine>,
    pub(crate) metastore: Metastore,
    pub(crate) targets: Arc<dyn Targets>,
    pub(crate) rules: Arc<dyn Rules>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) registry: Registry,
    pub(crate) metrics: Metrics,
    pub(crate) admission: Admission,
    pub(crate) remote_writer: Arc<RemoteWriter>,
    pub(crate) remote_admission: RemoteAdmission,
    pub(crate) settings: Settings,
    pub(crate) limits: Limits,
    pub(crate) control: Control,
    pub(crate) config: RwLock<ConfigStatus>,
    pub(crate) ready: RwLock<Result<(), String>>,
}

impl std::ops::Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl App {
    /// Puts the parts together. The server is not ready before [`App::set_ready`].
    #[expect(
        clippy::too_many_arguments,
        reason = "each is a part of the server; a builder would name them twice"
    )]
    pub fn new(
        store: Arc<dyn Store>,
        engine: Arc<Engine>,
        metastore: Metastore,
        targets: Arc<dyn Targets>,
        rules: Arc<dyn Rules>,
        clock: Arc<dyn Clock>,
        registry: &Registry,
        settings: Settings,
        limits: Limits,
        control: Control,
    ) -> Self {
        let metrics = Metrics::register(registry);
        let admission = Admission::new(limits.queries, limits.queries_waiting);
        let storage = Arc::clone(&store) as Arc<dyn Storage>;
        let remote_writer = Arc::new(RemoteWriter::new(storage, limits.remote_write.clone(), registry));
        let remote_admission = RemoteAdmission::new(&limits);
        Self {
            inner: Arc::new(Inner {
                store,
                engine,
                metastore,
                targets,
                rules,
                clock,
                registry: registry.clone(),
                metrics,
                admission,
                remote_writer,
                remote_admission,
                settings,
                limits,
                control,
                config: RwLock::default(),
                ready: RwLock::new(Err("the server is starting".to_owned())),
            }),
        }
    }

    /// Says that the server does its work from now on.
    pub fn set_ready(&self) {
        *self.ready.write() = Ok(());
    }

    /// Says that the server does not do its work (yet, or any more), and why.
    pub fn set_not_ready(&self, reason: &str) {
        *self.ready.write() = Err(reason.to_owned());
    }

    /// Says which configuration is in force.
    pub fn set_config(&self, status: ConfigStatus) {
        *self.config.write() = status;
    }

    /// Says that loading a configuration failed; the one before stays in force.
    pub fn set_reload_failed(&self) {
        self.config.write().last_reload_ok = false;
    }

    /// While `short`, queries that run are cancelled and new ones refused.
    pub fn set_short_of_memory(&self, short: bool) {
        self.admission.set_short_of_memory(short);
    }

    /// Cancels the queries that still run and refuses new ones.
    pub fn cancel_queries(&self) {
        self.admission.close();
    }

    /// Waits until no query runs, at most for `grace`. Says whether none does.
    pub async fn queries_finished(&self, grace: Duration) -> bool {
        self.admission.idle(grace).await
    }
}
