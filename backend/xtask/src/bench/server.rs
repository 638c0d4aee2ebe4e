//! A server under load: started fresh, warmed up, measured, stopped.

use std::fmt;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::exporter::Exporter;
use super::process::Process;

const MIB: f64 = 1_048_576.0;

/// What one run gave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) cpu_s_per_million: f64,
    pub(crate) rss_mib: f64,
    pub(crate) bytes_per_series: f64,
    samples: u64,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.3} CPU-s per million samples, {:.0} MiB resident, {:.0} bytes per series ({} samples)",
            self.cpu_s_per_million, self.rss_mib, self.bytes_per_series, self.samples
        )
    }
}

impl Measured {
    /// The median of each figure.
    pub(crate) fn median(runs: &[Self]) -> Self {
        let middle = |read: fn(&Self) -> f64| {
            let mut values: Vec<f64> = runs.iter().map(read).collect();
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
        };
        Self {
            cpu_s_per_million: middle(|m| m.cpu_s_per_million),
            rss_mib: middle(|m| m.rss_mib),
            bytes_per_series: middle(|m| m.bytes_per_series),
            samples: runs.first().map_or(0, |m| m.samples),
        }
    }
}

pub(crate) fn measure(
    command: &mut Command,
    exporter: &Exporter,
    warm_up: Duration,
    seconds: Duration,
) -> Result<Measured> {
    let dir = std::env::temp_dir().join(format!("watchfire-bench-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let result = under_load(command, exporter, warm_up, seconds, &dir);
    std::fs::remove_dir_all(&dir)?;
    result
}

fn under_load(
    command: &mut Command,
    exporter: &Exporter,
    warm_up: Duration,
    seconds: Duration,
    dir: &Path,
) -> Result<Measured> {
    let program = command.get_program().to_owned();
    let args: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    let start = |config: &str, data: &str| -> Result<Process> {
        let path = dir.join("prometheus.yml");
        std::fs::write(&path, config)?;
        // The port is free a moment before the server takes it; nothing else here listens.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        Process::start(
            Command::new(&program)
                .args(&args)
                .arg(format!("--config.file={}", path.display()))
                .arg(format!("--storage.tsdb.path={}", dir.join(data).display()))
                .arg(format!("--web.listen-address=127.0.0.1:{port}"))
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )
    };

    let empty = start("scrape_configs: []\n", "empty")?;
    sleep(Duration::from_secs(5));
    let empty_rss_mib = empty.memory()?.resident / MIB;
    drop(empty);

    let targets: Vec<String> = exporter.addresses.iter().map(|address| format!("'{address}'")).collect();
    let config = format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n  - job_name: bench\n    \
         static_configs: [{{targets: [{}]}}]\n",
        targets.join(", ")
    );
    let server = start(&config, "data")?;
    sleep(warm_up);
    let (samples_before, cpu_before, begun) = (exporter.samples(), server.cpu_s()?, Instant::now());
    sleep(seconds.saturating_sub(begun.elapsed()));
    let (samples, cpu) = (exporter.samples() - samples_before, server.cpu_s()? - cpu_before);
    let rss_mib = server.memory()?.resident / MIB;
    let expected = exporter.series() as u64 * seconds.as_secs();
    if samples < expected * 9 / 10 {
        bail!("only {samples} of {expected} samples were scraped");
    }
    Ok(Measured {
        cpu_s_per_million: cpu / (samples as f64 / 1e6),
        rss_mib,
        bytes_per_series: (rss_mib - empty_rss_mib) * MIB / exporter.series() as f64,
        samples,
    })
}
