//! The whole load of a run, encoded before any clock starts: the same bytes for every server.

use std::ops::Range;

use anyhow::{Context, Result};

use super::body::{Body, Packer};
use super::fleet::{Line, POD_SERIES, lines, wire_labels};
use super::values::Values;

/// Time between the samples of a series.
pub(super) const INTERVAL_MS: i64 = 15_000;
/// Samples of a request.
pub(super) const REQUEST_SAMPLES: usize = 5_000;
/// Senders, each with a connection and pods of its own, so that a series' samples arrive in order.
const SENDERS: usize = 2;

/// Bodies for each sender, in their order.
pub(super) type Queues = Vec<Vec<Body>>;

/// What is sent, in three parts.
pub(super) struct Load {
    pub(super) pods: usize,
    /// Each sample is the first of its series.
    pub(super) first: Queues,
    /// The following steps.
    pub(super) steady: Queues,
    /// What is sent right before the server is killed.
    pub(super) burst: Queues,
    /// The time of the last step of the steady part: no sample of it is younger.
    pub(super) end_ms: i64,
    /// No sample is older.
    pub(super) start_ms: i64,
    /// No sample at all is younger.
    pub(super) last_ms: i64,
}

impl Load {
    /// `series` (rounded up to whole pods) times `steps`, and a burst of `burst` more steps, all of it before
    /// `now_ms` less a minute.
    ///
    /// # Errors
    /// When a body cannot be encoded.
    pub(super) fn new(series: usize, steps: usize, burst: usize, now_ms: i64) -> Result<Self> {
        let pods = series.div_ceil(POD_SERIES);
        let last_ms = (now_ms - 60_000).div_euclid(INTERVAL_MS) * INTERVAL_MS;
        let start_ms = last_ms - (steps + burst) as i64 * INTERVAL_MS;
        let parts = [0..1, 1..steps, steps..steps + burst];
        let lines = lines();
        let queues: Vec<[Vec<Body>; 3]> = std::thread::scope(|scope| {
            let senders: Vec<_> = (0..SENDERS)
                .map(|sender| {
                    let (parts, lines) = (&parts, &lines);
                    scope.spawn(move || {
                        let mut shard = Shard::new((sender..pods).step_by(SENDERS), lines);
                        let [first, steady, burst] = parts;
                        Ok([
                            shard.bodies(first, lines, start_ms)?,
                            shard.bodies(steady, lines, start_ms)?,
                            shard.bodies(burst, lines, start_ms)?,
                        ])
                    })
                })
                .collect();
            senders
                .into_iter()
                .map(|sender| sender.join().ok().context("a sender's encoder panicked")?)
                .collect::<Result<_>>()
        })?;
        let mut load = Self {
            pods,
            first: Vec::new(),
            steady: Vec::new(),
            burst: Vec::new(),
            end_ms: start_ms + steps as i64 * INTERVAL_MS,
            start_ms,
            last_ms,
        };
        for [first, steady, burst] in queues {
            load.first.push(first);
            load.steady.push(steady);
            load.burst.push(burst);
        }
        Ok(load)
    }

    /// Number of series.
    pub(super) fn series(&self) -> usize {
        self.pods * POD_SERIES
    }
}

/// Number of samples in a part of the load.
pub(super) fn samples(queues: &Queues) -> usize {
    queues.iter().flatten().map(|body| body.samples).sum()
}

/// The pods of one sender.
struct Shard {
    pods: Vec<Pod>,
}

/// A pod that is ready to be written.
pub(super) struct Pod {
    number: usize,
    labels: Vec<Box<[u8]>>,
    values: Values,
}

impl Pod {
    /// A pod before its first step.
    pub(super) fn new(number: usize, lines: &[Line]) -> Self {
        Self { number, labels: wire_labels(number, lines), values: Values::new(number, lines) }
    }

    /// Its next values, at `t_ms`.
    ///
    /// # Errors
    /// When a body cannot be encoded.
    pub(super) fn step(&mut self, lines: &[Line], t_ms: i64, packer: &mut Packer) -> Result<()> {
        self.values.step(lines);
        for (labels, value) in self.labels.iter().zip(self.values.now()) {
            packer.push(labels, *value, t_ms)?;
        }
        Ok(())
    }

    /// The mark that says of each series that it has ended.
    ///
    /// # Errors
    /// When a body cannot be encoded.
    pub(super) fn end(&self, t_ms: i64, packer: &mut Packer) -> Result<()> {
        /// The NaN that Prometheus reserves for the end of a series.
        const STALE: u64 = 0x7ff0_0000_0000_0002;
        self.labels.iter().try_for_each(|labels| packer.push(labels, f64::from_bits(STALE), t_ms))
    }

    /// Where within an interval this pod's samples lie.
    fn phase_ms(&self) -> i64 {
        self.number as i64 * 7_919 % INTERVAL_MS
    }
}

impl Shard {
    fn new(pods: impl Iterator<Item = usize>, lines: &[Line]) -> Self {
        Self { pods: pods.map(|pod| Pod::new(pod, lines)).collect() }
    }

    fn bodies(&mut self, steps: &Range<usize>, lines: &[Line], start_ms: i64) -> Result<Vec<Body>> {
        let mut packer = Packer::new(REQUEST_SAMPLES);
        for step in steps.clone() {
            for pod in &mut self.pods {
                let t_ms = start_ms + step as i64 * INTERVAL_MS + pod.phase_ms();
                pod.step(lines, t_ms, &mut packer)?;
            }
        }
        packer.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_series_has_a_sample_in_every_step() {
        let load = Load::new(1_200, 3, 2, 1_800_000_000_000).unwrap();
        assert_eq!((load.pods, load.series()), (3, 1_500));
        assert_eq!(samples(&load.first), 1_500);
        assert_eq!(samples(&load.steady), 2 * 1_500);
        assert_eq!(samples(&load.burst), 2 * 1_500);
        assert_eq!(load.end_ms - load.start_ms, 3 * INTERVAL_MS);
        assert_eq!(load.last_ms - load.end_ms, 2 * INTERVAL_MS);
        assert!(load.last_ms <= 1_800_000_000_000 - 60_000);
    }
}
