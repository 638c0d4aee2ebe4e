//! Tests of rules, in the language of `promtool test rules`: series, and what alerts and queries give on them.
//!
//! Source: Prometheus' documentation, "Unit testing for rules".

mod file;
mod run;

pub use run::{TestReport, run};
