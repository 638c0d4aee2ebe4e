//! What administrators and machines call: health, reload, quit, own metrics.

pub(crate) mod health;
pub(crate) mod lifecycle;
pub(crate) mod own_metrics;
