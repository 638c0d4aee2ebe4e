//! Why a request is refused as a whole.

use thiserror::Error;

use crate::wire::WireError;

/// A request of which nothing is used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RequestError {
    /// The body is more than the server takes.
    #[error("the uncompressed body has {bytes} bytes; at most {limit} are taken")]
    TooLarge {
        /// Bytes it would have.
        bytes: usize,
        /// Bytes it may have.
        limit: usize,
    },
    /// The body is not compressed as it should be.
    #[error("the body is not snappy (block format): {0}")]
    Compression(String),
    /// The body is not the message that the content type says.
    #[error("the body is not a valid {message}: {error}")]
    Protobuf {
        /// Name of the message.
        message: &'static str,
        /// What is wrong and where.
        error: WireError,
    },
    /// The message asks for something that makes no sense or is not offered.
    #[error("{0}")]
    Invalid(String),
}
