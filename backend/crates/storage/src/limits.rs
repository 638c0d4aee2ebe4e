//! What bounds a query: cancellation, and a budget of samples. Cheap to clone; clones share the state.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use crate::QueryError;

/// Tells running work that nobody waits for it any more.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    cancelled: Arc<AtomicBool>,
}

impl Cancel {
    /// Cancels; cannot be taken back.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether somebody cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// `Err` once cancelled, for use with `?` inside loops.
    ///
    /// # Errors
    /// [`QueryError::Cancelled`].
    pub fn check(&self) -> Result<(), QueryError> {
        if self.is_cancelled() { Err(QueryError::Cancelled) } else { Ok(()) }
    }
}

/// How many samples a query may hold in memory at a time.
#[derive(Clone, Debug)]
pub struct SampleBudget {
    left: Arc<AtomicI64>,
}

impl SampleBudget {
    /// A budget of `samples`.
    #[must_use]
    pub fn new(samples: u64) -> Self {
        let samples = i64::try_from(samples).unwrap_or(i64::MAX);
        Self { left: Arc::new(AtomicI64::new(samples)) }
    }

    /// Takes `samples` out of the budget.
    ///
    /// # Errors
    /// [`QueryError::TooManySamples`] when the budget is spent.
    pub fn take(&self, samples: usize) -> Result<(), QueryError> {
        let samples = i64::try_from(samples).unwrap_or(i64::MAX);
        if self.left.fetch_sub(samples, Ordering::Relaxed) < samples {
            return Err(QueryError::TooManySamples);
        }
        Ok(())
    }

    /// Puts samples that are no longer held back into the budget.
    pub fn give_back(&self, samples: usize) {
        let samples = i64::try_from(samples).unwrap_or(i64::MAX);
        self.left.fetch_add(samples, Ordering::Relaxed);
    }
}

impl Default for SampleBudget {
    /// No limit worth the name.
    fn default() -> Self {
        Self { left: Arc::new(AtomicI64::new(i64::MAX / 2)) }
    }
}
