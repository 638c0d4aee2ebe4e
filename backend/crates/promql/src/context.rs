//! What all parts of an evaluation share: the store, the query's bounds, limits, counters, annotations.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use model::TimestampMs;
use parking_lot::Mutex;
use promql_syntax::ast::{At, DurationArg, Span};
use storage::{Cancel, SampleBudget, Storage};

use crate::annotations::{Annotations, Flags, Severity};
use crate::engine::Monotonic;
use crate::error::{EvalError, Result};
use crate::steps::{Reference, Steps};

/// State of one running query.
pub(crate) struct Context<'a> {
    pub(crate) storage: &'a dyn Storage,
    /// The query's own steps; subqueries have others.
    pub(crate) query: Steps,
    pub(crate) query_end: TimestampMs,
    pub(crate) lookback_ms: i64,
    /// Step of subqueries that name none.
    pub(crate) default_step_ms: i64,
    pub(crate) threads: usize,
    pub(crate) cancel: Cancel,
    pub(crate) budget: SampleBudget,
    pub(crate) clock: &'a Monotonic,
    pub(crate) deadline: Duration,
    pub(crate) annotations: Mutex<Annotations>,
    pub(crate) counters: Counters,
}

/// Counts kept while evaluating.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) loaded: AtomicU64,
    pub(crate) series: AtomicU64,
    held: AtomicI64,
    peak: AtomicI64,
}

impl Counters {
    pub(crate) fn peak(&self) -> u64 {
        u64::try_from(self.peak.load(Ordering::Relaxed)).unwrap_or(0)
    }
}

impl Context<'_> {
    /// `Err` once the query is cancelled or too old.
    pub(crate) fn check(&self) -> Result<()> {
        self.cancel.check()?;
        if (self.clock)() > self.deadline {
            return Err(EvalError::Timeout("expression evaluation"));
        }
        Ok(())
    }

    /// Accounts for samples that are now held in memory.
    pub(crate) fn hold(&self, samples: usize) -> Result<()> {
        self.budget.take(samples)?;
        let samples = samples as i64;
        let held = self.counters.held.fetch_add(samples, Ordering::Relaxed) + samples;
        self.counters.peak.fetch_max(held, Ordering::Relaxed);
        Ok(())
    }

    /// Accounts for samples that are no longer held.
    pub(crate) fn release(&self, samples: usize) {
        self.budget.give_back(samples);
        self.counters.held.fetch_sub(samples as i64, Ordering::Relaxed);
    }

    pub(crate) fn annotate(&self, severity: Severity, message: impl Into<String>, span: Span) {
        self.annotations.lock().add(severity, message.into(), span);
    }

    pub(crate) fn annotate_flags(&self, flags: Flags, metric: &str, span: Span) {
        if !flags.is_empty() {
            let mut annotations = self.annotations.lock();
            flags.describe(metric, |severity, message| annotations.add(severity, message, span));
        }
    }

    /// Length of a written duration in milliseconds; ranges and steps have to be greater than zero.
    pub(crate) fn duration(&self, duration: &DurationArg, positive: bool) -> Result<i64> {
        duration
            .resolve(self.query.step_ms, self.query_end - self.query.start, positive)
            .map_err(|error| EvalError::execution(error.to_string()))
    }

    /// Where a selector or subquery looks.
    pub(crate) fn reference(&self, steps: Steps, at: Option<At>, offset: &DurationArg) -> Result<Reference> {
        let at = at.map(|at| match at {
            At::Start => self.query.start,
            At::End => self.query_end,
            At::Timestamp(t) => t,
        });
        Ok(Reference { steps, at, offset_ms: self.duration(offset, false)? })
    }
}
