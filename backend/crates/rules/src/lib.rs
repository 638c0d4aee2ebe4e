//! Rules: queries that are asked at fixed times, whose answers become series or alerts.
//!
//! `testing` runs tests of rules; `file` reads groups of rules, `manager` runs them: one task a group, which asks the rules in their order at
//! aligned times, writes what they give into the store and hands alerts to an [`AlertSink`]. `alerting` and
//! `recording` turn an answer into samples, `policy` says what happens without one, `restore` takes up after a restart where alerts were pending.
//! Nothing here knows how alerts are routed or how samples are kept.
//!
//! Source: Prometheus' documentation, "Defining recording rules" and "Alerting rules".

mod alerting;
mod batch;
mod config;
mod error;
mod expand;
mod file;
mod group;
mod manager;
mod metrics;
mod missing;
mod offline;
mod policy;
mod recording;
mod restore;
mod schedule;
mod sink;
mod status;
pub mod testing;
mod text;

pub use alerting::{ActiveAlert, AlertState};
pub use config::{AlertingConfig, GroupConfig, RuleConfig, RuleKind};
pub use error::RuleError;
pub use file::{read_file, read_files, read_text};
pub use manager::{RuleDeps, RuleManager, RuleSettings};
pub use metrics::Metrics;
pub use policy::{Policies, Policy};
pub use sink::{AlertSink, OutgoingAlert, Transition};
pub use status::{AlertStatus, GroupStatus, Health, RuleStatus};
pub use text::Text;
