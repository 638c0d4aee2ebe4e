//! The newest exemplars of all series, in a ring.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

use hashbrown::HashMap;
use model::{CompiledMatcher, Exemplar, Labels, TimeRange};
use parking_lot::Mutex;
use storage::AppendError;

use super::Head;

/// The exemplars of one series, oldest first.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesExemplars {
    /// Labels of the series.
    pub series: Labels,
    /// Its exemplars.
    pub exemplars: Vec<Exemplar>,
}

/// The ring.
#[derive(Debug)]
pub(crate) struct ExemplarRing {
    limit: AtomicUsize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    ring: VecDeque<(u64, Exemplar)>,
    /// Newest exemplar and number of exemplars held, by series.
    newest: HashMap<u64, (Exemplar, usize)>,
}

impl Inner {
    /// Drops the oldest until no more than so many are left.
    fn shrink_to(&mut self, count: usize) {
        while self.ring.len() > count {
            let Some((oldest, _)) = self.ring.pop_front() else { break };
            if let Some((_, count)) = self.newest.get_mut(&oldest) {
                *count -= 1;
                if *count == 0 {
                    self.newest.remove(&oldest);
                }
            }
        }
    }
}

impl ExemplarRing {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit: AtomicUsize::new(limit), inner: Mutex::default() }
    }

    fn limit(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    /// Holds no more than so many from now on.
    pub(crate) fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
        self.inner.lock().shrink_to(limit);
    }

    /// Whether the exemplar may come next. `Ok(false)`: it is there already.
    pub(crate) fn check(&self, series: u64, exemplar: &Exemplar) -> Result<bool, AppendError> {
        let inner = self.inner.lock();
        let Some((newest, _)) = inner.newest.get(&series) else { return Ok(self.limit() > 0) };
        let same = newest.labels == exemplar.labels
            && newest.timestamp_ms == exemplar.timestamp_ms
            && newest.value.to_bits() == exemplar.value.to_bits();
        if same {
            return Ok(false);
        }
        if exemplar.timestamp_ms < newest.timestamp_ms {
            return Err(AppendError::OutOfOrderExemplar);
        }
        Ok(true)
    }

    /// Adds an exemplar, and drops the oldest of all when the ring is full.
    pub(crate) fn add(&self, series: u64, exemplar: Exemplar) {
        if self.limit() == 0 || !matches!(self.check(series, &exemplar), Ok(true)) {
            return;
        }
        let mut inner = self.inner.lock();
        inner.shrink_to(self.limit().saturating_sub(1));
        let entry = inner.newest.entry(series).or_insert_with(|| (exemplar.clone(), 0));
        entry.0 = exemplar.clone();
        entry.1 += 1;
        inner.ring.push_back((series, exemplar));
    }

    /// Drops the exemplars of series for which `alive` says no, and those before `before_ms`.
    pub(crate) fn retain(&self, before_ms: i64, alive: impl Fn(u64) -> bool) {
        let mut inner = self.inner.lock();
        let Inner { ring, newest } = &mut *inner;
        ring.retain(|(series, exemplar)| exemplar.timestamp_ms >= before_ms && alive(*series));
        let mut counts: HashMap<u64, usize> = HashMap::new();
        for (series, _) in ring.iter() {
            *counts.entry(*series).or_default() += 1;
        }
        newest.retain(|series, (_, count)| {
            *count = counts.get(series).copied().unwrap_or(0);
            *count > 0
        });
        ring.shrink_to_fit();
        newest.shrink_to_fit();
    }

    pub(crate) fn len(&self) -> usize {
        self.inner.lock().ring.len()
    }

    /// A copy of all, oldest first.
    pub(crate) fn snapshot(&self) -> Vec<(u64, Exemplar)> {
        self.inner.lock().ring.iter().cloned().collect()
    }
}

impl Head {
    /// Exemplars within `range` of the series that match any of the matcher sets, by series, in order of
    /// labels.
    pub(crate) fn exemplars(
        &self,
        selectors: &[Vec<CompiledMatcher>],
        range: TimeRange,
    ) -> Vec<SeriesExemplars> {
        let mut by_series: HashMap<u64, Vec<Exemplar>> = HashMap::new();
        for (series, exemplar) in self.exemplars.snapshot() {
            if range.contains(exemplar.timestamp_ms) {
                by_series.entry(series).or_default().push(exemplar);
            }
        }
        let mut out: Vec<SeriesExemplars> = Vec::new();
        for (series, exemplars) in by_series {
            let Some(labels) = self.labels_of(series) else { continue };
            if selectors.iter().any(|matchers| matchers.iter().all(|m| m.matches(&labels))) {
                out.push(SeriesExemplars { series: labels, exemplars });
            }
        }
        out.sort_by(|a, b| a.series.cmp(&b.series));
        out
    }
}
