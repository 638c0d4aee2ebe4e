//! From located series to the store: look up, resolve what is new, append.
//!
//! Series are taken some at a time. First all of them are looked up, which lets the memory of several come
//! in at once and takes the cache's lock once; then new ones are resolved; then samples are appended.

use model::{Exemplar, Histogram, TimestampMs};
use parking_lot::RwLock;
use storage::{AppendError, Appender, SeriesRef, append_start};

use crate::labels::{self, RawPair};
use crate::wire::{Reader, WireError};
use crate::write::cache::{Key, SeriesCache};
use crate::write::metadata::{self, Metrics};
use crate::write::protocol::{Entry, Located, Protocol, RawMetadata};
use crate::write::refusal::{Reason, Refused};

/// Series that are taken at a time.
pub(crate) const SERIES_AT_A_TIME: usize = 64;
/// Most characters that the labels of an exemplar may have together, as in OpenMetrics.
const EXEMPLAR_CHARS_MAX: usize = 128;

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Floats.
    pub samples: u64,
    /// Native histograms.
    pub histograms: u64,
    /// Exemplars.
    pub exemplars: u64,
}

/// Why a request ends half-way; nothing of it is kept.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It cannot be read.
    Wire(WireError),
    /// The store takes nothing.
    Store(String),
}

impl From<WireError> for Stop {
    fn from(error: WireError) -> Self {
        Self::Wire(error)
    }
}

/// A request on its way into the store.
pub(crate) struct Batch<'w> {
    pub(crate) appender: &'w mut dyn Appender,
    pub(crate) cache: &'w RwLock<SeriesCache>,
    pub(crate) metrics: &'w Metrics,
    /// Samples after this are refused.
    pub(crate) max_t: TimestampMs,
    /// Whether a counter gets a zero at its start.
    pub(crate) start_zeros: bool,
    pub(crate) written: Written,
    pub(crate) refused: Refused,
    /// Whether metadata was said that the cache took for news.
    pub(crate) said_metadata: bool,
    /// Exemplars that were not taken without making the write a partial one.
    pub(crate) dropped_exemplars: u64,
}

impl Batch<'_> {
    /// Takes some series, and empties the list.
    pub(crate) fn take<'a, P: Protocol<'a>>(
        &mut self,
        protocol: &P,
        list: &mut Vec<Located<'a>>,
    ) -> Result<(), Stop> {
        let mut found = [None; SERIES_AT_A_TIME];
        let mut missing = false;
        {
            let cache = self.cache.read();
            for (series, found) in list.iter().zip(&mut found) {
                *found = series.key.and_then(|key| cache.get(key));
                missing |= found.is_none();
            }
        }
        if missing {
            self.resolve_missing(protocol, list, &mut found)?;
        }
        for (located, series) in list.iter().zip(found) {
            if let Some(series) = series {
                self.append(protocol, located, series)?;
            }
        }
        list.clear();
        Ok(())
    }

    #[cold]
    fn resolve_missing<'a, P: Protocol<'a>>(
        &mut self,
        protocol: &P,
        list: &[Located<'a>],
        found: &mut [Option<SeriesRef>],
    ) -> Result<(), Stop> {
        let mut fresh = Vec::with_capacity(list.len());
        for (located, found) in list.iter().zip(found) {
            if found.is_none() {
                *found = self.resolve(protocol, located)?;
                fresh.extend(located.key.zip(*found));
            }
        }
        let mut cache = self.cache.write();
        for (key, series) in fresh {
            cache.insert(key, series);
        }
        Ok(())
    }

    /// The series of a message, from its labels. `None`: they cannot be a series, and its entries are
    /// counted as refused.
    fn resolve<'a, P: Protocol<'a>>(
        &mut self,
        protocol: &P,
        located: &Located<'a>,
    ) -> Result<Option<SeriesRef>, Stop> {
        let pairs = protocol.pairs(located.message)?;
        let resolved = match labels::of_series(&pairs) {
            Ok(labels) => self.appender.resolve(&labels).map(|series| (series, labels)),
            Err(why) => Err(AppendError::InvalidLabels(why)),
        };
        match resolved {
            Ok((series, labels)) => {
                self.metrics.saw(labels.metric_name(), series);
                Ok(Some(series))
            }
            Err(error) => {
                let Some(reason) = Reason::of(&error) else { return Err(Stop::Store(error.to_string())) };
                let count = self.count(protocol, located)?;
                self.refused.add(reason, count, || for_series(&error, &pairs));
                Ok(None)
            }
        }
    }

    /// Samples and histograms of a series.
    fn count<'a, P: Protocol<'a>>(&self, protocol: &P, located: &Located<'a>) -> Result<u64, WireError> {
        let (mut count, mut rest) = (0, located.rest);
        while let Some(entry) = protocol.entry(&mut rest, located.key.is_some())? {
            count += u64::from(matches!(entry, Entry::Sample { .. } | Entry::Histogram(_)));
        }
        Ok(count)
    }

    #[inline]
    fn append<'a, P: Protocol<'a>>(
        &mut self,
        protocol: &P,
        located: &Located<'a>,
        mut series: SeriesRef,
    ) -> Result<(), Stop> {
        let mut rest = located.rest;
        let of_series = if self.start_zeros { protocol.start(located.message)? } else { 0 };
        while let Some(entry) = protocol.entry(&mut rest, located.key.is_some())? {
            match entry {
                Entry::Sample { t, value, start } if t <= self.max_t => {
                    if self.start_zeros {
                        self.begin(series, if start == 0 { of_series } else { start }, t, None);
                    }
                    match self.appender.append(series, t, value) {
                        Ok(()) => self.written.samples += 1,
                        Err(error) => {
                            let again =
                                self.again(protocol, located, &mut series, error, t, |batch, series| {
                                    batch.appender.append(series, t, value)
                                })?;
                            self.written.samples += u64::from(again);
                        }
                    }
                }
                Entry::Sample { t, .. } => self.too_far(protocol, located, t)?,
                Entry::Histogram(message) => {
                    self.histogram(protocol, located, &mut series, message, of_series)?;
                }
                Entry::Exemplar(message) => self.exemplar(protocol, located, series, message)?,
                Entry::Metadata(message) => {
                    let raw = protocol.metadata(message)?;
                    self.metadata(located.key, series, &raw);
                }
            }
        }
        Ok(())
    }

    /// Tells the store where a counter began, if the sender says so (0: it does not).
    fn begin(&mut self, series: SeriesRef, start: TimestampMs, t: TimestampMs, like: Option<&Histogram>) {
        if start != 0 {
            append_start(self.appender, series, start, t, like);
        }
    }

    /// What to do about an error: a series that the store forgot is resolved again and the sample tried once
    /// more. Says whether it was taken then.
    #[cold]
    fn again<'a, P: Protocol<'a>>(
        &mut self,
        protocol: &P,
        located: &Located<'a>,
        series: &mut SeriesRef,
        error: AppendError,
        t: TimestampMs,
        append: impl FnOnce(&mut Self, SeriesRef) -> Result<(), AppendError>,
    ) -> Result<bool, Stop> {
        let mut error = error;
        if error == AppendError::UnknownSeries {
            let Some(anew) = self.resolve(protocol, located)? else { return Ok(false) };
            if let Some(key) = located.key {
                self.cache.write().insert(key, anew);
            }
            *series = anew;
            match append(self, anew) {
                Ok(()) => return Ok(true),
                Err(after) => error = after,
            }
        }
        let Some(reason) = Reason::of(&error) else { return Err(Stop::Store(error.to_string())) };
        let pairs = protocol.pairs(located.message)?;
        self.refused.add(reason, 1, || format!("{} at {t}", for_series(&error, &pairs)));
        Ok(false)
    }

    #[cold]
    fn too_far<'a, P: Protocol<'a>>(
        &mut self,
        protocol: &P,
        located: &Located<'a>,
        t: TimestampMs,
    ) -> Result<(), WireError> {
        let pairs = protocol.pairs(located.message)?;
        self.refused.add(Reason::OutOfBounds, 1, || {
            format!(
                "out of bounds: timestamp {t} is too far in the future for series {}",
                labels::shown(&pairs)
            )
        });
        Ok(())
    }

    fn histogram<'a, P: Protocol<'a>>(
        &mut self,
        protocol: &P,
        located: &Located<'a>,
        series: &mut SeriesRef,
        message: Reader<'a>,
        of_series: TimestampMs,
    ) -> Result<(), Stop> {
        let (t, histogram) = crate::histogram::read(message)?;
        if t > self.max_t {
            return Ok(self.too_far(protocol, located, t)?);
        }
        if self.start_zeros
            && let Ok(histogram) = &histogram
        {
            let start = crate::histogram::start(message)?;
            self.begin(*series, if start == 0 { of_series } else { start }, t, Some(histogram));
        }
        let appended = match &histogram {
            Ok(histogram) => self.appender.append_histogram(*series, t, histogram),
            Err(why) => Err(AppendError::InvalidHistogram(why.clone())),
        };
        let taken = match (appended, histogram) {
            (Err(error), Ok(histogram)) => {
                self.again(protocol, located, series, error, t, |batch, series| {
                    batch.appender.append_histogram(series, t, &histogram)
                })?
            }
            (Err(error), Err(_)) => self.again(protocol, located, series, error, t, |_, _| Ok(()))?,
            (Ok(()), _) => true,
        };
        self.written.histograms += u64::from(taken);
        Ok(())
    }

    fn exemplar<'a, P: Protocol<'a>>(
        &mut self,
        protocol: &P,
        located: &Located<'a>,
        series: SeriesRef,
        message: Reader<'a>,
    ) -> Result<(), Stop> {
        let raw = protocol.exemplar(message)?;
        let labels = labels::checked(&raw.pairs).and_then(|labels| {
            let chars: usize = labels.iter().map(|(n, v)| n.chars().count() + v.chars().count()).sum();
            if chars > EXEMPLAR_CHARS_MAX {
                return Err(format!(
                    "its labels have {chars} characters; at most {EXEMPLAR_CHARS_MAX} are taken"
                ));
            }
            Ok(labels)
        });
        let appended = match labels {
            Ok(_) if raw.t > self.max_t => Err(AppendError::OutOfBounds),
            Ok(labels) => {
                let exemplar = Exemplar { labels, value: raw.value, timestamp_ms: raw.t };
                self.appender.append_exemplar(series, &exemplar)
            }
            Err(why) => Err(AppendError::InvalidLabels(why)),
        };
        match appended {
            Ok(()) => self.written.exemplars += 1,
            Err(error @ AppendError::Refused(_)) => return Err(Stop::Store(error.to_string())),
            Err(error) if P::EXEMPLARS_COUNT => {
                let reason = match error {
                    AppendError::OutOfOrderExemplar => Reason::OutOfOrderExemplar,
                    _ => Reason::InvalidExemplar,
                };
                let pairs = protocol.pairs(located.message)?;
                self.refused.add(reason, 1, || format!("exemplar: {}", for_series(&error, &pairs)));
            }
            Err(_) => self.dropped_exemplars += 1,
        }
        Ok(())
    }

    fn metadata(&mut self, key: Option<Key>, series: SeriesRef, raw: &RawMetadata<'_>) {
        if raw.hash == 0 || key.is_some_and(|key| !self.cache.read().says_anew(key, raw.hash)) {
            return;
        }
        self.said_metadata = true;
        // Metadata is a help to readers; samples do not depend on it.
        let _ = self.appender.set_metadata(series, &metadata::checked(raw));
    }

    /// Notes what 1.0 says about a family, if a series of it is known.
    pub(crate) fn family(&mut self, name: &[u8], raw: &RawMetadata<'_>) {
        let Ok(name) = str::from_utf8(name) else { return };
        let metadata = metadata::checked(raw);
        let Some(series) = self.metrics.of_family(name, metadata.metric_type) else { return };
        if self.appender.set_metadata(series, &metadata) == Err(AppendError::UnknownSeries) {
            self.metrics.forget(series);
        }
    }
}

fn for_series(error: &AppendError, pairs: &[RawPair<'_>]) -> String {
    format!("{error} for series {}", labels::shown(pairs))
}
