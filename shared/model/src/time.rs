//! Times.

/// Milliseconds since the Unix epoch.
pub type TimestampMs = i64;

/// A span of time, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeRange {
    /// First millisecond.
    pub start_ms: TimestampMs,
    /// Last millisecond.
    pub end_ms: TimestampMs,
}

impl TimeRange {
    /// Everything.
    pub const ALL: Self = Self { start_ms: i64::MIN, end_ms: i64::MAX };

    /// From `start_ms` to `end_ms`, both included.
    #[must_use]
    pub fn new(start_ms: TimestampMs, end_ms: TimestampMs) -> Self {
        Self { start_ms, end_ms }
    }

    /// Whether `t` lies in the range.
    #[must_use]
    pub fn contains(&self, t: TimestampMs) -> bool {
        self.start_ms <= t && t <= self.end_ms
    }

    /// Whether the two ranges share a millisecond.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start_ms <= other.end_ms && other.start_ms <= self.end_ms
    }
}
