//! Writing into the head.
//!
//! `append` only checks a sample and puts it into the batch. `commit` encodes the batch, has the log take
//! it, and then applies it to the series; a sample is visible from then on. Each series changes at once,
//! but a reader that comes in the middle of a commit may find some series of the batch with the new sample
//! and others still without.
//!
//! Two writers that race for the same series and time are told apart only when their batches are applied:
//! the later sample is dropped and counted, though its commit succeeds.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hashbrown::HashMap;
use model::{Exemplar, Histogram, Labels, MetricMetadata, TimestampMs, Value};
use storage::{AppendError, Appender, SeriesRef};

use super::metadata::family_name;
use super::series::{MemSeries, Outcome, same};
use super::slab::Page;
use super::{Head, Near, PAGE_SLOTS, generation_of, slot_of};
use crate::db::Inner;
use crate::validate::check_histogram;
use crate::wal::{Encoder, LoggedSample, LoggedValue};

/// A sample of the batch.
#[derive(Clone, Copy, Debug)]
struct Pending {
    series: u64,
    t: TimestampMs,
    value: PendingValue,
}

#[derive(Clone, Copy, Debug)]
enum PendingValue {
    Float(f64),
    /// Position in the batch's histograms.
    Histogram(u32),
}

/// Where a sample goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Behind the newest.
    InOrder,
    /// Among those that came late.
    Late,
    /// Nowhere: the same one is there.
    Known,
}

/// A writer's batch and buffers.
pub(crate) struct HeadAppender {
    inner: Arc<Inner>,
    samples: Vec<Pending>,
    /// Samples older than the newest of their series.
    late: Vec<Pending>,
    histograms: Vec<Arc<Histogram>>,
    exemplars: Vec<(u64, Exemplar)>,
    metadata: Vec<(String, MetricMetadata)>,
    /// Position of the last sample of each series in the batch; kept only once the series of the batch do
    /// not come in ascending order, for then a series could come twice.
    last: Option<HashMap<u64, u32>>,
    /// Samples before this are refused; read when the batch begins.
    min_valid: Option<i64>,
    encoder: Encoder,
    near: Near,
}

impl HeadAppender {
    pub(crate) fn new(inner: Arc<Inner>) -> Self {
        Self {
            inner,
            samples: Vec::new(),
            late: Vec::new(),
            histograms: Vec::new(),
            exemplars: Vec::new(),
            metadata: Vec::new(),
            last: None,
            min_valid: None,
            encoder: Encoder::default(),
            near: Near::default(),
        }
    }

    /// Where the sample has to go.
    #[inline]
    fn check(
        &mut self,
        series: u64,
        t: TimestampMs,
        is_newest: impl FnOnce(&MemSeries) -> bool,
        is_pending: impl FnOnce(PendingValue, &[Arc<Histogram>]) -> bool,
    ) -> Result<Place, AppendError> {
        let head = &self.inner.head;
        let slot = slot_of(series);
        let page = known(head, series)?;
        page.touch(slot);
        let min_valid = match self.min_valid {
            Some(min_valid) => min_valid,
            None => *self.min_valid.insert(head.min_valid()),
        };
        if t < min_valid {
            return self.late_or(t, AppendError::OutOfBounds);
        }
        if let Some(pending) = pending_of(&mut self.last, &self.samples, series) {
            return match t.cmp(&pending.t) {
                std::cmp::Ordering::Greater => Ok(Place::InOrder),
                std::cmp::Ordering::Equal if is_pending(pending.value, &self.histograms) => Ok(Place::Known),
                std::cmp::Ordering::Equal => self.duplicate(),
                std::cmp::Ordering::Less => self.late_or(t, AppendError::OutOfOrder),
            };
        }
        let newest = page.newest(slot);
        if t > newest || newest == i64::MIN {
            return Ok(Place::InOrder);
        }
        if t < newest {
            return self.late_or(t, AppendError::OutOfOrder);
        }
        let held = page.series.lock();
        // Another writer may have appended to the series since its newest time was read.
        let is_behind = t < page.newest(slot);
        let series = held.get(slot as usize % PAGE_SLOTS).and_then(Option::as_ref);
        let is_known = !is_behind && series.is_some_and(is_newest);
        drop(held);
        match (is_behind, is_known) {
            (true, _) => self.late_or(t, AppendError::OutOfOrder),
            (false, true) => Ok(Place::Known),
            (false, false) => self.duplicate(),
        }
    }

    /// What becomes of a sample that is not in order.
    #[cold]
    fn late_or(&self, t: TimestampMs, refusal: AppendError) -> Result<Place, AppendError> {
        let (head, metrics) = (&self.inner.head, &self.inner.metrics);
        let window = head.late_window_ms.load(Ordering::Relaxed);
        if window > 0 && t >= head.max_t.load(Ordering::Relaxed).saturating_sub(window) {
            return Ok(Place::Late);
        }
        if window > 0 {
            metrics.too_old_samples.inc();
            return Err(AppendError::TooOld);
        }
        if refusal == AppendError::OutOfBounds {
            metrics.out_of_bounds_samples.inc();
        } else {
            metrics.out_of_order_samples.inc();
        }
        Err(refusal)
    }

    #[cold]
    fn duplicate(&self) -> Result<Place, AppendError> {
        self.inner.metrics.duplicate_samples.inc();
        Err(AppendError::DuplicateTimestamp)
    }

    #[inline]
    fn put(&mut self, place: Place, sample: Pending) {
        match place {
            Place::InOrder => self.push(sample),
            Place::Late => self.late.push(sample),
            Place::Known => {}
        }
    }

    #[inline]
    fn push(&mut self, sample: Pending) {
        if let Some(last) = &mut self.last {
            last.insert(sample.series, self.samples.len() as u32);
        }
        self.samples.push(sample);
    }

    fn clear(&mut self) {
        self.samples.clear();
        self.late.clear();
        self.histograms.clear();
        self.exemplars.clear();
        self.metadata.clear();
        self.last = None;
        self.min_valid = None;
        self.encoder.clear();
        self.inner.head.give_back_rest(&mut self.near);
    }

    fn log_and_apply(&mut self) -> Result<(), AppendError> {
        let inner = Arc::clone(&self.inner);
        let head = &inner.head;
        self.encode();
        let _removal = head.removal.read();
        // A batch that stayed open over two truncations, and one of its series was removed: nothing of it
        // is logged, because its samples could not be found again. The writer starts over.
        for sample in self.samples.iter().chain(&self.late) {
            known(head, sample.series)?;
        }
        inner.wal.commit(self.encoder.frames())?;
        self.apply(head);
        self.apply_late(head);
        for (series, exemplar) in self.exemplars.drain(..) {
            head.exemplars.add(series, exemplar);
        }
        for (family, metadata) in self.metadata.drain(..) {
            head.metadata.set(family, metadata);
        }
        Ok(())
    }

    fn encode(&mut self) {
        self.encoder.clear();
        for (family, metadata) in &self.metadata {
            self.encoder.metadata(family, metadata);
        }
        let histograms = &self.histograms;
        let logged = |sample: &Pending| LoggedSample {
            series: sample.series,
            t: sample.t,
            value: match sample.value {
                PendingValue::Float(value) => LoggedValue::Float(value),
                PendingValue::Histogram(at) => LoggedValue::Histogram(&histograms[at as usize]),
            },
        };
        self.encoder.samples(self.samples.iter().map(logged));
        self.encoder.late_samples(self.late.iter().map(logged));
        for (series, exemplar) in &self.exemplars {
            self.encoder.exemplar(*series, exemplar);
        }
    }

    fn apply(&self, head: &Head) {
        let mut rest = self.samples.as_slice();
        let (mut appended, mut histograms, mut new_chunks, mut dropped) = (0u64, 0u64, 0i64, 0u64);
        let mut sealed_bytes = 0;
        let (mut min_t, mut max_t) = (i64::MAX, i64::MIN);
        while let Some(first) = rest.first() {
            let number = slot_of(first.series) / PAGE_SLOTS as u32;
            let page = head.slab.page(slot_of(first.series));
            let run = rest.iter().take_while(|s| slot_of(s.series) / PAGE_SLOTS as u32 == number).count();
            let (run, after) = rest.split_at(run);
            rest = after;
            let mut held = page.series.lock();
            // Loads that do not depend on each other overlap; those of one append after another do not.
            black_box(run.iter().fold(0, |sum: u8, sample| {
                let series = held.get(slot_of(sample.series) as usize % PAGE_SLOTS);
                sum ^ series.and_then(Option::as_ref).map_or(0, MemSeries::warm)
            }));
            for sample in run {
                let slot = slot_of(sample.series);
                let Some(Some(series)) = held.get_mut(slot as usize % PAGE_SLOTS) else { continue };
                let newest = page.newest(slot);
                let outcome = match sample.value {
                    PendingValue::Float(value) => series.append(newest, sample.t, value, head.cut),
                    PendingValue::Histogram(at) => {
                        histograms += 1;
                        let histogram = &self.histograms[at as usize];
                        // Those that no chunk takes were refused before they came into the batch.
                        let outcome = series.append_histogram(newest, sample.t, histogram, head.cut);
                        outcome.unwrap_or(Outcome::NotNewer)
                    }
                };
                match outcome {
                    Outcome::NotNewer => {
                        dropped += 1;
                        continue;
                    }
                    Outcome::NewChunk(sealed) => {
                        new_chunks += 1;
                        sealed_bytes += sealed;
                    }
                    Outcome::Appended => {}
                }
                appended += 1;
                page.set_newest(slot, sample.t);
                min_t = min_t.min(sample.t);
                max_t = max_t.max(sample.t);
            }
        }
        head.saw(min_t, max_t);
        head.chunk_count.fetch_add(new_chunks, Ordering::Relaxed);
        head.sealed_bytes.fetch_add(sealed_bytes as u64, Ordering::Relaxed);
        self.inner.metrics.count_appended(appended - histograms.min(appended), histograms);
        if dropped > 0 {
            self.inner.metrics.out_of_order_samples.inc_by(dropped);
        }
    }

    fn apply_late(&self, head: &Head) {
        for sample in &self.late {
            let value = match sample.value {
                PendingValue::Float(value) => Value::Float(value),
                PendingValue::Histogram(at) => Value::Histogram(Arc::clone(&self.histograms[at as usize])),
            };
            head.append_late(sample.series, sample.t, value);
        }
        self.inner.metrics.late_samples.inc_by(self.late.len() as u64);
    }
}

/// The page of a series that is still in the head.
#[inline]
fn known(head: &Head, series: u64) -> Result<&Page, AppendError> {
    let page = head.slab.known_page(slot_of(series)).ok_or(AppendError::UnknownSeries)?;
    if page.generation(slot_of(series)) != generation_of(series) || generation_of(series) == 0 {
        return Err(AppendError::UnknownSeries);
    }
    Ok(page)
}

/// The batch's last sample of a series.
#[inline]
fn pending_of(last: &mut Option<HashMap<u64, u32>>, samples: &[Pending], series: u64) -> Option<Pending> {
    let previous = samples.last()?;
    let map = match last {
        None if previous.series < series => return None, // ascending so far: not in the batch
        None => {
            let map = samples.iter().enumerate().map(|(at, sample)| (sample.series, at as u32)).collect();
            last.insert(map)
        }
        Some(map) => map,
    };
    map.get(&series).map(|at| samples[*at as usize])
}

impl Head {
    /// Before which time samples are refused now.
    pub(crate) fn min_valid(&self) -> i64 {
        let floor = self.min_valid_ms.load(Ordering::Relaxed);
        match self.max_t.load(Ordering::Relaxed) {
            i64::MIN => floor,
            newest => floor.max(newest.saturating_sub(self.max_age_ms)),
        }
    }
}

impl Drop for HeadAppender {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Appender for HeadAppender {
    fn resolve(&mut self, labels: &Labels) -> Result<SeriesRef, AppendError> {
        self.inner.wal.check_open()?;
        let (wal, metrics) = (&self.inner.wal, &self.inner.metrics);
        let series = self.inner.head.resolve(labels, &mut self.near, |series| {
            wal.enqueue_series(series.0, labels);
            metrics.series_created.inc();
        });
        let series = series.inspect_err(|error| {
            if let AppendError::TooManySeries(_) = error {
                metrics.series_refused.inc();
            }
        })?;
        wal.flush_if_large()?;
        Ok(series)
    }

    fn newest(&mut self, series: SeriesRef) -> Option<TimestampMs> {
        let newest = known(&self.inner.head, series.0).ok()?.newest(slot_of(series.0));
        let pending = pending_of(&mut self.last, &self.samples, series.0).map(|pending| pending.t);
        pending.or((newest != i64::MIN).then_some(newest))
    }

    #[inline]
    fn append(&mut self, series: SeriesRef, t: TimestampMs, value: f64) -> Result<(), AppendError> {
        let is_pending = |pending, _: &[Arc<Histogram>]| match pending {
            PendingValue::Float(held) => f64::to_bits(held) == value.to_bits(),
            PendingValue::Histogram(_) => false,
        };
        let place = self.check(series.0, t, |held| held.newest_is(value), is_pending)?;
        self.put(place, Pending { series: series.0, t, value: PendingValue::Float(value) });
        Ok(())
    }

    fn append_histogram(
        &mut self,
        series: SeriesRef,
        t: TimestampMs,
        histogram: &Histogram,
    ) -> Result<(), AppendError> {
        check_histogram(histogram)?;
        let is_pending = |pending, histograms: &[Arc<Histogram>]| match pending {
            PendingValue::Float(_) => false,
            PendingValue::Histogram(at) => same(&histograms[at as usize], histogram),
        };
        let place = self.check(series.0, t, |held| held.newest_is_histogram(histogram), is_pending)?;
        if place != Place::Known {
            let at = self.histograms.len() as u32;
            self.histograms.push(Arc::new(histogram.clone()));
            self.put(place, Pending { series: series.0, t, value: PendingValue::Histogram(at) });
        }
        Ok(())
    }

    fn append_exemplar(&mut self, series: SeriesRef, exemplar: &Exemplar) -> Result<(), AppendError> {
        known(&self.inner.head, series.0)?;
        let pending = self.exemplars.iter().rev().find(|(held, _)| *held == series.0);
        let fits = match pending {
            Some((_, held)) if held == exemplar => false,
            Some((_, held)) if exemplar.timestamp_ms < held.timestamp_ms => {
                return Err(AppendError::OutOfOrderExemplar);
            }
            Some(_) => true,
            None => self.inner.head.exemplars.check(series.0, exemplar)?,
        };
        if fits {
            self.exemplars.push((series.0, exemplar.clone()));
        }
        Ok(())
    }

    fn set_metadata(&mut self, series: SeriesRef, metadata: &MetricMetadata) -> Result<(), AppendError> {
        let head = &self.inner.head;
        let packed = head.slab.packed(series.0).ok_or(AppendError::UnknownSeries)?;
        let metric = head.index.value_of(&packed, model::METRIC_NAME).unwrap_or_default();
        let family = family_name(&metric, metadata.metric_type);
        if !family.is_empty() && head.metadata.differs(family, metadata) {
            self.metadata.push((family.to_owned(), metadata.clone()));
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), AppendError> {
        if self.samples.is_empty()
            && self.late.is_empty()
            && self.exemplars.is_empty()
            && self.metadata.is_empty()
        {
            self.clear();
            return self.inner.wal.check_open();
        }
        let outcome = self.log_and_apply();
        self.clear();
        outcome
    }

    fn rollback(&mut self) {
        self.clear();
    }
}
