//! Writing.

use model::{Exemplar, Histogram, Labels, MetricMetadata, TimestampMs};
use thiserror::Error;

/// A series of one store, for as long as it is in the store's head. Never stored, never shared between
/// stores; a writer that gets [`AppendError::UnknownSeries`] resolves the labels anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesRef(pub u64);

/// Why a sample was not taken. The messages are Prometheus', because senders match on them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AppendError {
    /// Older than the newest sample of the series.
    #[error("out of order sample")]
    OutOfOrder,
    /// Older than the head reaches back.
    #[error("out of bounds")]
    OutOfBounds,
    /// Older than samples may come late.
    #[error("too old sample")]
    TooOld,
    /// The series has another value at this time.
    #[error("duplicate sample for timestamp")]
    DuplicateTimestamp,
    /// The series is no longer in the head; resolve its labels again.
    #[error("unknown series")]
    UnknownSeries,
    /// The label set cannot be a series.
    #[error("invalid label set: {0}")]
    InvalidLabels(String),
    /// There may be no more series, in all or of this kind; the text says which limit was met.
    #[error("too many series: {0}")]
    TooManySeries(String),
    /// The histogram contradicts itself.
    #[error("invalid histogram: {0}")]
    InvalidHistogram(String),
    /// The exemplar is older than the newest one.
    #[error("out of order exemplar")]
    OutOfOrderExemplar,
    /// The store takes no more writes; the text says since when and why.
    #[error("storage refuses writes: {0}")]
    Refused(String),
}

/// A writer. Appends gather in a batch that `commit` makes visible and durable as a whole.
///
/// A refused sample leaves the rest of the batch intact.
pub trait Appender: Send {
    /// The reference of the series with these labels, created if it is new.
    ///
    /// # Errors
    /// [`AppendError::InvalidLabels`], [`AppendError::TooManySeries`], [`AppendError::Refused`].
    fn resolve(&mut self, labels: &Labels) -> Result<SeriesRef, AppendError>;

    /// Time of the newest sample of a series, the batch included; `None` when it has none, or is unknown.
    fn newest(&mut self, series: SeriesRef) -> Option<TimestampMs>;

    /// Adds a float (or the staleness marker).
    ///
    /// # Errors
    /// When the sample is out of order, out of bounds, a duplicate, or the series unknown. The same value
    /// again at the same time is no error.
    fn append(&mut self, series: SeriesRef, t: TimestampMs, value: f64) -> Result<(), AppendError>;

    /// Adds a native histogram.
    ///
    /// # Errors
    /// As for [`Appender::append`], and [`AppendError::InvalidHistogram`].
    fn append_histogram(
        &mut self,
        series: SeriesRef,
        t: TimestampMs,
        histogram: &Histogram,
    ) -> Result<(), AppendError>;

    /// Attaches an exemplar to a series.
    ///
    /// # Errors
    /// [`AppendError::OutOfOrderExemplar`], [`AppendError::UnknownSeries`].
    fn append_exemplar(&mut self, series: SeriesRef, exemplar: &Exemplar) -> Result<(), AppendError>;

    /// Says what is known about the family of a series.
    ///
    /// # Errors
    /// [`AppendError::UnknownSeries`].
    fn set_metadata(&mut self, series: SeriesRef, metadata: &MetricMetadata) -> Result<(), AppendError>;

    /// Makes the batch visible, and durable as far as the store promises. The appender is empty after it,
    /// whether it worked or not.
    ///
    /// # Errors
    /// [`AppendError::Refused`] when the batch could not be logged; then nothing of it is acknowledged.
    fn commit(&mut self) -> Result<(), AppendError>;

    /// Forgets the batch.
    fn rollback(&mut self);
}
