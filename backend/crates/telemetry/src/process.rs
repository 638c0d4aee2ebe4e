//! Metrics of the process itself, under the names all Prometheus clients use, and what was built.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;

use crate::Registry;
use crate::catalogue::CatalogueEntry;

const CPU: (&str, &str) = ("process_cpu_seconds", "Total user and system CPU time spent in seconds");
/// Name, help.
const GAUGES: [(&str, &str); 6] = [
    ("process_max_fds", "Maximum number of open file descriptors"),
    ("process_open_fds", "Number of open file descriptors"),
    ("process_resident_memory_bytes", "Resident memory size in bytes"),
    ("process_start_time_seconds", "Start time of the process since unix epoch in seconds"),
    ("process_threads", "Number of threads"),
    ("process_virtual_memory_bytes", "Virtual memory size in bytes"),
];

/// Registers the metrics of the process. Nothing appears where the operating system tells nothing.
pub fn register_process(registry: &Registry) {
    let mut entries = vec![CatalogueEntry::new(CPU.0, CPU.1, None, MetricType::Counter)];
    entries
        .extend(GAUGES.iter().map(|(name, help)| CatalogueEntry::new(name, help, None, MetricType::Gauge)));
    registry.register_collector(Box::new(Process), entries);
}

/// Registers `watchfire_build_info`.
pub fn register_build_info(registry: &Registry, version: &str) {
    let labels = vec![("version".to_owned(), version.to_owned())];
    registry.register_owned("watchfire_build", "What was built", Info::new(labels));
}

#[derive(Debug)]
struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Some(status) = platform::process_status() else { return Ok(()) };
        let cpu = ConstCounter::<f64>::new(status.cpu.as_secs_f64());
        cpu.encode(encoder.encode_descriptor(CPU.0, CPU.1, None, MetricType::Counter)?)?;
        let values = [
            status.max_fds as f64,
            status.open_fds as f64,
            status.resident_bytes as f64,
            status.start_seconds,
            status.threads as f64,
            status.virtual_bytes as f64,
        ];
        for ((name, help), value) in GAUGES.iter().zip(values) {
            let gauge = ConstGauge::<f64>::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
        }
        Ok(())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_process_and_its_build_are_told() {
        let registry = Registry::new();
        register_process(&registry);
        register_build_info(&registry, "1.2.3");
        let (text, _) = registry.encode_for("");
        assert!(
            text.contains("\n# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total "),
            "{text}"
        );
        assert!(text.contains("\nprocess_resident_memory_bytes "), "{text}");
        assert!(text.contains("\nwatchfire_build_info{version=\"1.2.3\"} 1\n"), "{text}");
        for entry in registry.catalogue() {
            assert!(text.contains(&format!("# TYPE {} ", entry.name)), "{} in\n{text}", entry.name);
        }
    }
}
