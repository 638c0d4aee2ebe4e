//! Relabel rules as a pure function of labels.
//!
//! [`RuleConfig`] is what a configuration file says, [`Rule`] the same checked and compiled; both read the
//! keys Prometheus has. [`process`] runs rules over labels, [`explain`] does the same and tells what each
//! rule did. Which labels a target starts with, and which it may keep, is the scraper's business.

mod action;
mod apply;
mod config;
mod explain;
mod template;

pub use action::Action;
pub use apply::process;
pub use config::{Rule, RuleConfig, RuleError};
pub use explain::{Change, Explanation, Step, explain};
