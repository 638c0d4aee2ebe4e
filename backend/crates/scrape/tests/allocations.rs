//! A series that is known costs no allocation: counted over whole scrapes through the real loop.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use model::{Exemplar, Histogram, Labels, MetricMetadata, TimeRange};
use platform::SimulatedClock;
use platform::http_client::{
    Fetching, HttpClientOptions, HttpError, HttpFetch, HttpNet, HttpRequest, HttpResponse,
};
use scrape::{ScrapeDeps, ScrapeManager};
use storage::{AppendError, Appender, Querier, QueryError, SeriesRef, Storage};
use telemetry::Registry;

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

#[expect(unsafe_code, reason = "an allocator is unsafe by its trait; both calls go straight to the system's")]
// SAFETY: every call is handed on unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as required of the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as required of the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A network that always answers the same body.
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

/// A store that only counts.
#[derive(Clone, Default)]
struct Sink {
    appended: Arc<AtomicUsize>,
    resolved: Arc<AtomicUsize>,
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
        Ok(SeriesRef(self.resolved.fetch_add(1, Ordering::Relaxed) as u64))
    }

    fn newest(&mut self, _: SeriesRef) -> Option<i64> {
        None
    }

    fn append(&mut self, _: SeriesRef, _: i64, _: f64) -> Result<(), AppendError> {
        self.appended.fetch_add(1, Ordering::Relaxed);
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
        Ok(())
    }

    fn rollback(&mut self) {}
}

#[tokio::test]
async fn known_series_cost_no_allocation() {
    const SERIES: usize = 5_000;
    let mut body = String::new();
    for family in 0..SERIES / 50 {
        body.push_str(&format!(
            "# HELP family_{family} A family of test series.\n# TYPE family_{family} counter\n"
        ));
        for series in 0..50 {
            body.push_str(&format!(
                "family_{family}{{gpu=\"{series}\",host=\"node-{family}\",model=\"llama\",uuid=\"GPU-{series:032}\"}} {series}\n"
            ));
        }
    }
    let clock = SimulatedClock::new(common::START_MS);
    let sink = Sink::default();
    let manager = ScrapeManager::new(ScrapeDeps {
        storage: Arc::new(sink.clone()),
        clock: Arc::new(clock.clone()),
        net: Arc::new(Canned(Arc::new(body.into_bytes()))),
        registry: Registry::new(),
    });
    let more = "    metric_relabel_configs: [{source_labels: [gpu], regex: '49', action: drop}]";
    manager.apply(&common::jobs_of(&common::job("host:1", more))).unwrap();
    let kept = SERIES - SERIES / 50;
    let mut per_scrape = Vec::new();
    for scrape in 1..=5 {
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        let want = scrape * (kept + 5);
        while sink.appended.load(Ordering::Relaxed) < want {
            clock.advance(Duration::from_millis(500));
            tokio::task::yield_now().await;
        }
        per_scrape.push(ALLOCATIONS.load(Ordering::Relaxed) - before);
    }
    assert_eq!(sink.resolved.load(Ordering::Relaxed), kept + 5);
    assert!(per_scrape[0] > kept, "the first scrape resolves each series: {per_scrape:?}");
    assert!(per_scrape[2..].iter().all(|n| *n < 200), "later scrapes only fetch and report: {per_scrape:?}");
}
