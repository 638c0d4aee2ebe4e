//! The parts of the server, opened and put together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use http_rim::{App, BuildInfo, ControlRequest, Limits, Rules, Settings, Targets};
use metastore::Metastore;
use model::format_duration;
use platform::http_client::RealNet;
use platform::{Clock, Disk as _, RealDisk, SystemClock, SystemEntropy};
use promql::{Engine, EngineOptions};
use promql_syntax::Features;
use remote::read::ReadLimits;
use remote::write::WriteLimits;
use rules::{AlertSink, RuleDeps, RuleManager, RuleSettings};
use scrape::{ScrapeDeps, ScrapeManager};
use storage::Storage;
use telemetry::Registry;
use tokio::sync::mpsc;
use tsdb::{OpenProgress, SeriesLimits, Tsdb};

use super::alerting::Alerting;
use super::config_file::Loaded;
use super::metrics::Metrics;
use super::store::TsdbStore;
use crate::cli::{START_ZEROS, ServerFlags};

/// Most points between start and end of a range query are 11,000; the start is one more.
const MAX_POINTS: usize = 11_001;

/// What runs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) store: Arc<TsdbStore>,
    /// Exemplars kept if the configuration does not say.
    pub(crate) max_exemplars: usize,
    pub(crate) metastore: Metastore,
    pub(crate) scraping: Arc<ScrapeManager>,
    pub(crate) rules: Arc<RuleManager>,
    /// What the flags say about rules; the rest comes from the configuration.
    pub(crate) rule_flags: RuleSettings,
    pub(crate) alerting: Arc<Alerting>,
    pub(crate) app: App,
    pub(crate) metrics: Metrics,
    #[cfg(test)]
    pub(crate) registry: Registry,
}

impl Parts {
    /// Opens the stores and puts everything together; nothing runs yet. With the parts comes the queue of
    /// what administrators ask for.
    pub(crate) async fn open(
        flags: &ServerFlags,
        values: BTreeMap<String, String>,
        demo: bool,
        loaded: &Loaded,
        progress: OpenProgress,
        external_url: &str,
    ) -> Result<(Self, mpsc::Receiver<ControlRequest>)> {
        let clock = SystemClock::shared();
        let registry = Registry::new();
        let metrics = Metrics::register(&registry);
        let dir = storage_dir(flags, demo);
        RealDisk
            .create_dir_all(&dir)
            .with_context(|| format!("cannot make the directory {}", dir.display()))?;

        let store = open_store(flags, &dir, &clock, &registry, progress).await?;
        let store = Arc::new(TsdbStore(store));
        let database = flags.database_path.clone().unwrap_or_else(|| dir.join("watchfire.db"));
        let metastore = Metastore::open(&database, Arc::clone(&clock), SystemEntropy::shared()).await?;
        let engine = Arc::new(engine(flags, loaded, &clock, &registry));
        let alerting = Alerting::open(loaded.alerting.as_ref(), &dir, external_url, &clock);
        let alerting =
            Arc::new(alerting.map_err(anyhow::Error::msg).context("failed to start the alert manager")?);
        let rules = RuleDeps {
            storage: Arc::clone(&store) as Arc<dyn Storage>,
            engine: Arc::clone(&engine),
            clock: Arc::clone(&clock),
            sink: Arc::clone(&alerting) as Arc<dyn AlertSink>,
        };
        let rules = Arc::new(RuleManager::new(rules, &registry));
        let scraping = Arc::new(ScrapeManager::new(ScrapeDeps {
            storage: Arc::clone(&store) as Arc<dyn Storage>,
            clock: Arc::clone(&clock),
            net: Arc::new(RealNet),
            registry: registry.clone(),
        }));

        let (control, requests) = mpsc::channel(8);
        let app = App::new(
            Arc::clone(&store) as Arc<dyn http_rim::Store>,
            engine,
            metastore.clone(),
            Arc::clone(&scraping) as Arc<dyn Targets>,
            Arc::clone(&rules) as Arc<dyn Rules>,
            Arc::clone(&clock),
            &registry,
            settings(flags, values, demo, &*clock)?,
            limits(flags),
            control,
        );
        let parts = Self {
            clock,
            store,
            max_exemplars: flags.exemplars,
            metastore,
            scraping,
            rules,
            rule_flags: rule_flags(flags, external_url),
            alerting,
            app,
            metrics,
            #[cfg(test)]
            registry,
        };
        Ok((parts, requests))
    }

    /// Closes the stores.
    pub(crate) async fn close(&self) -> Result<()> {
        self.metastore.close().await;
        let store = Arc::clone(&self.store);
        let closed = tokio::task::spawn_blocking(move || store.tsdb().close()).await;
        closed
            .context("closing the store failed")?
            .context("the last samples could not be forced onto the disk")
    }
}

fn storage_dir(flags: &ServerFlags, demo: bool) -> PathBuf {
    let default = if demo { "demo-data/" } else { "data/" };
    flags.storage_path.clone().unwrap_or_else(|| default.into())
}

async fn open_store(
    flags: &ServerFlags,
    dir: &Path,
    clock: &Arc<dyn Clock>,
    registry: &Registry,
    progress: OpenProgress,
) -> Result<Tsdb> {
    let mut options = tsdb::Options::new(dir);
    options.progress = progress;
    options.retention_ms = i64::try_from(flags.retention.as_millis()).unwrap_or(i64::MAX);
    options.retention_bytes = flags.retention_size;
    options.block_range_ms = i64::try_from(flags.min_block.as_millis()).unwrap_or(i64::MAX);
    options.max_age_ms = options.block_range_ms / 2;
    options.max_block_range_ms =
        flags.max_block.map_or(0, |longest| i64::try_from(longest.as_millis()).unwrap_or(i64::MAX));
    options.wal_fsync = flags.wal_fsync;
    options.max_exemplars = flags.exemplars;
    options.series_limits = SeriesLimits {
        total: flags.max_series,
        per_metric: flags.max_series_per_metric,
        per_job: flags.max_series_per_job,
    };
    let (clock, registry) = (Arc::clone(clock), registry.clone());
    let opened = tokio::task::spawn_blocking(move || {
        Tsdb::open(options, RealDisk::shared(), clock, SystemEntropy::shared(), &registry)
    })
    .await;
    let (store, _report) = opened.context("opening the store failed")?.context("failed to open the store")?;
    Ok(store)
}

fn engine(flags: &ServerFlags, loaded: &Loaded, clock: &Arc<dyn Clock>, registry: &Registry) -> Engine {
    let mut known = Features::default();
    for name in flags.features.iter().filter(|name| !name.is_empty()) {
        if known.enable(name) || name == START_ZEROS {
            tracing::info!(feature = %name, "feature switched on");
        } else {
            tracing::warn!(feature = %name, "unknown feature");
        }
    }
    let options = EngineOptions {
        lookback_delta: flags.lookback_delta,
        max_samples: flags.query_samples,
        timeout: flags.query_timeout,
        max_concurrency: flags.query_concurrency.max(1),
        max_points: MAX_POINTS,
        default_subquery_step: loaded.main.global.evaluation_interval.to_std(),
        parse: flags.parse_options(),
        ..EngineOptions::default()
    };
    let clock = Arc::clone(clock);
    Engine::new(options, Arc::new(move || clock.monotonic()), registry)
}

fn rule_flags(flags: &ServerFlags, external_url: &str) -> RuleSettings {
    let ms = |length: std::time::Duration| i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
    RuleSettings {
        external_url: external_url.to_owned(),
        resend_delay_ms: ms(flags.resend_delay),
        outage_tolerance_ms: ms(flags.outage_tolerance),
        grace_ms: ms(flags.grace_period),
        threads: flags.rule_concurrency.max(1),
        ..RuleSettings::default()
    }
}

fn limits(flags: &ServerFlags) -> Limits {
    Limits {
        queries: flags.query_concurrency,
        remote_write: WriteLimits {
            body_bytes: flags.remote_write_bytes,
            start_zeros: flags.start_zeros(),
            ..WriteLimits::default()
        },
        remote_read: ReadLimits {
            samples: flags.remote_read_samples,
            concurrency: flags.remote_read_concurrency,
            frame_bytes: flags.remote_read_frame_bytes,
        },
        ..Limits::default()
    }
}

fn settings(
    flags: &ServerFlags,
    values: BTreeMap<String, String>,
    demo: bool,
    clock: &dyn Clock,
) -> Result<Settings> {
    let external_url = flags.external_url.clone().unwrap_or_default();
    let mut hosts = Vec::new();
    if !external_url.is_empty() {
        let url =
            url::Url::parse(&external_url).with_context(|| format!("--web.external-url={external_url}"))?;
        hosts.extend(url.host_str().map(str::to_owned));
    }
    let retention_ms = i64::try_from(flags.retention.as_millis()).unwrap_or(i64::MAX);
    Ok(Settings {
        build: BuildInfo { version: env!("CARGO_PKG_VERSION").to_owned(), revision: String::new() },
        demo,
        flags: values,
        retention: format_duration(retention_ms),
        lifecycle: flags.enable_lifecycle,
        admin_api: flags.enable_admin_api,
        remote_write_receiver: flags.remote_write_receiver,
        hosts,
        external_url: external_url.trim_end_matches('/').to_owned(),
        working_directory: std::env::current_dir().map(|dir| dir.display().to_string()).unwrap_or_default(),
        started_ms: clock.now_ms(),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};
    use crate::serve::config_file;

    #[tokio::test]
    async fn the_page_of_metrics_is_up_to_date() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().display().to_string();
        let cli = Cli::parse_from(["watchfire", "serve", "--storage.tsdb.path", &path]);
        let Command::Serve(flags) = cli.command else { panic!() };
        let loaded = config_file::parse(Path::new("x"), "", &flags.parse_options()).unwrap();
        let (parts, _requests) =
            Parts::open(&flags, BTreeMap::new(), false, &loaded, OpenProgress::default(), "http://x")
                .await
                .unwrap();
        let want = telemetry::markdown(&parts.registry.catalogue());
        parts.close().await.unwrap();

        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md");
        if std::env::var_os("WATCHFIRE_UPDATE_DOCS").is_some() {
            std::fs::write(page, &want).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(page).unwrap_or_default(),
            want,
            "run with WATCHFIRE_UPDATE_DOCS=1"
        );
    }
}
