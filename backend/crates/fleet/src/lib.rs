//! The simulated fleet behind `watchfire demo`: two models served by seven engine replicas on two hosts of
//! eight GPUs, under a day's load and a script of incidents.
//!
//! It is a discrete-event model of continuous batching, not random curves: queues, KV-cache pressure,
//! preemption, GPU power and temperature follow from arrivals and hardware. One seed gives one run. Time is
//! an input: the fleet advances to the moment it is asked for, so six hours take seconds.
//!
//! Data flows one way: arrivals → replicas → GPUs → pages.

mod arrivals;
mod buckets;
mod fleet;
mod gateway;
mod gpu;
mod host;
mod incident;
mod pages;
mod replica;
mod topology;

pub use fleet::{Fleet, FleetTarget};
