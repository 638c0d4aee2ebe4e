//! A contender that runs, on a port of its own and a folder that it shares with nobody.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::super::process::{Memory, Process};
use super::client::Client;
use super::contender::Contender;

/// A start that takes longer has failed.
const START: Duration = Duration::from_secs(300);
/// A server that is not calm after this time is measured as it is.
const SETTLE: Duration = Duration::from_secs(60);
/// Memory that moves less than this, and less use of a core, is calm.
const CALM: f64 = 0.01;
/// How long it must be calm.
const CALM_SECONDS: u32 = 5;

/// A running server.
pub(super) struct Server {
    pub(super) process: Process,
    pub(super) client: Client,
    pub(super) data: PathBuf,
    started: Instant,
}

impl Server {
    /// Starts a contender on `dir/data`, which may hold data already.
    ///
    /// # Errors
    /// When it does not start.
    pub(super) fn launch(contender: &Contender, dir: &Path, block: Option<&str>) -> Result<Self> {
        let (data, config) = (dir.join("data"), dir.join("prometheus.yml"));
        fs::create_dir_all(&data)?;
        fs::write(&config, "scrape_configs: []\n")?;
        // The port is free a moment before the server takes it; nothing else here listens.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let mut command = contender.command(&config, &data, &address, block);
        let log = fs::File::options().create(true).append(true).open(dir.join("log"))?;
        command.current_dir(dir).stdout(log.try_clone()?).stderr(log);
        let started = Instant::now();
        let process = Process::start(&mut command)?;
        Ok(Self { process, client: Client::new(&address), data, started })
    }

    /// Starts it and waits until it takes requests.
    ///
    /// # Errors
    /// When it does not.
    pub(super) fn start(contender: &Contender, dir: &Path, block: Option<&str>) -> Result<Self> {
        let mut server = Self::launch(contender, dir, block)?;
        server.wait(|client| Ok(client.get(contender.ready_path())?.0 == 200))?;
        Ok(server)
    }

    /// Asks until the answer is the right one; the seconds since the start of the process.
    ///
    /// # Errors
    /// When the server ends, or the right answer does not come.
    pub(super) fn wait(&mut self, right: impl Fn(&Client) -> Result<bool>) -> Result<f64> {
        loop {
            // While it starts, no answer and a wrong one are the same.
            if right(&self.client).unwrap_or(false) {
                return Ok(self.started.elapsed().as_secs_f64());
            }
            if let Some(status) = self.process.ended()? {
                bail!("the server ended with {status}: {}", self.log_end());
            }
            if self.started.elapsed() > START {
                bail!("the server did not get ready: {}", self.log_end());
            }
            sleep(Duration::from_millis(3));
        }
    }

    /// Waits until memory and use of the processor have been calm for a while, at most a minute; the memory then.
    ///
    /// # Errors
    /// When the server ends.
    pub(super) fn settle(&self) -> Result<Memory> {
        let begun = Instant::now();
        let mut reference = self.process.memory()?;
        let mut calm = 0;
        while calm < CALM_SECONDS && begun.elapsed() < SETTLE {
            let cpu = self.process.cpu_s()?;
            sleep(Duration::from_secs(1));
            let memory = self.process.memory()?;
            let idle = self.process.cpu_s()? - cpu < 5.0 * CALM;
            if idle && (memory.resident - reference.resident).abs() < CALM * reference.resident {
                calm += 1;
            } else {
                calm = 0;
                reference = memory;
            }
        }
        self.process.memory()
    }

    fn log_end(&self) -> String {
        let path = self.data.with_file_name("log");
        let log = fs::read_to_string(path).context("no log").unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }
}
