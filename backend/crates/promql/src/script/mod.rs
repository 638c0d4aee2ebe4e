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

use model::{Histogram, Labels, Value};

/// Reads values in series notation, such as `1 2+1x5 _ stale`; `None` where there is no sample.
///
/// # Errors
/// What cannot be read.
pub fn read_values(text: &str) -> Result<Vec<Option<Value>>, String> {
    series::values(text)
}

/// Reads a metric: `name{a="b"}`.
///
/// # Errors
/// What cannot be read.
pub fn read_metric(text: &str) -> Result<Labels, String> {
    series::metric(text)
}

/// Reads a native histogram: `{{schema:1 sum:5 count:4 buckets:[1 2 1]}}`.
///
/// # Errors
/// What cannot be read.
pub fn read_histogram(text: &str) -> Result<Histogram, String> {
    let inner = text.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    histogram::parse(inner.ok_or_else(|| format!("{text:?} is not a histogram"))?)
}

/// Whether two native histograms say the same, however their buckets are laid out.
#[must_use]
pub fn is_same_histogram(a: &Histogram, b: &Histogram) -> bool {
    check::same_histogram(a, b)
}
