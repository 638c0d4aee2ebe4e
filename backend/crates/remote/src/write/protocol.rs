//! What the two versions of remote write have in common: a body is a list of series, each with labels and
//! entries.

use crate::labels::RawPair;
use crate::wire::{Reader, WireError};
use crate::write::cache::Key;

/// A `TimeSeries` message with its labels set apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Located<'a> {
    /// The whole message.
    pub(crate) message: Reader<'a>,
    /// What is left of it behind its labels.
    pub(crate) rest: Reader<'a>,
    /// Stands for the labels; `None` when they do not lie together, as every encoder puts them.
    pub(crate) key: Option<Key>,
}

/// What a series brings.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entry<'a> {
    /// A float.
    Sample {
        /// Milliseconds since the epoch.
        t: i64,
        /// Value.
        value: f64,
        /// When the counter began that this is a sample of, in milliseconds since the epoch; 0: not said.
        start: i64,
    },
    /// A `Histogram` message.
    Histogram(Reader<'a>),
    /// An exemplar's message.
    Exemplar(Reader<'a>),
    /// What is said about the metric, as a message (2.0 only).
    Metadata(Reader<'a>),
}

/// Metadata as it lies in the body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawMetadata<'a> {
    /// Number of the type.
    pub(crate) kind: u64,
    pub(crate) help: &'a [u8],
    pub(crate) unit: &'a [u8],
    /// A hash of all of it that is not 0; 0 when nothing is said.
    pub(crate) hash: u32,
}

/// An exemplar as it lies in the body.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawExemplar<'a> {
    pub(crate) pairs: Vec<RawPair<'a>>,
    pub(crate) value: f64,
    pub(crate) t: i64,
}

/// A version of the protocol.
pub(crate) trait Protocol<'a> {
    /// Whether an exemplar that is out of order makes the request a partial write.
    const EXEMPLARS_COUNT: bool;

    /// Sets the labels of a `TimeSeries` message apart.
    fn locate(&self, message: Reader<'a>) -> Result<Located<'a>, WireError>;

    /// The labels of a series, wherever in its message they lie.
    fn pairs(&self, message: Reader<'a>) -> Result<Vec<RawPair<'a>>, WireError>;

    /// The next entry of a series. With labels `set_apart`, there may be no more of them.
    fn entry(&self, rest: &mut Reader<'a>, set_apart: bool) -> Result<Option<Entry<'a>>, WireError>;

    /// When the counters of a series began, in milliseconds since the epoch; 0: not said.
    fn start(&self, message: Reader<'a>) -> Result<i64, WireError>;

    /// Reads an exemplar.
    fn exemplar(&self, message: Reader<'a>) -> Result<RawExemplar<'a>, WireError>;

    /// Reads metadata.
    fn metadata(&self, message: Reader<'a>) -> Result<RawMetadata<'a>, WireError>;
}

/// Reads a `Sample` message.
#[inline]
pub(crate) fn read_sample<'a>(mut message: Reader<'a>) -> Result<Entry<'a>, WireError> {
    const VALUE: u32 = crate::wire::fixed64(1);
    const TIMESTAMP: u32 = crate::wire::varint(2);
    const START: u32 = crate::wire::varint(3);
    let (mut t, mut value, mut start) = (0, 0.0, 0);
    while let Some(tag) = message.tag()? {
        match tag {
            VALUE => value = message.double()?,
            TIMESTAMP => t = message.int()?,
            START => start = message.int()?,
            other => message.skip(other)?,
        }
    }
    Ok(Entry::Sample { t, value, start })
}
