//! A query's answer in Prometheus' envelope. Written by hand: the answer of a dashboard can hold millions of
//! points, and each costs some tens of nanoseconds this way.

use model::Value;
use promql::{Point, QueryResult, QueryValue, Severity, Statistics};
use storage::Samples;

use super::float::{push_scalar, push_seconds};
use super::histogram::push_histogram_point;
use super::json::{push_array, push_labels, push_point, push_string};

/// The warning of an answer that was cut.
pub(crate) const TRUNCATED: &str = "results truncated due to limit";

/// The answer as JSON. `limit` cuts the number of series (0 for no limit); `stats` adds what it took.
pub(crate) fn query_json(result: &QueryResult, query: &str, limit: usize, stats: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(estimate(&result.value));
    let value = &result.value;
    out.extend_from_slice(b"{\"status\":\"success\",\"data\":{\"resultType\":\"");
    out.extend_from_slice(value.type_name().as_bytes());
    out.extend_from_slice(b"\",\"result\":");
    let truncated = push_value(&mut out, value, limit);
    if stats {
        out.extend_from_slice(b",\"stats\":");
        push_statistics(&mut out, &result.statistics);
    }
    out.push(b'}');
    let texts = |severity: Severity| {
        let of_kind = result.annotations.iter().filter(move |a| a.severity == severity);
        of_kind.map(|a| a.render(query)).collect::<Vec<_>>()
    };
    let mut warnings = texts(Severity::Warning);
    if truncated {
        warnings.push(TRUNCATED.to_owned());
    }
    push_remarks(&mut out, &warnings, &texts(Severity::Info));
    out.push(b'}');
    out
}

/// Appends `,"warnings":[…],"infos":[…]`, each only where there is one.
pub(crate) fn push_remarks(out: &mut Vec<u8>, warnings: &[String], infos: &[String]) {
    for (name, texts) in [("warnings", warnings), ("infos", infos)] {
        if !texts.is_empty() {
            out.extend_from_slice(format!(",\"{name}\":").as_bytes());
            push_array(out, texts, |out, text| push_string(out, text));
        }
    }
}

/// About how long the text will be.
fn estimate(value: &QueryValue) -> usize {
    128 + match value {
        QueryValue::Scalar { .. } => 64,
        QueryValue::String { value, .. } => value.len() * 2,
        QueryValue::Vector(samples) => samples.len() * 200,
        QueryValue::Matrix(matrix) => matrix.series.len() * (200 + matrix.steps * 28),
        QueryValue::Ranges(series) => series.iter().map(|s| 200 + s.samples.len() * 32).sum(),
    }
}

/// Whether series were left out.
fn push_value(out: &mut Vec<u8>, value: &QueryValue, limit: usize) -> bool {
    let most = if limit == 0 { usize::MAX } else { limit };
    match value {
        QueryValue::Scalar { timestamp_ms, value } => {
            out.push(b'[');
            push_seconds(out, *timestamp_ms);
            out.extend_from_slice(b",\"");
            push_scalar(out, *value);
            out.extend_from_slice(b"\"]");
            false
        }
        QueryValue::String { timestamp_ms, value } => {
            out.push(b'[');
            push_seconds(out, *timestamp_ms);
            out.push(b',');
            push_string(out, value);
            out.push(b']');
            false
        }
        QueryValue::Vector(samples) => {
            push_array(out, samples.iter().take(most), |out, sample| {
                out.extend_from_slice(b"{\"metric\":");
                push_labels(out, &sample.labels);
                match &sample.value {
                    Value::Float(value) => {
                        out.extend_from_slice(b",\"value\":");
                        push_point(out, sample.timestamp_ms, *value);
                    }
                    Value::Histogram(histogram) => {
                        out.extend_from_slice(b",\"histogram\":");
                        push_histogram_point(out, sample.timestamp_ms, histogram);
                    }
                }
                out.push(b'}');
            });
            samples.len() > most
        }
        QueryValue::Matrix(matrix) => {
            push_array(out, matrix.series.iter().take(most), |out, series| {
                out.extend_from_slice(b"{\"metric\":");
                push_labels(out, &series.labels);
                let mut list = Points { out, name: "values", open: false };
                for (step, point) in series.points() {
                    if let Point::Float(value) = point {
                        list.next();
                        push_point(list.out, matrix.time(step), value);
                    }
                }
                list.close();
                if series.has_histograms() {
                    let mut list = Points { out, name: "histograms", open: false };
                    for (step, point) in series.points() {
                        if let Point::Histogram(histogram) = point {
                            list.next();
                            push_histogram_point(list.out, matrix.time(step), histogram);
                        }
                    }
                    list.close();
                }
                out.push(b'}');
            });
            matrix.series.len() > most
        }
        QueryValue::Ranges(series) => {
            push_array(out, series.iter().take(most), |out, series| {
                out.extend_from_slice(b"{\"metric\":");
                push_labels(out, &series.labels);
                push_samples(out, &series.samples);
                out.push(b'}');
            });
            series.len() > most
        }
    }
}

fn push_samples(out: &mut Vec<u8>, samples: &Samples) {
    let mut histograms = samples.histograms.iter().peekable();
    let mut list = Points { out, name: "values", open: false };
    for (at, (t, value)) in samples.timestamps.iter().zip(&samples.floats).enumerate() {
        if histograms.peek().is_some_and(|(place, _)| *place as usize == at) {
            histograms.next();
        } else {
            list.next();
            push_point(list.out, *t, *value);
        }
    }
    list.close();
    let mut list = Points { out, name: "histograms", open: false };
    for (at, histogram) in &samples.histograms {
        list.next();
        push_histogram_point(list.out, samples.timestamps[*at as usize], histogram);
    }
    list.close();
}

/// A list that is left out when it is empty.
struct Points<'a> {
    out: &'a mut Vec<u8>,
    name: &'static str,
    open: bool,
}

impl Points<'_> {
    fn next(&mut self) {
        if self.open {
            self.out.push(b',');
        } else {
            self.open = true;
            self.out.extend_from_slice(b",\"");
            self.out.extend_from_slice(self.name.as_bytes());
            self.out.extend_from_slice(b"\":[");
        }
    }

    fn close(self) {
        if self.open {
            self.out.push(b']');
        }
    }
}

fn push_statistics(out: &mut Vec<u8>, statistics: &Statistics) {
    let evaluate = statistics.evaluate.as_secs_f64();
    let queue = statistics.queue.as_secs_f64();
    let stats = serde_json::json!({
        "timings": {
            "evalTotalTime": evaluate,
            "resultSortTime": 0.0,
            "queryPreparationTime": statistics.parse.as_secs_f64(),
            "innerEvalTime": evaluate,
            "execQueueTime": queue,
            "execTotalTime": evaluate + queue,
        },
        "samples": {
            "totalQueryableSamples": statistics.samples_loaded,
            "peakSamples": statistics.samples_peak,
        },
    });
    out.extend_from_slice(stats.to_string().as_bytes());
}
