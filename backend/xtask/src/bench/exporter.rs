//! The targets of the benchmark: pages in the shape of an inference host, with values that move.
//!
//! Of a hundred series 28 never change, 59 are integers that count up and 13 are floats, as measured on
//! recordings of such hosts. A page is made when it is asked for, by the exporter's own threads.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::Result;

/// A running exporter; its threads end with the process.
pub(crate) struct Exporter {
    pub(crate) addresses: Vec<SocketAddr>,
    served: Arc<AtomicU64>,
    series_per_target: usize,
}

impl Exporter {
    pub(crate) fn start(targets: usize, series: usize) -> Result<Self> {
        let served = Arc::new(AtomicU64::new(0));
        let started = Instant::now();
        let mut addresses = Vec::new();
        for target in 0..targets {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            addresses.push(listener.local_addr()?);
            let page = Arc::new(Page::new(target, series));
            let served = Arc::clone(&served);
            std::thread::spawn(move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    let (page, served) = (Arc::clone(&page), Arc::clone(&served));
                    // A peer that goes away ends its thread; nobody is interested in the error.
                    std::thread::spawn(move || serve(stream, &page, started, &served));
                }
            });
        }
        Ok(Self { addresses, served, series_per_target: series })
    }

    /// Samples served so far.
    pub(crate) fn samples(&self) -> u64 {
        self.served.load(Ordering::Relaxed) * self.series_per_target as u64
    }

    /// Number of all series.
    pub(crate) fn series(&self) -> usize {
        self.addresses.len() * self.series_per_target
    }
}

/// The series of a target, without their values.
struct Page {
    lines: Vec<(String, Kind)>,
}

#[derive(Clone, Copy)]
enum Kind {
    Constant(u32),
    Counter(u32),
    Float(u32),
}

impl Page {
    fn new(target: usize, series: usize) -> Self {
        let models = ["llama-3.3-70b-instruct", "qwen3-coder-30b", "mistral-small-3.1", "gemma-3-27b"];
        let lines = (0..series)
            .map(|i| {
                let (family, bucket) = (i / 25, i % 25);
                let name = format!(
                    "vllm:family_{family:03}_seconds_bucket{{engine=\"{}\",model_name=\"{}\",pod=\"serving-{target}-{}\",\
                     zone=\"eu-west-1a\",le=\"{}\"}}",
                    family % 2,
                    models[family % 4],
                    family % 8,
                    bucket as f64 * 0.25
                );
                let seed = (target * series + i) as u32;
                let kind = match (seed.wrapping_mul(2_654_435_761)) % 100 {
                    0..28 => Kind::Constant(seed),
                    28..87 => Kind::Counter(seed),
                    _ => Kind::Float(seed),
                };
                (name, kind)
            })
            .collect();
        Self { lines }
    }

    fn render(&self, elapsed_s: f64) -> String {
        let mut out = String::with_capacity(self.lines.len() * 160);
        for (name, kind) in &self.lines {
            // Writing into a String cannot fail.
            let _ = match kind {
                Kind::Constant(seed) => writeln!(out, "{name} {}", seed % 1000),
                Kind::Counter(seed) => {
                    writeln!(
                        out,
                        "{name} {}",
                        u64::from(*seed) + (elapsed_s * f64::from(1 + seed % 50)) as u64
                    )
                }
                Kind::Float(seed) => {
                    let wave = (elapsed_s / 7.0 + f64::from(*seed)).sin();
                    writeln!(out, "{name} {:.4}", 50.0 + 20.0 * wave)
                }
            };
        }
        out
    }
}

/// Answers every request of a connection with the page of its moment.
fn serve(mut stream: TcpStream, page: &Page, started: Instant, served: &AtomicU64) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut line = String::new();
        let mut lines = 0;
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            lines += 1;
            if lines > 100 {
                return None;
            }
        }
        let body = page.render(started.elapsed().as_secs_f64());
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body.as_bytes()).ok()?;
        served.fetch_add(1, Ordering::Relaxed);
    }
}
