//! A whole service without sockets: real store, engine and metastore in a temporary folder, a clock that
//! stands still, requests by hand.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part of this")]
#![allow(clippy::unwrap_used, reason = "only tests use this")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::targets::TargetList;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_rim::{
    App, BuildInfo, ConfigStatus, ControlRequest, Limits, Rules, SeriesExemplars, Settings, Store,
    StoreStats, Targets,
};
use metastore::Metastore;
use model::{CompiledMatcher, Exemplar, Labels, MetricMetadata, MetricType, TimeRange};
use platform::{RealDisk, SeededEntropy, SimulatedClock};
use promql::{Engine, EngineOptions};
use rules::GroupStatus;
use storage::{Appender, Querier, QueryError, Storage};
use tokio::sync::mpsc;
use tower::ServiceExt as _;
use tsdb::Tsdb;

/// The time it is: 2026-01-01T00:00:00Z.
pub const NOW_MS: i64 = 1_767_225_600_000;

struct TestStore(Tsdb);

impl Storage for TestStore {
    fn appender(&self) -> Box<dyn Appender> {
        self.0.appender()
    }
    fn querier(&self, range: TimeRange) -> Result<Box<dyn Querier>, QueryError> {
        self.0.querier(range)
    }
}

impl Store for TestStore {
    fn metadata(&self) -> BTreeMap<String, MetricMetadata> {
        self.0.metadata()
    }
    fn exemplars(&self, selectors: &[Vec<CompiledMatcher>], range: TimeRange) -> Vec<SeriesExemplars> {
        let found = self.0.exemplars(selectors, range);
        found.into_iter().map(|s| SeriesExemplars { series: s.series, exemplars: s.exemplars }).collect()
    }
    fn stats(&self, limit: usize) -> StoreStats {
        let stats = self.0.stats(limit);
        StoreStats { series: stats.series, chunks: stats.chunks, ..StoreStats::default() }
    }
    fn refusal(&self) -> Option<String> {
        None
    }
    fn delete_series(&self, selectors: &[Vec<CompiledMatcher>], range: TimeRange) -> Result<(), String> {
        self.0.delete_series(selectors, range).map(drop).map_err(|error| error.to_string())
    }
    fn clean_tombstones(&self) -> Result<(), String> {
        self.0.clean_tombstones().map(drop).map_err(|error| error.to_string())
    }
    fn snapshot(&self, prefix: &str, skip_head: bool) -> Result<String, String> {
        self.0.snapshot(prefix, skip_head).map_err(|error| error.to_string())
    }
    fn complaints(&self) -> Vec<String> {
        vec!["a block was set aside".to_owned()]
    }
    fn corruptions(&self) -> u64 {
        0
    }
}

struct NoTargets;

impl Targets for NoTargets {
    fn list(&self) -> TargetList {
        serde_json::from_value(serde_json::json!({"pools": [{
            "name": "node", "error": "", "droppedUnlisted": 2,
            "active": [{
                "scrapeUrl": "http://a:9100/metrics", "health": "down", "lastError": "connection refused",
                "lastScrapeMs": NOW_MS, "lastScrapeDurationS": 0.25, "samples": 0, "intervalMs": 15000,
                "timeoutMs": 10000, "discovered": [["__address__", "a:9100"], ["job", "node"]],
                "labels": [["instance", "a:9100"], ["job", "node"]]
            }],
            "dropped": [{"discovered": [["__address__", "b:9100"]], "reason": "rule 1: drop"}]
        }]}))
        .unwrap()
    }
}

/// The groups that run, as tests set them.
#[derive(Clone, Default)]
pub struct TestRules(pub Arc<parking_lot::Mutex<Vec<GroupStatus>>>);

impl Rules for TestRules {
    fn groups(&self) -> Vec<GroupStatus> {
        self.0.lock().clone()
    }
}

pub struct TestApp {
    pub rules: TestRules,
    pub app: App,
    pub control: mpsc::Receiver<ControlRequest>,
    pub clock: SimulatedClock,
    store: Tsdb,
    _dir: tempfile::TempDir,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }
    pub fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl TestApp {
    pub async fn new() -> Self {
        Self::with(EngineOptions { max_points: 11_001, ..EngineOptions::default() }, Limits::default()).await
    }

    /// One that takes remote write.
    pub async fn receiver(limits: Limits) -> Self {
        let settings = Settings { remote_write_receiver: true, ..Settings::default() };
        Self::build(EngineOptions::default(), limits, settings).await
    }

    pub async fn with(options: EngineOptions, limits: Limits) -> Self {
        Self::build(options, limits, Settings::default()).await
    }

    /// One whose administrators may delete series.
    pub async fn administered() -> Self {
        let settings = Settings { admin_api: true, ..Settings::default() };
        Self::build(EngineOptions::default(), Limits::default(), settings).await
    }

    async fn build(options: EngineOptions, limits: Limits, settings: Settings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = SimulatedClock::new(NOW_MS);
        let shared: Arc<dyn platform::Clock> = Arc::new(clock.clone());
        let registry = telemetry::Registry::new();
        let (store, _) = Tsdb::open(
            tsdb::Options::new(dir.path().join("tsdb")),
            Arc::new(RealDisk),
            Arc::clone(&shared),
            SeededEntropy::shared(1),
            &registry,
        )
        .unwrap();
        let started = std::time::Instant::now();
        let engine = Engine::new(options, Arc::new(move || started.elapsed()), &registry);
        let path = dir.path().join("watchfire.db");
        let metastore =
            Metastore::open(&path, Arc::clone(&shared), Arc::new(SeededEntropy::new(1))).await.unwrap();
        let (control, requests) = mpsc::channel(4);
        let settings = Settings {
            build: BuildInfo { version: "1.2.3".into(), revision: String::new() },
            flags: BTreeMap::from([("web.enable-lifecycle".to_owned(), "false".to_owned())]),
            retention: "15d".into(),
            started_ms: NOW_MS - 60_000,
            ..settings
        };
        let rules = TestRules::default();
        let app = App::new(
            Arc::new(TestStore(store.clone())),
            Arc::new(engine),
            metastore,
            Arc::new(NoTargets),
            Arc::new(rules.clone()),
            shared,
            &registry,
            settings,
            limits,
            control,
        );
        app.set_ready();
        app.set_config(ConfigStatus {
            yaml: "global:\n  scrape_interval: 15s\n".into(),
            scrape_interval_ms: 15_000,
            last_reload_ok: true,
            last_loaded_ms: NOW_MS - 1_500,
        });
        Self { rules, app, control: requests, clock, store, _dir: dir }
    }

    /// Adds samples, `(milliseconds before now, value)`.
    pub fn add(&self, labels: &[(&str, &str)], samples: &[(i64, f64)]) -> &Self {
        let mut appender = self.store.appender();
        let series = appender.resolve(&Labels::from_pairs(labels.iter().copied())).unwrap();
        for (before, value) in samples {
            appender.append(series, NOW_MS - before, *value).unwrap();
        }
        let metadata = MetricMetadata {
            metric_type: MetricType::Gauge,
            help: "Some \"help\"".into(),
            unit: String::new(),
        };
        appender.set_metadata(series, &metadata).unwrap();
        appender.commit().unwrap();
        self
    }

    pub fn add_exemplar(&self, labels: &[(&str, &str)], trace: &str, value: f64) {
        let mut appender = self.store.appender();
        let series = appender.resolve(&Labels::from_pairs(labels.iter().copied())).unwrap();
        let labels = Labels::from_pairs([("trace_id", trace)]);
        appender.append_exemplar(series, &Exemplar { labels, value, timestamp_ms: NOW_MS - 500 }).unwrap();
        appender.commit().unwrap();
    }

    /// Three series of two metrics, a minute long.
    pub fn filled(self) -> Self {
        self.add(&[("__name__", "up"), ("job", "a")], &[(60_000, 1.0), (30_000, 0.0), (0, 1.0)]);
        self.add(&[("__name__", "up"), ("job", "b")], &[(60_000, 1.0), (0, f64::NAN)]);
        self.add(&[("__name__", "load"), ("job", "a"), ("zone", "é\"x")], &[(60_000, 1e21), (0, 0.25)]);
        self
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = http_rim::router(self.app.clone()).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body =
            tokio::time::timeout(Duration::from_secs(60), axum::body::to_bytes(body, usize::MAX)).await;
        Answer { status: parts.status, headers: parts.headers, body: body.unwrap().unwrap().to_vec() }
    }

    pub async fn get(&self, address: &str) -> Answer {
        self.send(Request::get(address).body(Body::empty()).unwrap()).await
    }

    pub async fn get_with(&self, address: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub async fn form(&self, address: &str, form: &str) -> Answer {
        let request = Request::post(address)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()));
        self.send(request.unwrap()).await
    }

    pub async fn json(&self, method: &str, address: &str, body: &serde_json::Value) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(address)
            .header("host", "127.0.0.1:9090")
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()));
        self.send(request.unwrap()).await
    }
}
