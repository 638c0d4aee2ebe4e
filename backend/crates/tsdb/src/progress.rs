//! How far the opening of a store is, for whoever waits for it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use platform::Clock;

/// Time between two lines of the log about the same work.
const LOG_INTERVAL: Duration = Duration::from_secs(2);

/// What the opening of a store is doing. Cheap to clone; clones share it. It goes into
/// [`Options::progress`](crate::Options::progress), and whoever answers for the store's readiness looks at it.
#[derive(Clone, Debug, Default)]
pub struct OpenProgress(Arc<Mutex<Option<OpenStep>>>);

/// A step of the opening of a store, and how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenStep {
    /// What is being done.
    pub what: &'static str,
    /// How much of it is done, in the unit of `total`.
    pub done: u64,
    /// How much of it there is; 0 if that is not known.
    pub total: u64,
}

impl OpenProgress {
    /// The current step; `None` when nothing that takes long is being done.
    #[must_use]
    pub fn now(&self) -> Option<OpenStep> {
        *self.0.lock()
    }

    pub(crate) fn set(&self, step: Option<OpenStep>) {
        *self.0.lock() = step;
    }
}

impl fmt::Display for OpenStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)?;
        match self.total {
            0 => Ok(()),
            total => write!(f, ": {} %", u128::from(self.done.min(total)) * 100 / u128::from(total)),
        }
    }
}

/// Sets the current step, and says it in the log every few seconds.
pub(crate) struct Teller<'a> {
    progress: &'a OpenProgress,
    clock: &'a dyn Clock,
    logged: Duration,
}

impl<'a> Teller<'a> {
    pub(crate) fn new(progress: &'a OpenProgress, clock: &'a dyn Clock) -> Self {
        Self { progress, clock, logged: clock.monotonic() }
    }

    pub(crate) fn tell(&mut self, what: &'static str, done: u64, total: u64) {
        let step = OpenStep { what, done, total };
        self.progress.set(Some(step));
        let now = self.clock.monotonic();
        if now.saturating_sub(self.logged) >= LOG_INTERVAL {
            self.logged = now;
            tracing::info!("{step}");
        }
    }
}

impl Drop for Teller<'_> {
    fn drop(&mut self) {
        self.progress.set(None);
    }
}

#[cfg(test)]
mod tests {
    use platform::SimulatedClock;

    use super::*;

    #[test]
    fn a_step_is_seen_until_the_work_is_over() {
        let (progress, clock) = (OpenProgress::default(), SimulatedClock::new(0));
        let mut teller = Teller::new(&progress, &clock);
        teller.tell("reading", 1, 3);
        assert_eq!(progress.now().map(|step| step.to_string()).as_deref(), Some("reading: 33 %"));
        teller.tell("counting", 7, 0);
        assert_eq!(progress.now().map(|step| step.to_string()).as_deref(), Some("counting"));
        drop(teller);
        assert_eq!(progress.now(), None);
    }
}
