//! The series of the load: serving pods of language models, each with its GPU and a share of its host.
//!
//! A pod has 500 series of about ten labels: 16 histograms of vLLM, its gauges and counters, the
//! exporter of its GPU, the CPU times of its host. Of a hundred series 28 never change, 59 are whole numbers and
//! 13 are fractions, as measured on recordings of such hosts.

use super::body::label_bytes;
use super::values::Motion;

/// Series of a pod.
pub(super) const POD_SERIES: usize = 500;
/// A gauge that each pod has exactly once.
pub(super) const ONCE_A_POD: &str = "DCGM_FI_DEV_GPU_TEMP";
/// A histogram's buckets and the number of them in a pod.
pub(super) const BUCKETS: (&str, usize) = ("vllm:e2e_request_latency_seconds_bucket", 20);

const MODELS: [&str; 4] =
    ["llama-3.3-70b-instruct", "qwen3-coder-30b", "mistral-small-3.1", "gemma-3-27b-it"];

/// Seconds between the observations a bucket holds; times and token counts share them, for their number
/// and order are what matters.
const BOUNDS: [&str; BUCKETS.1] = [
    "0.01", "0.025", "0.05", "0.1", "0.2", "0.3", "0.5", "0.8", "1.0", "1.5", "2.0", "2.5", "5.0", "10.0",
    "15.0", "20.0", "30.0", "60.0", "120.0", "+Inf",
];

const HISTOGRAMS: [&str; 16] = [
    "e2e_request_latency_seconds",
    "request_queue_time_seconds",
    "request_inference_time_seconds",
    "request_prefill_time_seconds",
    "request_decode_time_seconds",
    "time_to_first_token_seconds",
    "inter_token_latency_seconds",
    "request_time_per_output_token_seconds",
    "request_prompt_tokens",
    "request_generation_tokens",
    "request_max_num_generation_tokens",
    "request_params_max_tokens",
    "request_params_n",
    "iteration_tokens",
    "request_prefill_kv_computed_tokens",
    "request_num_preemptions",
];

/// Which program of the pod's host shows a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    Vllm,
    Dcgm,
    Node,
}

/// A series as every pod has it.
pub(super) struct Line {
    name: String,
    job: Job,
    extra: Vec<(&'static str, String)>,
    pub(super) motion: Motion,
}

/// The series of any pod, in the order of its values.
pub(super) fn lines() -> Vec<Line> {
    let mut lines = Vec::with_capacity(POD_SERIES);
    let mut push = |job, name: &str, extra: &[(&'static str, &str)], motion| {
        let extra = extra.iter().map(|(label, value)| (*label, (*value).to_owned())).collect();
        lines.push(Line { name: name.to_owned(), job, extra, motion });
    };
    for (i, name) in HISTOGRAMS.iter().enumerate() {
        // Tokens are observed far more often than requests.
        let most = if i % 5 == 1 { 2_400 } else { 60 };
        push(Job::Vllm, &format!("vllm:{name}_count"), &[], Motion::Observed { most });
        push(Job::Vllm, &format!("vllm:{name}_sum"), &[], Motion::Sum);
        for (at, bound) in BOUNDS.iter().enumerate() {
            // Nobody is as fast as the fourth bound: those buckets stay empty.
            let share = at.saturating_sub(3) as f64 / (BOUNDS.len() - 4) as f64;
            push(Job::Vllm, &format!("vllm:{name}_bucket"), &[("le", bound)], Motion::Bucket { share });
        }
    }
    for name in ["prompt_tokens", "generation_tokens", "prefix_cache_queries", "prefix_cache_hits"] {
        push(Job::Vllm, &format!("vllm:{name}_total"), &[], Motion::Count { most: 60_000 });
    }
    for name in ["running", "waiting", "swapped", "aborted"] {
        push(Job::Vllm, &format!("vllm:num_requests_{name}"), &[], Motion::Walk { most: 256 });
    }
    for reason in ["stop", "length", "abort", "error"] {
        let extra = [("finished_reason", reason)];
        push(Job::Vllm, "vllm:request_success_total", &extra, Motion::Count { most: 60 });
    }
    for name in ["kv_cache_usage", "gpu_cache_usage", "spec_decode_acceptance"] {
        push(Job::Vllm, &format!("vllm:{name}_perc"), &[], Motion::Ratio);
    }
    for adapter in ["none", "sql", "legal", "medical", "code"] {
        let extra = [("running_lora_adapters", adapter)];
        push(Job::Vllm, "vllm:lora_requests_info", &extra, Motion::Constant);
    }
    for handler in ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/health"] {
        for (status, motion) in
            [("2xx", Motion::Count { most: 70 }), ("4xx", Motion::Constant), ("5xx", Motion::Constant)]
        {
            push(Job::Vllm, "http_requests_total", &[("handler", handler), ("status", status)], motion);
        }
    }
    for name in ["GPU_TEMP", "MEMORY_TEMP", "GPU_UTIL", "MEM_COPY_UTIL", "SM_CLOCK", "FB_USED", "FB_FREE"] {
        push(Job::Dcgm, &format!("DCGM_FI_DEV_{name}"), &[], Motion::Walk { most: 1_000 });
    }
    for name in ["TOTAL_ENERGY_CONSUMPTION", "NVLINK_BANDWIDTH_TOTAL", "NVLINK_L0", "NVLINK_L1", "PCIE_TX"] {
        push(Job::Dcgm, &format!("DCGM_FI_DEV_{name}"), &[], Motion::Count { most: 40_000_000 });
    }
    push(Job::Dcgm, "DCGM_FI_DEV_POWER_USAGE", &[], Motion::Watts);
    for at in 0..15 {
        push(Job::Dcgm, &format!("DCGM_FI_PROF_PIPE_{at:02}_ACTIVE"), &[], Motion::Ratio);
    }
    for at in 0..32 {
        push(Job::Dcgm, &format!("DCGM_FI_DEV_VIOLATION_{at:02}"), &[], Motion::Constant);
    }
    for cpu in ["0", "1", "2", "3", "4", "5", "6"] {
        for mode in ["idle", "iowait", "softirq", "system", "user", "irq", "nice", "steal"] {
            let motion = match mode {
                "irq" | "nice" | "steal" => Motion::Constant,
                _ => Motion::Seconds,
            };
            push(Job::Node, "node_cpu_seconds_total", &[("cpu", cpu), ("mode", mode)], motion);
        }
    }
    lines
}

/// The names of all metrics, each once.
pub(super) fn names() -> Vec<String> {
    let mut names: Vec<String> = lines().into_iter().map(|line| line.name).collect();
    names.sort();
    names.dedup();
    names
}

/// A pod's place among the pods of its model, and the model.
fn place(pod: usize) -> (usize, &'static str) {
    (pod / MODELS.len(), MODELS[pod % MODELS.len()])
}

/// A selector by three matchers, and how many series of `pods` pods it hits: at most 1,000.
pub(super) fn selector(pods: usize) -> (String, usize) {
    let hit = (0..pods).filter(|pod| pod % MODELS.len() == 0 && place(*pod).0 < 50).count();
    let text =
        format!("{}{{model_name=\"{}\",pod=~\"vllm-.+-00[0-4][0-9]-[0-9a-f]+\"}}", BUCKETS.0, MODELS[0]);
    (text, hit * BUCKETS.1)
}

/// The labels of one series of a pod, sorted.
fn labels(pod: usize, line: &Line) -> Vec<(&'static str, String)> {
    let (place, model) = place(pod);
    let host = format!("gpu-node-{:04}", pod / 8);
    let gpu = (pod % 8).to_string();
    // A fixed mixture stands for the random part of names and identifiers.
    let random = (pod as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut labels = vec![("__name__", line.name.clone()), ("cluster", "ai-prod-eu-1".to_owned())];
    match line.job {
        Job::Vllm => labels.extend([
            ("engine", "0".to_owned()),
            ("gpu", gpu),
            ("instance", format!("{host}:{}", 8000 + pod % 8)),
            ("job", "vllm".to_owned()),
            ("model_name", model.to_owned()),
            ("namespace", "inference".to_owned()),
            ("node", host),
            ("pod", format!("vllm-{model}-{place:04}-{:08x}", random >> 32)),
        ]),
        Job::Dcgm => labels.extend([
            ("DCGM_FI_DRIVER_VERSION", "570.133.20".to_owned()),
            ("Hostname", host.clone()),
            ("UUID", format!("GPU-{:08x}-4a11-9f6b-{:012x}", random >> 32, random & 0xffff_ffff_ffff)),
            ("device", format!("nvidia{gpu}")),
            ("gpu", gpu),
            ("instance", format!("{host}:9400")),
            ("job", "dcgm-exporter".to_owned()),
            ("modelName", "NVIDIA H200".to_owned()),
            ("pci_bus_id", format!("00000000:{:02X}:00.0", 0x18 + pod % 8 * 16)),
        ]),
        Job::Node => labels.extend([
            ("gpu", gpu),
            ("instance", format!("{host}:9100")),
            ("job", "node-exporter".to_owned()),
            ("kernel", "6.12.48+deb13-amd64".to_owned()),
            ("node", host),
            ("zone", "eu-west-1a".to_owned()),
        ]),
    }
    labels.extend(line.extra.iter().cloned());
    labels.sort();
    labels
}

/// The label sets of a pod's series as a write request carries them.
pub(super) fn wire_labels(pod: usize, lines: &[Line]) -> Vec<Box<[u8]>> {
    lines.iter().map(|line| label_bytes(&labels(pod, line)).into()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_pod_has_its_series_and_none_twice() {
        let lines = lines();
        assert_eq!(lines.len(), POD_SERIES);
        let all: HashSet<_> = (0..10).flat_map(|pod| wire_labels(pod, &lines)).collect();
        assert_eq!(all.len(), 10 * POD_SERIES);
        assert_eq!(lines.iter().filter(|line| line.name == ONCE_A_POD).count(), 1);
        for line in &lines {
            assert!((8..=12).contains(&labels(3, line).len()), "{:?}", labels(3, line));
        }
    }

    #[test]
    fn the_selector_hits_what_it_says() {
        let lines = lines();
        for pods in [20, 200, 240] {
            let hit = (0..pods)
                .flat_map(|pod| lines.iter().map(move |line| labels(pod, line)))
                .filter(|labels| {
                    let value =
                        |name| labels.iter().find(|(n, _)| *n == name).map_or("", |(_, v)| v.as_str());
                    let index: Option<usize> =
                        value("pod").split('-').nth_back(1).and_then(|i| i.parse().ok());
                    value("__name__") == BUCKETS.0
                        && value("model_name") == MODELS[0]
                        && index.is_some_and(|index| index < 50)
                })
                .count();
            assert_eq!(selector(pods).1, hit);
        }
        assert_eq!(selector(2_000).1, 1_000);
    }
}
