//! Requests as they come: a Poisson process whose rate follows the hour, the weekday and bursts.

use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Distribution as _, Exp1, LogNormal};
use rand_pcg::Pcg64Mcg;

use crate::topology::{MODELS, TENANTS, replicas_of};

/// One request of a client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    /// When it arrived, seconds since the epoch.
    pub(crate) arrival_s: f64,
    pub(crate) tenant: usize,
    pub(crate) prompt_tokens: u32,
    pub(crate) output_tokens: u32,
    /// Uniform in 0..1; decides whether it fails.
    pub(crate) luck: f64,
    /// It stopped because it reached its length limit.
    pub(crate) cut_at_length: bool,
}

/// The stream of requests for one model.
#[derive(Debug)]
pub(crate) struct Arrivals {
    model: usize,
    rng: Pcg64Mcg,
    start_s: f64,
    now_s: f64,
    prompt: LogNormal<f64>,
    output: LogNormal<f64>,
}

/// Share by which the day's rate swings around its mean.
const DAILY_SWING: f64 = 0.45;
/// Rate on Saturday and Sunday.
const WEEKEND: f64 = 0.7;
/// A burst of this factor …
const BURST_FACTOR: f64 = 1.35;
/// … begins this often, seconds …
const BURST_EVERY_S: f64 = 2400.0;
/// … and lasts this long.
const BURST_S: f64 = 150.0;

impl Arrivals {
    pub(crate) fn new(model: usize, seed: u64, start_s: f64) -> Self {
        let lognormal = |median: f64, sigma: f64| {
            LogNormal::new(median.ln(), sigma).expect("constant parameters of a log-normal are finite")
        };
        Self {
            model,
            rng: Pcg64Mcg::seed_from_u64(seed),
            start_s,
            now_s: start_s,
            prompt: lognormal(800.0, 0.9),
            output: lognormal(180.0, 0.8),
        }
    }

    /// The next request. Its answer's length is multiplied by `output_factor` of its moment.
    pub(crate) fn next(&mut self, output_factor: impl Fn(f64) -> f64) -> Request {
        // Thinning: candidates come at the greatest rate and are kept by the share of the rate right then.
        let greatest = base_rate(self.model) * (1.0 + DAILY_SWING) * BURST_FACTOR;
        loop {
            let wait: f64 = Exp1.sample(&mut self.rng);
            self.now_s += wait / greatest;
            if self.rng.random::<f64>() * greatest < rate(self.model, self.now_s, self.start_s) {
                break;
            }
        }
        let prompt = self.prompt.sample(&mut self.rng).clamp(16.0, 8000.0);
        let output = self.output.sample(&mut self.rng) * output_factor(self.now_s);
        Request {
            arrival_s: self.now_s,
            tenant: self.tenant(),
            prompt_tokens: prompt as u32,
            output_tokens: output.clamp(4.0, 2000.0) as u32,
            luck: self.rng.random(),
            cut_at_length: self.rng.random::<f64>() < 0.15,
        }
    }

    fn tenant(&mut self) -> usize {
        let mut draw: f64 = self.rng.random();
        for (index, tenant) in TENANTS.iter().enumerate() {
            draw -= tenant.share;
            if draw < 0.0 {
                return index;
            }
        }
        0
    }
}

fn base_rate(model: usize) -> f64 {
    MODELS[model].rate_per_replica * replicas_of(model).count() as f64
}

/// Hour of the fleet's own day at which it begins, so that six hours later, when people look, it is busy.
const FIRST_HOUR: f64 = 8.5;

/// Requests a second for a model at a time. The fleet's day begins with the fleet, on a Monday; it is
/// quietest at three in the morning and busiest at three in the afternoon.
fn rate(model: usize, now_s: f64, start_s: f64) -> f64 {
    let hours = (now_s - start_s) / 3600.0 + FIRST_HOUR;
    let weekend = (hours / 24.0).floor().rem_euclid(7.0) >= 5.0;
    let daily = 1.0 + DAILY_SWING * (std::f64::consts::TAU * (hours - 9.0) / 24.0).sin();
    let offset = 800.0 * model as f64;
    let burst = (now_s + offset).rem_euclid(BURST_EVERY_S) < BURST_S;
    base_rate(model) * daily * if weekend { WEEKEND } else { 1.0 } * if burst { BURST_FACTOR } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_has_the_rate_of_its_hour() {
        let start_s = 43_200.0;
        let mut arrivals = Arrivals::new(0, 7, start_s);
        let mut count = 0;
        let mut expected = 0.0;
        for second in 0..3600 {
            expected += rate(0, start_s + f64::from(second), start_s);
        }
        while arrivals.next(|_| 1.0).arrival_s < start_s + 3600.0 {
            count += 1;
        }
        let off = (f64::from(count) - expected).abs() / expected;
        assert!(off < 0.01, "{count} requests in an hour that should have {expected:.0}");
    }

    #[test]
    fn lengths_have_the_medians_of_the_model() {
        let mut arrivals = Arrivals::new(0, 7, 0.0);
        let requests: Vec<Request> = (0..20_000).map(|_| arrivals.next(|_| 1.0)).collect();
        let median = |mut tokens: Vec<u32>| {
            tokens.sort_unstable();
            f64::from(tokens[tokens.len() / 2])
        };
        let prompt = median(requests.iter().map(|r| r.prompt_tokens).collect());
        let output = median(requests.iter().map(|r| r.output_tokens).collect());
        assert!((760.0..840.0).contains(&prompt), "{prompt}");
        assert!((171.0..189.0).contains(&output), "{output}");
    }
}
