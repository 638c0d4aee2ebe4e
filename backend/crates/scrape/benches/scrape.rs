//! One scrape of 5,000 known series, with a store that only counts: from memory, and over loopback.
//! Time per element is wall-clock time per sample; with one thread that is CPU time of both sides.
#![allow(missing_docs, reason = "criterion's macros make functions without docs")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on shall stop")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use model::{Exemplar, Histogram, Labels, MetricMetadata, TimeRange};
use platform::SimulatedClock;
use platform::http_client::{
    Fetching, HttpClientOptions, HttpError, HttpFetch, HttpNet, HttpRequest, HttpResponse, RealNet,
};
use scrape::{ScrapeDeps, ScrapeManager};
use storage::{AppendError, Appender, Querier, QueryError, SeriesRef, Storage};
use telemetry::Registry;
use testkit::http::{Answer, Server};

const SERIES: usize = 5_000;

struct Canned(Arc<Vec<u8>>);

impl HttpNet for Canned {
    fn client(&self, _: &HttpClientOptions) -> Result<Arc<dyn HttpFetch>, HttpError> {
        Ok(Arc::new(Self(Arc::clone(&self.0))))
    }
}

impl HttpFetch for Canned {
    fn get<'a>(&'a self, _: HttpRequest<'a>, body: &'a mut Vec<u8>) -> Fetching<'a> {
        Box::pin(async move {
            body.clear();
            body.extend_from_slice(&self.0);
            Ok(HttpResponse { status: 200, content_type: "text/plain".to_owned(), wire_bytes: body.len() })
        })
    }
}

#[derive(Clone, Default)]
struct Sink {
    resolved: u64,
    commits: Arc<AtomicUsize>,
}

impl Storage for Sink {
    fn appender(&self) -> Box<dyn Appender> {
        Box::new(self.clone())
    }

    fn querier(&self, _: TimeRange) -> Result<Box<dyn Querier>, QueryError> {
        unreachable!("nobody asks")
    }
}

impl Appender for Sink {
    fn resolve(&mut self, _: &Labels) -> Result<SeriesRef, AppendError> {
        self.resolved += 1;
        Ok(SeriesRef(self.resolved))
    }

    fn newest(&mut self, _: SeriesRef) -> Option<i64> {
        None
    }

    fn append(&mut self, series: SeriesRef, t: i64, value: f64) -> Result<(), AppendError> {
        std::hint::black_box((series, t, value));
        Ok(())
    }

    fn append_histogram(&mut self, _: SeriesRef, _: i64, _: &Histogram) -> Result<(), AppendError> {
        Ok(())
    }

    fn append_exemplar(&mut self, _: SeriesRef, _: &Exemplar) -> Result<(), AppendError> {
        Ok(())
    }

    fn set_metadata(&mut self, _: SeriesRef, _: &MetricMetadata) -> Result<(), AppendError> {
        Ok(())
    }

    fn commit(&mut self) -> Result<(), AppendError> {
        self.commits.fetch_add(1, Ordering::Release);
        Ok(())
    }

    fn rollback(&mut self) {}
}

fn body() -> Vec<u8> {
    let mut body = String::new();
    for family in 0..SERIES / 50 {
        body.push_str(&format!(
            "# HELP family_{family} A family of test series.\n# TYPE family_{family} counter\n"
        ));
        for series in 0..50 {
            body.push_str(&format!(
                "family_{family}{{gpu=\"{}\",host=\"node-{family}\",le=\"{series}.5\",model=\"llama-3.1-70b-instruct\",namespace=\"inference\",pod=\"vllm-{family}-6f7d8\",uuid=\"GPU-{series:032}\"}} {series}.25\n",
                series % 8
            ));
        }
    }
    body.into_bytes()
}

fn scrapes(
    c: &mut Criterion,
    name: &str,
    net: Arc<dyn HttpNet>,
    address: &str,
    runtime: &tokio::runtime::Runtime,
) {
    let clock = SimulatedClock::new(common::START_MS);
    let sink = Sink::default();
    let commits = Arc::clone(&sink.commits);
    let _guard = runtime.enter();
    let manager = ScrapeManager::new(ScrapeDeps {
        storage: Arc::new(sink),
        clock: Arc::new(clock.clone()),
        net,
        registry: Registry::new(),
    });
    manager.apply(&common::jobs_of(&common::job(address, ""))).unwrap();
    let one = || {
        runtime.block_on(async {
            let before = commits.load(Ordering::Acquire);
            clock.advance(Duration::from_secs(10));
            while commits.load(Ordering::Acquire) == before {
                tokio::task::yield_now().await;
            }
        });
    };
    // The loop chooses its first moment itself: the clock goes on in small steps until it has scraped twice.
    runtime.block_on(async {
        while commits.load(Ordering::Acquire) < 2 {
            clock.advance(Duration::from_millis(200));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    let mut group = c.benchmark_group("scrape");
    group.throughput(Throughput::Elements(SERIES as u64));
    group.bench_function(name, |b| b.iter(one));
    group.finish();
}

fn all(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    scrapes(c, "from memory", Arc::new(Canned(Arc::new(body()))), "host:1", &runtime);
    let server = runtime.block_on(Server::start()).unwrap();
    server.set("/metrics", Answer::typed("text/plain; version=0.0.4", &body()));
    scrapes(c, "over loopback", Arc::new(RealNet), &server.address(), &runtime);
}

criterion_group!(benches, all);
criterion_main!(benches);
