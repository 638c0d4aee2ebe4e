//! Who stands where: models, tenants, hosts, replicas.

/// A model that is served.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) name: &'static str,
    /// Requests a second per replica at an average hour.
    pub(crate) rate_per_replica: f64,
    /// Prices in dollars per million tokens, prompt and output.
    pub(crate) price: (f64, f64),
}

/// A team that sends requests through the gateway.
#[derive(Debug)]
pub(crate) struct Tenant {
    pub(crate) team: &'static str,
    pub(crate) share: f64,
    /// Dollars a day.
    pub(crate) budget: f64,
}

/// An engine process on two GPUs of a host.
#[derive(Debug)]
pub(crate) struct ReplicaPlace {
    pub(crate) pod: &'static str,
    pub(crate) model: usize,
    pub(crate) host: usize,
    /// First of its two GPUs.
    pub(crate) gpu: usize,
}

/// A machine.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) name: &'static str,
    pub(crate) zone: &'static str,
}

pub(crate) const MODELS: [Model; 2] = [
    Model { name: "llama-3.3-70b-instruct", rate_per_replica: 8.6, price: (0.60, 1.80) },
    Model { name: "qwen3-coder-30b", rate_per_replica: 7.4, price: (0.20, 0.80) },
];

pub(crate) const TENANTS: [Tenant; 4] = [
    Tenant { team: "assistant", share: 0.60, budget: 4000.0 },
    Tenant { team: "search", share: 0.25, budget: 2000.0 },
    Tenant { team: "support", share: 0.10, budget: 900.0 },
    Tenant { team: "research", share: 0.05, budget: 300.0 },
];

pub(crate) const HOSTS: [Host; 2] =
    [Host { name: "gpu-01", zone: "eu-west-1a" }, Host { name: "gpu-02", zone: "eu-west-1b" }];

/// GPUs of a host.
pub(crate) const GPUS_PER_HOST: usize = 8;
/// GPUs of a replica (tensor parallel).
pub(crate) const GPUS_PER_REPLICA: usize = 2;

pub(crate) const REPLICAS: [ReplicaPlace; 7] = [
    ReplicaPlace { pod: "llama-70b-0", model: 0, host: 0, gpu: 0 },
    ReplicaPlace { pod: "llama-70b-1", model: 0, host: 0, gpu: 2 },
    ReplicaPlace { pod: "llama-70b-2", model: 0, host: 0, gpu: 4 },
    ReplicaPlace { pod: "llama-70b-3", model: 0, host: 0, gpu: 6 },
    ReplicaPlace { pod: "llama-70b-4", model: 0, host: 1, gpu: 0 },
    ReplicaPlace { pod: "qwen-coder-0", model: 1, host: 1, gpu: 2 },
    ReplicaPlace { pod: "qwen-coder-1", model: 1, host: 1, gpu: 4 },
];

/// The replica that owns a GPU; the last two GPUs of the second host are nobody's.
pub(crate) fn owner(host: usize, gpu: usize) -> Option<usize> {
    REPLICAS.iter().position(|r| r.host == host && (r.gpu..r.gpu + GPUS_PER_REPLICA).contains(&gpu))
}

/// Replicas of a model.
pub(crate) fn replicas_of(model: usize) -> impl Iterator<Item = usize> {
    (0..REPLICAS.len()).filter(move |r| REPLICAS[*r].model == model)
}
