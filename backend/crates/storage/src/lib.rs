//! The contract between those who write samples, those who keep them and those who read them.
//!
//! A writer resolves a label set to a [`SeriesRef`] once and appends by reference from then on; nothing
//! is visible or durable before [`Appender::commit`]. A reader opens a [`Querier`] over a time range,
//! selects [`Series`] by matchers and decodes each into columns. Nobody here knows a file format, and
//! nobody who uses this knows which store is behind it.

mod append;
mod limits;
pub mod memory;
pub mod merge;
mod query;
mod start;

pub use append::{AppendError, Appender, SeriesRef};
pub use limits::{Cancel, SampleBudget};
pub use query::{Querier, QueryError, Samples, SelectHints, Series};
pub use start::append_start;

use model::TimeRange;

/// A store that can be written and read.
pub trait Storage: Send + Sync {
    /// A writer for one scrape loop, connection or rule group. Reuse it: it keeps its buffers.
    fn appender(&self) -> Box<dyn Appender>;

    /// A view of the samples within `range`.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn querier(&self, range: TimeRange) -> Result<Box<dyn Querier>, QueryError>;
}
