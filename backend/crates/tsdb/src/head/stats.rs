//! Counting what the head holds.

use std::sync::atomic::Ordering;

use model::METRIC_NAME;

use super::{Head, PAGE_SLOTS};

/// A name and a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedCount {
    /// Metric, label name, or `name=value`.
    pub name: String,
    /// What is counted.
    pub count: u64,
}

/// What the head holds, and where its cardinality comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadStats {
    /// Series.
    pub series: u64,
    /// Chunks, open ones included.
    pub chunks: u64,
    /// Different label pairs.
    pub label_pairs: u64,
    /// Time of the oldest sample in milliseconds, if there is one.
    pub min_time_ms: Option<i64>,
    /// Time of the newest sample in milliseconds, if there is one.
    pub max_time_ms: Option<i64>,
    /// Exemplars held.
    pub exemplars: u64,
    /// Bytes that series, chunks and index take, without the allocator's own.
    pub memory_bytes: u64,
    /// Metrics with the most series.
    pub series_by_metric: Vec<NamedCount>,
    /// Labels with the most values.
    pub values_by_label: Vec<NamedCount>,
    /// Labels whose values take the most bytes, counted once for each series as Prometheus does.
    pub memory_by_label: Vec<NamedCount>,
    /// Metrics of which the most series were refused because of a limit, since the start.
    pub refused_by_metric: Vec<NamedCount>,
    /// Label pairs with the most series.
    pub series_by_pair: Vec<NamedCount>,
}

/// Keeps the largest few.
struct Top {
    limit: usize,
    held: Vec<NamedCount>,
}

impl Top {
    fn new(limit: usize) -> Self {
        Self { limit, held: Vec::new() }
    }

    fn offer(&mut self, count: u64, name: impl FnOnce() -> String) {
        if count == 0 || self.limit == 0 {
            return;
        }
        if self.held.len() == self.limit && self.held.last().is_some_and(|least| least.count >= count) {
            return;
        }
        let at = self.held.partition_point(|held| held.count >= count);
        self.held.insert(at, NamedCount { name: name(), count });
        self.held.truncate(self.limit);
    }
}

impl Head {
    /// Counts; `limit` bounds each of the lists.
    pub(crate) fn stats(&self, limit: usize) -> HeadStats {
        let mut stats = HeadStats {
            series: self.series_count.load(Ordering::Relaxed),
            chunks: u64::try_from(self.chunk_count.load(Ordering::Relaxed)).unwrap_or(0),
            min_time_ms: Some(self.min_t.load(Ordering::Relaxed)).filter(|t| *t != i64::MAX),
            max_time_ms: Some(self.max_t.load(Ordering::Relaxed)).filter(|t| *t != i64::MIN),
            exemplars: self.exemplars.len() as u64,
            memory_bytes: self.heap_bytes(),
            refused_by_metric: self.refused.most(limit),
            ..HeadStats::default()
        };
        let (mut metrics, mut labels) = (Top::new(limit), Top::new(limit));
        let (mut memory, mut pairs) = (Top::new(limit), Top::new(limit));
        for name in self.index.all_names() {
            let values = name.values.read();
            stats.label_pairs += values.len() as u64;
            labels.offer(values.len() as u64, || name.name.to_string());
            let mut bytes = 0;
            for (_, text, postings) in values.iter() {
                let series = postings.len();
                bytes += series * text.len() as u64;
                pairs.offer(series, || format!("{}={text}", name.name));
                if &*name.name == METRIC_NAME {
                    metrics.offer(series, || text.to_owned());
                }
            }
            memory.offer(bytes, || name.name.to_string());
        }
        stats.series_by_metric = metrics.held;
        stats.values_by_label = labels.held;
        stats.memory_by_label = memory.held;
        stats.series_by_pair = pairs.held;
        stats
    }

    fn heap_bytes(&self) -> u64 {
        let mut bytes = self.index.heap_bytes() + self.map.heap_bytes();
        for number in 0..self.slab.page_count() {
            let Some(page) = self.slab.known_page(number * PAGE_SLOTS as u32) else { continue };
            let held = page.series.lock();
            bytes += size_of_val(page) + held.capacity() * size_of::<Option<super::series::MemSeries>>();
            bytes += held.iter().flatten().map(super::series::MemSeries::heap_bytes).sum::<usize>();
        }
        bytes as u64
    }
}
