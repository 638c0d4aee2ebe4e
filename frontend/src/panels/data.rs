//! What a panel asks and what it was answered. One run at a time: a new one takes the place of the one
//! under way, whose requests are aborted. The old answer stays until the new one is there.

use std::sync::Arc;

use api::frame::Frame;
use dashboard::{Calc, Panel, PanelKind, Query};
use futures_util::future::{AbortHandle, abortable, join_all};
use leptos::prelude::*;
use model::TimeRange;
use scene::interpolate::{self, Bound, Map, Window};
use scene::step;

use crate::client::{self, ApiError};
use crate::session::Session;
use crate::view_time::ViewTime;

/// The answer to one query.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    /// The query as the document has it.
    pub(crate) query: Query,
    /// The query as it was asked.
    pub(crate) expr: String,
    /// Its series.
    pub(crate) frame: Arc<Frame>,
}

/// The answers to all queries of a panel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answers {
    /// In the order of the queries; failed ones are missing.
    pub(crate) list: Vec<Answer>,
    /// The range that was asked for.
    pub(crate) range: TimeRange,
    /// How long it took, in milliseconds.
    pub(crate) took_ms: i64,
}

impl Answers {
    /// Number of series.
    pub(crate) fn series(&self) -> usize {
        self.list.iter().map(|a| a.frame.series.len()).sum()
    }

    /// Warnings and remarks, each once.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for text in self.list.iter().flat_map(|a| a.frame.warnings.iter().chain(&a.frame.infos)) {
            if !all.contains(text) {
                all.push(text.clone());
            }
        }
        all
    }
}

/// A query that failed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PanelError {
    /// Letter of the query.
    pub(crate) ref_id: String,
    /// The query as it was asked.
    pub(crate) expr: String,
    /// What is to blame, as bytes of the query as the document has it.
    pub(crate) span: Option<(usize, usize)>,
    /// Why.
    pub(crate) error: ApiError,
}

/// The state of a panel's data.
#[derive(Clone, Copy)]
pub(crate) struct PanelData {
    /// The newest answers; `None` before the first.
    pub(crate) answers: RwSignal<Option<Arc<Answers>>>,
    /// Errors of the newest run.
    pub(crate) errors: RwSignal<Vec<PanelError>>,
    /// A run is under way.
    pub(crate) loading: RwSignal<bool>,
    again: RwSignal<u32>,
}

impl PanelData {
    /// Asks again now.
    pub(crate) fn retry(&self) {
        self.again.update(|n| *n += 1);
    }
}

/// What must be known to ask.
#[derive(Clone, Debug, PartialEq)]
struct Plan {
    queries: Vec<Query>,
    instant: bool,
    bound: Vec<Bound>,
    step_ms: i64,
    scrape_interval_ms: i64,
    range: TimeRange,
    round: (u32, u32),
}

/// Keeps a panel's data up to date while it is visible.
pub(crate) fn ask(
    panel: Memo<Panel>,
    bound: RwSignal<Option<Vec<Bound>>>,
    size: RwSignal<(f64, f64)>,
    visible: RwSignal<bool>,
) -> PanelData {
    let time = ViewTime::get();
    let session = Session::get();
    let data = PanelData {
        answers: RwSignal::new(None),
        errors: RwSignal::new(Vec::new()),
        loading: RwSignal::new(false),
        again: RwSignal::new(0),
    };
    let asked = Memo::new(move |_| {
        panel.with(|p| {
            let live = |q: &&Query| !q.hidden && !q.expr.trim().is_empty();
            (p.queries.iter().filter(live).cloned().collect::<Vec<_>>(), is_instant(&p.kind))
        })
    });
    // Widths are counted in steps, so that dragging a window's edge does not ask at every pixel.
    let width = Memo::new(move |_| (size.get().0 / 64.0).ceil() * 64.0);
    let plan = Memo::new(move |_| {
        let (range, round) = time.round.get();
        let bound = bound.get()?;
        let scrape_interval_ms = session.scrape_interval_ms()?;
        let width = width.get();
        if width <= 0.0 {
            return None;
        }
        let step_ms = step::choose_step_ms(range, width, scrape_interval_ms);
        let (queries, instant) = asked.get();
        let mentioned = |b: &Bound| queries.iter().any(|q| interpolate::mentioned(&q.expr).contains(&b.name));
        let bound = bound.into_iter().filter(mentioned).collect();
        Some(Plan {
            queries,
            instant,
            bound,
            step_ms,
            scrape_interval_ms,
            range,
            round: (round, data.again.get()),
        })
    });
    let running: StoredValue<Option<AbortHandle>> = StoredValue::new(None);
    let stop = move || {
        if let Some(handle) = running.try_update_value(Option::take).flatten() {
            handle.abort();
            time.busy.update(|b| *b -= 1);
        }
    };
    let done: StoredValue<Option<Plan>> = StoredValue::new(None);
    Effect::new(move |_| {
        let Some(plan) = plan.get() else { return };
        if !visible.get() || done.with_value(|d| d.as_ref() == Some(&plan)) {
            return;
        }
        stop();
        done.set_value(Some(plan.clone()));
        if plan.queries.is_empty() {
            data.answers.set(None);
            data.errors.set(Vec::new());
            data.loading.set(false);
            return;
        }
        data.loading.set(true);
        time.busy.update(|b| *b += 1);
        let (future, handle) = abortable(run(plan));
        running.set_value(Some(handle));
        leptos::task::spawn_local(async move {
            let Ok((answers, errors)) = future.await else { return };
            if running.try_update_value(Option::take).is_none() {
                return;
            }
            time.busy.update(|b| *b -= 1);
            data.loading.set(false);
            if data.errors.with_untracked(|e| *e != errors) {
                data.errors.set(errors.clone());
            }
            // A run in which everything failed leaves the old picture.
            if !answers.list.is_empty() || errors.is_empty() {
                data.answers.set(Some(Arc::new(answers)));
            }
        });
    });
    on_cleanup(stop);
    data
}

/// Whether the kind shows only the newest value, so that one moment is enough.
fn is_instant(kind: &PanelKind) -> bool {
    match kind {
        PanelKind::Table(_) => true,
        PanelKind::Gauge(o) => o.calc == Calc::Last,
        PanelKind::BarGauge(o) => o.calc == Calc::Last,
        PanelKind::Stat(o) => o.calc == Calc::Last && !o.sparkline,
        PanelKind::Timeseries(_) | PanelKind::Text(_) => false,
    }
}

async fn run(plan: Plan) -> (Answers, Vec<PanelError>) {
    let began = js_sys::Date::now();
    let aligned = step::align(plan.range, plan.step_ms);
    let window =
        Window { range: plan.range, step_ms: plan.step_ms, scrape_interval_ms: plan.scrape_interval_ms };
    let asked: Vec<(Query, String, Map)> = plan
        .queries
        .into_iter()
        .map(|q| {
            let (expr, map) = interpolate::query_mapped(&q.expr, &plan.bound, Some(window));
            (q, expr, map)
        })
        .collect();
    let futures = asked.iter().map(|(query, expr, _)| {
        if plan.instant || query.instant {
            client::query(expr, plan.range.end_ms)
        } else {
            client::query_range(expr, aligned, plan.step_ms)
        }
    });
    let results = join_all(futures).await;
    let mut list = Vec::with_capacity(asked.len());
    let mut errors = Vec::new();
    for ((query, expr, map), result) in asked.into_iter().zip(results) {
        match result {
            Ok(frame) => list.push(Answer { query, expr, frame }),
            Err(error) => {
                let span = error.span().map(|(a, b)| map.back(a, b));
                errors.push(PanelError { ref_id: query.ref_id, expr, span, error });
            }
        }
    }
    let took_ms = (js_sys::Date::now() - began) as i64;
    (Answers { list, range: plan.range, took_ms }, errors)
}
