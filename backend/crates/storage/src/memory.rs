//! The contract kept by the simplest store there is: ordered maps behind one lock.
//!
//! It is what PromQL test scripts run on, and the model that real stores are compared with in tests. It
//! never forgets and never gets faster.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use model::{CompiledMatcher, Exemplar, Histogram, Labels, MetricMetadata, TimeRange, TimestampMs, Value};
use parking_lot::RwLock;

use crate::{AppendError, Appender, Querier, QueryError, Samples, SelectHints, Series, SeriesRef, Storage};

/// A store in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryStorage {
    inner: Arc<RwLock<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    refs: HashMap<Labels, SeriesRef>,
    series: Vec<(Labels, BTreeMap<TimestampMs, Value>)>,
    exemplars: BTreeMap<SeriesRef, Vec<Exemplar>>,
    metadata: BTreeMap<String, MetricMetadata>,
    /// Most series it takes.
    limit: Option<usize>,
}

impl MemoryStorage {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes no more than so many series from now on; `None`: any number.
    pub fn set_series_limit(&self, limit: Option<usize>) {
        self.inner.write().limit = limit;
    }

    /// Forgets everything.
    pub fn clear(&self) {
        *self.inner.write() = Inner::default();
    }

    /// All exemplars of a series.
    #[must_use]
    pub fn exemplars(&self, labels: &Labels) -> Vec<Exemplar> {
        let inner = self.inner.read();
        inner.refs.get(labels).and_then(|id| inner.exemplars.get(id)).cloned().unwrap_or_default()
    }

    /// What was said about a metric.
    #[must_use]
    pub fn metadata(&self, metric: &str) -> Option<MetricMetadata> {
        self.inner.read().metadata.get(metric).cloned()
    }
}

impl Storage for MemoryStorage {
    fn appender(&self) -> Box<dyn Appender> {
        Box::new(MemoryAppender { store: self.clone(), batch: Vec::new() })
    }

    fn querier(&self, range: TimeRange) -> Result<Box<dyn Querier>, QueryError> {
        Ok(Box::new(MemoryQuerier { store: self.clone(), range }))
    }
}

struct MemoryAppender {
    store: MemoryStorage,
    batch: Vec<(SeriesRef, TimestampMs, Value)>,
}

impl MemoryAppender {
    fn check(&self, series: SeriesRef, t: TimestampMs, value: &Value) -> Result<bool, AppendError> {
        let inner = self.store.inner.read();
        let samples = &inner.series.get(series.0 as usize).ok_or(AppendError::UnknownSeries)?.1;
        let pending = self.batch.iter().rev().find(|(id, _, _)| *id == series).map(|(_, t, v)| (t, v));
        match pending.or_else(|| samples.last_key_value()) {
            Some((last, _)) if t < *last => Err(AppendError::OutOfOrder),
            Some((last, held)) if t == *last => {
                if same(held, value) {
                    Ok(false)
                } else {
                    Err(AppendError::DuplicateTimestamp)
                }
            }
            _ => Ok(true),
        }
    }
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
        (a, b) => a == b,
    }
}

impl Appender for MemoryAppender {
    fn resolve(&mut self, labels: &Labels) -> Result<SeriesRef, AppendError> {
        if labels.is_empty() {
            return Err(AppendError::InvalidLabels("empty label set".to_owned()));
        }
        let mut inner = self.store.inner.write();
        if let Some(series) = inner.refs.get(labels) {
            return Ok(*series);
        }
        if inner.limit.is_some_and(|limit| inner.series.len() >= limit) {
            return Err(AppendError::TooManySeries("the limit is reached".to_owned()));
        }
        let series = SeriesRef(inner.series.len() as u64);
        inner.refs.insert(labels.clone(), series);
        inner.series.push((labels.clone(), BTreeMap::new()));
        Ok(series)
    }

    fn newest(&mut self, series: SeriesRef) -> Option<TimestampMs> {
        let pending = self.batch.iter().rev().find(|(id, _, _)| *id == series).map(|(_, t, _)| *t);
        pending.or_else(|| {
            let inner = self.store.inner.read();
            Some(*inner.series.get(series.0 as usize)?.1.last_key_value()?.0)
        })
    }

    fn append(&mut self, series: SeriesRef, t: TimestampMs, value: f64) -> Result<(), AppendError> {
        let value = Value::Float(value);
        if self.check(series, t, &value)? {
            self.batch.push((series, t, value));
        }
        Ok(())
    }

    fn append_histogram(
        &mut self,
        series: SeriesRef,
        t: TimestampMs,
        histogram: &Histogram,
    ) -> Result<(), AppendError> {
        let value = Value::Histogram(Arc::new(histogram.clone()));
        if self.check(series, t, &value)? {
            self.batch.push((series, t, value));
        }
        Ok(())
    }

    fn append_exemplar(&mut self, series: SeriesRef, exemplar: &Exemplar) -> Result<(), AppendError> {
        self.store.inner.write().exemplars.entry(series).or_default().push(exemplar.clone());
        Ok(())
    }

    fn set_metadata(&mut self, series: SeriesRef, metadata: &MetricMetadata) -> Result<(), AppendError> {
        let mut inner = self.store.inner.write();
        let labels = &inner.series.get(series.0 as usize).ok_or(AppendError::UnknownSeries)?.0;
        let name = labels.metric_name().to_owned();
        inner.metadata.insert(name, metadata.clone());
        Ok(())
    }

    fn commit(&mut self) -> Result<(), AppendError> {
        let mut inner = self.store.inner.write();
        for (series, t, value) in self.batch.drain(..) {
            if let Some((_, samples)) = inner.series.get_mut(series.0 as usize) {
                samples.insert(t, value);
            }
        }
        Ok(())
    }

    fn rollback(&mut self) {
        self.batch.clear();
    }
}

struct MemoryQuerier {
    store: MemoryStorage,
    range: TimeRange,
}

impl MemoryQuerier {
    fn matching(&self, matchers: &[CompiledMatcher], mut visit: impl FnMut(usize, &Labels)) {
        let inner = self.store.inner.read();
        for (index, (labels, samples)) in inner.series.iter().enumerate() {
            let in_range = samples.range(self.range.start_ms..=self.range.end_ms).next().is_some();
            if in_range && matchers.iter().all(|m| m.matches(labels)) {
                visit(index, labels);
            }
        }
    }
}

impl Querier for MemoryQuerier {
    fn select(
        &self,
        matchers: &[CompiledMatcher],
        hints: &SelectHints,
    ) -> Result<Vec<Arc<dyn Series>>, QueryError> {
        hints.cancel.check()?;
        let mut selected: Vec<Arc<dyn Series>> = Vec::new();
        self.matching(matchers, |index, labels| {
            selected.push(Arc::new(MemorySeries {
                store: self.store.clone(),
                index,
                labels: labels.clone(),
            }));
        });
        Ok(selected)
    }

    fn label_names(
        &self,
        matchers: &[CompiledMatcher],
        _hints: &SelectHints,
    ) -> Result<Vec<String>, QueryError> {
        let mut names = BTreeSet::new();
        self.matching(matchers, |_, labels| names.extend(labels.iter().map(|(n, _)| n.to_owned())));
        Ok(names.into_iter().collect())
    }

    fn label_values(
        &self,
        name: &str,
        matchers: &[CompiledMatcher],
        _hints: &SelectHints,
    ) -> Result<Vec<String>, QueryError> {
        let mut values = BTreeSet::new();
        self.matching(matchers, |_, labels| values.extend(labels.get(name).map(str::to_owned)));
        Ok(values.into_iter().collect())
    }
}

struct MemorySeries {
    store: MemoryStorage,
    index: usize,
    labels: Labels,
}

impl Series for MemorySeries {
    fn labels(&self) -> Labels {
        self.labels.clone()
    }

    fn read(&self, range: TimeRange, out: &mut Samples) -> Result<(), QueryError> {
        let inner = self.store.inner.read();
        let Some((_, samples)) = inner.series.get(self.index) else { return Ok(()) };
        for (t, value) in samples.range(range.start_ms..=range.end_ms) {
            match value {
                Value::Float(value) => out.push(*t, *value),
                Value::Histogram(histogram) => out.push_histogram(*t, Arc::clone(histogram)),
            }
        }
        Ok(())
    }
}
