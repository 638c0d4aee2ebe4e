//! Running a query: a bounded number at a time, off the threads that serve connections, cancelled when
//! the client goes away or the server stops.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use storage::Cancel;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::app::App;
use crate::error::{ApiError, ErrorKind};

/// Decides which queries may run.
pub(crate) struct Admission {
    running: Arc<Semaphore>,
    slots: usize,
    waiting: AtomicUsize,
    waiting_max: usize,
    /// No query begins while memory is short.
    short_of_memory: AtomicBool,
    /// Cancels of the running queries, by number.
    cancels: Arc<Mutex<Running>>,
}

#[derive(Default)]
struct Running {
    next: u64,
    closed: bool,
    queries: Vec<(u64, Cancel)>,
}

impl Admission {
    pub(crate) fn new(slots: usize, waiting_max: usize) -> Self {
        let slots = slots.max(1);
        Self {
            running: Arc::new(Semaphore::new(slots)),
            slots,
            waiting: AtomicUsize::new(0),
            waiting_max,
            short_of_memory: AtomicBool::new(false),
            cancels: Arc::default(),
        }
    }

    /// While `short`, no query begins, and those that run are cancelled.
    pub(crate) fn set_short_of_memory(&self, short: bool) {
        if !self.short_of_memory.swap(short, Ordering::Relaxed) && short {
            self.cancels.lock().queries.iter().for_each(|(_, cancel)| cancel.cancel());
        }
    }

    async fn enter(&self, timeout: Duration) -> Result<OwnedSemaphorePermit, ApiError> {
        if self.short_of_memory.load(Ordering::Relaxed) {
            let message = "the server is short of memory (--memory.budget); try again later";
            return Err(ApiError::new(ErrorKind::Unavailable, message));
        }
        if let Ok(permit) = Arc::clone(&self.running).try_acquire_owned() {
            return Ok(permit);
        }
        let _waiting = Waiting::new(&self.waiting, self.waiting_max).ok_or_else(|| {
            let message = "too many queries are waiting; try again later";
            ApiError::new(ErrorKind::Unavailable, message)
        })?;
        match tokio::time::timeout(timeout, Arc::clone(&self.running).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(stopping()),
            Err(_) => Err(ApiError::new(ErrorKind::Timeout, "query timed out in query queue")),
        }
    }

    /// Adds a query to those that the end of the server cancels; it leaves when the guard is dropped.
    fn register(&self) -> Result<Registered, ApiError> {
        let mut running = self.cancels.lock();
        if running.closed {
            return Err(stopping());
        }
        let cancel = Cancel::default();
        let number = running.next;
        running.next += 1;
        running.queries.push((number, cancel.clone()));
        Ok(Registered { number, cancel, cancels: Arc::clone(&self.cancels) })
    }

    pub(crate) fn close(&self) {
        let mut running = self.cancels.lock();
        running.closed = true;
        for (_, cancel) in &running.queries {
            cancel.cancel();
        }
    }

    pub(crate) async fn idle(&self, grace: Duration) -> bool {
        let all = u32::try_from(self.slots).unwrap_or(u32::MAX);
        tokio::time::timeout(grace, self.running.acquire_many(all)).await.is_ok()
    }
}

fn stopping() -> ApiError {
    ApiError::new(ErrorKind::Unavailable, "the server is stopping")
}

/// A place in the queue.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(waiting: &'a AtomicUsize, max: usize) -> Option<Self> {
        if waiting.fetch_add(1, Ordering::Relaxed) < max {
            return Some(Self(waiting));
        }
        waiting.fetch_sub(1, Ordering::Relaxed);
        None
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Registered {
    number: u64,
    cancel: Cancel,
    cancels: Arc<Mutex<Running>>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.cancels.lock().queries.retain(|(number, _)| *number != self.number);
    }
}

/// Cancels when dropped, which is what happens to a handler whose client is gone.
pub(crate) struct CancelOnDrop(pub(crate) Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Runs `work` when its turn comes, waiting at most `timeout`.
pub(crate) async fn run<T: Send + 'static>(
    app: &App,
    timeout: Duration,
    work: impl FnOnce(&App, &Cancel) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let permit = app.admission.enter(timeout).await?;
    let registered = app.admission.register()?;
    let _cancel = CancelOnDrop(registered.cancel.clone());
    let app = app.clone();
    let task = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        work(&app, &registered.cancel)
    });
    task.await.unwrap_or_else(|error| Err(ApiError::died(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn more_than_may_run_wait_and_more_than_may_wait_are_refused() {
        let admission = Arc::new(Admission::new(1, 1));
        let first = admission.enter(Duration::from_secs(60)).await.unwrap();
        let second = tokio::spawn({
            let admission = Arc::clone(&admission);
            async move { admission.enter(Duration::from_secs(60)).await.map(drop) }
        });
        while admission.waiting.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        let third = admission.enter(Duration::from_secs(60)).await.unwrap_err();
        assert_eq!(third.kind, ErrorKind::Unavailable);
        drop(first);
        second.await.unwrap().unwrap();
        assert!(admission.idle(Duration::from_secs(60)).await);
    }

    #[tokio::test]
    async fn short_of_memory_ends_queries_and_begins_none() {
        let admission = Admission::new(1, 1);
        let registered = admission.register().unwrap();
        admission.set_short_of_memory(true);
        assert!(registered.cancel.is_cancelled());
        let refused = admission.enter(Duration::from_secs(60)).await.unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Unavailable);
        admission.set_short_of_memory(false);
        assert!(admission.enter(Duration::ZERO).await.is_ok());
        assert!(!admission.register().unwrap().cancel.is_cancelled());
    }

    #[tokio::test]
    async fn waiting_ends_with_a_timeout_and_closing_cancels() {
        let admission = Admission::new(1, 10);
        let registered = admission.register().unwrap();
        let _permit = admission.enter(Duration::ZERO).await.unwrap();
        let late = admission.enter(Duration::from_millis(1)).await.unwrap_err();
        assert_eq!(late.kind, ErrorKind::Timeout);
        admission.close();
        assert!(registered.cancel.is_cancelled());
        assert_eq!(admission.register().err().map(|e| e.kind), Some(ErrorKind::Unavailable));
        drop(registered);
        assert!(admission.cancels.lock().queries.is_empty());
    }
}
