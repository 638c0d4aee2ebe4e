//! Remote read: what is asked, and the answer as samples or as a stream of chunks.
//!
//! Source: `prompb/remote.proto` and `types.proto` of Prometheus, and its description of the remote read API.

mod answer;
mod chunks;
mod request;
mod samples;
mod stream;

use model::{CompiledMatcher, TimeRange};
use thiserror::Error;

use crate::RequestError;

pub use request::decode;
pub use samples::samples;
pub use stream::stream;

/// Content type of the answer of [`samples`]; it is packed with snappy.
pub const SAMPLES_TYPE: &str = "application/x-protobuf";
/// Content type of the answer of [`stream`]; it is not packed.
pub const STREAM_TYPE: &str = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";

/// Bounds on what a reader may ask for.
#[derive(Clone, Debug)]
pub struct ReadLimits {
    /// Samples in an answer that is not streamed; 0 for any number.
    pub samples: u64,
    /// Requests at a time.
    pub concurrency: usize,
    /// Bytes after which a frame of a stream ends. A single chunk may make it longer.
    pub frame_bytes: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self { samples: 50_000_000, concurrency: 10, frame_bytes: 1 << 20 }
    }
}

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct ReadRequest {
    /// Queries; the answer has them in this order.
    pub queries: Vec<ReadQuery>,
    /// Forms of the answer that the reader understands, the best first, by number.
    pub accepted: Vec<u64>,
}

/// One query.
#[derive(Clone, Debug)]
pub struct ReadQuery {
    /// From and to, both included.
    pub range: TimeRange,
    /// What the series have to match.
    pub matchers: Vec<CompiledMatcher>,
    /// Step of the evaluation that needs this, in milliseconds; 0 if not known.
    pub step_ms: i64,
    /// Length of the range selector that needs this, in milliseconds; 0 if not known.
    pub range_ms: i64,
}

/// A form of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadForm {
    /// One message with all samples.
    Samples,
    /// Frames with chunks, one series after the other.
    Stream,
}

impl ReadRequest {
    /// The form to answer in.
    ///
    /// # Errors
    /// When the reader accepts none that there is.
    pub fn form(&self) -> Result<ReadForm, RequestError> {
        if self.accepted.is_empty() {
            return Ok(ReadForm::Samples);
        }
        let known = self.accepted.iter().find_map(|number| match number {
            0 => Some(ReadForm::Samples),
            1 => Some(ReadForm::Stream),
            _ => None,
        });
        known.ok_or_else(|| {
            let why = "none of the accepted response types is supported; SAMPLES and STREAMED_XOR_CHUNKS are";
            RequestError::Invalid(why.to_owned())
        })
    }
}

/// Why there is no (complete) answer.
#[derive(Clone, Debug, Error)]
pub enum ReadError {
    /// There are more samples than an answer may have.
    #[error("exceeded sample limit ({0})")]
    TooManySamples(u64),
    /// The store could not be read, or nobody waits for the answer any more.
    #[error(transparent)]
    Query(#[from] storage::QueryError),
    /// The answer is too large to be packed.
    #[error(transparent)]
    Request(#[from] RequestError),
}
