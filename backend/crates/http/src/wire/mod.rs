//! Reading parameters and writing answers, as Prometheus does both.

pub(crate) mod float;
pub(crate) mod frame;
pub(crate) mod histogram;
pub(crate) mod json;
pub(crate) mod params;
pub(crate) mod result;
pub(crate) mod time;
