//! OpenMetrics text whose `_created` lines are read as what they mean: when the counters of a metric began.
//!
//! They may stand behind the samples that they are about, so the body is read twice: once for them alone.
//!
//! Source: OpenMetrics 1.0, "Counter", "Histogram" and "Summary".

use std::collections::HashMap;

use model::{BUCKET_LABEL, METRIC_NAME, MetricType, QUANTILE_LABEL, TimestampMs};

use crate::entry::{Entry, Series};
use crate::error::ParseError;
use crate::labels::{LabelScratch, pack};
use crate::openmetrics::OpenMetricsParser;

const CREATED: &str = "_created";

pub(crate) struct CreatedParser<'a> {
    lines: OpenMetricsParser<'a>,
    /// By the key of the metric, see [`MetricKey`].
    starts: HashMap<Vec<u8>, TimestampMs>,
    metric: MetricKey,
}

impl<'a> CreatedParser<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        let mut starts = HashMap::new();
        if memchr::memmem::find(body, CREATED.as_bytes()).is_some() {
            // What cannot be read is met again, and told, when the samples are read.
            let mut lines = OpenMetricsParser::new(body, false);
            let mut metric = MetricKey::default();
            while let Ok(Some(entry)) = lines.next_entry() {
                if let Entry::Type { family, metric_type } = &entry {
                    metric.begin(family, *metric_type);
                } else if let Entry::Series(series) = &entry
                    && metric.has_start()
                    && memchr::memmem::find(series.raw, CREATED.as_bytes()).is_some()
                    && let Ok(Some(CREATED)) = metric.read(series)
                {
                    // Seconds; the cast saturates, and a time out of reach is never before a sample.
                    starts.insert(metric.key.clone(), (series.value * 1000.0) as TimestampMs);
                }
            }
        }
        Self { lines: OpenMetricsParser::new(body, false), starts, metric: MetricKey::default() }
    }

    #[inline]
    pub(crate) fn next_entry(&mut self) -> Result<Option<Entry<'a>>, ParseError> {
        loop {
            let mut entry = self.lines.next_entry()?;
            match &mut entry {
                Some(Entry::Type { family, metric_type }) => self.metric.begin(family, *metric_type),
                Some(Entry::Series(series)) if self.metric.has_start() && !self.starts.is_empty() => {
                    match self.metric.read(series)? {
                        Some(CREATED) => continue,
                        Some("_total" | "_bucket" | "_count" | "_sum") => {
                            series.start_ms = self.starts.get(&self.metric.key).copied();
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
            return Ok(entry);
        }
    }
}

/// The family that is read, and which of its metrics a sample belongs to.
#[derive(Default)]
struct MetricKey {
    family: String,
    metric_type: MetricType,
    scratch: LabelScratch,
    /// Family and labels that all samples of the metric share, packed.
    key: Vec<u8>,
}

impl MetricKey {
    fn begin(&mut self, family: &str, metric_type: MetricType) {
        family.clone_into(&mut self.family);
        self.metric_type = metric_type;
    }

    /// Whether metrics of this family may say when they began.
    fn has_start(&self) -> bool {
        matches!(self.metric_type, MetricType::Counter | MetricType::Histogram | MetricType::Summary)
    }

    /// Makes the key of the metric that `series` belongs to; hands back what the name adds to that of the
    /// family, or `None` for a sample of no family.
    fn read(&mut self, series: &Series<'_>) -> Result<Option<&str>, ParseError> {
        let Self { family, scratch, key, .. } = self;
        series.labels(scratch)?;
        key.clear();
        pack(key, METRIC_NAME, family);
        let shared =
            scratch.iter().filter(|(name, _)| ![METRIC_NAME, BUCKET_LABEL, QUANTILE_LABEL].contains(name));
        shared.for_each(|(name, value)| pack(key, name, value));
        Ok(scratch.metric_name().strip_prefix(&**family))
    }
}
