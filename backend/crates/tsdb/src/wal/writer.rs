//! The one writer of the log.
//!
//! Writers of samples encode their batch on their own and put it into a queue. The first that finds nobody
//! writing writes the whole queue with one call, for all who wait (group commit).
//!
//! When a write fails, what it left is cut off again, the batches of that write are refused, and the next
//! write tries anew: a full disk passes by itself. When the cut or a sync fails, what is on the medium is not
//! known, and to guess would be to lose: the log is closed until [`Wal::reopen`] has begun another segment and
//! a checkpoint from memory stands for all before it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use model::Labels;
use parking_lot::{Condvar, Mutex, MutexGuard};
use platform::{Clock, Disk, DiskFile};
use storage::AppendError;

use super::files::{segment_id, segment_name};
use super::frame::{self, FILE_HEADER};
use super::pack::SeriesPack;
use super::record::kind;
use crate::WalFsync;
use crate::metrics::Metrics;

/// The reason of an orderly end.
const SHUT_DOWN: &str = "the store is closed";

/// New series queue up to this many bytes before somebody has to write them.
const QUEUE_BYTES: usize = 1 << 20;

/// Since when and why the store refuses writes. It goes on trying; see [`Tsdb::maintain`](crate::Tsdb::maintain).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Since when, in milliseconds since the epoch.
    pub since_ms: i64,
    /// Why: which file, which call, which error.
    pub reason: String,
}

/// What the writer needs to know.
#[derive(Clone, Debug)]
pub(crate) struct WalSettings {
    pub(crate) dir: PathBuf,
    pub(crate) fsync: WalFsync,
    pub(crate) segment_bytes: u64,
}

/// The writer.
#[derive(Debug)]
pub(crate) struct Wal {
    settings: WalSettings,
    disk: Arc<dyn Disk>,
    clock: ClockHandle,
    metrics: Metrics,
    queue: Mutex<Queue>,
    written: Condvar,
    segment: Mutex<Segment>,
    closed: AtomicBool,
    unsynced: AtomicBool,
    /// Bytes in segments since the last checkpoint.
    pub(crate) bytes: AtomicU64,
}

pub(crate) struct ClockHandle(pub(crate) Arc<dyn Clock>);

impl std::fmt::Debug for ClockHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

#[derive(Debug, Default)]
struct Queue {
    /// New series; they are written before the frames.
    series: SeriesPack,
    /// Their records, as far as they are packed.
    packed: Vec<u8>,
    frames: Vec<u8>,
    /// An empty buffer for the next queue.
    spare: Vec<u8>,
    /// Batches put into the queue, ever.
    queued: u64,
    /// Of these, batches that are written (and synced, if each commit is).
    done: u64,
    writing: bool,
    /// Batches that were refused: the numbers of the first and the last, and why. Kept while somebody waits.
    refused: Vec<(u64, u64, String)>,
    waiting: usize,
    /// Set from the first refusal until a write works again.
    refusal: Option<Refusal>,
    /// Nothing is written until the log is begun anew.
    closed: bool,
}

/// What became of a write that failed.
enum Failure {
    /// Nothing of it is left; another one may work.
    Undone(String),
    /// It is not known what is on the medium.
    Unknown(String),
}

#[derive(Debug)]
struct Segment {
    number: u64,
    file: Arc<dyn DiskFile>,
    offset: u64,
    /// Segments before it that were not forced onto the medium, nor their names.
    unsynced: Vec<(u64, Arc<dyn DiskFile>)>,
}

impl Wal {
    /// Begins segment `number`, which must not exist.
    pub(crate) fn begin(
        settings: WalSettings,
        number: u64,
        bytes: u64,
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
    ) -> io::Result<Self> {
        let segment = create_segment(&*disk, &settings, number)?;
        metrics.wal_segment.set(number as i64);
        Ok(Self {
            settings,
            disk,
            clock: ClockHandle(clock),
            metrics,
            queue: Mutex::default(),
            written: Condvar::new(),
            segment: Mutex::new(segment),
            closed: AtomicBool::new(false),
            unsynced: AtomicBool::new(false),
            bytes: AtomicU64::new(bytes),
        })
    }

    /// `Err` while the log is closed.
    pub(crate) fn check_open(&self) -> Result<(), AppendError> {
        if self.closed.load(Ordering::Relaxed) { Err(refused(&self.queue.lock())) } else { Ok(()) }
    }

    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.queue.lock().refusal.clone()
    }

    /// Puts records into the queue without waiting. They are written before everything queued later.
    pub(crate) fn enqueue(&self, frames: &[u8]) {
        let mut queue = self.queue.lock();
        queue.frames.extend_from_slice(frames);
        queue.queued += 1;
    }

    /// Puts a new series into the queue without waiting. It is written before everything that is queued
    /// later, and before what is queued already.
    pub(crate) fn enqueue_series(&self, series: u64, labels: &Labels) {
        let queue = &mut *self.queue.lock();
        queue.series.add(series, labels, &mut queue.packed);
        queue.queued += 1;
    }

    /// Writes the queue if it has grown large.
    pub(crate) fn flush_if_large(&self) -> Result<(), AppendError> {
        let queue = self.queue.lock();
        let length = queue.frames.len() + queue.packed.len() + queue.series.len();
        if length < QUEUE_BYTES { Ok(()) } else { self.wait(queue) }
    }

    /// Writes the queue.
    pub(crate) fn flush(&self) -> Result<(), AppendError> {
        self.wait(self.queue.lock())
    }

    /// Puts records into the queue and returns when they are with the operating system (and on the medium,
    /// if each commit is synced).
    pub(crate) fn commit(&self, frames: &[u8]) -> Result<(), AppendError> {
        let mut queue = self.queue.lock();
        if queue.closed {
            return Err(refused(&queue));
        }
        queue.frames.extend_from_slice(frames);
        queue.queued += 1;
        self.wait(queue)
    }

    /// Waits until all that is queued now is written, writing it if nobody else does.
    fn wait(&self, mut queue: MutexGuard<'_, Queue>) -> Result<(), AppendError> {
        let mine = queue.queued;
        queue.waiting += 1;
        while queue.done < mine && !queue.closed {
            if queue.writing {
                self.written.wait(&mut queue);
            } else {
                self.write_queue(&mut queue);
            }
        }
        queue.waiting -= 1;
        let why = queue.refused.iter().find(|(first, last, _)| (*first..=*last).contains(&mine));
        let outcome = match why {
            Some((_, _, reason)) => Err(AppendError::Refused(reason.clone())),
            None if queue.done < mine => Err(refused(&queue)),
            None => Ok(()),
        };
        if queue.waiting == 0 {
            queue.refused.clear();
        }
        outcome
    }

    fn write_queue(&self, queue: &mut MutexGuard<'_, Queue>) {
        let mut frames = std::mem::take(&mut queue.spare);
        let waiting = &mut **queue;
        waiting.series.finish(&mut waiting.packed);
        if waiting.packed.is_empty() {
            std::mem::swap(&mut frames, &mut waiting.frames);
        } else {
            frames.append(&mut waiting.packed);
            frames.append(&mut waiting.frames);
        }
        let (first, upto) = (queue.done + 1, queue.queued);
        queue.writing = true;
        let outcome = MutexGuard::unlocked(queue, || self.write(&mut frames));
        queue.writing = false;
        queue.done = upto;
        match outcome {
            Ok(()) => self.works_again(queue),
            Err(failure) => {
                // Series are in memory already; their records must come before the next samples.
                frame::retain(&mut frames, |kind| kind == kind::SERIES || kind == kind::REMOVED);
                frames.append(&mut queue.packed);
                std::mem::swap(&mut frames, &mut queue.packed);
                let (reason, unknown) = match failure {
                    Failure::Undone(reason) => (reason, false),
                    Failure::Unknown(reason) => (reason, true),
                };
                queue.refused.push((first, upto, reason.clone()));
                self.refuse(queue, reason, unknown);
            }
        }
        if frames.capacity() <= 4 * QUEUE_BYTES {
            frames.clear();
            queue.spare = frames;
        }
        self.written.notify_all();
    }

    fn write(&self, frames: &mut [u8]) -> Result<(), Failure> {
        if frames.is_empty() {
            return Ok(());
        }
        let mut segment = self.segment.lock();
        let length = frames.len() as u64;
        if segment.offset + length > self.settings.segment_bytes && segment.offset > FILE_HEADER.len() as u64
        {
            self.next_segment(&mut segment)?;
        }
        frame::place(frames, segment_id(segment.number), segment.offset);
        self.unsynced.store(true, Ordering::Relaxed);
        if let Err(error) = segment.file.append(frames) {
            let reason = self.failure(segment.number, "write", &error);
            let path = self.settings.dir.join(segment_name(segment.number));
            return Err(match self.disk.truncate(&path, segment.offset) {
                Ok(()) => Failure::Undone(reason),
                Err(error) => Failure::Unknown(format!("{reason}; cannot undo it: {error}")),
            });
        }
        segment.offset += length;
        self.bytes.fetch_add(length, Ordering::Relaxed);
        self.metrics.wal_written_bytes.inc_by(length);
        if self.settings.fsync == WalFsync::EveryCommit {
            self.sync_file(segment.number, &segment.file).map_err(Failure::Unknown)?;
            self.unsynced.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    fn next_segment(&self, segment: &mut Segment) -> Result<(), Failure> {
        if self.settings.fsync == WalFsync::Never {
            let ended = (segment.number, Arc::clone(&segment.file));
            self.begin_segment(segment)?;
            segment.unsynced.push(ended);
            return Ok(());
        }
        self.sync_file(segment.number, &segment.file).map_err(Failure::Unknown)?;
        self.begin_segment(segment)
    }

    fn begin_segment(&self, segment: &mut Segment) -> Result<(), Failure> {
        let number = segment.number + 1;
        let next = create_segment(&*self.disk, &self.settings, number)
            .map_err(|error| Failure::Undone(self.failure(number, "create", &error)))?;
        let unsynced = std::mem::take(&mut segment.unsynced);
        *segment = Segment { unsynced, ..next };
        self.metrics.wal_segment.set(number as i64);
        Ok(())
    }

    fn sync_file(&self, number: u64, file: &Arc<dyn DiskFile>) -> Result<(), String> {
        let started = self.clock.0.monotonic();
        file.sync().map_err(|error| self.failure(number, "sync", &error))?;
        let took = self.clock.0.monotonic().saturating_sub(started);
        self.metrics.wal_sync_seconds.observe(Duration::as_secs_f64(&took));
        Ok(())
    }

    /// Forces all that was committed onto the medium. Does not hold up those who write meanwhile.
    pub(crate) fn sync(&self) -> Result<(), AppendError> {
        self.flush()?;
        // After a sync that failed nothing is known of what it should have forced onto the medium.
        self.check_open()?;
        if !self.unsynced.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let mut files = {
            let mut segment = self.segment.lock();
            let files = std::mem::take(&mut segment.unsynced);
            [files, vec![(segment.number, Arc::clone(&segment.file))]].concat()
        };
        // Other segments before this one were synced when it was begun, and so was its name.
        let named = self.settings.fsync != WalFsync::Never;
        let synced = files.drain(..).try_for_each(|(number, file)| self.sync_file(number, &file));
        let named = if named { Ok(()) } else { self.disk.sync_dir(&self.settings.dir) };
        synced
            .and_then(|()| {
                named.map_err(|error| format!("cannot sync {}: {error}", self.settings.dir.display()))
            })
            .map_err(|reason| self.close_with(reason))
    }

    /// Ends the segment and begins the next; the number of the one that ended. The caller sees to it that
    /// no commit is between log and memory.
    pub(crate) fn rotate(&self) -> Result<u64, AppendError> {
        self.flush()?;
        let mut segment = self.segment.lock();
        let ended = segment.number;
        let outcome = self.next_segment(&mut segment);
        drop(segment);
        match outcome {
            Ok(()) => Ok(ended),
            Err(Failure::Undone(reason)) => Err(AppendError::Refused(reason)),
            Err(Failure::Unknown(reason)) => Err(self.close_with(reason)),
        }
    }

    /// Begins another segment though the log is closed; the number of the one before. Nothing is taken
    /// before [`Wal::open_again`].
    pub(crate) fn reopen(&self) -> Result<u64, AppendError> {
        let mut segment = self.segment.lock();
        let ended = segment.number;
        self.begin_segment(&mut segment).map(|()| ended).map_err(|failure| match failure {
            Failure::Undone(reason) | Failure::Unknown(reason) => AppendError::Refused(reason),
        })
    }

    /// Takes writes again: a checkpoint stands for all that is not known.
    pub(crate) fn open_again(&self) {
        let mut queue = self.queue.lock();
        queue.closed = false;
        self.closed.store(false, Ordering::Relaxed);
        self.works_again(&mut queue);
    }

    /// Whether the log waits for being begun anew.
    pub(crate) fn is_broken(&self) -> bool {
        let queue = self.queue.lock();
        queue.closed && queue.refusal.as_ref().is_some_and(|refusal| refusal.reason != SHUT_DOWN)
    }

    /// Whether the store is being shut down.
    pub(crate) fn is_shut(&self) -> bool {
        self.closed.load(Ordering::Relaxed) && !self.is_broken()
    }

    /// Takes no more writes.
    pub(crate) fn close_with(&self, reason: String) -> AppendError {
        let mut queue = self.queue.lock();
        self.refuse(&mut queue, reason, true);
        self.written.notify_all();
        refused(&queue)
    }

    /// Takes no more writes because the store is being shut down: nothing is wrong.
    pub(crate) fn close(&self) {
        let mut queue = self.queue.lock();
        queue.refusal = Some(Refusal { since_ms: self.clock.0.now_ms(), reason: SHUT_DOWN.to_owned() });
        queue.closed = true;
        self.closed.store(true, Ordering::Relaxed);
        self.written.notify_all();
    }

    fn refuse(&self, queue: &mut Queue, reason: String, close: bool) {
        if queue.refusal.is_none() {
            tracing::error!(reason, "the store refuses writes until the disk works again");
            self.metrics.writes_refused.set(1);
            queue.refusal = Some(Refusal { since_ms: self.clock.0.now_ms(), reason });
        }
        if close {
            queue.closed = true;
            self.closed.store(true, Ordering::Relaxed);
        }
    }

    fn works_again(&self, queue: &mut Queue) {
        if let Some(refusal) = queue.refusal.take() {
            let seconds = (self.clock.0.now_ms() - refusal.since_ms) / 1000;
            tracing::warn!(seconds, reason = refusal.reason, "the store takes writes again");
            self.metrics.writes_refused.set(0);
        }
    }

    fn failure(&self, number: u64, call: &str, error: &io::Error) -> String {
        let path = self.settings.dir.join(segment_name(number));
        format!("cannot {call} {}: {error}", path.display())
    }
}

fn refused(queue: &Queue) -> AppendError {
    let reason = queue.refusal.as_ref().map_or("closed", |refusal| refusal.reason.as_str());
    AppendError::Refused(reason.to_owned())
}

fn create_segment(disk: &dyn Disk, settings: &WalSettings, number: u64) -> io::Result<Segment> {
    let path = settings.dir.join(segment_name(number));
    let file = match disk.create(&path) {
        // What an attempt before left; nothing was ever put into it.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            disk.remove_file(&path)?;
            disk.create(&path)?
        }
        created => created?,
    };
    let begin = || {
        file.append(&FILE_HEADER)?;
        // Without its name a synced segment would be lost all the same.
        if settings.fsync == WalFsync::Never { Ok(()) } else { disk.sync_dir(&settings.dir) }
    };
    if let Err(error) = begin() {
        // If it cannot be removed either, the next attempt does it.
        let _ = disk.remove_file(&path);
        return Err(error);
    }
    Ok(Segment { number, file, offset: FILE_HEADER.len() as u64, unsynced: Vec::new() })
}
