//! The series that every scrape leaves about itself.

use model::{Labels, TimestampMs, stale_nan};
use storage::{AppendError, Appender, SeriesRef};

use crate::labels;

const NAMES: [&str; 5] = [
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
];

/// The report series of a target, by reference once they are resolved.
#[derive(Debug, Default)]
pub(crate) struct Report {
    series: [Option<SeriesRef>; NAMES.len()],
}

impl Report {
    /// Appends the values, in the order up, seconds, scraped, kept, added.
    pub(crate) fn append(
        &mut self,
        appender: &mut dyn Appender,
        target: &Labels,
        t: TimestampMs,
        values: [f64; NAMES.len()],
    ) -> Result<(), AppendError> {
        for (at, value) in values.into_iter().enumerate() {
            let known = self.series[at];
            let first = match known {
                Some(series) => appender.append(series, t, value),
                None => Err(AppendError::UnknownSeries),
            };
            let appended = if first == Err(AppendError::UnknownSeries) {
                let series = appender.resolve(&labels::of_report(NAMES[at], target))?;
                self.series[at] = Some(series);
                appender.append(series, t, value)
            } else {
                first
            };
            match appended {
                // Two scrapes at the same millisecond, or a clock that was set back: the report is lost.
                Ok(())
                | Err(AppendError::OutOfOrder | AppendError::DuplicateTimestamp | AppendError::OutOfBounds) =>
                    {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Marks the series stale. What the store refuses has newer samples.
    pub(crate) fn stale(&self, appender: &mut dyn Appender, t: TimestampMs) {
        for series in self.series.iter().flatten() {
            let _ = appender.append(*series, t, stale_nan());
        }
    }
}
