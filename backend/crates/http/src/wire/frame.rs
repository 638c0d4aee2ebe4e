//! A query's answer as a frame, sent while it is written.

use std::collections::VecDeque;
use std::convert::Infallible;

use api::frame::FrameWriter;
use axum::body::Body;
use bytes::Bytes;
use model::{Labels, Value};
use promql::{MatrixSeries, QueryResult, QueryValue, Severity};

use super::result::TRUNCATED;
use crate::error::{ApiError, ErrorKind};

/// Bytes that are sent at once.
const PIECE_BYTES: usize = 256 << 10;

/// The answer as a frame. `limit` cuts the number of series (0 for no limit).
///
/// # Errors
/// When the value has no columns: a string, or samples at times of their own.
pub(crate) fn query_frame(result: QueryResult, query: &str, limit: usize) -> Result<FrameBody, ApiError> {
    let texts = |severity: Severity| {
        let of_kind = result.annotations.iter().filter(move |a| a.severity == severity);
        of_kind.map(|a| a.render(query)).collect::<Vec<_>>()
    };
    let (mut warnings, mut infos) = (texts(Severity::Warning), texts(Severity::Info));
    let most = if limit == 0 { usize::MAX } else { limit };

    let mut histograms = false;
    let (grid, mut series): (_, VecDeque<(Labels, Column)>) = match result.value {
        QueryValue::Scalar { timestamp_ms, value } => {
            ((timestamp_ms, 0, 1), VecDeque::from([(Labels::empty(), Column::One(value))]))
        }
        QueryValue::Vector(samples) => {
            let t = samples.first().map_or(0, |sample| sample.timestamp_ms);
            let columns = samples.into_iter().filter_map(|sample| match sample.value {
                Value::Float(value) => Some((sample.labels, Column::One(value))),
                Value::Histogram(_) => {
                    histograms = true;
                    None
                }
            });
            ((t, 0, 1), columns.collect())
        }
        QueryValue::Matrix(matrix) => {
            let steps = u32::try_from(matrix.steps).unwrap_or(u32::MAX);
            histograms = matrix.series.iter().any(MatrixSeries::has_histograms);
            let columns = matrix.series.into_iter().map(|one| (one.labels.clone(), Column::Steps(one)));
            ((matrix.start_ms, matrix.step_ms, steps), columns.collect())
        }
        QueryValue::String { .. } | QueryValue::Ranges(_) => {
            let message =
                "a range vector or string has no common times to make columns of; ask for it as JSON";
            return Err(ApiError::new(ErrorKind::NotAcceptable, message));
        }
    };
    if series.len() > most {
        series.truncate(most);
        warnings.push(TRUNCATED.to_owned());
    }
    if histograms {
        infos.push("native histograms cannot be shown; apply a histogram function to them".to_owned());
    }
    let labels = series.iter().map(|(labels, _)| labels.iter());
    let writer = FrameWriter::new(grid, labels, &warnings, &infos);
    Ok(FrameBody { writer, series })
}

enum Column {
    One(f64),
    Steps(MatrixSeries),
}

/// A frame that is written as it is read.
pub(crate) struct FrameBody {
    writer: FrameWriter,
    series: VecDeque<(Labels, Column)>,
}

impl FrameBody {
    pub(crate) fn into_body(self) -> Body {
        Body::from_stream(futures_util::stream::iter(self.map(Ok::<_, Infallible>)))
    }
}

impl Iterator for FrameBody {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        while self.writer.pending() < PIECE_BYTES {
            let Some((_, column)) = self.series.pop_front() else { break };
            match column {
                Column::One(value) => self.writer.series(&[value]),
                Column::Steps(series) => {
                    let (mut values, histograms) = series.into_columns();
                    for (step, _) in histograms {
                        values[step as usize] = f64::from_bits(api::frame::ABSENT_BITS);
                    }
                    self.writer.series(&values);
                }
            }
        }
        (self.writer.pending() > 0).then(|| Bytes::from(self.writer.take()))
    }
}
