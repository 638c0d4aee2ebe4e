//! Trying again: after which error, after what time, and until when.
//!
//! The policy knows no clock and no network: [`Retries::after`] says what to do next. [`deliver`] does it.

use std::collections::VecDeque;
use std::time::Duration;

use model::TimestampMs;
use platform::{Clock, Entropy};

use super::{Answer, Notifier, NotifyError};
use crate::Send;

/// The wait after the first failure, before it is spread.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait, before it is spread.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Most attempts of a delivery that are kept; the latest.
pub const MOST_ATTEMPTS_KEPT: usize = 100;

/// Waits that grow by half each time, each spread by a half to both sides, so that receivers that failed together
/// are not asked together again.
#[derive(Clone, Debug)]
pub struct Backoff {
    wait: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { wait: FIRST_WAIT }
    }
}

impl Backoff {
    /// The next wait.
    pub fn next(&mut self, entropy: &dyn Entropy) -> Duration {
        let wait = self.wait;
        self.wait = (wait + wait / 2).min(LONGEST_WAIT);
        // From a half to one and a half of the wait, in steps of a thousandth.
        let share = u32::try_from(entropy.next_u64() % 1001).unwrap_or(0);
        wait / 2 + wait * share / 1000
    }
}

/// What to do after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It was taken.
    Done,
    /// Trying again is of no use, or there is no time for it.
    GiveUp,
    /// Try again at this moment.
    At(TimestampMs),
}

/// The policy of one delivery.
#[derive(Clone, Debug)]
pub struct Retries {
    backoff: Backoff,
    deadline_ms: TimestampMs,
}

impl Retries {
    /// For a delivery that has to be done by `deadline_ms`.
    #[must_use]
    pub fn until(deadline_ms: TimestampMs) -> Self {
        Self { backoff: Backoff::default(), deadline_ms }
    }

    /// What to do after an attempt that ended at `now_ms`. A receiver that says when to come again is heeded if
    /// that is later than our own wait.
    pub fn after(
        &mut self,
        outcome: &Result<Answer, NotifyError>,
        now_ms: TimestampMs,
        entropy: &dyn Entropy,
    ) -> Next {
        let error = match outcome {
            Ok(_) => return Next::Done,
            Err(error) if !error.retriable => return Next::GiveUp,
            Err(error) => error,
        };
        let wait = self.backoff.next(entropy).max(error.retry_after.unwrap_or_default());
        let at_ms = now_ms.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
        if at_ms < self.deadline_ms { Next::At(at_ms) } else { Next::GiveUp }
    }
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub at_ms: TimestampMs,
    /// How long it took.
    pub took: Duration,
    /// What came of it.
    pub outcome: Result<Answer, NotifyError>,
}

/// What came of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Number of attempts.
    pub count: u64,
    /// The last of them, at most [`MOST_ATTEMPTS_KEPT`], in order.
    pub attempts: Vec<Attempt>,
    /// What came of the last one.
    pub outcome: Result<Answer, NotifyError>,
}

/// Brings a notification to its receiver: attempt after attempt until it is taken, cannot be taken, or the
/// sending's time is over.
pub async fn deliver(notifier: &Notifier, send: &Send, clock: &dyn Clock, entropy: &dyn Entropy) -> Delivery {
    let mut retries = Retries::until(send.deadline_ms);
    let mut attempts = VecDeque::new();
    let mut count = 0;
    loop {
        let (at_ms, started) = (clock.now_ms(), clock.monotonic());
        let outcome = tokio::select! {
            biased;
            outcome = notifier.notify(send, at_ms) => outcome,
            () = clock.sleep_until(send.deadline_ms) => Err(NotifyError::passing("no answer in time")),
        };
        count += 1;
        if attempts.len() == MOST_ATTEMPTS_KEPT {
            attempts.pop_front();
        }
        let took = clock.monotonic().saturating_sub(started);
        attempts.push_back(Attempt { at_ms, took, outcome: outcome.clone() });
        match retries.after(&outcome, clock.now_ms(), entropy) {
            Next::Done | Next::GiveUp => return Delivery { count, attempts: attempts.into(), outcome },
            Next::At(at_ms) => clock.sleep_until(at_ms).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use platform::SeededEntropy;

    use super::*;

    fn error(retry_after: Option<u64>) -> Result<Answer, NotifyError> {
        let retry_after = retry_after.map(Duration::from_secs);
        Err(NotifyError { retry_after, ..NotifyError::passing("busy") })
    }

    #[test]
    fn waits_grow_and_are_spread() {
        let entropy = SeededEntropy::new(1);
        let mut backoff = Backoff::default();
        let mut base = 500.0_f64;
        let mut shares = Vec::new();
        for _ in 0..40 {
            let share = backoff.next(&entropy).as_secs_f64() * 1000.0 / base;
            assert!((0.499..=1.501).contains(&share), "{share} of {base}");
            shares.push(share);
            base = (base * 1.5).min(60_000.0);
        }
        assert!(shares.iter().any(|s| *s < 0.8) && shares.iter().any(|s| *s > 1.2), "{shares:?}");
    }

    #[test]
    fn what_is_done_after_an_attempt() {
        let entropy = SeededEntropy::new(1);
        let mut retries = Retries::until(100_000);
        assert_eq!(retries.after(&Ok(Answer::default()), 0, &entropy), Next::Done);
        assert_eq!(retries.after(&Err(NotifyError::lasting("no")), 0, &entropy), Next::GiveUp);
        assert!(matches!(retries.after(&error(None), 0, &entropy), Next::At(250..=750)));
        assert_eq!(retries.after(&error(Some(30)), 1000, &entropy), Next::At(31_000));
        assert!(matches!(retries.after(&error(Some(0)), 0, &entropy), Next::At(500..=1700)));
        assert_eq!(retries.after(&error(Some(200)), 0, &entropy), Next::GiveUp, "not before the end");
        assert_eq!(retries.after(&error(None), 99_900, &entropy), Next::GiveUp);
    }
}
