//! The loop of one target: wait, fetch, append, report, and again until told otherwise.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use platform::Clock;
use storage::Storage;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::append::{Counts, Failure, LoopState};
use crate::buffers::Buffers;
use crate::config::ScrapeConfig;
use crate::metadata::Families;
use crate::metrics::Metrics;
use crate::request::Request;
use crate::status::{Health, LastScrape};
use crate::target::Target;

/// By how much a scrape may be late and still carry the time at which it was due: series with even
/// distances between samples take less room.
const MOST_TOLERANCE_MS: i64 = 2;
/// A larger body is read into the store on a thread where it keeps nobody else waiting.
const LARGE_BODY: usize = 4 << 20;

/// What a loop is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Scrape.
    Run,
    /// The target is gone: mark its series stale when the next scrape is surely missed, and end.
    Gone,
    /// End at once and hand over what is known.
    Release,
}

/// What all loops share.
pub(crate) struct LoopDeps {
    pub storage: Arc<dyn Storage>,
    pub clock: Arc<dyn Clock>,
    pub buffers: Buffers,
    pub metrics: Metrics,
}

/// What others see of a loop.
#[derive(Default)]
pub(crate) struct LoopView {
    pub last: Mutex<LastScrape>,
    pub families: Arc<Mutex<Families>>,
    /// An error that takes the place of scraping.
    pub forced_error: Mutex<Option<String>>,
}

/// A loop that runs.
pub(crate) struct LoopHandle {
    pub target: Arc<Target>,
    pub view: Arc<LoopView>,
    pub phase: watch::Sender<Phase>,
    pub join: JoinHandle<Box<LoopState>>,
}

/// What a loop begins with.
pub(crate) enum Start {
    /// Nothing.
    Fresh,
    /// What the loop before knew; whether its series are resolved in the same way.
    Continue { before: JoinHandle<Box<LoopState>>, samples_alike: bool },
}

struct ScrapeLoop {
    deps: Arc<LoopDeps>,
    config: Arc<ScrapeConfig>,
    target: Arc<Target>,
    view: Arc<LoopView>,
    request: Request,
    phase: watch::Receiver<Phase>,
    seed: u64,
}

/// Starts a loop. Must be called within a tokio runtime.
pub(crate) fn spawn(
    deps: &Arc<LoopDeps>,
    config: &Arc<ScrapeConfig>,
    target: Arc<Target>,
    view: Arc<LoopView>,
    request: Request,
    seed: u64,
    start: Start,
) -> LoopHandle {
    let phase = watch::Sender::new(Phase::Run);
    let scrape_loop = ScrapeLoop {
        deps: Arc::clone(deps),
        config: Arc::clone(config),
        target: Arc::clone(&target),
        view: Arc::clone(&view),
        request,
        phase: phase.subscribe(),
        seed,
    };
    let join = tokio::spawn(scrape_loop.run(start));
    LoopHandle { target, view, phase, join }
}

impl ScrapeLoop {
    async fn run(mut self, start: Start) -> Box<LoopState> {
        let mut state = self.begin(start).await;
        let interval = self.target.interval_ms;
        let mut due = self.first_due(self.deps.clock.now_ms());
        loop {
            tokio::select! {
                biased;
                _ = self.phase.wait_for(|phase| *phase != Phase::Run) => break,
                () = self.deps.clock.sleep_until(due) => {}
            }
            let now = self.deps.clock.now_ms();
            let tolerance = MOST_TOLERANCE_MS.min(interval / 100);
            let t = if (now - due).abs() <= tolerance { due } else { now };
            let held = (count(state.cache.len()), count(state.cache.bytes()));
            state = self.scrape(state, t).await;
            self.deps.metrics.cached_series.inc_by(count(state.cache.len()) - held.0);
            self.deps.metrics.cache_bytes.inc_by(count(state.cache.bytes()) - held.1);
            due += interval;
            let late = self.deps.clock.now_ms() - due;
            if late >= interval {
                let missed = late / interval;
                self.deps.metrics.missed.inc_by(missed.unsigned_abs());
                due += missed * interval;
            }
        }
        if *self.phase.borrow() == Phase::Gone {
            self.end(&mut state, due).await;
        }
        self.deps.metrics.cached_series.dec_by(count(state.cache.len()));
        self.deps.metrics.cache_bytes.dec_by(count(state.cache.bytes()));
        state
    }

    async fn begin(&self, start: Start) -> Box<LoopState> {
        let fresh =
            || Box::new(LoopState::new(self.deps.storage.appender(), Arc::clone(&self.view.families)));
        let Start::Continue { before, samples_alike } = start else { return fresh() };
        // A loop that panicked left nothing to continue.
        let Ok(mut state) = before.await else { return fresh() };
        if !samples_alike {
            state.cache.reset();
        }
        self.deps.metrics.cached_series.inc_by(count(state.cache.len()));
        self.deps.metrics.cache_bytes.inc_by(count(state.cache.bytes()));
        state
    }

    fn first_due(&self, now: i64) -> i64 {
        let interval = self.target.interval_ms;
        let offset = self.target.offset_ms(self.seed);
        let due = now - now.rem_euclid(interval) + offset;
        if due < now { due + interval } else { due }
    }

    async fn scrape(&self, mut state: Box<LoopState>, t: i64) -> Box<LoopState> {
        let start = self.deps.clock.monotonic();
        let seconds = |since: Duration| (self.deps.clock.monotonic().saturating_sub(since)).as_secs_f64();
        let mut body = self.deps.buffers.take();
        let fetched = self.fetch(&mut body).await;
        let (counts, result);
        match fetched {
            Ok(format) => {
                let parse_start = self.deps.clock.monotonic();
                (state, body, counts, result) = self.append(state, body, format, t).await;
                self.deps.metrics.append_duration.observe(seconds(parse_start));
            }
            Err(failure) => {
                counts = Counts::default();
                result = Err(failure);
            }
        }
        self.deps.buffers.give_back(body);
        let took = seconds(start);
        let finished = state.finish(t, &self.target, counts, result.is_ok(), took);
        let result = result.and_then(|()| finished.map_err(Failure::from));
        self.tell(t, took, counts, result);
        state
    }

    async fn fetch(&self, body: &mut Vec<u8>) -> Result<exposition::Format, Failure> {
        let failure = |message| Failure { result: "fetch", message };
        if let Some(message) = self.view.forced_error.lock().clone() {
            return Err(Failure { result: "forced", message });
        }
        let deadline = self.deps.clock.now_ms() + self.target.timeout_ms;
        let fetched = tokio::select! {
            biased;
            fetched = self.request.fetch(&self.target.url, body) => fetched,
            () = self.deps.clock.sleep_until(deadline) => {
                let timeout = model::format_duration(self.target.timeout_ms);
                Err(format!("context deadline exceeded: no complete answer within the scrape_timeout of {timeout}"))
            }
        };
        let response = fetched.map_err(failure)?;
        self.deps.metrics.wire_bytes.inc_by(response.wire_bytes as u64);
        self.deps.metrics.body_bytes.inc_by(body.len() as u64);
        self.request.format(&response.content_type).map_err(failure)
    }

    async fn append(
        &self,
        mut state: Box<LoopState>,
        body: Vec<u8>,
        format: exposition::Format,
        t: i64,
    ) -> (Box<LoopState>, Vec<u8>, Counts, Result<(), Failure>) {
        if body.len() < LARGE_BODY {
            let append = || state.append(&body, format, t, &self.target, &self.config, &self.deps.metrics);
            // A mistake of ours in reading a body must not end the loop of its target for good.
            return match std::panic::catch_unwind(std::panic::AssertUnwindSafe(append)) {
                Ok((counts, result)) => (state, body, counts, result),
                Err(_) => self.after_panic(),
            };
        }
        let (target, config) = (Arc::clone(&self.target), Arc::clone(&self.config));
        let deps = Arc::clone(&self.deps);
        let appended = tokio::task::spawn_blocking(move || {
            let (counts, result) = state.append(&body, format, t, &target, &config, &deps.metrics);
            (state, body, counts, result)
        });
        appended.await.unwrap_or_else(|_| self.after_panic())
    }

    /// A state anew, because nobody knows how far the old one got.
    fn after_panic(&self) -> (Box<LoopState>, Vec<u8>, Counts, Result<(), Failure>) {
        tracing::error!(target = %self.target.url, "reading a scraped body panicked");
        let state = LoopState::new(self.deps.storage.appender(), Arc::clone(&self.view.families));
        let failure =
            Failure { result: "append", message: "internal error while reading the body".to_owned() };
        (Box::new(state), Vec::new(), Counts::default(), Err(failure))
    }

    fn tell(&self, t: i64, took: f64, counts: Counts, result: Result<(), Failure>) {
        let metrics = &self.deps.metrics;
        metrics.duration.observe(took);
        let (health, error) = match result {
            Ok(()) => {
                metrics.scraped("ok");
                metrics.samples.inc_by(counts.kept as u64);
                (Health::Up, None)
            }
            Err(failure) => {
                metrics.scraped(failure.result);
                tracing::debug!(
                    job = %self.config.job_name, target = %self.target.url, error = %failure.message,
                    "scrape failed"
                );
                (Health::Down, Some(failure.message))
            }
        };
        *self.view.last.lock() = LastScrape {
            health,
            error,
            at_ms: Some(t),
            duration_s: took,
            scraped: counts.scraped,
            kept: counts.kept,
            added: counts.added,
        };
    }

    /// Waits until the scrape that is due and the one after it are surely missed, then marks all series stale
    /// at the time of the first: a target that only moved to another server must not be marked.
    async fn end(&mut self, state: &mut LoopState, due: i64) {
        if state.last_scrape_ms.is_none() {
            return;
        }
        let interval = self.target.interval_ms;
        tokio::select! {
            biased;
            _ = self.phase.wait_for(|phase| *phase == Phase::Release) => return,
            () = self.deps.clock.sleep_until(due + interval + interval / 10) => {}
        }
        if let Err(error) = state.end(due) {
            tracing::warn!(target = %self.target.url, %error, "cannot mark the series of a gone target stale");
        }
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
