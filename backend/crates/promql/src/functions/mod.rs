//! Function calls: arguments are evaluated here, the work is done next door.

mod extended;
mod histogram;
mod labels;
mod math;
pub(crate) mod over_time;
pub(crate) mod range;
mod rate;
mod regression;
mod time;
mod vector;

use hashbrown::HashMap;
use model::{Labels, LabelsBuilder, METRIC_NAME, MatchOp};
use promql_syntax::ast::{Call, Expr, ExprKind, RangeEdges, Span, ValueType, VectorSelector};

use crate::annotations::{Flags, Severity};
use crate::column::{Column, Row};
use crate::context::Context;
use crate::error::{EvalError, Result};
use crate::histogram::format::number;
use crate::plan::unparen;
use crate::scalar::ScalarColumn;
use crate::select::RangeSeries;
use crate::steps::Steps;
pub(crate) use histogram::almost_equal;
use range::RangeFunction;

type Sink<'a> = &'a mut dyn FnMut(Row) -> Result<()>;

impl Context<'_> {
    /// Calls that give a scalar.
    pub(crate) fn scalar_call(&self, call: &Call, steps: Steps) -> Result<ScalarColumn> {
        let seconds = |ms: i64| ms as f64 / 1000.0;
        Ok(match call.function.name {
            "pi" => ScalarColumn::Constant(std::f64::consts::PI),
            "time" => ScalarColumn::Steps((0..steps.count).map(|i| seconds(steps.at(i))).collect()),
            "start" => ScalarColumn::Constant(seconds(self.query.start)),
            "end" => ScalarColumn::Constant(seconds(self.query_end)),
            "range" => ScalarColumn::Constant(seconds(self.query_end - self.query.start)),
            "step" => ScalarColumn::Constant(seconds(self.query.step_ms)),
            "min_of" | "max_of" => {
                let (a, b) = (self.scalar_arg(call, 0, steps)?, self.scalar_arg(call, 1, steps)?);
                let least = call.function.name == "min_of";
                a.zip(&b, |a, b| match (a.is_nan() || b.is_nan(), least) {
                    (true, _) => f64::NAN,
                    (false, true) => a.min(b),
                    (false, false) => a.max(b),
                })
            }
            "scalar" => {
                let rows = self.vector(argument(call, 0)?, steps)?;
                let value = |step| {
                    let mut floats = rows.iter().filter_map(|row| row.values.float(step));
                    match (floats.next(), floats.next()) {
                        (Some(only), None) => only,
                        _ => f64::NAN,
                    }
                };
                let column = (0..steps.count).map(value).collect();
                self.release_rows(&rows);
                ScalarColumn::Steps(column)
            }
            name => return Err(EvalError::execution(format!("unknown function with name {name:?}"))),
        })
    }

    /// Calls that give a vector.
    pub(crate) fn call(&self, expr: &Expr, call: &Call, steps: Steps, sink: Sink<'_>) -> Result<()> {
        let name = call.function.name;
        if let Some(function) = RangeFunction::from_name(name) {
            return self.range_call(function, call, steps, sink);
        }
        if let Some(f) = math::function(name) {
            return self.map_floats(argument(call, 0)?, steps, sink, f);
        }
        if let Some(part) = time::part(name) {
            let Some(arg) = call.args.first() else {
                let mut values = Column::absent(steps.count);
                (0..steps.count).for_each(|i| values.set(i, part(steps.at(i) as f64 / 1000.0)));
                return sink(Row { labels: Labels::empty(), drop_name: false, values });
            };
            return self.map_floats(arg, steps, sink, part);
        }
        match name {
            "absent" => self.absent(argument(call, 0)?, steps, sink),
            "absent_over_time" => self.absent_over_time(argument(call, 0)?, steps, sink),
            "clamp" | "clamp_min" | "clamp_max" | "round" => self.bounded(call, steps, sink),
            "histogram_quantile" => self.histogram_quantile(call, steps, sink),
            "histogram_quantiles" => self.histogram_quantiles(call, steps, sink),
            "histogram_fraction" => self.histogram_fraction(call, steps, sink),
            "histogram_avg" | "histogram_count" | "histogram_sum" | "histogram_stddev"
            | "histogram_stdvar" => self.histogram_part(name, argument(call, 0)?, steps, sink),
            "label_join" => self.label_join(call, steps, sink),
            "label_replace" => self.label_replace(call, steps, sink),
            "sort" | "sort_desc" | "sort_by_label" | "sort_by_label_desc" => self.sorted(call, steps, sink),
            "timestamp" => self.timestamp(argument(call, 0)?, steps, sink),
            "vector" => {
                let scalar = self.scalar_arg(call, 0, steps)?;
                let mut values = Column::absent(steps.count);
                (0..steps.count).for_each(|i| values.set(i, crate::column::canonical(scalar.get(i))));
                sink(Row { labels: Labels::empty(), drop_name: false, values })
            }
            _ => Err(EvalError::at(format!("function {name:?} is not supported"), expr.span)),
        }
    }

    pub(crate) fn scalar_arg(&self, call: &Call, index: usize, steps: Steps) -> Result<ScalarColumn> {
        self.scalar(argument(call, index)?, steps)
    }

    /// `f` of every float; histograms go away, and the result is no longer the metric.
    fn map_floats(&self, arg: &Expr, steps: Steps, sink: Sink<'_>, f: fn(f64) -> f64) -> Result<()> {
        self.stream(arg, steps, &mut |mut row| {
            row.values.map_floats(f);
            row.drop_name = true;
            if row.values.is_empty() { Ok(()) } else { sink(row) }
        })
    }

    fn timestamp(&self, arg: &Expr, steps: Steps, sink: Sink<'_>) -> Result<()> {
        if let ExprKind::Vector(selector) = &unparen(arg).kind {
            return self.instant_rows(selector, steps, true, sink);
        }
        self.stream(arg, steps, &mut |mut row| {
            let mut times = Column::absent(steps.count);
            for step in (0..steps.count).filter(|i| row.values.is_present(*i)) {
                times.set(step, steps.at(step) as f64 / 1000.0);
            }
            row.values = times;
            row.drop_name = true;
            sink(row)
        })
    }

    fn absent(&self, arg: &Expr, steps: Steps, sink: Sink<'_>) -> Result<()> {
        let mut seen = vec![false; steps.count];
        self.stream(arg, steps, &mut |row| {
            (0..steps.count).for_each(|i| seen[i] |= row.values.is_present(i));
            Ok(())
        })?;
        sink_absent(&seen, absent_labels(arg), sink)
    }

    fn absent_over_time(&self, arg: &Expr, steps: Steps, sink: Sink<'_>) -> Result<()> {
        let mut seen = vec![false; steps.count];
        self.over_windows(arg, steps, RangeFunction::Present, &[], &mut |row, _| {
            (0..steps.count).for_each(|i| seen[i] |= row.values.is_present(i));
            Ok(())
        })?;
        sink_absent(&seen, absent_labels(arg), sink)
    }

    fn range_call(&self, function: RangeFunction, call: &Call, steps: Steps, sink: Sink<'_>) -> Result<()> {
        let is_range = |e: &&Expr| e.value_type() == ValueType::Matrix;
        let Some(range) = call.args.iter().find(is_range) else {
            return Err(EvalError::execution(format!("{} needs a range vector", call.function.name)));
        };
        let params: Vec<ScalarColumn> = call
            .args
            .iter()
            .filter(|e| !is_range(e))
            .map(|e| self.scalar(e, steps))
            .collect::<Result<_>>()?;
        self.check_parameters(function, call, &params, steps)?;
        self.over_windows(range, steps, function, &params, &mut |row, flags| {
            self.annotate_flags(flags, row.labels.metric_name(), range.span);
            if row.values.is_empty() { Ok(()) } else { sink(row) }
        })
    }

    fn check_parameters(
        &self,
        function: RangeFunction,
        call: &Call,
        params: &[ScalarColumn],
        steps: Steps,
    ) -> Result<()> {
        for step in 0..steps.count {
            match (function, params) {
                (RangeFunction::Quantile, [phi]) => {
                    self.check_quantile(phi.get(step), argument(call, 0)?.span);
                }
                (RangeFunction::DoubleExponentialSmoothing, [smoothing, trend]) => {
                    for (value, what) in [(smoothing.get(step), "smoothing"), (trend.get(step), "trend")] {
                        if value <= 0.0 || value >= 1.0 {
                            let text = format!(
                                "invalid {what} factor. Expected: 0 < {}f < 1, got: {value:.6}",
                                &what[..1]
                            );
                            return Err(EvalError::execution(text));
                        }
                    }
                }
                _ => return Ok(()),
            }
            if params.iter().all(|p| matches!(p, ScalarColumn::Constant(_))) {
                break;
            }
        }
        Ok(())
    }

    /// Remarks on a φ outside of 0 to 1.
    pub(crate) fn check_quantile(&self, phi: f64, span: Span) {
        if !(0.0..=1.0).contains(&phi) {
            let text = format!("quantile value should be between 0 and 1, got {}", number(phi));
            self.annotate(Severity::Warning, text, span);
        }
    }

    /// Applies a function to the windows of a range selector or subquery. Rows may be empty; then only
    /// their flags count.
    fn over_windows(
        &self,
        arg: &Expr,
        steps: Steps,
        function: RangeFunction,
        params: &[ScalarColumn],
        sink: &mut dyn FnMut(Row, Flags) -> Result<()>,
    ) -> Result<()> {
        let edges = match &unparen(arg).kind {
            ExprKind::Matrix(selector) => selector.vector.edges,
            _ => RangeEdges::Plain,
        };
        extended::check(function, edges)?;
        let work = |series: &RangeSeries, windows: &_| {
            let mut flags = Flags::default();
            if function.wants_counter_name() && !series.floats.is_empty() {
                note_counter_name(series.labels.metric_name(), &mut flags);
            }
            let row = match edges {
                RangeEdges::Plain => range::apply(function, series, windows, params, &mut flags),
                _ => extended::apply(function, edges, series, windows, self.lookback_ms),
            };
            let row = row.or_else(|| {
                (!flags.is_empty()).then(|| Row {
                    labels: series.labels.clone(),
                    drop_name: true,
                    values: Column::absent(steps.count),
                })
            });
            row.map(|row| (row, flags))
        };
        match &unparen(arg).kind {
            ExprKind::Matrix(selector) => {
                let windows = self.windows(selector, steps)?;
                let name = "";
                self.range_rows(
                    selector,
                    &windows,
                    name,
                    |series| Ok(work(series, &windows)),
                    &mut |(row, flags)| sink(row, flags),
                )
            }
            ExprKind::Subquery(subquery) => {
                let (series, windows) = self.subquery(subquery, steps)?;
                for one in &series {
                    self.check()?;
                    if let Some((row, flags)) = work(one, &windows) {
                        sink(row, flags)?;
                    }
                }
                self.release(series.iter().map(RangeSeries::len).sum());
                Ok(())
            }
            _ => Err(EvalError::at("a range vector was expected", arg.span)),
        }
    }
}

fn note_counter_name(name: &str, flags: &mut Flags) {
    let known = ["_total", "_sum", "_count", "_bucket"];
    if !name.is_empty() && !known.iter().any(|suffix| name.ends_with(suffix)) {
        flags.raise(Flags::NAME_NOT_COUNTER);
    }
}

/// The argument at `index`; the checker has counted them, so that a missing one is an error of the caller.
pub(crate) fn argument(call: &Call, index: usize) -> Result<&Expr> {
    call.args
        .get(index)
        .ok_or_else(|| EvalError::execution(format!("too few arguments for {}", call.function.name)))
}

fn sink_absent(seen: &[bool], labels: Labels, sink: Sink<'_>) -> Result<()> {
    if seen.iter().all(|seen| *seen) {
        return Ok(());
    }
    let mut values = Column::absent(seen.len());
    for step in (0..seen.len()).filter(|i| !seen[*i]) {
        values.set(step, 1.0);
    }
    sink(Row { labels, drop_name: false, values })
}

/// What the selector says about the labels of the series that is not there: its equality matchers, less
/// those for a label with several matchers.
fn absent_labels(arg: &Expr) -> Labels {
    let selector: &VectorSelector = match &unparen(arg).kind {
        ExprKind::Vector(selector) => selector,
        ExprKind::Matrix(selector) => &selector.vector,
        _ => return Labels::empty(),
    };
    let mut builder = LabelsBuilder::default();
    let mut seen: HashMap<&str, ()> = HashMap::new();
    for (matcher, _) in selector.matchers.iter().filter(|(m, _)| m.name != METRIC_NAME) {
        if matcher.op == MatchOp::Equal && !seen.contains_key(matcher.name.as_str()) {
            builder.set(&matcher.name, &matcher.value);
            seen.insert(&matcher.name, ());
        } else {
            builder.remove(&matcher.name);
        }
    }
    builder.build()
}
