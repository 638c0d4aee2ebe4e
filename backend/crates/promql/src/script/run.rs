//! Runs a script and keeps the score.

use std::sync::Arc;
use std::time::Duration;

use model::{CompiledMatcher, Labels, Value};
use promql_syntax::ParseOptions;
use promql_syntax::ast::{At, Expr, ExprKind, VectorSelector};
use storage::memory::MemoryStorage;
use telemetry::Registry;

use crate::engine::{Engine, EngineOptions, Monotonic, QueryOptions};
use crate::error::EvalError;
use crate::plan;
use crate::result::{QueryResult, QueryValue, VectorSample};
use crate::script::parse::{Command, Eval, Kind, parse};
use crate::script::{check, load};

/// How scripts are run.
#[derive(Clone)]
pub struct ScriptOptions {
    /// Language features that are switched on.
    pub parse: ParseOptions,
    /// A clock for time limits.
    pub clock: Monotonic,
}

/// What an evaluation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Floats only, and no feature flag.
    Float,
    /// Native histograms, in what is selected or expected.
    Histogram,
    /// Needs a feature flag.
    Feature,
}

/// How one evaluation went.
#[derive(Clone, Debug)]
pub struct EvalReport {
    /// Line of the command, from 1.
    pub line: usize,
    /// The query.
    pub query: String,
    /// What it is about.
    pub class: Class,
    /// What was expected and what came instead; `None` when it passed.
    pub failure: Option<(String, String)>,
}

/// How a script went.
#[derive(Clone, Debug, Default)]
pub struct FileReport {
    /// Evaluations in their order.
    pub evals: Vec<EvalReport>,
    /// Commands that could not be read or done: line and reason.
    pub broken: Vec<(usize, String)>,
}

impl FileReport {
    /// Evaluations that passed, and all, of one class or of all.
    #[must_use]
    pub fn score(&self, class: Option<Class>) -> (usize, usize) {
        let of_class = || self.evals.iter().filter(move |e| class.is_none_or(|c| e.class == c));
        (of_class().filter(|e| e.failure.is_none()).count(), of_class().count())
    }

    /// Evaluations that failed.
    pub fn failures(&self) -> impl Iterator<Item = &EvalReport> {
        self.evals.iter().filter(|e| e.failure.is_some())
    }
}

/// Runs a script.
#[must_use]
pub fn run(text: &str, options: &ScriptOptions) -> FileReport {
    let engine_options = EngineOptions {
        max_points: usize::MAX,
        timeout: Duration::from_secs(100),
        parse: options.parse,
        ..EngineOptions::default()
    };
    let engine = Engine::new(engine_options, Arc::clone(&options.clock), &Registry::new());
    let mut runner = Runner { engine, store: MemoryStorage::new(), with_histograms: Vec::new() };
    let mut report = FileReport::default();
    for Command { line, kind } in parse(text) {
        match kind {
            Kind::Clear => {
                runner.store.clear();
                runner.with_histograms.clear();
            }
            Kind::Broken(reason) => report.broken.push((line, reason)),
            Kind::Load { interval_ms, with_nhcb, series } => {
                for one in &series {
                    if with_nhcb || one.values.iter().any(|v| matches!(v, Some(Value::Histogram(_)))) {
                        runner.with_histograms.push(one.labels.clone());
                    }
                }
                if let Err(reason) = load::load(&runner.store, interval_ms, &series, with_nhcb) {
                    report.broken.push((line, reason));
                }
            }
            Kind::Eval(eval) => {
                let class = runner.classify(&eval);
                let failure = runner.eval(&eval).err();
                report.evals.push(EvalReport { line, query: eval.query.clone(), class, failure });
            }
        }
    }
    report
}

/// What was expected, and what came.
type Failure = (String, String);

struct Runner {
    engine: Engine,
    store: MemoryStorage,
    /// Series loaded with a native histogram among their samples.
    with_histograms: Vec<Labels>,
}

impl Runner {
    fn classify(&self, eval: &Eval) -> Class {
        let plain = promql_syntax::parse(&eval.query, &ParseOptions::default());
        let all = promql_syntax::parse(&eval.query, &ParseOptions::all_features());
        let Ok(expr) = &all else { return Class::Float };
        if plain.is_err() {
            return Class::Feature;
        }
        let expected = eval.series.iter().flat_map(|line| &line.values);
        if expected.into_iter().any(|v| matches!(v, Some(Value::Histogram(_)))) {
            return Class::Histogram;
        }
        let mut selects = false;
        visit_selectors(expr, &mut |selector| {
            let matchers: Vec<CompiledMatcher> =
                selector.matchers.iter().filter_map(|(m, _)| CompiledMatcher::new(m.clone()).ok()).collect();
            selects |= self.with_histograms.iter().any(|labels| matchers.iter().all(|m| m.matches(labels)));
        });
        if selects { Class::Histogram } else { Class::Float }
    }

    fn eval(&self, eval: &Eval) -> Result<(), Failure> {
        let options = QueryOptions::default();
        let Some((end, step)) = eval.range else { return self.instant(eval) };
        let answer = self.engine.range(&self.store, &eval.query, (eval.start, end), step, &options);
        judge(eval, answer, |value| check::value(eval, value))
    }

    /// Evaluates an instant query, the same pinned by `@` at other times, and each as a step of a range
    /// query: all have to agree.
    fn instant(&self, eval: &Eval) -> Result<(), Failure> {
        let options = QueryOptions::default();
        let answer = self.engine.instant(&self.store, &eval.query, eval.start, &options);
        judge(eval, answer, |value| check::value(eval, value))?;
        if eval.fail.is_some() {
            return Ok(());
        }
        let failed = |error: EvalError| ("an answer".to_owned(), error.to_string());
        let (expr, _) = self.engine.parse(&eval.query).map_err(failed)?;
        let mut cases = vec![(expr.clone(), eval.start)];
        if let Some(pinned) = pinned(&expr, eval.start) {
            let t = eval.start;
            let times = if t == 0 { vec![-1000, 0, 1000] } else { vec![-10 * t, 0, t / 5, t, 10 * t] };
            cases.extend(times.into_iter().map(|t| (pinned.clone(), t)));
        }
        for (number, (expr, t)) in cases.into_iter().enumerate() {
            let add_context =
                |(expected, got): Failure| (format!("{expected} (case {number}, at {t} ms)"), got);
            if number > 0 {
                let answer = self.engine.instant_expr(&self.store, &expr, t, &options);
                judge(eval, answer, |value| check::value(eval, value)).map_err(add_context)?;
            }
            self.as_range(eval, &expr, t).map_err(add_context)?;
        }
        Ok(())
    }

    /// The middle step of a range query must give what the instant query gives.
    fn as_range(&self, eval: &Eval, expr: &Expr, t: i64) -> Result<(), Failure> {
        use promql_syntax::ast::ValueType;
        const MINUTE: i64 = 60_000;
        let kind = expr.value_type();
        if eval.ordered || matches!(kind, ValueType::Matrix | ValueType::String) || depends_on_query(expr) {
            return Ok(());
        }
        let options = QueryOptions::default();
        let bounds = (t - MINUTE, t + MINUTE);
        let answer = self.engine.range_expr(&self.store, expr, bounds, MINUTE, &options);
        judge_value(eval, answer, |value| {
            let QueryValue::Matrix(matrix) = value else { return Err("a matrix".to_owned()) };
            let sample = |labels: &Labels, point| {
                let value = match point {
                    crate::Point::Float(value) => Value::Float(value),
                    crate::Point::Histogram(histogram) => Value::Histogram(Arc::clone(histogram)),
                };
                VectorSample { labels: labels.clone(), timestamp_ms: t, value }
            };
            let samples: Vec<VectorSample> =
                matrix.series.iter().filter_map(|s| s.point(1).map(|p| sample(&s.labels, p))).collect();
            let value = match (kind, samples.first().map(|s| &s.value)) {
                (ValueType::Scalar, Some(Value::Float(value))) => {
                    QueryValue::Scalar { timestamp_ms: t, value: *value }
                }
                _ => QueryValue::Vector(samples),
            };
            check::value(eval, &value).map_err(|expected| format!("{expected} as a step of a range query"))
        })
    }
}

fn judge(
    eval: &Eval,
    answer: Result<QueryResult, EvalError>,
    check_value: impl FnOnce(&QueryValue) -> Result<(), String>,
) -> Result<(), Failure> {
    if let (Ok(result), None) = (&answer, &eval.fail) {
        check::annotations(eval, result, &eval.query)
            .map_err(|expected| (expected, check::show(&result.value)))?;
    }
    judge_value(eval, answer, check_value)
}

fn judge_value(
    eval: &Eval,
    answer: Result<QueryResult, EvalError>,
    check_value: impl FnOnce(&QueryValue) -> Result<(), String>,
) -> Result<(), Failure> {
    match (answer, &eval.fail) {
        (Ok(result), None) => {
            check_value(&result.value).map_err(|expected| (expected, check::show(&result.value)))
        }
        (Ok(result), Some(_)) => Err(("an error".to_owned(), check::show(&result.value))),
        (Err(error), Some(text)) if check::matches(text, &error.to_string()) => Ok(()),
        (Err(error), Some(text)) => Err((format!("the error {text:?}"), error.to_string())),
        (Err(error), None) => Err(("an answer".to_owned(), error.to_string())),
    }
}

/// The expression with every selector pinned to `t`; those within a subquery are pinned by it. `None` when
/// a function looks at the time of the evaluation all the same.
fn pinned(expr: &Expr, t: i64) -> Option<Expr> {
    let mut out = expr.clone();
    if pin(&mut out, t) { Some(out) } else { None }
}

/// Start and end of an instant query are its time.
fn pin_at(at: &mut Option<At>, t: i64) {
    if !matches!(at, Some(At::Timestamp(_))) {
        *at = Some(At::Timestamp(t));
    }
}

fn pin(expr: &mut Expr, t: i64) -> bool {
    match &mut expr.kind {
        ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Bytes(_) => true,
        ExprKind::Vector(selector) => {
            pin_at(&mut selector.at, t);
            true
        }
        ExprKind::Matrix(selector) => {
            pin_at(&mut selector.vector.at, t);
            true
        }
        ExprKind::Subquery(subquery) => {
            pin_at(&mut subquery.at, t);
            let mut stable = true;
            visit_calls(&subquery.expr, &mut |name| stable &= !plan::depends_on_time(name));
            stable
        }
        ExprKind::Call(call) => {
            !plan::depends_on_time(call.function.name)
                && !matches!(call.function.name, "start" | "end")
                && call.args.iter_mut().all(|arg| pin(arg, t))
        }
        ExprKind::Aggregate(aggregate) => {
            pin(&mut aggregate.expr, t) && aggregate.param.as_deref_mut().is_none_or(|p| pin(p, t))
        }
        ExprKind::Binary(binary) => pin(&mut binary.lhs, t) && pin(&mut binary.rhs, t),
        ExprKind::Unary(unary) => pin(&mut unary.expr, t),
        ExprKind::Paren(inner) => pin(inner, t),
    }
}

/// Whether the answer depends on start, end or step of the query, so that a range query differs.
fn depends_on_query(expr: &Expr) -> bool {
    let mut depends = false;
    visit_calls(expr, &mut |name| depends |= matches!(name, "start" | "end" | "step" | "range"));
    visit_expr(expr, &mut |e| {
        depends |= match &e.kind {
            ExprKind::Vector(s) => matches!(s.at, Some(At::Start | At::End)) || s.offset.literal().is_none(),
            ExprKind::Matrix(s) => {
                matches!(s.vector.at, Some(At::Start | At::End))
                    || s.vector.offset.literal().is_none()
                    || s.range.literal().is_none()
            }
            ExprKind::Subquery(s) => {
                matches!(s.at, Some(At::Start | At::End))
                    || s.range.literal().is_none()
                    || s.offset.literal().is_none()
                    || s.step.as_ref().is_some_and(|step| step.literal().is_none())
            }
            _ => false,
        };
    });
    depends
}

fn visit_expr(expr: &Expr, see: &mut dyn FnMut(&Expr)) {
    see(expr);
    match &expr.kind {
        ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Bytes(_)
        | ExprKind::Vector(_)
        | ExprKind::Matrix(_) => {}
        ExprKind::Subquery(subquery) => visit_expr(&subquery.expr, see),
        ExprKind::Call(call) => call.args.iter().for_each(|arg| visit_expr(arg, see)),
        ExprKind::Aggregate(aggregate) => {
            visit_expr(&aggregate.expr, see);
            if let Some(param) = &aggregate.param {
                visit_expr(param, see);
            }
        }
        ExprKind::Binary(binary) => {
            visit_expr(&binary.lhs, see);
            visit_expr(&binary.rhs, see);
        }
        ExprKind::Unary(unary) => visit_expr(&unary.expr, see),
        ExprKind::Paren(inner) => visit_expr(inner, see),
    }
}

fn visit_calls(expr: &Expr, see: &mut dyn FnMut(&'static str)) {
    visit_expr(expr, &mut |e| {
        if let ExprKind::Call(call) = &e.kind {
            see(call.function.name);
        }
    });
}

fn visit_selectors(expr: &Expr, see: &mut dyn FnMut(&VectorSelector)) {
    visit_expr(expr, &mut |e| match &e.kind {
        ExprKind::Vector(selector) => see(selector),
        ExprKind::Matrix(selector) => see(&selector.vector),
        _ => {}
    });
}
