//! Compares an answer with what a script expects.

use std::collections::BTreeMap;

use model::{AnchoredRegex, Histogram, Labels, TimestampMs, Value};

use crate::annotations::Severity;
use crate::functions::almost_equal;
use crate::histogram::buckets::{negative, positive};
use crate::histogram::format;
use crate::result::{Point, QueryResult, QueryValue};
use crate::script::parse::{Eval, Text};
use crate::script::series::Line;

/// Relative difference up to which floats count as equal.
const EPSILON: f64 = 1e-6;

type Points = Vec<(TimestampMs, Value)>;

/// Whether the value is the expected one; the error says what was expected.
pub(super) fn value(eval: &Eval, value: &QueryValue) -> Result<(), String> {
    if let Some(expected) = eval.scalar {
        return match value {
            QueryValue::Scalar { value, .. } if almost_equal(expected, *value, EPSILON) => Ok(()),
            _ => Err(format!("the scalar {expected}")),
        };
    }
    if let Some(expected) = &eval.string {
        return match value {
            QueryValue::String { value, .. } if value == expected => Ok(()),
            _ => Err(format!("the string {expected:?}")),
        };
    }
    match value {
        QueryValue::Vector(samples) => {
            let got: Vec<(Labels, Points)> =
                samples.iter().map(|s| (s.labels.clone(), vec![(0, s.value.clone())])).collect();
            series(&eval.series, eval.ordered, 0, 1, &got)
        }
        QueryValue::Matrix(matrix) => {
            let got: Vec<(Labels, Points)> = matrix
                .series
                .iter()
                .map(|one| {
                    let points = one.points().map(|(step, point)| (matrix.time(step), owned(point)));
                    (one.labels.clone(), points.collect())
                })
                .collect();
            series(&eval.series, false, matrix.start_ms, matrix.step_ms, &got)
        }
        QueryValue::Ranges(ranges) => {
            let (start, step) = eval.range_vector.unwrap_or((0, 1));
            let got: Vec<(Labels, Points)> = ranges
                .iter()
                .map(|one| {
                    let histograms: BTreeMap<u32, _> = one.samples.histograms.iter().cloned().collect();
                    let points = one.samples.timestamps.iter().zip(&one.samples.floats).enumerate();
                    let points = points.map(|(i, (t, v))| match histograms.get(&(i as u32)) {
                        Some(histogram) => (*t, Value::Histogram(histogram.clone())),
                        None => (*t, Value::Float(*v)),
                    });
                    (one.labels.clone(), points.collect())
                })
                .collect();
            series(&eval.series, false, start, step, &got)
        }
        QueryValue::Scalar { .. } => Err("a vector".to_owned()),
        QueryValue::String { .. } => Err("a vector, not a string".to_owned()),
    }
}

fn owned(point: Point<'_>) -> Value {
    match point {
        Point::Float(value) => Value::Float(value),
        Point::Histogram(histogram) => Value::Histogram(histogram.clone()),
    }
}

fn series(
    expected: &[Line],
    ordered: bool,
    start: TimestampMs,
    step: i64,
    got: &[(Labels, Points)],
) -> Result<(), String> {
    for (position, (labels, points)) in got.iter().enumerate() {
        let Some(place) = expected.iter().position(|line| line.labels == *labels) else {
            return Err(format!("no series {labels}"));
        };
        if ordered && place != position {
            return Err(format!("{labels} at position {}, not {}", place + 1, position + 1));
        }
        let want: Points = expected[place]
            .values
            .iter()
            .enumerate()
            .filter_map(|(i, v)| v.clone().map(|v| (start + step * i as i64, v)))
            .collect();
        if want.len() != points.len() {
            return Err(format!("{labels} with {} samples, not {}", want.len(), points.len()));
        }
        for ((want_t, want), (t, value)) in want.iter().zip(points) {
            if want_t != t || !same(want, value) {
                return Err(format!("{labels} to be {} at {want_t} ms", show_value(want)));
            }
        }
    }
    let missing = expected.iter().find(|line| {
        line.values.iter().any(Option::is_some) && !got.iter().any(|(labels, _)| *labels == line.labels)
    });
    missing.map_or(Ok(()), |line| Err(format!("the series {}", line.labels)))
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => almost_equal(*a, *b, EPSILON),
        (Value::Histogram(a), Value::Histogram(b)) => same_histogram(a, b),
        _ => false,
    }
}

pub(super) fn same_histogram(a: &Histogram, b: &Histogram) -> bool {
    let near = |a: f64, b: f64| almost_equal(a, b, EPSILON);
    let buckets = |a: Vec<(i32, f64)>, b: Vec<(i32, f64)>| {
        let clean = |list: Vec<(i32, f64)>| -> Vec<(i32, f64)> {
            list.into_iter().filter(|(_, c)| *c != 0.0).collect()
        };
        let (a, b) = (clean(a), clean(b));
        a.len() == b.len() && a.iter().zip(&b).all(|(x, y)| x.0 == y.0 && near(x.1, y.1))
    };
    a.schema == b.schema
        && near(a.count, b.count)
        && near(a.sum, b.sum)
        && a.custom_values == b.custom_values
        && (a.has_custom_buckets()
            || (near(a.zero_threshold, b.zero_threshold) && near(a.zero_count, b.zero_count)))
        && buckets(positive(a), positive(b))
        && buckets(negative(a), negative(b))
}

/// Whether the annotations are the expected ones.
pub(super) fn annotations(eval: &Eval, result: &QueryResult, query: &str) -> Result<(), String> {
    let texts = |severity: Severity| -> Vec<String> {
        result.annotations.iter().filter(|a| a.severity == severity).map(|a| a.render(query)).collect()
    };
    let kinds = [
        ("warning", texts(Severity::Warning), &eval.warn, eval.no_warn),
        ("info", texts(Severity::Info), &eval.info, eval.no_info),
    ];
    for (kind, got, wanted, none) in kinds {
        if none && !got.is_empty() {
            return Err(format!("no {kind}, got {got:?}"));
        }
        for text in wanted.iter().flatten() {
            if !got.iter().any(|message| matches(text, message)) {
                return Err(format!("the {kind} {text:?}, got {got:?}"));
            }
        }
    }
    Ok(())
}

/// Whether a message is the expected one.
pub(super) fn matches(text: &Text, message: &str) -> bool {
    match text {
        Text::Any => true,
        Text::Exactly(want) => want == message,
        Text::Regex(pattern) => {
            AnchoredRegex::new(&format!(".*(?:{pattern}).*")).is_ok_and(|regex| regex.is_match(message))
        }
    }
}

/// A value in a few words.
fn show_value(value: &Value) -> String {
    match value {
        Value::Float(value) => format::number(*value),
        Value::Histogram(histogram) => format::text(histogram),
    }
}

/// An answer in a few lines.
pub(super) fn show(value: &QueryValue) -> String {
    const MOST: usize = 20;
    let mut lines: Vec<String> = match value {
        QueryValue::Scalar { value, .. } => vec![format::number(*value)],
        QueryValue::String { value, .. } => vec![format!("{value:?}")],
        QueryValue::Vector(samples) => {
            samples.iter().map(|s| format!("{} {}", s.labels, show_value(&s.value))).collect()
        }
        QueryValue::Matrix(matrix) => matrix
            .series
            .iter()
            .map(|one| {
                let cells =
                    (0..matrix.steps).map(|i| one.point(i).map_or("_".to_owned(), |p| show_value(&owned(p))));
                format!("{} {}", one.labels, cells.collect::<Vec<_>>().join(" "))
            })
            .collect(),
        QueryValue::Ranges(ranges) => {
            ranges.iter().map(|one| format!("{} {:?}", one.labels, one.samples.floats)).collect()
        }
    };
    if lines.is_empty() {
        return "nothing".to_owned();
    }
    let count = lines.len();
    lines.truncate(MOST);
    if count > MOST {
        lines.push(format!("… {count} series in all"));
    }
    lines.join("\n")
}
