//! The times at which an expression is evaluated.

use model::TimestampMs;

/// `count` times, `step_ms` apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) start: TimestampMs,
    /// Milliseconds; 0 only with a count of one.
    pub(crate) step_ms: i64,
    pub(crate) count: usize,
}

impl Steps {
    pub(crate) fn single(t: TimestampMs) -> Self {
        Self { start: t, step_ms: 0, count: 1 }
    }

    /// From `start` to at most `end`.
    pub(crate) fn range(start: TimestampMs, end: TimestampMs, step_ms: i64) -> Self {
        if end < start {
            return Self { start, step_ms, count: 0 };
        }
        let count = if step_ms <= 0 { 1 } else { end.saturating_sub(start) / step_ms + 1 };
        Self { start, step_ms, count: usize::try_from(count).unwrap_or(usize::MAX) }
    }

    #[inline]
    pub(crate) fn at(&self, step: usize) -> TimestampMs {
        self.start + self.step_ms * step as i64
    }
}

/// Where a selector looks when the query stands at a step: `@` pins it, `offset` moves it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reference {
    pub(crate) steps: Steps,
    pub(crate) at: Option<TimestampMs>,
    pub(crate) offset_ms: i64,
}

impl Reference {
    #[inline]
    pub(crate) fn time(&self, step: usize) -> TimestampMs {
        self.at.unwrap_or_else(|| self.steps.at(step)).saturating_sub(self.offset_ms)
    }

    pub(crate) fn first(&self) -> TimestampMs {
        self.time(0)
    }

    pub(crate) fn last(&self) -> TimestampMs {
        self.time(self.steps.count.saturating_sub(1))
    }
}
