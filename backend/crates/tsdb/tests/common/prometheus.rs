//! Prometheus and promtool as peers of tests.
#![allow(dead_code, reason = "each test file uses a part")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// The program that the environment variable names, or the one in the PATH.
pub(crate) fn program(variable: &str, name: &str) -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(variable) {
        return Some(PathBuf::from(path)).filter(|path| path.exists());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|path| path.is_file())
}

/// What promtool prints; it must say that all went well.
pub(crate) fn promtool(arguments: &[&str]) -> Option<String> {
    let Some(program) = program("PROMTOOL", "promtool") else {
        testkit::skip("promtool is neither in the PATH nor named by PROMTOOL");
        return None;
    };
    let output = Command::new(program).args(arguments).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "promtool {arguments:?}: {errors}");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// A running Prometheus that scrapes itself each second; ends when dropped.
pub(crate) struct Prometheus {
    child: Child,
    address: SocketAddr,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Prometheus {
    /// Starts on a data directory.
    pub(crate) fn start(data_dir: &Path, more: &[&str]) -> Option<Self> {
        let Some(program) = program("PROMETHEUS", "prometheus") else {
            testkit::skip("prometheus is neither in the PATH nor named by PROMETHEUS");
            return None;
        };
        let address = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
        let config = data_dir.with_extension("yml");
        let text = format!(
            "scrape_configs: [{{job_name: self, scrape_interval: 1s, static_configs: [{{targets: ['{address}']}}]}}]"
        );
        std::fs::write(&config, text).unwrap();
        let child = Command::new(program)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", data_dir.display()))
            .arg(format!("--web.listen-address={address}"))
            .args(["--storage.tsdb.retention.time=100y", "--web.enable-admin-api", "--log.level=error"])
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self { child, address };
        while server.ask("GET", "/-/ready").is_none_or(|(status, _)| status != 200) {
            assert!(server.child.try_wait().unwrap().is_none(), "Prometheus ended");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }

    /// Status and body; `None` when there is no answer.
    fn ask(&self, method: &str, target: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        write!(stream, "{method} {target} HTTP/1.0\r\nHost: x\r\nContent-Length: 0\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    /// The data of an answer of the API.
    pub(crate) fn api(&self, method: &str, path: &str, parameters: &[(&str, &str)]) -> Value {
        let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
        let pairs: Vec<String> =
            parameters.iter().map(|(k, v)| format!("{}={}", escape(k), escape(v))).collect();
        let (status, body) = self.ask(method, &format!("/api/v1/{path}?{}", pairs.join("&"))).unwrap();
        if status == 204 {
            return Value::Null;
        }
        let mut answer: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{status} {body}"));
        assert_eq!(answer["status"], "success", "{path} {parameters:?}: {body}");
        answer["data"].take()
    }
}
