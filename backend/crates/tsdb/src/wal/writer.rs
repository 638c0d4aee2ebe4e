//! The one writer of the log.
//!
//! Writers of samples encode their batch on their own and put it into a queue. The first that finds nobody
//! writing writes the whole queue with one call, for all who wait (group commit). The first error of the
//! disk closes the log for good: what is on the disk then is not known, and to guess would be to lose.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex, MutexGuard};
use platform::{Clock, Disk, DiskFile};
use storage::AppendError;

use super::files::{segment_id, segment_name};
use super::frame::{self, FILE_HEADER};
use crate::WalFsync;
use crate::metrics::Metrics;

/// New series queue up to this many bytes before somebody has to write them.
const QUEUE_BYTES: usize = 1 << 20;

/// Since when and why the store takes no more writes.
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
    frames: Vec<u8>,
    /// An empty buffer for the next queue.
    spare: Vec<u8>,
    /// Batches put into the queue, ever.
    queued: u64,
    /// Of these, batches that are written (and synced, if each commit is).
    done: u64,
    writing: bool,
    refusal: Option<Refusal>,
}

#[derive(Debug)]
struct Segment {
    number: u64,
    file: Arc<dyn DiskFile>,
    offset: u64,
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

    /// `Err` when the log takes nothing any more.
    pub(crate) fn check_open(&self) -> Result<(), AppendError> {
        if self.closed.load(Ordering::Relaxed) { Err(self.refused(&self.queue.lock())) } else { Ok(()) }
    }

    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.queue.lock().refusal.clone()
    }

    /// Puts records into the queue without waiting. They are written before everything queued later.
    pub(crate) fn enqueue(&self, frames: &[u8]) {
        let mut queue = self.queue.lock();
        if queue.refusal.is_none() {
            queue.frames.extend_from_slice(frames);
            queue.queued += 1;
        }
    }

    /// Writes the queue if it has grown large.
    pub(crate) fn flush_if_large(&self) -> Result<(), AppendError> {
        let queue = self.queue.lock();
        if queue.frames.len() < QUEUE_BYTES { Ok(()) } else { self.wait(queue) }
    }

    /// Writes the queue.
    pub(crate) fn flush(&self) -> Result<(), AppendError> {
        self.wait(self.queue.lock())
    }

    /// Puts records into the queue and returns when they are with the operating system (and on the medium,
    /// if each commit is synced).
    pub(crate) fn commit(&self, frames: &[u8]) -> Result<(), AppendError> {
        let mut queue = self.queue.lock();
        if queue.refusal.is_none() {
            queue.frames.extend_from_slice(frames);
            queue.queued += 1;
        }
        self.wait(queue)
    }

    /// Waits until all that is queued now is written, writing it if nobody else does.
    fn wait(&self, mut queue: MutexGuard<'_, Queue>) -> Result<(), AppendError> {
        let mine = queue.queued;
        while queue.done < mine {
            if queue.refusal.is_some() {
                break;
            }
            if queue.writing {
                self.written.wait(&mut queue);
            } else {
                self.write_queue(&mut queue);
            }
        }
        if queue.done < mine || queue.refusal.is_some() { Err(self.refused(&queue)) } else { Ok(()) }
    }

    fn write_queue(&self, queue: &mut MutexGuard<'_, Queue>) {
        let spare = std::mem::take(&mut queue.spare);
        let mut frames = std::mem::replace(&mut queue.frames, spare);
        let upto = queue.queued;
        queue.writing = true;
        let outcome = MutexGuard::unlocked(queue, || self.write(&mut frames));
        queue.writing = false;
        match outcome {
            Ok(()) => queue.done = upto,
            Err(reason) => self.refuse(queue, reason),
        }
        if frames.capacity() <= 4 * QUEUE_BYTES {
            frames.clear();
            queue.spare = frames;
        }
        self.written.notify_all();
    }

    fn write(&self, frames: &mut [u8]) -> Result<(), String> {
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
        segment.file.append(frames).map_err(|error| self.failure(segment.number, "write", &error))?;
        segment.offset += length;
        self.bytes.fetch_add(length, Ordering::Relaxed);
        self.metrics.wal_written_bytes.inc_by(length);
        if self.settings.fsync == WalFsync::EveryCommit {
            self.sync_file(segment.number, &segment.file)?;
            self.unsynced.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    fn next_segment(&self, segment: &mut Segment) -> Result<(), String> {
        if self.settings.fsync != WalFsync::Never {
            self.sync_file(segment.number, &segment.file)?;
        }
        let number = segment.number + 1;
        *segment = create_segment(&*self.disk, &self.settings, number)
            .map_err(|error| self.failure(number, "create", &error))?;
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
        if !self.unsynced.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let (number, file) = {
            let segment = self.segment.lock();
            (segment.number, Arc::clone(&segment.file))
        };
        // Segments before this one were synced when it was begun.
        self.sync_file(number, &file).map_err(|reason| self.close_with(reason))
    }

    /// Ends the segment and begins the next; the number of the one that ended. The caller sees to it that
    /// no commit is between log and memory.
    pub(crate) fn rotate(&self) -> Result<u64, AppendError> {
        self.flush()?;
        let mut segment = self.segment.lock();
        let ended = segment.number;
        let outcome = self.next_segment(&mut segment);
        drop(segment);
        outcome.map_err(|reason| self.close_with(reason))?;
        Ok(ended)
    }

    /// Takes no more writes.
    pub(crate) fn close_with(&self, reason: String) -> AppendError {
        let mut queue = self.queue.lock();
        self.refuse(&mut queue, reason);
        self.written.notify_all();
        self.refused(&queue)
    }

    /// Takes no more writes because the store is being shut down: nothing is wrong.
    pub(crate) fn close(&self) {
        let mut queue = self.queue.lock();
        if queue.refusal.is_none() {
            let reason = "the store is closed".to_owned();
            queue.refusal = Some(Refusal { since_ms: self.clock.0.now_ms(), reason });
            self.closed.store(true, Ordering::Relaxed);
        }
        self.written.notify_all();
    }

    fn refuse(&self, queue: &mut Queue, reason: String) {
        if queue.refusal.is_none() {
            tracing::error!(reason, "the store takes no more writes until it is restarted");
            self.metrics.writes_refused.set(1);
            queue.refusal = Some(Refusal { since_ms: self.clock.0.now_ms(), reason });
            self.closed.store(true, Ordering::Relaxed);
        }
    }

    fn refused(&self, queue: &Queue) -> AppendError {
        let reason = queue.refusal.as_ref().map_or("closed", |refusal| refusal.reason.as_str());
        AppendError::Refused(reason.to_owned())
    }

    fn failure(&self, number: u64, call: &str, error: &io::Error) -> String {
        let path = self.settings.dir.join(segment_name(number));
        format!("cannot {call} {}: {error}", path.display())
    }
}

fn create_segment(disk: &dyn Disk, settings: &WalSettings, number: u64) -> io::Result<Segment> {
    let file = disk.create(&settings.dir.join(segment_name(number)))?;
    file.append(&FILE_HEADER)?;
    if settings.fsync != WalFsync::Never {
        // Without its name a synced segment would be lost all the same.
        disk.sync_dir(&settings.dir)?;
    }
    Ok(Segment { number, file, offset: FILE_HEADER.len() as u64 })
}
