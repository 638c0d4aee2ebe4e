//! Remote write: bodies of version 1.0 and 2.0 into a store.
//!
//! A request whose body cannot be read leaves nothing behind. One with samples that cannot be taken is
//! written without them, and the sender is told which and why. When the store takes no writes, nothing is
//! kept and the sender is to try again.

mod batch;
mod cache;
mod metadata;
mod metrics;
mod protocol;
mod refusal;
mod senders;
mod v1;
mod v2;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use model::TimestampMs;
use parking_lot::{Mutex, RwLock};
use storage::{Appender, Storage};
use telemetry::Registry;

use crate::wire::Reader;
use crate::{RequestError, WireError, snappy};
use batch::{Batch, SERIES_AT_A_TIME, Stop};
use cache::{KeyMaker, SeriesCache};
use protocol::Protocol as _;

pub use batch::Written;
pub use metrics::Metrics;
pub use refusal::{Reason, Refused};
pub use senders::{Sender, SenderStatus};

/// Samples that lie further ahead of the clock are refused; milliseconds. As in Prometheus.
const MAX_AHEAD_MS: i64 = 10 * 60_000;
/// Series that nobody sent for between one and two of these are forgotten (by the cache, not by the store).
const PERIOD_MS: i64 = 5 * 60_000;
/// A buffer that has grown beyond this is not kept.
const BUFFER_KEPT_BYTES: usize = 8 << 20;
/// Appenders that are kept for the next requests.
const WORKERS_KEPT: usize = 32;

/// What senders may do.
#[derive(Clone, Debug)]
pub struct WriteLimits {
    /// Largest body in bytes, compressed or not.
    pub body_bytes: usize,
    /// Series that are known by their label bytes. Beyond, they are resolved by their labels each time.
    pub cached_series: usize,
    /// Senders that are remembered; the one that was silent longest goes first.
    pub senders: usize,
    /// Whether a counter or histogram whose start the sender tells gets a zero there, so that a rate over its
    /// first samples is right.
    pub start_zeros: bool,
}

impl Default for WriteLimits {
    fn default() -> Self {
        Self { body_bytes: 32 << 20, cached_series: 20_000_000, senders: 200, start_zeros: false }
    }
}

/// The message that a body holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteMessage {
    /// `prometheus.WriteRequest` of remote write 1.0.
    V1,
    /// `io.prometheus.write.v2.Request` of remote write 2.0.
    V2,
}

impl WriteMessage {
    /// The message with this full name, as it stands in a content type.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            v1::MESSAGE => Some(Self::V1),
            v2::MESSAGE => Some(Self::V2),
            _ => None,
        }
    }

    /// Version of the protocol: `1.0` or `2.0`.
    #[must_use]
    pub fn version(self) -> &'static str {
        match self {
            Self::V1 => "1.0",
            Self::V2 => "2.0",
        }
    }
}

/// What became of a request.
#[derive(Clone, Debug)]
pub enum WriteOutcome {
    /// All of it was written.
    Written(Written),
    /// What could be was written; the rest never can be.
    Partial {
        /// What was written.
        written: Written,
        /// What was not.
        refused: Refused,
    },
    /// The request makes no sense; nothing was written.
    Bad(RequestError),
    /// The store takes no writes; nothing was written, and the same request may work later.
    Unavailable(String),
}

impl WriteOutcome {
    /// What was written.
    #[must_use]
    pub fn written(&self) -> Written {
        match self {
            Self::Written(written) | Self::Partial { written, .. } => *written,
            Self::Bad(_) | Self::Unavailable(_) => Written::default(),
        }
    }

    /// What the sender is told; `None` when all is well.
    #[must_use]
    pub fn message(&self) -> Option<String> {
        match self {
            Self::Written(_) => None,
            Self::Partial { written, refused } => {
                Some(refused.message(written.samples + written.histograms + written.exemplars))
            }
            Self::Bad(error) => Some(error.to_string()),
            Self::Unavailable(why) => Some(why.clone()),
        }
    }
}

/// Writes what senders bring into a store. One for all of them; may be used from many threads at once.
pub struct RemoteWriter {
    storage: Arc<dyn Storage>,
    limits: WriteLimits,
    metrics: Metrics,
    senders: senders::Senders,
    cache: RwLock<SeriesCache>,
    families: metadata::Metrics,
    of_labels: KeyMaker,
    of_symbols: KeyMaker,
    of_symbol_lists: KeyMaker,
    workers: Mutex<Vec<Worker>>,
    period_began_ms: AtomicI64,
}

/// What a request needs while it is written.
struct Worker {
    appender: Box<dyn Appender>,
    body: Vec<u8>,
}

impl RemoteWriter {
    /// A writer into `storage`.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>, limits: WriteLimits, registry: &Registry) -> Self {
        Self {
            storage,
            metrics: Metrics::register(registry),
            senders: senders::Senders::new(limits.senders),
            cache: RwLock::new(SeriesCache::new(limits.cached_series)),
            families: metadata::Metrics::default(),
            of_labels: KeyMaker::default(),
            of_symbols: KeyMaker::default(),
            of_symbol_lists: KeyMaker::default(),
            workers: Mutex::default(),
            period_began_ms: AtomicI64::new(i64::MIN),
            limits,
        }
    }

    /// What senders may do.
    #[must_use]
    pub fn limits(&self) -> &WriteLimits {
        &self.limits
    }

    /// Who sends, and how it goes; the one heard last first.
    #[must_use]
    pub fn senders(&self) -> Vec<SenderStatus> {
        self.senders.list()
    }

    /// Notes a request that was refused before its body was looked at.
    pub fn refuse(&self, sender: &Sender, why: &str, now_ms: TimestampMs) {
        self.metrics.request("", "bad");
        self.senders.refused_unread(sender, why, now_ms);
    }

    /// Writes a compressed body. Takes milliseconds of CPU, so do not call it where others wait.
    pub fn write(
        &self,
        message: WriteMessage,
        packed: &[u8],
        sender: &Sender,
        now_ms: TimestampMs,
    ) -> WriteOutcome {
        let mut worker = self
            .workers
            .lock()
            .pop()
            .unwrap_or_else(|| Worker { appender: self.storage.appender(), body: Vec::new() });
        let outcome = self.write_with(&mut worker, message, packed, now_ms);
        if worker.body.capacity() > BUFFER_KEPT_BYTES {
            worker.body = Vec::new();
        }
        let mut workers = self.workers.lock();
        if workers.len() < WORKERS_KEPT {
            workers.push(worker);
        }
        drop(workers);
        self.metrics.observe(message, &outcome, packed.len());
        self.senders.observe(sender, message, &outcome, now_ms);
        self.end_period(now_ms);
        outcome
    }

    fn write_with(
        &self,
        worker: &mut Worker,
        message: WriteMessage,
        packed: &[u8],
        now_ms: TimestampMs,
    ) -> WriteOutcome {
        let Worker { appender, body } = worker;
        let body = match snappy::unpack(packed, self.limits.body_bytes, body) {
            Ok(body) => body,
            Err(error) => return WriteOutcome::Bad(error),
        };
        let mut batch = Batch {
            appender: appender.as_mut(),
            cache: &self.cache,
            metrics: &self.families,
            max_t: now_ms.saturating_add(MAX_AHEAD_MS),
            start_zeros: self.limits.start_zeros,
            written: Written::default(),
            refused: Refused::default(),
            said_metadata: false,
            dropped_exemplars: 0,
        };
        let (taken, name) = match message {
            WriteMessage::V1 => (self.take_v1(&mut batch, body), v1::MESSAGE),
            WriteMessage::V2 => (self.take_v2(&mut batch, body), v2::MESSAGE),
        };
        let Batch { written, refused, said_metadata, dropped_exemplars, .. } = batch;
        let kept = match taken {
            Ok(()) => appender.commit().map_err(|error| WriteOutcome::Unavailable(error.to_string())),
            Err(stop) => {
                appender.rollback();
                Err(match stop {
                    Stop::Wire(error) => WriteOutcome::Bad(RequestError::Protobuf { message: name, error }),
                    Stop::Store(why) => WriteOutcome::Unavailable(why),
                })
            }
        };
        if let Err(outcome) = kept {
            if said_metadata {
                self.cache.read().forget_metadata();
            }
            return outcome;
        }
        self.metrics.dropped_exemplars.inc_by(dropped_exemplars);
        if refused.total() == 0 {
            WriteOutcome::Written(written)
        } else {
            WriteOutcome::Partial { written, refused }
        }
    }

    fn take_v1(&self, batch: &mut Batch<'_>, body: &[u8]) -> Result<(), Stop> {
        let protocol = v1::V1 { keys: &self.of_labels };
        let mut list = Vec::with_capacity(SERIES_AT_A_TIME);
        let mut families = Vec::new();
        let mut request = Reader::new(body);
        while let Some(part) = v1::part(&mut request)? {
            match part {
                v1::Part::Series(message) => {
                    list.push(protocol.locate(message)?);
                    if list.len() == SERIES_AT_A_TIME {
                        batch.take(&protocol, &mut list)?;
                    }
                }
                v1::Part::Metadata(message) => families.push(v1::family_metadata(message)?),
            }
        }
        batch.take(&protocol, &mut list)?;
        for (name, raw) in families {
            batch.family(name, &raw);
        }
        Ok(())
    }

    fn take_v2(&self, batch: &mut Batch<'_>, body: &[u8]) -> Result<(), Stop> {
        let mut request = Reader::new(body);
        let protocol = v2::V2::new(request, &self.of_symbols, &self.of_symbol_lists)?;
        let mut list = Vec::with_capacity(SERIES_AT_A_TIME);
        while let Some(message) = protocol.series(&mut request)? {
            list.push(protocol.locate(message)?);
            if list.len() == SERIES_AT_A_TIME {
                batch.take(&protocol, &mut list)?;
            }
        }
        batch.take(&protocol, &mut list)
    }

    /// Forgets series that nobody sends any more, now and then.
    fn end_period(&self, now_ms: TimestampMs) {
        let began = self.period_began_ms.load(Ordering::Relaxed);
        if began != i64::MIN && now_ms.saturating_sub(began) < PERIOD_MS {
            return;
        }
        let mine = self.period_began_ms.compare_exchange(began, now_ms, Ordering::Relaxed, Ordering::Relaxed);
        if began != i64::MIN && mine.is_ok() {
            self.cache.write().end_period();
        }
        let cache = self.cache.read();
        self.metrics.cached_series.set(cache.len() as i64);
        self.metrics.cache_bytes.set(cache.bytes() as i64);
    }
}

/// Reads a body without a store, for fuzzing: whether it is a message, and how many samples it has.
///
/// # Errors
/// When it is none.
#[doc(hidden)]
pub fn fuzz(message: WriteMessage, body: &[u8]) -> Result<usize, WireError> {
    fn walk<'a, P: protocol::Protocol<'a>>(protocol: &P, message: Reader<'a>) -> Result<usize, WireError> {
        let located = protocol.locate(message)?;
        let _ = crate::labels::of_series(&protocol.pairs(message)?);
        let (mut rest, mut samples) = (located.rest, 0);
        while let Some(entry) = protocol.entry(&mut rest, located.key.is_some())? {
            samples += 1;
            match entry {
                protocol::Entry::Sample { .. } => {}
                protocol::Entry::Histogram(message) => drop(crate::histogram::read(message)?),
                protocol::Entry::Exemplar(message) => drop(protocol.exemplar(message)?),
                protocol::Entry::Metadata(message) => drop(metadata::checked(&protocol.metadata(message)?)),
            }
        }
        Ok(samples)
    }
    let (keys, mut request, mut samples) = (KeyMaker::default(), Reader::new(body), 0);
    match message {
        WriteMessage::V1 => {
            let protocol = v1::V1 { keys: &keys };
            while let Some(part) = v1::part(&mut request)? {
                match part {
                    v1::Part::Series(message) => samples += walk(&protocol, message)?,
                    v1::Part::Metadata(message) => drop(metadata::checked(&v1::family_metadata(message)?.1)),
                }
            }
        }
        WriteMessage::V2 => {
            let protocol = v2::V2::new(request, &keys, &keys)?;
            while let Some(message) = protocol.series(&mut request)? {
                samples += walk(&protocol, message)?;
            }
        }
    }
    Ok(samples)
}
