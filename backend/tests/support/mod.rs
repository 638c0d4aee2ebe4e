//! The binary as a process, on a port of its own, spoken to over HTTP.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part of this")]
#![allow(clippy::unwrap_used, reason = "only tests use this")]

pub mod peer;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Nothing that is waited for takes longer than this, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Server {
    child: Child,
    log: Arc<Mutex<String>>,
    pub address: SocketAddr,
}

pub struct Answer {
    pub status: u16,
    pub body: String,
}

/// The program with arguments.
pub fn watchfire(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchfire"));
    command.args(args);
    command
}

/// Waits until `look` gives something.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Server {
    /// Starts `watchfire serve` on a free port with its data in `dir`, and waits until it is ready.
    pub fn start(dir: &Path, args: &[&str]) -> Self {
        Self::start_as("serve", dir, args)
    }

    pub fn start_as(command: &str, dir: &Path, args: &[&str]) -> Self {
        let storage = format!("--storage.tsdb.path={}", dir.join("data").display());
        let mut child = watchfire(&[command, "--web.listen-address=127.0.0.1:0", &storage])
            .args(args)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        std::thread::spawn({
            let log = Arc::clone(&log);
            move || {
                for line in lines.map_while(Result::ok) {
                    let mut log = log.lock().unwrap();
                    log.push_str(&line);
                    log.push('\n');
                }
            }
        });
        let said = |text: &str| {
            let log = log.lock().unwrap();
            log.lines().find(|line| line.contains(text)).map(str::to_owned)
        };
        let line = wait_for("the address", || said("listening at"));
        let address = line.split("address=").nth(1).unwrap().trim().parse().unwrap();
        let server = Self { child, log, address };
        wait_for("ready", || (server.get("/-/ready").status == 200).then_some(()));
        server
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path)
    }

    pub fn send(&self, method: &str, path: &str) -> Answer {
        send(self.address, method, path)
    }

    /// The number an instant query gives, if it gives one.
    pub fn number(&self, query: &str) -> Option<f64> {
        let query = encode(query);
        let answer: serde_json::Value =
            serde_json::from_str(&self.get(&format!("/api/v1/query?query={query}")).body).unwrap();
        answer["data"]["result"][0]["value"][1].as_str()?.parse().ok()
    }

    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// Waits until the process has ended.
    pub fn ended(mut self) -> (ExitStatus, String) {
        let status = wait_for("the end", || self.child.try_wait().unwrap());
        // The last lines may still be on their way through the pipe.
        wait_for("the log", || (Arc::strong_count(&self.log) == 1).then_some(()));
        (status, self.log())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// A request to any server.
pub fn send(address: SocketAddr, method: &str, path: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    Answer { status, body: if chunked { unchunk(body) } else { body.to_owned() } }
}

/// A text as it may stand in an address.
pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

fn unchunk(mut body: &str) -> String {
    let mut out = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            break;
        }
        out.push_str(&rest[..size]);
        body = &rest[size + 2..];
    }
    out
}
