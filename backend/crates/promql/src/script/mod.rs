//! Runs scripts in Prometheus' test language: load series, evaluate, compare.
//!
//! A script is data: every evaluation is scored on its own, and what concerns native histograms or needs
//! a feature flag is told apart, so that one missing feature does not hide the rest. Source: the README
//! of Prometheus' `promqltest` package.

mod check;
mod histogram;
mod load;
mod parse;
mod run;
mod series;

pub use run::{Class, EvalReport, FileReport, ScriptOptions, run};
