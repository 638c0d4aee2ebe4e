//! The server's own metrics and logs: one registry that every crate registers with, its text in both
//! formats, the catalogue of all metrics, and the set-up of logging.

mod catalogue;
mod log;
mod logfmt;
mod process;
mod registry;
mod text;

pub use catalogue::{CatalogueEntry, markdown};
pub use log::{LogError, LogFormat, LogLevel, init_logging};
pub use process::{register_build_info, register_process};
pub use prometheus_client::metrics;
pub use registry::Registry;
