//! From a body to samples in the store. One call per scrape; a known series costs a hash and an append.

use std::sync::Arc;

use exposition::{Entry, Format, HistogramEntry, LabelScratch, ParseError, Parser, Series};
use model::{Histogram, TimestampMs, stale_nan};
use parking_lot::Mutex;
use storage::{AppendError, Appender, SeriesRef, append_start};

use crate::cache::Cache;
use crate::config::ScrapeConfig;
use crate::metadata::Families;
use crate::metrics::Metrics;
use crate::report::Report;
use crate::target::Target;

/// A sample whose time is further ahead than this is not taken.
const MOST_AHEAD_MS: i64 = 10 * 60 * 1000;

/// Why a series is not taken when there are too many.
const SERIES_LIMIT: &str = "series_limit";

/// What a scrape brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Samples in the body.
    pub scraped: usize,
    /// Samples left by the rules.
    pub kept: usize,
    /// Series that are new.
    pub added: usize,
}

/// Why a body is not taken; nothing of it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub result: &'static str,
    pub message: String,
}

impl From<ParseError> for Failure {
    fn from(error: ParseError) -> Self {
        Self { result: "parse", message: error.to_string() }
    }
}

impl From<AppendError> for Failure {
    fn from(error: AppendError) -> Self {
        let result = if matches!(error, AppendError::TooManySeries(_)) { SERIES_LIMIT } else { "append" };
        Self { result, message: error.to_string() }
    }
}

/// What a loop keeps from scrape to scrape.
pub(crate) struct LoopState {
    pub cache: Cache,
    pub appender: Box<dyn Appender>,
    pub families: Arc<Mutex<Families>>,
    pub last_scrape_ms: Option<TimestampMs>,
    scratch: LabelScratch,
    report: Report,
}

/// The running scrape.
struct Running<'s> {
    cache: &'s mut Cache,
    appender: &'s mut dyn Appender,
    scratch: &'s mut LabelScratch,
    config: &'s ScrapeConfig,
    target: &'s Target,
    metrics: &'s Metrics,
    default_t: TimestampMs,
    counts: Counts,
    over_limit: bool,
}

/// What there is to know of a sample whose series is known or resolved.
enum Place {
    /// Its entry in the cache, its series, and whether it is new.
    Stored(usize, SeriesRef, bool),
    /// The rules drop it.
    Dropped,
}

impl LoopState {
    pub(crate) fn new(appender: Box<dyn Appender>, families: Arc<Mutex<Families>>) -> Self {
        Self {
            cache: Cache::new(),
            appender,
            families,
            last_scrape_ms: None,
            scratch: LabelScratch::default(),
            report: Report::default(),
        }
    }

    /// Appends a body. On failure the batch is rolled back.
    pub(crate) fn append(
        &mut self,
        body: &[u8],
        format: Format,
        t: TimestampMs,
        target: &Target,
        config: &ScrapeConfig,
        metrics: &Metrics,
    ) -> (Counts, Result<(), Failure>) {
        let families = Arc::clone(&self.families);
        let mut families = families.lock();
        families.begin();
        let mut running = Running {
            cache: &mut self.cache,
            appender: &mut *self.appender,
            scratch: &mut self.scratch,
            config,
            target,
            metrics,
            default_t: t,
            counts: Counts::default(),
            over_limit: false,
        };
        let result = running.body(body, format, &mut families);
        let counts = running.counts;
        match &result {
            Ok(()) => families.end(),
            Err(_) => {
                self.appender.rollback();
                self.cache.take_back();
            }
        }
        (counts, result)
    }

    /// Marks what vanished, reports, commits. `seconds` is the time since the scrape began.
    pub(crate) fn finish(
        &mut self,
        t: TimestampMs,
        target: &Target,
        counts: Counts,
        good: bool,
        seconds: f64,
    ) -> Result<(), AppendError> {
        self.mark_vanished(t);
        let up = f64::from(u8::from(good));
        let count = |n: usize| n as f64;
        let values = [up, seconds, count(counts.scraped), count(counts.kept), count(counts.added)];
        let reported = self.report.append(&mut *self.appender, &target.labels, t, values);
        self.cache.end_scrape(good);
        self.last_scrape_ms = Some(t);
        match reported {
            Ok(()) => self.appender.commit(),
            Err(error) => {
                self.appender.rollback();
                Err(error)
            }
        }
    }

    fn mark_vanished(&mut self, t: TimestampMs) {
        let Self { cache, appender, .. } = self;
        // A series that the store refuses to mark has newer samples, or is gone.
        cache.vanished(|series| drop(appender.append(series, t, stale_nan())));
    }

    /// Marks all series stale: the target is gone.
    pub(crate) fn end(&mut self, t: TimestampMs) -> Result<(), AppendError> {
        let Self { cache, appender, report, .. } = self;
        cache.all_of_last(|series| drop(appender.append(series, t, stale_nan())));
        report.stale(&mut **appender, t);
        cache.end_scrape(false);
        appender.commit()
    }
}

impl Running<'_> {
    fn body(&mut self, body: &[u8], format: Format, families: &mut Families) -> Result<(), Failure> {
        let parser = if self.config.start_zeros { Parser::with_starts } else { Parser::new };
        let mut parser = parser(body, format);
        while let Some(entry) = parser.next_entry()? {
            match entry {
                Entry::Series(series) => self.series(&series, families)?,
                Entry::Histogram(histogram) => self.histogram(&histogram, families)?,
                Entry::Type { family, metric_type } => families.set_type(&family, metric_type),
                Entry::Help { family, help } => families.set_help(&family, &help),
                Entry::Unit { family, unit } => families.set_unit(&family, &unit),
                Entry::Comment(_) => {}
            }
        }
        if self.over_limit {
            let limit = self.config.limits.samples;
            let message = format!(
                "sample limit exceeded ({} samples after relabelling, limit {limit})",
                self.counts.kept
            );
            return Err(Failure { result: "parse", message });
        }
        Ok(())
    }

    #[inline]
    fn series(&mut self, sample: &Series<'_>, families: &Families) -> Result<(), Failure> {
        let config = self.config;
        if sample.also_native && config.scrape_native_histograms && !config.always_scrape_classic_histograms {
            return Ok(());
        }
        self.counts.scraped += 1;
        let place = self.place(sample.raw, families, |scratch| sample.labels(scratch))?;
        let Place::Stored(at, series, new) = place else { return Ok(()) };
        if !self.admit() {
            return Ok(());
        }
        let (t, track) = self.time(sample.timestamp_ms);
        let value = sample.value;
        self.begin(series, sample.start_ms, t, None);
        let result = if t > self.default_t + MOST_AHEAD_MS {
            Err(AppendError::OutOfBounds)
        } else {
            self.appender.append(series, t, value)
        };
        let series = match result {
            Ok(()) => series,
            Err(AppendError::UnknownSeries) => {
                let Some(series) = self.resolve(families, |scratch| sample.labels(scratch))? else {
                    return Ok(());
                };
                self.cache.set_series(at, series);
                let again = self.appender.append(series, t, value);
                self.refused(again)?;
                series
            }
            Err(error) => {
                self.refused(Err(error))?;
                series
            }
        };
        self.cache.saw(at, track);
        self.counts.added += usize::from(new);
        if sample.has_exemplar()
            && let Some(exemplar) = sample.exemplar()?
        {
            self.exemplar(series, &exemplar.at(t));
        }
        Ok(())
    }

    fn histogram(&mut self, sample: &HistogramEntry<'_>, families: &Families) -> Result<(), Failure> {
        if !self.config.scrape_native_histograms {
            return Ok(());
        }
        self.counts.scraped += 1;
        let place = self.place(sample.raw, families, |scratch| sample.labels(scratch))?;
        let Place::Stored(at, mut series, new) = place else { return Ok(()) };
        if !self.admit() {
            return Ok(());
        }
        let (t, track) = self.time(sample.timestamp_ms);
        self.begin(series, sample.start_ms, t, Some(sample.histogram));
        let result = match self.appender.append_histogram(series, t, sample.histogram) {
            Err(AppendError::UnknownSeries) => {
                let Some(again) = self.resolve(families, |scratch| sample.labels(scratch))? else {
                    return Ok(());
                };
                self.cache.set_series(at, again);
                series = again;
                self.appender.append_histogram(series, t, sample.histogram)
            }
            other => other,
        };
        self.refused(result)?;
        self.cache.saw(at, track);
        self.counts.added += usize::from(new);
        for exemplar in sample.exemplars {
            self.exemplar(series, &exemplar.clone().at(t));
        }
        Ok(())
    }

    /// Finds or resolves the series that `raw` stands for.
    #[inline]
    fn place(
        &mut self,
        raw: &[u8],
        families: &Families,
        decode: impl FnOnce(&mut LabelScratch) -> Result<(), ParseError>,
    ) -> Result<Place, Failure> {
        let key = self.cache.key(raw);
        let at = match self.cache.find(key) {
            Some(at) => at,
            None => {
                let series = match self.resolve(families, decode) {
                    Ok(series) => series,
                    // The next scrape asks again: there may be room by then.
                    Err(failure) if failure.result == SERIES_LIMIT => {
                        self.metrics.refused.get_or_create(&[("reason", SERIES_LIMIT)]).inc();
                        return Ok(Place::Dropped);
                    }
                    Err(failure) => return Err(failure),
                };
                let at = self.cache.insert(key, series);
                if let Some(series) = series {
                    return Ok(Place::Stored(at, series, true));
                }
                at
            }
        };
        match self.cache.get(at).series {
            Some(series) => Ok(Place::Stored(at, series, false)),
            None => {
                self.cache.saw(at, false);
                Ok(Place::Dropped)
            }
        }
    }

    fn resolve(
        &mut self,
        families: &Families,
        decode: impl FnOnce(&mut LabelScratch) -> Result<(), ParseError>,
    ) -> Result<Option<SeriesRef>, Failure> {
        decode(self.scratch)?;
        let labels = crate::labels::of_sample(self.scratch, &self.target.labels, self.config)
            .map_err(|message| Failure { result: "parse", message })?;
        let Some(labels) = labels else { return Ok(None) };
        let series = self.appender.resolve(&labels)?;
        if let Some(metadata) = families.of(self.scratch.metric_name()) {
            self.appender.set_metadata(series, metadata)?;
        }
        Ok(Some(series))
    }

    /// Counts a sample that the rules left; whether the limit allows it.
    #[inline]
    fn admit(&mut self) -> bool {
        self.counts.kept += 1;
        let limit = self.config.limits.samples;
        self.over_limit |= limit > 0 && self.counts.kept as u64 > limit;
        !self.over_limit
    }

    /// Tells the store where a counter began, if that is known and wanted.
    #[inline]
    fn begin(
        &mut self,
        series: SeriesRef,
        start: Option<TimestampMs>,
        t: TimestampMs,
        like: Option<&Histogram>,
    ) {
        if let Some(start) = start.filter(|_| self.config.start_zeros) {
            append_start(self.appender, series, start, t, like);
        }
    }

    /// The time of a sample, and whether its series is marked stale when it vanishes.
    #[inline]
    fn time(&self, said: Option<TimestampMs>) -> (TimestampMs, bool) {
        match said.filter(|_| self.config.honor_timestamps) {
            Some(t) => (t, self.config.track_timestamps_staleness),
            None => (self.default_t, true),
        }
    }

    /// Counts a sample that is not taken; an error that concerns more than the sample fails the scrape.
    #[inline]
    fn refused(&self, result: Result<(), AppendError>) -> Result<(), Failure> {
        let reason = match result {
            Ok(()) => return Ok(()),
            Err(AppendError::OutOfOrder) => "out_of_order",
            Err(AppendError::DuplicateTimestamp) => "duplicate",
            Err(AppendError::OutOfBounds) => "out_of_bounds",
            Err(AppendError::TooOld) => "too_old",
            Err(AppendError::InvalidHistogram(_)) => "invalid_histogram",
            Err(error) => return Err(error.into()),
        };
        self.metrics.refused.get_or_create(&[("reason", reason)]).inc();
        Ok(())
    }

    fn exemplar(&mut self, series: SeriesRef, exemplar: &model::Exemplar) {
        // The same exemplar stays in the exposition until there is a newer one: refusals are the normal case.
        if let Err(AppendError::UnknownSeries | AppendError::Refused(_)) =
            self.appender.append_exemplar(series, exemplar)
        {
            self.metrics.refused.get_or_create(&[("reason", "exemplar")]).inc();
        }
    }
}
