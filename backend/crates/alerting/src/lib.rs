//! The alert manager in process: what an alert goes through between a rule and a receiver.

pub mod matcher;
