//! The time-series store: a head in memory, and a write-ahead log that brings it back.
//!
//! `db` is what others see. `head` holds series and their chunks, `index` finds them by labels, `wal` is
//! the log. Blocks on disk will stand beside the head, behind the same querier. What a query computes is
//! none of this crate's business: it knows matchers and time ranges only.

mod db;
mod error;
mod head;
mod index;
mod metrics;
mod options;
mod prometheus;
mod validate;
mod wal;

pub use db::{Health, Tsdb};
pub use error::OpenError;
pub use head::{HeadStats, NamedCount, SeriesExemplars, Truncated};
pub use options::{Options, WalFsync};
pub use prometheus::{
    AppenderSink, HandedOver, HeadLoss, HeadProgress, HeadReport, HeadStage, LoadOptions, LoadedHead,
    PrometheusHead, PrometheusHeadError, Sink, fuzz_prometheus_head_chunks, fuzz_prometheus_records,
};
pub use wal::{Damage, RecoveryReport, Refusal, TornTail, fuzz_records};
