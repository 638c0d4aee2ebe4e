//! Functions over instant vectors that need more than one number: bounds, rounding, order.

use std::cmp::Ordering;

use promql_syntax::ast::Call;

use crate::column::Row;
use crate::context::Context;
use crate::error::Result;
use crate::eval::give;
use crate::functions::{Sink, argument};
use crate::scalar::ScalarColumn;
use crate::steps::Steps;

impl Context<'_> {
    /// `clamp`, `clamp_min`, `clamp_max` and `round`.
    pub(super) fn bounded(&self, call: &Call, steps: Steps, sink: Sink<'_>) -> Result<()> {
        let constant = ScalarColumn::Constant;
        let name = call.function.name;
        let params: Vec<ScalarColumn> =
            call.args.iter().skip(1).map(|e| self.scalar(e, steps)).collect::<Result<_>>()?;
        let first = params.first().cloned();
        let (low, high) = match name {
            "clamp_max" => (constant(f64::NEG_INFINITY), first.unwrap_or(constant(f64::NAN))),
            "clamp_min" => (first.unwrap_or(constant(f64::NAN)), constant(f64::INFINITY)),
            "round" => (first.unwrap_or(constant(1.0)), constant(0.0)),
            _ => (first.unwrap_or(constant(f64::NAN)), params.get(1).cloned().unwrap_or(constant(f64::NAN))),
        };
        self.stream(argument(call, 0)?, steps, &mut |mut row| {
            row.values.map_floats_at(|step, value| {
                let (low, high) = (low.get(step), high.get(step));
                if name == "round" {
                    // Dividing by the inverse keeps multiples of 0.1 where people expect them.
                    let inverse = 1.0 / low;
                    return Some((value * inverse + 0.5).floor() / inverse);
                }
                if high < low { None } else { Some(least(greatest(value, low), high)) }
            });
            row.drop_name = true;
            if row.values.is_empty() { Ok(()) } else { sink(row) }
        })
    }

    /// `sort`, `sort_desc`, `sort_by_label` and `sort_by_label_desc`. Order is lost in a range query.
    pub(super) fn sorted(&self, call: &Call, steps: Steps, sink: Sink<'_>) -> Result<()> {
        let mut rows = self.vector(argument(call, 0)?, steps)?;
        let by_value = matches!(call.function.name, "sort" | "sort_desc");
        let descending = call.function.name.ends_with("_desc");
        let names: Vec<String> = call.args.iter().skip(1).map(|e| self.string(e)).collect::<Result<_>>()?;
        self.release_rows(&rows);
        if by_value {
            rows.iter_mut().for_each(|row| row.values.map_floats(|v| v));
        }
        if steps.count == 1 {
            if by_value {
                rows.sort_by(|a, b| by_float(a, b, descending));
            } else {
                rows.sort_by(|a, b| {
                    let by_names = names.iter().map(|name| {
                        let value = |row: &Row| row.labels.get(name).unwrap_or("").to_owned();
                        natural(&value(a), &value(b))
                    });
                    let order = by_names.fold(Ordering::Equal, Ordering::then);
                    let order = order.then_with(|| a.labels.cmp(&b.labels));
                    if descending { order.reverse() } else { order }
                });
            }
        }
        give(rows, sink)
    }
}

/// Go's `math.Max`: NaN wins.
fn greatest(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

/// Go's `math.Min`: NaN wins.
fn least(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }
}

/// By value, NaN last in either direction.
fn by_float(a: &Row, b: &Row, descending: bool) -> Ordering {
    let value = |row: &Row| row.values.float(0).unwrap_or(f64::NAN);
    let (a, b) = (value(a), value(b));
    a.is_nan().cmp(&b.is_nan()).then_with(|| {
        let order = a.partial_cmp(&b).unwrap_or(Ordering::Equal);
        if descending { order.reverse() } else { order }
    })
}

/// Natural order: runs of digits compare as numbers.
pub(crate) fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (x, rest_a) = run(a);
        let (y, rest_b) = run(b);
        if x.is_empty() || y.is_empty() {
            return x.len().cmp(&y.len());
        }
        let digits = |s: &str| s.as_bytes()[0].is_ascii_digit();
        let order = if digits(x) && digits(y) {
            let (p, q) = (x.trim_start_matches('0'), y.trim_start_matches('0'));
            p.len().cmp(&q.len()).then_with(|| p.cmp(q)).then_with(|| y.len().cmp(&x.len()))
        } else {
            x.cmp(y)
        };
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
}

/// The longest start of `s` that is all digits or has none.
fn run(s: &str) -> (&str, &str) {
    let Some(first) = s.bytes().next() else { return ("", "") };
    let end = s.bytes().position(|c| c.is_ascii_digit() != first.is_ascii_digit()).unwrap_or(s.len());
    s.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_within_text_compare_as_numbers() {
        let mut names = ["a10", "a9", "a1b2", "b1", "a", "1.11.3", "1.2.3", "1.111.3"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["1.2.3", "1.11.3", "1.111.3", "a", "a1b2", "a9", "a10", "b1"]);
    }
}
