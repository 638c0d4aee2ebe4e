//! The program under test: its own data directory, a free port, stopped when the test ends.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tempfile::TempDir;

/// Longest time a start may take on a loaded machine, history of the demo included.
const START_TIMEOUT: Duration = Duration::from_secs(120);

/// A running program.
#[derive(Debug)]
pub struct Program {
    child: Child,
    address: String,
    dir: TempDir,
}

impl Program {
    /// Starts `binary COMMAND` on a free port with a fresh data directory and waits until it says where it
    /// listens.
    ///
    /// # Errors
    /// When it ends or stays silent.
    pub fn start(binary: &Path, command: &str, flags: &[String]) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let mut child = Command::new(binary)
            .arg(command)
            .arg("--web.listen-address=127.0.0.1:0")
            .arg(format!("--storage.tsdb.path={}", dir.path().join("data").display()))
            .args(flags)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("failed to start {}", binary.display()))?;
        let log = child.stderr.take().context("the program has no log")?;
        let (sender, addresses) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                if line.contains("ready to receive web requests")
                    && let Some(at) = line.find("http://")
                {
                    let address: String =
                        line[at..].chars().take_while(|c| !c.is_whitespace() && *c != '"').collect();
                    // The receiver is gone once it has the address; later lines are only drained.
                    let _ = sender.send(address.trim_end_matches('/').to_owned());
                }
            }
        });
        match addresses.recv_timeout(START_TIMEOUT) {
            Ok(address) => Ok(Self { child, address, dir }),
            Err(error) => {
                // It may have ended by itself already.
                let _ = child.kill();
                bail!("the program did not say where it listens: {error}")
            }
        }
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A folder that lives as long as the program.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// GET of a JSON answer.
    ///
    /// # Errors
    /// When the request fails or the answer is no JSON.
    pub fn get(&self, path: &str) -> Result<Value> {
        let url = format!("{}{path}", self.address);
        ureq::get(&url).call()?.body_mut().read_json().with_context(|| format!("GET {url}"))
    }

    /// The value of an instant query that has one series.
    ///
    /// # Errors
    /// When it has none, or more.
    pub fn query_one(&self, query: &str) -> Result<f64> {
        let mut response =
            ureq::get(format!("{}/api/v1/query", self.address)).query("query", query).call()?;
        let answer: Value = response.body_mut().read_json()?;
        let result = answer["data"]["result"].as_array().context("no vector")?;
        let [series] = result.as_slice() else { bail!("{query}: {} series", result.len()) };
        series["value"][1].as_str().context("no value")?.parse().context("no number")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The test is over; the data directory goes with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
