//! Where counters began.

use model::{Histogram, ResetHint, TimestampMs};

use crate::{Appender, SeriesRef};

/// Puts a zero where a counter began that has a sample at `t`, or an empty histogram `like` the one it has
/// there; unless the series has a sample since `start`, for then the beginning is known or too late to be
/// told. What the store makes of the zero is nothing that who brought the sample can change, so nothing is
/// said about it.
///
/// Source: created timestamps of OpenMetrics and of remote write 2.0, and what Prometheus does with them
/// behind its flag `created-timestamp-zero-ingestion`.
pub fn append_start(
    appender: &mut dyn Appender,
    series: SeriesRef,
    start: TimestampMs,
    t: TimestampMs,
    like: Option<&Histogram>,
) {
    if start >= t || appender.newest(series).is_some_and(|newest| newest >= start) {
        return;
    }
    let _ = match like {
        None => appender.append(series, start, 0.0),
        Some(like) => {
            let zero = Histogram {
                reset_hint: ResetHint::Reset,
                schema: like.schema,
                zero_threshold: like.zero_threshold,
                custom_values: like.custom_values.clone(),
                ..Histogram::default()
            };
            appender.append_histogram(series, start, &zero)
        }
    };
}
