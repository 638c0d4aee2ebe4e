//! The rim: HTTP in, HTTP out. Prometheus' API, our own endpoints under `/api/watchfire/v1`, the embedded
//! app, and what administrators call. Maps domain types to wire types; decides nothing itself.
//!
//! `router` reads as a table of contents; each handler has its own file; `error` turns every failure into
//! its one answer. What the rim cannot know (the store behind the contract, files, flags) it is given in
//! [`App`] through [`Store`] and [`Control`].

mod admin;
mod app;
mod error;
mod metrics;
mod pages;
mod prometheus;
mod protect;
mod remote;
mod router;
mod run;
mod server;
mod store;
mod ui;
mod watchfire;
mod wire;

pub use app::{App, BuildInfo, ConfigStatus, Control, ControlRequest, Limits, Settings};
pub use pages::{Page, PageAnswer, serve_pages};
pub use prometheus::rules::Rules;
pub use router::router;
pub use server::{ServeOptions, answer_while_starting, serve};
pub use store::{NamedCount, SeriesExemplars, Store, StoreStats};
pub use watchfire::targets::Targets;

/// Reads what a client may send as parameters and answers whether it makes sense; for fuzzing.
#[doc(hidden)]
#[must_use]
pub fn fuzz_params(text: &str) -> bool {
    wire::params::Params::parse(text).is_ok_and(|params| {
        params.range().is_ok()
            && params.selectors().is_ok()
            && params.limit("limit").is_ok()
            && params.step("step").is_ok()
            && params.time_or("time", 0).is_ok()
            && params.duration("timeout").is_ok()
    })
}
