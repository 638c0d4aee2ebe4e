//! A real Prometheus, started, written to, asked and killed.

use std::env;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The binary, by the variable `PROMETHEUS` or from the PATH.
pub(crate) fn find() -> Option<PathBuf> {
    if let Some(path) = env::var_os("PROMETHEUS") {
        return Some(path.into());
    }
    env::split_paths(&env::var_os("PATH")?).map(|dir| dir.join("prometheus")).find(|path| path.is_file())
}

pub(crate) struct Peer {
    child: Child,
    port: u16,
}

impl Peer {
    /// Starts on `dir/data` and waits until it answers.
    pub(crate) fn start(binary: &Path, dir: &Path, flags: &[&str]) -> Self {
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let config = dir.join("prometheus.yml");
        std::fs::write(&config, "storage:\n  tsdb:\n    out_of_order_time_window: 1h\n").unwrap();
        let log = std::fs::File::options().create(true).append(true).open(dir.join("log")).unwrap();
        let child = Command::new(binary)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", dir.join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(["--web.enable-remote-write-receiver", "--web.enable-admin-api"])
            .args(flags)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut peer = Self { child, port };
        let deadline = Instant::now() + Duration::from_secs(60);
        while peer.request("GET", "/-/ready", &[], b"").is_none_or(|(status, _)| status != 200) {
            let ended = peer.child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "{}", read_log(dir));
            std::thread::sleep(Duration::from_millis(20));
        }
        peer
    }

    /// A request over a connection of its own; `None` when nobody listens.
    fn request(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<(u16, Vec<u8>)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let mut head = format!("{method} {target} HTTP/1.0\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).ok()?;
        stream.write_all(body).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
        let status = std::str::from_utf8(&answer[..end]).ok()?.split(' ').nth(1)?.parse().ok()?;
        Some((status, answer.split_off(end + 4)))
    }

    /// Writes a remote-write request; what is refused fails the test.
    pub(crate) fn write(&self, request: &[u8]) {
        let body = snap::raw::Encoder::new().compress_vec(request).unwrap();
        let headers = [
            ("Content-Encoding", "snappy"),
            ("Content-Type", "application/x-protobuf"),
            ("X-Prometheus-Remote-Write-Version", "0.1.0"),
        ];
        let (status, answer) = self.request("POST", "/api/v1/write", &headers, &body).unwrap();
        assert!(status / 100 == 2, "{status} {}", String::from_utf8_lossy(&answer));
    }

    pub(crate) fn get(&self, target: &str) -> serde_json::Value {
        let (status, answer) = self.request("GET", target, &[], b"").unwrap();
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
        serde_json::from_slice(&answer).unwrap()
    }

    /// One of its own metrics.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let (_, answer) = self.request("GET", "/metrics", &[], b"").unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let line = answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap().parse().unwrap()
    }

    /// Deletes samples between two times in milliseconds.
    pub(crate) fn delete(&self, metric: &str, first_ms: i64, last_ms: i64) {
        let (first, last) = (first_ms as f64 / 1e3, last_ms as f64 / 1e3);
        let target =
            format!("/api/v1/admin/tsdb/delete_series?match[]={metric}&start={first:.3}&end={last:.3}");
        let (status, _) = self.request("POST", &target, &[], b"").unwrap();
        assert_eq!(status, 204);
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Lets it shut down in order.
    pub(crate) fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.child.wait().unwrap();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Only after a failed test is it still there.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_log(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("log")).unwrap_or_default()
}
