//! The engine: from a query text to an answer, within limits.

use std::sync::Arc;
use std::time::Duration;

use model::{TimestampMs, Value};
use parking_lot::Mutex;
use promql_syntax::ParseOptions;
use promql_syntax::ast::{Expr, ExprKind, ValueType};
use storage::{Cancel, SampleBudget, Storage};
use telemetry::Registry;

use crate::annotations::Annotations;
use crate::column::{Cell, Row, merge_equal};
use crate::context::{Context, Counters};
use crate::error::{EvalError, Result, SAME_LABELSET};
use crate::eval::Evaluated;
use crate::gate::Gate;
use crate::metrics::Metrics;
use crate::plan::unparen;
use crate::result::{Matrix, MatrixSeries, QueryResult, QueryValue, SampledSeries, Statistics, VectorSample};
use crate::select::RangeSeries;
use crate::steps::Steps;

/// A clock for time limits and statistics: the time since some fixed moment, never going back.
pub type Monotonic = Arc<dyn Fn() -> Duration + Send + Sync>;

/// Limits and defaults of an engine.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// How old a sample may be and still count as a series' current value.
    pub lookback_delta: Duration,
    /// Most samples a query may hold at a time.
    pub max_samples: u64,
    /// Longest a query may take, waiting included.
    pub timeout: Duration,
    /// Most queries at a time; others wait.
    pub max_concurrency: usize,
    /// Most steps of a range query.
    pub max_points: usize,
    /// Step of subqueries that name none: the global evaluation interval.
    pub default_subquery_step: Duration,
    /// Threads a single query may use to decode series.
    pub threads: usize,
    /// What queries may be written with.
    pub parse: ParseOptions,
}

impl Default for EngineOptions {
    /// Prometheus' defaults.
    fn default() -> Self {
        Self {
            lookback_delta: Duration::from_secs(300),
            max_samples: 50_000_000,
            timeout: Duration::from_secs(120),
            max_concurrency: 20,
            max_points: 11_000,
            default_subquery_step: Duration::from_secs(60),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            parse: ParseOptions::default(),
        }
    }
}

/// What a single query asks to be different.
#[derive(Clone, Debug, Default)]
pub struct QueryOptions {
    /// Set by the caller when nobody waits for the answer any more.
    pub cancel: Cancel,
    /// Shorter time limit; a longer one than the engine's has no effect.
    pub timeout: Option<Duration>,
    /// Other lookback.
    pub lookback_delta: Option<Duration>,
}

/// Evaluates queries. Synchronous and CPU-bound: call it from a thread that may block.
pub struct Engine {
    options: EngineOptions,
    clock: Monotonic,
    gate: Gate,
    metrics: Metrics,
}

impl Engine {
    /// An engine; its metrics go to `registry`.
    #[must_use]
    pub fn new(options: EngineOptions, clock: Monotonic, registry: &Registry) -> Self {
        let gate = Gate::new(options.max_concurrency);
        Self { options, clock, gate, metrics: Metrics::register(registry) }
    }

    /// The engine's limits and defaults.
    #[must_use]
    pub fn options(&self) -> &EngineOptions {
        &self.options
    }

    /// The value of `query` at `t`.
    ///
    /// # Errors
    /// When the query cannot be parsed or evaluated, takes too long, too much memory, or is cancelled.
    pub fn instant(
        &self,
        storage: &dyn Storage,
        query: &str,
        t: TimestampMs,
        options: &QueryOptions,
    ) -> Result<QueryResult> {
        let (expr, parsing) = self.parse(query)?;
        self.instant_expr(storage, &expr, t, options).map(|result| with_parse_time(result, parsing))
    }

    /// As [`Engine::instant`], for an expression that was parsed before.
    ///
    /// # Errors
    /// As [`Engine::instant`].
    pub fn instant_expr(
        &self,
        storage: &dyn Storage,
        expr: &Expr,
        t: TimestampMs,
        options: &QueryOptions,
    ) -> Result<QueryResult> {
        self.run(storage, Steps::single(t), t, options, |context| instant(context, expr, t))
    }

    /// The values of `query` from `start` to `end`, `step_ms` apart.
    ///
    /// # Errors
    /// As [`Engine::instant`], and when the times make no sense or the query is a range vector or string.
    pub fn range(
        &self,
        storage: &dyn Storage,
        query: &str,
        (start, end): (TimestampMs, TimestampMs),
        step_ms: i64,
        options: &QueryOptions,
    ) -> Result<QueryResult> {
        let (expr, parsing) = self.parse(query)?;
        self.range_expr(storage, &expr, (start, end), step_ms, options)
            .map(|result| with_parse_time(result, parsing))
    }

    /// As [`Engine::range`], for an expression that was parsed before.
    ///
    /// # Errors
    /// As [`Engine::range`].
    pub fn range_expr(
        &self,
        storage: &dyn Storage,
        expr: &Expr,
        (start, end): (TimestampMs, TimestampMs),
        step_ms: i64,
        options: &QueryOptions,
    ) -> Result<QueryResult> {
        if step_ms <= 0 {
            return Err(EvalError::BadRequest(
                "zero or negative query resolution step widths are not accepted. Try a positive integer"
                    .to_owned(),
            ));
        }
        if end < start {
            return Err(EvalError::BadRequest("end timestamp must not be before start time".to_owned()));
        }
        let steps = Steps::range(start, end, step_ms);
        if steps.count > self.options.max_points {
            return Err(EvalError::BadRequest(format!(
                "exceeded maximum resolution of {} points per timeseries. Try decreasing the query resolution (?step=XX)",
                thousands(self.options.max_points)
            )));
        }
        let kind = expr.value_type();
        if matches!(kind, ValueType::Matrix | ValueType::String) {
            let name = if kind == ValueType::Matrix { "range vector" } else { "string" };
            return Err(EvalError::BadRequest(format!(
                "invalid expression type {name:?} for range query, must be Scalar or instant Vector"
            )));
        }
        self.run(storage, steps, end, options, |context| range(context, expr, steps))
    }

    /// Parses a query with the engine's features.
    ///
    /// # Errors
    /// [`EvalError::Parse`].
    pub fn parse(&self, query: &str) -> Result<(Expr, Duration)> {
        let started = (self.clock)();
        let expr = promql_syntax::parse(query, &self.options.parse)
            .map_err(|error| EvalError::Parse { message: error.to_string(), span: Some(error.span) })?;
        Ok((expr, (self.clock)() - started))
    }

    fn run(
        &self,
        storage: &dyn Storage,
        steps: Steps,
        query_end: TimestampMs,
        options: &QueryOptions,
        evaluate: impl FnOnce(&Context<'_>) -> Result<QueryValue>,
    ) -> Result<QueryResult> {
        let queued = (self.clock)();
        let timeout = options.timeout.map_or(self.options.timeout, |t| t.min(self.options.timeout));
        let deadline = queued.saturating_add(timeout);
        self.metrics.queries.inc();
        self.metrics.waiting.inc();
        let pass = self.gate.enter(|| {
            if options.cancel.is_cancelled() {
                return Err(EvalError::Cancelled("query queue"));
            }
            if (self.clock)() > deadline {
                return Err(EvalError::Timeout("query queue"));
            }
            Ok(())
        });
        self.metrics.waiting.dec();
        let started = (self.clock)();
        let lookback = options.lookback_delta.unwrap_or(self.options.lookback_delta);
        let milliseconds = |d: Duration| i64::try_from(d.as_millis()).unwrap_or(i64::MAX);
        let context = Context {
            storage,
            query: steps,
            query_end,
            lookback_ms: milliseconds(lookback),
            default_step_ms: milliseconds(self.options.default_subquery_step).max(1),
            threads: self.options.threads,
            cancel: options.cancel.clone(),
            budget: SampleBudget::new(self.options.max_samples),
            clock: &self.clock,
            deadline,
            annotations: Mutex::new(Annotations::default()),
            counters: Counters::default(),
        };
        self.metrics.running.inc();
        let value = pass.and_then(|_pass| context.check().and_then(|()| evaluate(&context)));
        self.metrics.running.dec();
        let evaluation = (self.clock)().saturating_sub(started);
        self.metrics.duration.observe(evaluation.as_secs_f64());
        let peak = context.counters.peak();
        let loaded = context.counters.loaded.into_inner();
        self.metrics.samples.inc_by(loaded);
        if value.is_err() {
            self.metrics.failed.inc();
        }
        Ok(QueryResult {
            value: value?,
            annotations: context.annotations.into_inner().into_vec(),
            statistics: Statistics {
                samples_loaded: loaded,
                samples_peak: peak,
                series: context.counters.series.into_inner(),
                queue: started.saturating_sub(queued),
                parse: Duration::ZERO,
                evaluate: evaluation,
            },
        })
    }
}

fn with_parse_time(mut result: QueryResult, parse: Duration) -> QueryResult {
    result.statistics.parse = parse;
    result
}

fn instant(context: &Context<'_>, expr: &Expr, t: TimestampMs) -> Result<QueryValue> {
    let steps = Steps::single(t);
    match &unparen(expr).kind {
        ExprKind::Matrix(selector) => {
            let windows = context.windows(selector, steps)?;
            let mut series = Vec::new();
            context.range_rows(
                selector,
                &windows,
                "",
                |one| Ok(Some(one.clone())),
                &mut |one: RangeSeries| {
                    context.hold(one.len())?;
                    series.push(one);
                    Ok(())
                },
            )?;
            ranges(series)
        }
        ExprKind::Subquery(subquery) => {
            let (series, _) = context.subquery(subquery, steps)?;
            ranges(series)
        }
        _ => match context.eval(expr, steps)? {
            Evaluated::Scalar(scalar) => Ok(QueryValue::Scalar { timestamp_ms: t, value: scalar.get(0) }),
            Evaluated::String(value) => Ok(QueryValue::String { timestamp_ms: t, value }),
            Evaluated::Vector(rows) => {
                let sample = |row: Row| {
                    let value = match row.values.cell(0) {
                        Cell::Absent => return None,
                        Cell::Float(value) => Value::Float(value),
                        Cell::Histogram(histogram) => Value::Histogram(Arc::clone(histogram)),
                    };
                    Some(VectorSample { labels: row.labels, timestamp_ms: t, value })
                };
                Ok(QueryValue::Vector(finish(rows)?.into_iter().filter_map(sample).collect()))
            }
        },
    }
}

fn range(context: &Context<'_>, expr: &Expr, steps: Steps) -> Result<QueryValue> {
    let series = match context.eval(expr, steps)? {
        Evaluated::Scalar(scalar) => {
            let mut values = crate::column::Column::absent(steps.count);
            (0..steps.count).for_each(|step| values.set(step, crate::column::canonical(scalar.get(step))));
            vec![MatrixSeries::new(model::Labels::empty(), values)]
        }
        Evaluated::String(_) => Vec::new(),
        Evaluated::Vector(rows) => {
            let mut series: Vec<MatrixSeries> =
                finish(rows)?.into_iter().map(|row| MatrixSeries::new(row.labels, row.values)).collect();
            series.sort_by(|a, b| a.labels.cmp(&b.labels));
            series
        }
    };
    Ok(QueryValue::Matrix(Matrix {
        start_ms: steps.start,
        step_ms: steps.step_ms,
        steps: steps.count,
        series,
    }))
}

/// Takes away the names that no longer hold; what became equal must not overlap.
fn finish(mut rows: Vec<Row>) -> Result<Vec<Row>> {
    rows.retain(|row| !row.values.is_empty());
    for row in &mut rows {
        if row.drop_name {
            row.labels = row.labels.without_metric_name();
        }
    }
    merge_equal(rows).map_err(|()| EvalError::execution(SAME_LABELSET))
}

fn ranges(series: Vec<RangeSeries>) -> Result<QueryValue> {
    let mut out: Vec<SampledSeries> = series
        .into_iter()
        .filter(|one| !one.is_empty())
        .map(|one| {
            let labels = if one.drop_name { one.labels.without_metric_name() } else { one.labels.clone() };
            SampledSeries { labels, samples: one.into_samples() }
        })
        .collect();
    out.sort_by(|a, b| a.labels.cmp(&b.labels));
    if out.windows(2).any(|pair| pair[0].labels == pair[1].labels) {
        return Err(EvalError::execution(SAME_LABELSET));
    }
    Ok(QueryValue::Ranges(out))
}

/// 11000 as "11,000".
fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
