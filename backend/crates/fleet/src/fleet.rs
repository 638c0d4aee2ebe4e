//! The whole fleet and its clock: seconds pass, requests are routed, replicas and GPUs follow.

use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

use crate::arrivals::{Arrivals, Request};
use crate::gpu::{Gpu, Load};
use crate::host::HostState;
use crate::incident::Effects;
use crate::replica::{Conditions, Replica, TenantCounters};
use crate::topology::{
    GPUS_PER_HOST, GPUS_PER_REPLICA, HOSTS, MODELS, REPLICAS, TENANTS, owner, replicas_of,
};
use crate::{gateway, pages};

/// Something that can be scraped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetTarget {
    /// Job it belongs to: `vllm`, `dcgm`, `node` or `litellm`.
    pub job: &'static str,
    /// Path of its page.
    pub path: String,
    /// Labels that discovery knows: `instance`, `pod`, `zone`, `version` …
    pub labels: Vec<(&'static str, String)>,
}

/// The fleet at a moment.
#[derive(Debug)]
pub struct Fleet {
    now_s: f64,
    pub(crate) replicas: Vec<Replica>,
    arrivals: Vec<Arrivals>,
    /// The next request of each model.
    upcoming: Vec<Request>,
    router: Pcg64Mcg,
    pub(crate) gpus: Vec<Gpu>,
    pub(crate) hosts: Vec<HostState>,
    /// What replicas that are gone had billed, per model and tenant.
    pub(crate) retired: Vec<[TenantCounters; TENANTS.len()]>,
    down: Vec<bool>,
}

impl Fleet {
    /// A fleet that begins to work at `start_ms`. The same seed and start give the same run.
    #[must_use]
    pub fn new(seed: u64, start_ms: i64) -> Self {
        let start_s = (start_ms.div_euclid(1000)) as f64;
        let mut arrivals: Vec<Arrivals> =
            (0..MODELS.len()).map(|m| Arrivals::new(m, seed.wrapping_add(1 + m as u64), start_s)).collect();
        let upcoming =
            arrivals.iter_mut().enumerate().map(|(m, stream)| stream.next(|t| output_factor(m, t))).collect();
        Self {
            now_s: start_s,
            replicas: REPLICAS.iter().map(|_| Replica::new(start_s)).collect(),
            arrivals,
            upcoming,
            router: Pcg64Mcg::seed_from_u64(seed),
            gpus: (0..HOSTS.len() * GPUS_PER_HOST)
                .map(|gpu| Gpu::new(seed.wrapping_add(100 + gpu as u64)))
                .collect(),
            hosts: HOSTS.iter().map(|_| HostState::new(start_s)).collect(),
            retired: vec![[TenantCounters::default(); TENANTS.len()]; MODELS.len()],
            down: vec![false; REPLICAS.len()],
        }
    }

    /// Lets time pass up to `now_ms`; a moment in the past changes nothing.
    pub fn advance_to(&mut self, now_ms: i64) {
        let until_s = (now_ms.div_euclid(1000)) as f64;
        while self.now_s < until_s {
            self.tick();
        }
    }

    /// All targets at the fleet's present moment.
    #[must_use]
    pub fn targets(&self) -> Vec<FleetTarget> {
        let mut targets = Vec::new();
        for (index, place) in REPLICAS.iter().enumerate() {
            let host = &HOSTS[place.host];
            targets.push(FleetTarget {
                job: "vllm",
                path: format!("/vllm/{}/metrics", place.pod),
                labels: vec![
                    ("instance", format!("{}:8000", place.pod)),
                    ("namespace", "serving".to_owned()),
                    ("pod", place.pod.to_owned()),
                    ("node", host.name.to_owned()),
                    ("version", Effects::on(index, self.now_s).version.to_owned()),
                    ("zone", host.zone.to_owned()),
                ],
            });
        }
        for host in &HOSTS {
            for (job, port) in [("dcgm", 9400), ("node", 9100)] {
                targets.push(FleetTarget {
                    job,
                    path: format!("/{job}/{}/metrics", host.name),
                    labels: vec![
                        ("instance", format!("{}:{port}", host.name)),
                        ("zone", host.zone.to_owned()),
                    ],
                });
            }
        }
        targets.push(FleetTarget {
            job: "litellm",
            path: "/litellm/gateway/metrics".to_owned(),
            labels: vec![("instance", "gateway:4000".to_owned())],
        });
        targets
    }

    /// The page at `path` in text format 0.0.4; `None` when there is no such page or it is down.
    #[must_use]
    pub fn page(&self, path: &str) -> Option<String> {
        let mut parts = path.trim_start_matches('/').split('/');
        let (kind, name, rest) = (parts.next()?, parts.next()?, parts.next()?);
        if rest != "metrics" || parts.next().is_some() {
            return None;
        }
        let host = || HOSTS.iter().position(|host| host.name == name);
        match kind {
            "vllm" => {
                let replica = REPLICAS.iter().position(|place| place.pod == name)?;
                (!self.down[replica]).then(|| pages::vllm(self, replica, self.now_s))
            }
            "dcgm" => Some(pages::dcgm(self, host()?, self.now_s)),
            "node" => Some(self.hosts[host()?].page(host()?)),
            "litellm" if name == "gateway" => Some(gateway::page(self)),
            _ => None,
        }
    }

    /// One second passes.
    fn tick(&mut self) {
        let until_s = self.now_s + 1.0;
        self.follow_script(until_s);
        for model in 0..MODELS.len() {
            self.route(model, until_s);
        }
        for index in 0..self.replicas.len() {
            if !self.down[index] {
                let conditions = self.conditions(index);
                self.replicas[index].advance(until_s, &conditions);
            }
        }
        self.now_s = until_s;
        self.tick_hardware();
    }

    /// Replicas that go down lose their work; one that comes back starts with counters at zero.
    fn follow_script(&mut self, now_s: f64) {
        for (index, place) in REPLICAS.iter().enumerate() {
            let down = Effects::on(index, now_s).down;
            if down && !self.down[index] {
                let counters = &self.replicas[index].counters.tenants;
                let retired = &mut self.retired[place.model];
                for (sum, part) in retired.iter_mut().zip(counters) {
                    sum.add(part);
                }
                self.replicas[index] = Replica::new(now_s);
            } else if !down && self.down[index] {
                self.replicas[index] = Replica::new(now_s);
            }
            self.down[index] = down;
        }
    }

    /// Hands a model's requests up to `until_s` out: of two replicas drawn at random, to the one with the
    /// shorter queue.
    fn route(&mut self, model: usize, until_s: f64) {
        let up: Vec<usize> = replicas_of(model).filter(|r| !self.down[*r]).collect();
        while self.upcoming[model].arrival_s < until_s {
            let next = self.arrivals[model].next(|t| output_factor(model, t));
            let request = std::mem::replace(&mut self.upcoming[model], next);
            if up.is_empty() {
                continue; // every replica of the model is down: the client gets nothing
            }
            let pick = |rng: &mut Pcg64Mcg| up[rng.random_range(0..up.len())];
            let (a, b) = (pick(&mut self.router), pick(&mut self.router));
            for index in [a, b] {
                let conditions = self.conditions(index);
                self.replicas[index].advance(request.arrival_s, &conditions);
            }
            let load = |r: &Replica| (r.waiting(), r.running());
            let chosen = if load(&self.replicas[b]) < load(&self.replicas[a]) { b } else { a };
            let conditions = self.conditions(chosen);
            self.replicas[chosen].submit(request, &conditions);
        }
    }

    fn conditions(&self, replica: usize) -> Conditions {
        let effects = Effects::on(replica, self.now_s);
        let place = &REPLICAS[replica];
        let first = place.host * GPUS_PER_HOST + place.gpu;
        let speed = self.gpus[first..first + GPUS_PER_REPLICA].iter().map(|g| g.clock).fold(1.0, f64::min);
        Conditions {
            speed,
            prefix_hits: effects.prefix_hits,
            errors: effects.errors,
            kv_share: effects.kv_share,
        }
    }

    fn tick_hardware(&mut self) {
        let loads: Vec<Load> = self
            .replicas
            .iter_mut()
            .enumerate()
            .map(|(index, replica)| {
                let work = replica.take_work();
                let prefill = if work.busy_s > 0.0 { (work.prefill_s / work.busy_s).min(1.0) } else { 0.0 };
                Load {
                    busy: work.busy_s.min(1.0),
                    prefill,
                    running: replica.running(),
                    engine: true,
                    inlet_k: Effects::on(index, self.now_s).inlet_k,
                }
            })
            .collect();
        for host in 0..HOSTS.len() {
            let mut busy = 0.0;
            for gpu in 0..GPUS_PER_HOST {
                let load = match owner(host, gpu) {
                    Some(replica) if !self.down[replica] => loads[replica],
                    _ => Load::default(),
                };
                busy += load.busy / GPUS_PER_HOST as f64;
                self.gpus[host * GPUS_PER_HOST + gpu].tick(&load);
            }
            self.hosts[host].tick(busy, self.now_s);
        }
    }

    /// Whether the replica is down.
    pub(crate) fn is_down(&self, replica: usize) -> bool {
        self.down[replica]
    }
}

/// Factor on the length of a model's answers at a time.
fn output_factor(model: usize, now_s: f64) -> f64 {
    replicas_of(model).next().map_or(1.0, |replica| Effects::on(replica, now_s).output_factor)
}

impl TenantCounters {
    pub(crate) fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.failed += other.failed;
        self.prompt_tokens += other.prompt_tokens;
        self.output_tokens += other.output_tokens;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::PERIOD_S;

    /// The start of a round of the script, on a working day's morning.
    const START_MS: i64 = 1_763_607_600_000;

    fn value(page: &str, series: &str) -> f64 {
        page.lines()
            .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))
            .unwrap_or_else(|| panic!("no {series} in\n{page}"))
            .parse()
            .unwrap()
    }

    #[test]
    fn the_same_seed_gives_the_same_run() {
        let run = |seed| {
            let mut fleet = Fleet::new(seed, START_MS);
            fleet.advance_to(START_MS + 120_000);
            fleet.targets().iter().map(|t| fleet.page(&t.path)).collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn every_target_has_a_page() {
        let mut fleet = Fleet::new(1, START_MS);
        fleet.advance_to(START_MS + 10_000);
        for target in fleet.targets() {
            assert!(fleet.page(&target.path).is_some(), "{}", target.path);
        }
        for path in ["", "/", "/vllm/none/metrics", "/vllm/llama-70b-0/metrics/x", "/node/gpu-01/other"] {
            assert_eq!(fleet.page(path), None, "{path}");
        }
    }

    #[test]
    fn counters_only_grow_until_the_engine_restarts() {
        let mut fleet = Fleet::new(3, START_MS);
        let series = r#"vllm:generation_tokens_total{engine="0",model_name="qwen3-coder-30b"}"#;
        let mut last = 0.0;
        let mut resets = 0;
        let mut absent = 0;
        let end = START_MS + PERIOD_S as i64 * 1000;
        for t in (START_MS..end).step_by(15_000) {
            fleet.advance_to(t);
            match fleet.page("/vllm/qwen-coder-1/metrics") {
                Some(page) => {
                    let now = value(&page, series);
                    resets += i32::from(now < last);
                    last = now;
                }
                None => absent += 1,
            }
        }
        assert_eq!(resets, 1, "the script restarts this replica once a round");
        assert!((2..=4).contains(&absent), "{absent} scrapes failed");
    }

    #[test]
    fn the_bill_of_the_gateway_never_shrinks() {
        let mut fleet = Fleet::new(3, START_MS + 138 * 60_000);
        let mut last = 0.0;
        for minute in 138..170 {
            fleet.advance_to(START_MS + minute * 60_000);
            let page = fleet.page("/litellm/gateway/metrics").unwrap();
            let total: f64 = page
                .lines()
                .filter(|line| line.starts_with("litellm_output_tokens_metric_total{"))
                .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
                .sum();
            assert!(total >= last, "minute {minute}: {total} < {last}");
            last = total;
        }
    }
}
