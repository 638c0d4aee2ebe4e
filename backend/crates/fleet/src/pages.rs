//! Pages of engines and GPUs, in the shape of vLLM's API server and NVIDIA's DCGM exporter.

use exposition::write::{Totals, Writer};
use model::MetricType::{Counter, Gauge, Histogram};

use crate::buckets::Buckets;
use crate::fleet::Fleet;
use crate::gpu::{Gpu, MEMORY_MIB, POWER_LIMIT_W, RESERVED_MIB};
use crate::incident::{self, Effects};
use crate::replica::Counters;
use crate::topology::{GPUS_PER_HOST, HOSTS, MODELS, REPLICAS, owner};

/// How long an exporter still shows a GPU that fell off the bus, seconds.
const GHOST_S: f64 = 30.0;

type Labels<'l> = &'l [(&'l str, &'l str)];

/// The page of a replica.
pub(crate) fn vllm(fleet: &Fleet, index: usize, now_s: f64) -> String {
    let replica = &fleet.replicas[index];
    let counters = &replica.counters;
    let labels: Labels<'_> = &[("engine", "0"), ("model_name", MODELS[REPLICAS[index].model].name)];
    let mut w = Writer::text();

    let kv_share = Effects::on(index, now_s).kv_share;
    for (name, help, value) in [
        (
            "vllm:num_requests_running",
            "Number of requests in model execution batches.",
            replica.running() as f64,
        ),
        (
            "vllm:num_requests_waiting",
            "Number of requests waiting to be processed.",
            replica.waiting() as f64,
        ),
        (
            "vllm:kv_cache_usage_perc",
            "KV-cache usage. 1 means 100 percent usage.",
            replica.kv_usage(kv_share),
        ),
    ] {
        w.family(name, Gauge, help).sample(labels, value);
    }
    for (name, help, value) in [
        ("vllm:num_preemptions", "Cumulative number of preemption from the engine.", counters.preemptions),
        ("vllm:prompt_tokens", "Number of prefill tokens processed.", counters.prompt_tokens),
        ("vllm:generation_tokens", "Number of generation tokens processed.", counters.generation_tokens),
        ("vllm:prompt_tokens_cached", "Number of cached prompt tokens.", counters.cached_tokens),
        ("vllm:prompt_tokens_recomputed", "Number of recomputed prompt tokens.", counters.recomputed_tokens),
        (
            "vllm:prefix_cache_queries",
            "Prefix cache queries, in terms of number of queried tokens.",
            counters.prompt_tokens,
        ),
        (
            "vllm:prefix_cache_hits",
            "Prefix cache hits, in terms of number of cached tokens.",
            counters.cached_tokens,
        ),
    ] {
        w.family(name, Counter, help).sample(labels, value as f64);
    }
    let with = |extra: (&'static str, &'static str)| [labels[0], labels[1], extra];
    let mut sources = w.family(
        "vllm:prompt_tokens_by_source",
        Counter,
        "Number of prompt tokens by where their KV cache came from.",
    );
    sources.sample(
        &with(("source", "local_compute")),
        counters.prompt_tokens.saturating_sub(counters.cached_tokens) as f64,
    );
    sources.sample(&with(("source", "local_cache_hit")), counters.cached_tokens as f64);
    let mut success = w.family("vllm:request_success", Counter, "Count of successfully processed requests.");
    for (reason, count) in ["stop", "length", "abort", "error"].into_iter().zip(counters.finished) {
        success.sample(&with(("finished_reason", reason)), count as f64);
    }
    w.family("vllm:admission_rejections", Counter, "Count of requests refused because the queue was full.")
        .sample(&with(("reason", "max_num_queued_reqs")), counters.rejected as f64);
    for (name, help, buckets) in histograms(counters) {
        histogram(&mut w, name, help, labels, buckets);
    }
    w.family("vllm:cache_config_info", Gauge, "Information of the LLMEngine CacheConfig").sample(
        &[
            ("block_size", "16"),
            ("cache_dtype", "auto"),
            ("enable_prefix_caching", "True"),
            ("engine", "0"),
            ("gpu_memory_utilization", "0.9"),
            ("num_gpu_blocks", "10240"),
        ],
        1.0,
    );
    w.family("process_start_time_seconds", Gauge, "Start time of the process since unix epoch in seconds.")
        .sample(&[], replica.started_s);
    w.finish()
}

fn histograms(c: &Counters) -> [(&'static str, &'static str, &Buckets); 11] {
    [
        ("vllm:time_to_first_token_seconds", "Histogram of time to first token in seconds.", &c.ttft),
        ("vllm:inter_token_latency_seconds", "Histogram of inter-token latency in seconds.", &c.itl),
        (
            "vllm:request_time_per_output_token_seconds",
            "Histogram of time_per_output_token_seconds per request.",
            &c.tpot,
        ),
        ("vllm:e2e_request_latency_seconds", "Histogram of e2e request latency in seconds.", &c.e2e),
        (
            "vllm:request_queue_time_seconds",
            "Histogram of time spent in WAITING phase for request.",
            &c.queue,
        ),
        (
            "vllm:request_inference_time_seconds",
            "Histogram of time spent in RUNNING phase for request.",
            &c.inference,
        ),
        (
            "vllm:request_prefill_time_seconds",
            "Histogram of time spent in PREFILL phase for request.",
            &c.prefill,
        ),
        (
            "vllm:request_decode_time_seconds",
            "Histogram of time spent in DECODE phase for request.",
            &c.decode,
        ),
        ("vllm:request_prompt_tokens", "Number of prefill tokens processed.", &c.request_prompt_tokens),
        (
            "vllm:request_generation_tokens",
            "Number of generation tokens processed.",
            &c.request_generation_tokens,
        ),
        (
            "vllm:iteration_tokens_total",
            "Histogram of number of tokens per engine_step.",
            &c.iteration_tokens,
        ),
    ]
}

fn histogram(w: &mut Writer, name: &str, help: &str, labels: Labels<'_>, buckets: &Buckets) {
    let mut cumulative: Vec<(f64, u64)> = buckets.cumulative().collect();
    cumulative.pop(); // the writer adds +Inf from the count
    let totals = Totals { sum: buckets.sum(), count: buckets.count() };
    w.family(name, Histogram, help).histogram(labels, &cumulative, totals);
}

type Read = fn(&Gpu) -> f64;

const GAUGES: [(&str, &str, Read); 14] = [
    ("DCGM_FI_DEV_SM_CLOCK", "SM clock frequency (in MHz).", Gpu::sm_clock_mhz),
    ("DCGM_FI_DEV_MEM_CLOCK", "Memory clock frequency (in MHz).", |_| 2619.0),
    ("DCGM_FI_DEV_MEMORY_TEMP", "Memory temperature (in C).", |g| (g.temperature_c + 8.0).round()),
    ("DCGM_FI_DEV_GPU_TEMP", "GPU temperature (in C).", |g| g.temperature_c.round()),
    ("DCGM_FI_DEV_POWER_USAGE", "Power draw (in W).", |g| (g.power_w * 1000.0).round() / 1000.0),
    ("DCGM_FI_DEV_POWER_MGMT_LIMIT", "Current power limit (in W).", |_| POWER_LIMIT_W),
    ("DCGM_FI_DEV_GPU_UTIL", "GPU utilization (in %).", |g| (100.0 * g.busy).round()),
    ("DCGM_FI_DEV_MEM_COPY_UTIL", "Memory utilization (in %).", |g| (100.0 * g.dram_active).round()),
    ("DCGM_FI_DEV_FB_FREE", "Framebuffer memory free (in MiB).", |g| {
        (MEMORY_MIB - RESERVED_MIB - g.memory_used_mib).round()
    }),
    ("DCGM_FI_DEV_FB_USED", "Framebuffer memory used (in MiB).", |g| g.memory_used_mib.round()),
    ("DCGM_FI_DEV_FB_RESERVED", "Framebuffer memory reserved (in MiB).", |_| RESERVED_MIB),
    ("DCGM_FI_PROF_SM_ACTIVE", "The ratio of cycles an SM has at least 1 warp assigned.", |g| g.sm_active),
    ("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "Ratio of cycles the tensor (HMMA) pipe is active.", |g| {
        g.tensor_active
    }),
    (
        "DCGM_FI_PROF_DRAM_ACTIVE",
        "Ratio of cycles the device memory interface is active sending or receiving data.",
        |g| g.dram_active,
    ),
];

const COUNTERS: [(&str, &str, Read); 3] = [
    ("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "Total energy consumption since boot (in mJ).", |g| {
        g.energy_mj.round()
    }),
    ("DCGM_FI_DEV_THERMAL_VIOLATION", "Throttling duration due to thermal constraints (in ns).", |g| {
        g.thermal_violation_ns.round()
    }),
    ("DCGM_FI_DEV_POWER_VIOLATION", "Throttling duration due to power constraints (in ns).", |_| 0.0),
];

/// The page of a host's DCGM exporter.
pub(crate) fn dcgm(fleet: &Fleet, host: usize, now_s: f64) -> String {
    let visible: Vec<usize> = (0..GPUS_PER_HOST).filter(|gpu| !is_gone(host, *gpu, now_s)).collect();
    let identities: Vec<Identity> = visible.iter().map(|gpu| Identity::new(fleet, host, *gpu)).collect();
    let gpu_at = |gpu: usize| &fleet.gpus[host * GPUS_PER_HOST + gpu];
    let mut w = Writer::text();
    for (name, help, read) in GAUGES {
        let mut family = w.family(name, Gauge, help);
        for (gpu, identity) in visible.iter().zip(&identities) {
            family.sample(&identity.labels(), read(gpu_at(*gpu)));
        }
    }
    for (name, help, read) in COUNTERS {
        let mut family = w.bare_counter(name, help);
        for (gpu, identity) in visible.iter().zip(&identities) {
            family.sample(&identity.labels(), read(gpu_at(*gpu)));
        }
    }
    let mut xid = w.family("DCGM_FI_DEV_XID_ERRORS", Gauge, "Value of the last XID error encountered.");
    for (gpu, identity) in visible.iter().zip(&identities) {
        let code = incident::latched_xid(host, *gpu, now_s);
        let code_text = code.to_string();
        let message = match code {
            79 => "GPU has fallen off the bus",
            94 => "Contained ECC error",
            _ => "No Error",
        };
        let mut labels = identity.labels().to_vec();
        labels.extend([("err_code", code_text.as_str()), ("err_msg", message)]);
        xid.sample(&labels, f64::from(code));
    }
    w.finish()
}

/// A lost GPU is shown for two scrapes more, with its error, and then no longer.
fn is_gone(host: usize, gpu: usize, now_s: f64) -> bool {
    let lost =
        |t: f64| owner(host, gpu).is_some_and(|r| Effects::on(r, t).gpu_lost && REPLICAS[r].gpu == gpu);
    lost(now_s) && lost(now_s - GHOST_S)
}

/// What the exporter knows about a GPU besides its numbers.
struct Identity {
    gpu: String,
    uuid: String,
    pci: String,
    device: String,
    host: &'static str,
    pod: &'static str,
}

impl Identity {
    fn new(fleet: &Fleet, host: usize, gpu: usize) -> Self {
        let pod = owner(host, gpu).filter(|r| !fleet.is_down(*r)).map_or("", |r| REPLICAS[r].pod);
        Self {
            gpu: gpu.to_string(),
            uuid: format!("GPU-5f0c{host:04x}-90d1-4c7e-b2a4-{gpu:012x}"),
            pci: format!("00000000:{:02X}:00.0", 0x18 + 0x11 * gpu),
            device: format!("nvidia{gpu}"),
            host: HOSTS[host].name,
            pod,
        }
    }

    fn labels(&self) -> [(&str, &str); 10] {
        let (container, namespace) = if self.pod.is_empty() { ("", "") } else { ("vllm", "serving") };
        [
            ("gpu", &self.gpu),
            ("UUID", &self.uuid),
            ("pci_bus_id", &self.pci),
            ("device", &self.device),
            ("modelName", "NVIDIA H100 80GB HBM3"),
            ("Hostname", self.host),
            ("DCGM_FI_DRIVER_VERSION", "570.124.06"),
            ("container", container),
            ("namespace", namespace),
            ("pod", self.pod),
        ]
    }
}
