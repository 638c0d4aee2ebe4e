//! The time-series store: a head in memory, a write-ahead log that brings it back, and blocks on disk.
//!
//! `db` is what others see. `head` holds series and their chunks, `index` finds them by labels, `wal` is
//! the log. `block` is what the head has written to disk, in Prometheus' format, and `life` moves samples on:
//! from the head into a block, into a longer block, and away. `takeover` brings in what a Prometheus left. Head and blocks stand behind one querier. What
//! a query computes is none of this crate's business: it knows matchers and time ranges only.

mod admin;
pub mod block;
mod db;
mod error;
mod head;
mod index;
mod life;
mod metrics;
mod options;
mod pacer;
mod progress;
mod prometheus;
mod takeover;
mod validate;
mod wal;

pub use admin::AdminError;
pub use db::{Health, Tsdb};
pub use error::OpenError;
pub use head::{HeadStats, NamedCount, SeriesExemplars, SeriesLimits, Truncated};
pub use options::{Options, WalFsync};
pub use progress::{OpenProgress, OpenStep};
pub use prometheus::{
    AppenderSink, HandedOver, HeadLoss, HeadProgress, HeadReport, HeadStage, LoadOptions, LoadedHead,
    PrometheusHead, PrometheusHeadError, Sink, fuzz_prometheus_head_chunks, fuzz_prometheus_records,
};
pub use takeover::TakenOver;
pub use wal::{Damage, RecoveryReport, Refusal, TornTail, fuzz_records};
