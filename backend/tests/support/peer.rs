//! Prometheus beside us, and a page for both to scrape.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::wait_for;

/// The program of a peer: named by one of the variables, or in the `PATH`. Without it the test counts as
/// skipped.
pub fn program(variables: &[&str], name: &str) -> Option<PathBuf> {
    let named = variables.iter().filter_map(std::env::var_os).map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path: Vec<PathBuf> = std::env::split_paths(&path).map(|dir| dir.join(name)).collect();
    let found = named.chain(in_path).find(|program| program.is_file());
    if found.is_none() {
        testkit::skip(&format!("there is no {name}: neither {} nor the PATH names it", variables.join(", ")));
    }
    found
}

/// Prometheus 3.5 or later.
pub fn prometheus() -> Option<PathBuf> {
    program(&["WATCHFIRE_PROMETHEUS", "PROMETHEUS"], "prometheus")
}

/// A Prometheus that runs, with its data in `peer` of its directory.
pub struct Prometheus {
    child: Child,
    pub address: SocketAddr,
}

impl Prometheus {
    pub fn start(program: &Path, dir: &Path, config: &str) -> Self {
        Self::start_with(program, dir, config, &[])
    }

    pub fn start_with(program: &Path, dir: &Path, config: &str, arguments: &[&str]) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let file = dir.join("peer.yml");
        fs::write(&file, config).unwrap();
        let child = Command::new(program)
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--web.listen-address={address}"))
            .arg(format!("--storage.tsdb.path={}", dir.join("peer").display()))
            .arg("--enable-feature=exemplar-storage,native-histograms,metadata-wal-records")
            .args(arguments)
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        wait_for("Prometheus", || TcpStream::connect(address).ok());
        Self { child, address }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves a page in the text format to all who ask.
pub fn serve_page(page: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\nconnection: close";
            let _ = write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{page}", page.len());
        }
    });
    address
}
