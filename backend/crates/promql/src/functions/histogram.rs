//! Histogram functions: classic buckets gathered by their other labels, native histograms taken as they are.

use hashbrown::HashMap;
use model::{BUCKET_LABEL, Labels, LabelsBuilder};
use promql_syntax::ast::{Call, Expr, Span};

use crate::annotations::{Flags, Severity};
use crate::column::{Cell, Column, Row};
use crate::context::Context;
use crate::error::{EvalError, Result};
use crate::functions::{Sink, argument};
use crate::histogram::{estimate, format::number};
use crate::steps::Steps;

/// A bucket of a classic histogram at one step: counts everything up to its bound.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    upper: f64,
    count: f64,
}

/// The series that make one histogram.
struct Group {
    labels: Labels,
    metric: String,
    /// Upper bound and row, for each bucket series.
    buckets: Vec<(f64, usize)>,
    /// Rows that hold native histograms.
    natives: Vec<usize>,
}

impl Context<'_> {
    pub(super) fn histogram_quantile(&self, call: &Call, steps: Steps, sink: Sink<'_>) -> Result<()> {
        let phi = self.scalar_arg(call, 0, steps)?;
        let span = argument(call, 0)?.span;
        (0..steps.count).for_each(|step| self.check_quantile(phi.get(step), span));
        self.each_histogram(
            argument(call, 1)?,
            steps,
            sink,
            |step, buckets, flags| bucket_quantile(phi.get(step), buckets, flags),
            |step, histogram, flags| estimate::quantile(phi.get(step), histogram, flags),
        )
    }

    pub(super) fn histogram_quantiles(&self, call: &Call, steps: Steps, sink: Sink<'_>) -> Result<()> {
        let label = self.string(argument(call, 1)?)?;
        if label.is_empty() {
            return Err(EvalError::execution("invalid label name \"\" in histogram_quantiles()"));
        }
        for arg in call.args.iter().skip(2) {
            let phi = self.scalar(arg, steps)?;
            (0..steps.count).for_each(|step| self.check_quantile(phi.get(step), arg.span));
            // One label value for each φ: where it changes with the steps, a row has one step's value only.
            let mut texts: Vec<String> = Vec::new();
            for step in 0..steps.count {
                let text = number(phi.get(step));
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
            for text in texts {
                let wanted = |step: usize| number(phi.get(step)) == text;
                self.each_histogram(
                    argument(call, 0)?,
                    steps,
                    &mut |mut row| {
                        for step in (0..steps.count).filter(|step| !wanted(*step)) {
                            row.values.clear(step);
                        }
                        let mut builder = LabelsBuilder::new(&row.labels);
                        builder.set(&label, &text);
                        row.labels = builder.build();
                        if row.values.is_empty() { Ok(()) } else { sink(row) }
                    },
                    |step, buckets, flags| bucket_quantile(phi.get(step), buckets, flags),
                    |step, histogram, flags| estimate::quantile(phi.get(step), histogram, flags),
                )?;
            }
        }
        Ok(())
    }

    pub(super) fn histogram_fraction(&self, call: &Call, steps: Steps, sink: Sink<'_>) -> Result<()> {
        let lower = self.scalar_arg(call, 0, steps)?;
        let upper = self.scalar_arg(call, 1, steps)?;
        self.each_histogram(
            argument(call, 2)?,
            steps,
            sink,
            |step, buckets, _| bucket_fraction(lower.get(step), upper.get(step), buckets),
            |step, histogram, flags| estimate::fraction(lower.get(step), upper.get(step), histogram, flags),
        )
    }

    /// `histogram_avg`, `_count`, `_sum`, `_stddev`, `_stdvar`: native histograms only.
    pub(super) fn histogram_part(&self, name: &str, arg: &Expr, steps: Steps, sink: Sink<'_>) -> Result<()> {
        self.stream(arg, steps, &mut |mut row| {
            let mut out = Column::absent(steps.count);
            for step in 0..steps.count {
                if let Cell::Histogram(h) = row.values.cell(step) {
                    let value = match name {
                        "histogram_avg" => h.sum / h.count,
                        "histogram_count" => h.count,
                        "histogram_sum" => h.sum,
                        "histogram_stddev" => estimate::variance(h).sqrt(),
                        _ => estimate::variance(h),
                    };
                    out.set(step, value);
                }
            }
            row.values = out;
            row.drop_name = true;
            if row.values.is_empty() { Ok(()) } else { sink(row) }
        })
    }

    /// Evaluates `classic` or `native` for every histogram among the rows of `arg`, at every step.
    fn each_histogram(
        &self,
        arg: &Expr,
        steps: Steps,
        sink: Sink<'_>,
        classic: impl Fn(usize, &mut Vec<Bucket>, &mut Flags) -> f64,
        native: impl Fn(usize, &model::Histogram, &mut Flags) -> f64,
    ) -> Result<()> {
        let rows = self.vector(arg, steps)?;
        let groups = self.histogram_groups(&rows, arg.span);
        let mut buckets = Vec::new();
        for group in groups {
            self.check()?;
            let mut flags = Flags::default();
            let mut values = Column::absent(steps.count);
            for step in 0..steps.count {
                buckets.clear();
                for (upper, row) in &group.buckets {
                    if let Some(count) = rows[*row].values.float(step) {
                        buckets.push(Bucket { upper: *upper, count });
                    }
                }
                let histogram = group.natives.iter().find_map(|row| match rows[*row].values.cell(step) {
                    Cell::Histogram(histogram) => Some(histogram),
                    _ => None,
                });
                match histogram {
                    Some(_) if !buckets.is_empty() => flags.raise(Flags::MIXED_CLASSIC_NATIVE),
                    Some(histogram) => values.set(step, native(step, histogram, &mut flags)),
                    None if buckets.is_empty() => {}
                    None => values.set(step, classic(step, &mut buckets, &mut flags)),
                }
            }
            self.annotate_flags(flags, &group.metric, arg.span);
            if !values.is_empty() {
                sink(Row { labels: group.labels, drop_name: true, values })?;
            }
        }
        self.release_rows(&rows);
        Ok(())
    }

    fn histogram_groups(&self, rows: &[Row], span: Span) -> Vec<Group> {
        let mut places: HashMap<Labels, usize> = HashMap::new();
        let mut groups: Vec<Group> = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let metric = row.labels.metric_name();
            let has_floats = (0..row.values.len()).any(|step| row.values.float(step).is_some());
            let bound = row.labels.get(BUCKET_LABEL).unwrap_or("");
            let upper = parse_bound(bound);
            if has_floats && upper.is_none() {
                let text = format!(
                    "bucket label \"le\" is missing or has a malformed value of {bound:?} for metric name {metric:?}"
                );
                self.annotate(Severity::Warning, text, span);
            }
            let mut put = |key: Labels, bucket: Option<f64>| {
                let place = *places.entry(key.clone()).or_insert_with(|| {
                    let metric = metric.to_owned();
                    groups.push(Group { labels: key, metric, buckets: Vec::new(), natives: Vec::new() });
                    groups.len() - 1
                });
                match bucket {
                    Some(upper) => groups[place].buckets.push((upper, index)),
                    None => groups[place].natives.push(index),
                }
            };
            if let (true, Some(upper)) = (has_floats, upper) {
                put(row.labels.filtered(|name| name != BUCKET_LABEL), Some(upper));
            }
            if row.values.has_histograms() {
                put(row.labels.clone(), None);
            }
        }
        groups
    }
}

/// A bucket's bound as Go's `ParseFloat` reads it.
fn parse_bound(text: &str) -> Option<f64> {
    let plain = !text.is_empty() && text.trim() == text;
    if plain { text.parse().ok() } else { None }
}

/// Sorts the buckets, joins those with the same bound, and checks for the +Inf bucket.
fn prepare(buckets: &mut Vec<Bucket>) -> bool {
    buckets.sort_by(|a, b| a.upper.total_cmp(&b.upper));
    if buckets.last().is_none_or(|last| last.upper != f64::INFINITY) {
        return false;
    }
    buckets.dedup_by(|later, kept| {
        let same = later.upper == kept.upper;
        if same {
            kept.count += later.count;
        }
        same
    });
    true
}

fn bucket_quantile(phi: f64, buckets: &mut Vec<Bucket>, flags: &mut Flags) -> f64 {
    if phi.is_nan() {
        return f64::NAN;
    }
    if phi < 0.0 {
        return f64::NEG_INFINITY;
    }
    if phi > 1.0 {
        return f64::INFINITY;
    }
    if !prepare(buckets) {
        return f64::NAN;
    }
    make_monotonic(buckets, flags);
    let last = buckets.len() - 1;
    if last == 0 || buckets[last].count == 0.0 {
        return f64::NAN;
    }
    let mut rank = phi * buckets[last].count;
    // Binary search as in Prometheus: with NaN counts a scan would find another bucket.
    let found =
        buckets[..last].partition_point(|b| b.count.partial_cmp(&rank).is_none_or(std::cmp::Ordering::is_lt));
    if found == last {
        return buckets[last - 1].upper;
    }
    let end = buckets[found].upper;
    if found == 0 && end <= 0.0 {
        return end;
    }
    let (mut start, mut count) = (0.0, buckets[found].count);
    if found > 0 {
        start = buckets[found - 1].upper;
        count -= buckets[found - 1].count;
        rank -= buckets[found - 1].count;
    }
    start + (end - start) * (rank / count)
}

/// Counts must not fall towards higher bounds. Differences that rounding explains are mended silently.
fn make_monotonic(buckets: &mut [Bucket], flags: &mut Flags) {
    const TOLERANCE: f64 = 1e-12;
    let mut previous = buckets[0].count;
    for bucket in &mut buckets[1..] {
        let count = bucket.count;
        if count == previous {
            continue;
        }
        if almost_equal(previous, count, TOLERANCE) {
            bucket.count = previous;
        } else if count < previous {
            bucket.count = previous;
            flags.raise(Flags::NOT_MONOTONIC);
        } else {
            previous = count;
        }
    }
}

/// Whether two floats are the same up to a relative difference.
pub(crate) fn almost_equal(a: f64, b: f64, epsilon: f64) -> bool {
    if a == b || (a.is_nan() && b.is_nan()) {
        return true;
    }
    let sum = a.abs() + b.abs();
    let difference = (a - b).abs();
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < epsilon * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < epsilon
}

fn bucket_fraction(lower: f64, upper: f64, buckets: &mut Vec<Bucket>) -> f64 {
    if !prepare(buckets) {
        return f64::NAN;
    }
    let total = buckets[buckets.len() - 1].count;
    if total == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    let (mut lower_rank, mut upper_rank) = (None, None);
    let mut rank = 0.0;
    let mut start = f64::NEG_INFINITY;
    for bucket in buckets.iter() {
        for (bound, place) in [(lower, &mut lower_rank), (upper, &mut upper_rank)] {
            if place.is_some() {
                continue;
            }
            if start >= bound {
                *place = Some(rank);
            } else if bucket.upper > bound {
                // There is nothing to interpolate over in a bucket without end.
                *place = Some(if start == f64::NEG_INFINITY {
                    bucket.count
                } else if bucket.upper == f64::INFINITY {
                    rank
                } else {
                    rank + (bucket.count - rank) * (bound - start) / (bucket.upper - start)
                });
            }
        }
        rank = bucket.count;
        start = bucket.upper;
    }
    let at = |place: Option<f64>| place.map_or(total, |r| r.min(total));
    (at(upper_rank) - at(lower_rank)) / total
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(list: &[(f64, f64)]) -> Vec<Bucket> {
        list.iter().map(|(upper, count)| Bucket { upper: *upper, count: *count }).collect()
    }

    #[test]
    fn interpolates_within_the_bucket() {
        let mut flags = Flags::default();
        let mut list = buckets(&[(f64::INFINITY, 10.0), (1.0, 5.0), (2.0, 10.0)]);
        assert_eq!(bucket_quantile(0.75, &mut list, &mut flags), 1.5);
        assert!(flags.is_empty());
    }

    #[test]
    fn falling_counts_are_mended_with_a_remark() {
        let mut flags = Flags::default();
        let mut list = buckets(&[(1.0, 5.0), (2.0, 4.0), (f64::INFINITY, 10.0)]);
        assert_eq!(bucket_quantile(0.4, &mut list, &mut flags), 0.8);
        assert!(flags.contains(Flags::NOT_MONOTONIC));
    }

    #[test]
    fn no_answer_without_an_infinite_bucket() {
        let mut flags = Flags::default();
        assert!(bucket_quantile(0.5, &mut buckets(&[(1.0, 5.0), (2.0, 8.0)]), &mut flags).is_nan());
        assert!(bucket_fraction(0.0, 1.0, &mut buckets(&[(1.0, 5.0)])).is_nan());
    }
}
