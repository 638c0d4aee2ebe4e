//! What goes wrong, and when: a script that repeats every three hours of the wall clock.

use crate::topology::{HOSTS, REPLICAS};

const MINUTE_S: f64 = 60.0;
/// Length of the script, seconds.
pub(crate) const PERIOD_S: f64 = 180.0 * MINUTE_S;

/// A kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Answers of a model grow long: the KV cache fills, requests are preempted, the queue explodes.
    KvThrash { model: usize },
    /// A replica's inlet air is hot: clocks fall, every token takes longer.
    Heat { replica: usize },
    /// A canary version that misses the prefix cache and fails more often.
    BadDeploy { replica: usize },
    /// A replica was started with half of its KV blocks.
    KvMisconfigured { replica: usize },
    /// A GPU falls off the bus (XID 79): its replica is down, its neighbours take the load.
    GpuLost { replica: usize },
    /// A contained memory error (XID 94): the engine restarts, its counters start from zero.
    Restart { replica: usize },
}

/// A line of the script.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incident {
    pub(crate) kind: Kind,
    start_s: f64,
    duration_s: f64,
}

const fn at(minute: f64, minutes: f64, kind: Kind) -> Incident {
    Incident { kind, start_s: minute * MINUTE_S, duration_s: minutes * MINUTE_S }
}

const SCRIPT: [Incident; 6] = [
    at(22.0, 4.0, Kind::KvThrash { model: 0 }),
    at(52.0, 14.0, Kind::Heat { replica: 1 }),
    at(80.0, 20.0, Kind::BadDeploy { replica: 4 }),
    at(112.0, 15.0, Kind::KvMisconfigured { replica: 5 }),
    at(140.0, 3.0, Kind::GpuLost { replica: 2 }),
    at(162.0, 2.0 / 3.0, Kind::Restart { replica: 6 }),
];

/// What is going on at a time (seconds since the epoch).
pub(crate) fn active(now_s: f64) -> impl Iterator<Item = Kind> {
    let phase = now_s.rem_euclid(PERIOD_S);
    SCRIPT
        .iter()
        .filter(move |i| (i.start_s..i.start_s + i.duration_s).contains(&phase))
        .map(|incident| incident.kind)
}

/// How the script bears on one replica.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Effects {
    /// Factor on the length of answers.
    pub(crate) output_factor: f64,
    /// Kelvin added to the inlet air.
    pub(crate) inlet_k: f64,
    /// Share of a prompt found in the prefix cache.
    pub(crate) prefix_hits: f64,
    /// Share of requests that fail.
    pub(crate) errors: f64,
    /// Share of the KV blocks that can be used.
    pub(crate) kv_share: f64,
    /// Not there.
    pub(crate) down: bool,
    /// A GPU of it is off the bus.
    pub(crate) gpu_lost: bool,
    /// Version of the deployment.
    pub(crate) version: &'static str,
}

impl Effects {
    /// The effects on `replica` at a time.
    pub(crate) fn on(replica: usize, now_s: f64) -> Self {
        let mut effects = Self {
            output_factor: 1.0,
            inlet_k: 0.0,
            prefix_hits: 0.3,
            errors: 0.002,
            kv_share: 1.0,
            down: false,
            gpu_lost: false,
            version: "v1",
        };
        for kind in active(now_s) {
            match kind {
                Kind::KvThrash { model } if REPLICAS[replica].model == model => effects.output_factor = 2.5,
                Kind::Heat { replica: r } if r == replica => effects.inlet_k = 36.0,
                Kind::BadDeploy { replica: r } if r == replica => {
                    effects.prefix_hits = 0.0;
                    effects.errors = 0.008;
                    effects.version = "v2";
                }
                Kind::KvMisconfigured { replica: r } if r == replica => effects.kv_share = 0.5,
                Kind::GpuLost { replica: r } if r == replica => {
                    effects.down = true;
                    effects.gpu_lost = true;
                }
                Kind::Restart { replica: r } if r == replica => effects.down = true,
                _ => {}
            }
        }
        effects
    }
}

/// The last XID that a GPU's driver reported by `now_s`: it stays until the driver is loaded anew, which
/// here is the start of the script's next round.
pub(crate) fn latched_xid(host: usize, gpu: usize, now_s: f64) -> u32 {
    debug_assert!(host < HOSTS.len());
    let phase = now_s.rem_euclid(PERIOD_S);
    SCRIPT
        .iter()
        .filter(|incident| incident.start_s <= phase)
        .filter_map(|incident| match incident.kind {
            Kind::GpuLost { replica } => Some((replica, 79)),
            Kind::Restart { replica } => Some((replica, 94)),
            _ => None,
        })
        .filter(|(replica, _)| REPLICAS[*replica].host == host && REPLICAS[*replica].gpu == gpu)
        .map(|(_, xid)| xid)
        .next_back()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_script_happens_and_ends() {
        for incident in SCRIPT {
            let middle = incident.start_s + incident.duration_s / 2.0;
            assert!(active(middle).any(|kind| kind == incident.kind), "{incident:?}");
            let after = incident.start_s + incident.duration_s;
            assert!(active(after).all(|kind| kind != incident.kind), "{incident:?}");
            assert!(after < PERIOD_S);
        }
    }

    #[test]
    fn an_xid_stays_latched_on_the_gpu_that_had_it() {
        assert_eq!(latched_xid(0, 4, 139.0 * 60.0), 0);
        assert_eq!(latched_xid(0, 4, 150.0 * 60.0), 79);
        assert_eq!(latched_xid(0, 5, 150.0 * 60.0), 0);
    }
}
