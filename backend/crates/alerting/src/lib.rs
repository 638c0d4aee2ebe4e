//! The alert manager in process: what an alert goes through between a rule and a receiver.

pub mod config;
mod fingerprint;
pub mod interval;
pub mod matcher;
pub mod route;

pub use fingerprint::Fingerprint;
