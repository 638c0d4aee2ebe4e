//! Shared parts for tests: corpora that may be absent, and how a test says that it was skipped.

mod corpus;
pub mod http;

pub use corpus::{corpus, skip};
