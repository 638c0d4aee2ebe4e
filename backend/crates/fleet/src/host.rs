//! A host as node exporter sees it: processors, memory, disk, network.

use exposition::write::Writer;
use model::MetricType::{Counter, Gauge};

use crate::topology::HOSTS;

/// Processors that are shown; enough for a panel, few enough to read.
const CPUS: usize = 16;
const MEMORY_BYTES: f64 = 1_081_101_176_832.0;
const DISK_BYTES: f64 = 3_840_755_982_336.0;

/// Counters of a host.
#[derive(Debug)]
pub(crate) struct HostState {
    started_s: f64,
    now_s: f64,
    /// Seconds per processor: idle, user, system, iowait.
    cpu_s: [[f64; 4]; CPUS],
    load1: f64,
    memory_used: f64,
    network: [f64; 2],
    disk: [f64; 3],
}

impl HostState {
    pub(crate) fn new(now_s: f64) -> Self {
        Self {
            started_s: now_s,
            now_s,
            cpu_s: [[0.0; 4]; CPUS],
            load1: 1.0,
            memory_used: 0.18 * MEMORY_BYTES,
            network: [0.0; 2],
            disk: [0.0; 3],
        }
    }

    /// One second in which the GPUs were busy for this share.
    pub(crate) fn tick(&mut self, busy: f64, now_s: f64) {
        self.now_s = now_s;
        for (index, cpu) in self.cpu_s.iter_mut().enumerate() {
            // The first processors feed the engines; the others do housekeeping.
            let wave = 0.5 + 0.5 * (now_s / 47.0 + index as f64).sin();
            let user = if index < 8 { busy * (0.35 + 0.25 * wave) } else { 0.03 + 0.05 * wave };
            let system = 0.25 * user;
            let iowait = 0.004 * wave;
            for (sum, part) in cpu.iter_mut().zip([1.0 - user - system - iowait, user, system, iowait]) {
                *sum += part;
            }
        }
        self.load1 += (6.0 * busy + 0.8 - self.load1) / 60.0;
        let wanted = (0.22 + 0.06 * busy) * MEMORY_BYTES;
        self.memory_used += (wanted - self.memory_used) / 300.0;
        self.network[0] += 4e6 * busy + 2e5;
        self.network[1] += 9e6 * busy + 3e5;
        self.disk[0] += 1.2e5 * busy;
        self.disk[1] += 8e5 + 6e5 * busy;
        self.disk[2] += 0.004 + 0.01 * busy;
    }

    /// The page of the exporter.
    pub(crate) fn page(&self, host: usize) -> String {
        let mut w = Writer::text();
        let mut cpu = w.family("node_cpu_seconds", Counter, "Seconds the CPUs spent in each mode.");
        for (index, seconds) in self.cpu_s.iter().enumerate() {
            let index = index.to_string();
            for (mode, seconds) in ["idle", "user", "system", "iowait"].iter().zip(seconds) {
                cpu.sample(&[("cpu", &index), ("mode", mode)], *seconds);
            }
        }
        let disk_used = 0.31 * DISK_BYTES + self.disk[1] * 0.02;
        let root = [("device", "/dev/nvme0n1p2"), ("fstype", "ext4"), ("mountpoint", "/")];
        for (name, help, value) in [
            ("node_boot_time_seconds", "Node boot time, in unixtime.", self.started_s - 864_000.0),
            ("node_load1", "1m load average.", self.load1),
            ("node_memory_MemTotal_bytes", "Memory information field MemTotal_bytes.", MEMORY_BYTES),
            (
                "node_memory_MemAvailable_bytes",
                "Memory information field MemAvailable_bytes.",
                MEMORY_BYTES - self.memory_used,
            ),
            ("node_time_seconds", "System time in seconds since epoch (1970).", self.now_s),
        ] {
            w.family(name, Gauge, help).sample(&[], value);
        }
        w.family("node_filesystem_size_bytes", Gauge, "Filesystem size in bytes.").sample(&root, DISK_BYTES);
        w.family("node_filesystem_avail_bytes", Gauge, "Filesystem space available to non-root users.")
            .sample(&root, DISK_BYTES - disk_used);
        for (name, help, value) in [
            ("node_disk_read_bytes", "The total number of bytes read successfully.", self.disk[0]),
            ("node_disk_written_bytes", "The total number of bytes written successfully.", self.disk[1]),
            ("node_disk_io_time_seconds", "Total seconds spent doing I/Os.", self.disk[2]),
        ] {
            w.family(name, Counter, help).sample(&[("device", "nvme0n1")], value);
        }
        for (name, help, value) in [
            ("node_network_receive_bytes", "Network device statistic receive_bytes.", self.network[0]),
            ("node_network_transmit_bytes", "Network device statistic transmit_bytes.", self.network[1]),
        ] {
            w.family(name, Counter, help).sample(&[("device", "eth0")], value);
        }
        w.family(
            "node_uname_info",
            Gauge,
            "Labeled system information as provided by the uname system call.",
        )
        .sample(
            &[
                ("machine", "x86_64"),
                ("nodename", HOSTS[host].name),
                ("release", "6.8.0-48-generic"),
                ("sysname", "Linux"),
            ],
            1.0,
        );
        w.finish()
    }
}
