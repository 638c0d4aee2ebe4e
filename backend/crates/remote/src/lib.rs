//! Remote write and remote read: how other monitoring servers put samples here and take them from here.
//!
//! `write` takes bodies of remote write 1.0 and 2.0 into a store; `read` answers remote read with samples or
//! with a stream of chunks. Both read protobuf where it lies (`wire`), because there is no time for
//! anything else: a sample of a known series is found by a hash of the bytes of its labels, which are then
//! not even looked at. Nothing here knows HTTP.
//!
//! Bytes may come from anywhere: they are read or refused, never more memory is taken than a limit says.

mod error;
mod histogram;
mod labels;
pub mod read;
mod snappy;
mod wire;
pub mod write;

pub use error::RequestError;
pub use wire::WireError;
