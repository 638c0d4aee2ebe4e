//! What a panel shows: a skeleton before the first answer, why there is nothing, what failed, or its kind.

use std::sync::Arc;

use dashboard::{Panel, PanelKind};
use leptos::prelude::*;
use scene::interpolate::Bound;
use ui::{Button, EmptyState, ErrorBox, SkeletonKind, skeleton};

use super::data::{PanelData, PanelError};
use super::lines::Lines;
use super::{accessible, gauges, stat, table, text, timeseries};
use crate::view_time::ViewTime;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Unasked,
    First,
    Failed,
    Empty,
    Data,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Timeseries,
    Stat,
    Gauge,
    BarGauge,
    Table,
    Text,
}

fn kind(panel: &Panel) -> Kind {
    match panel.kind {
        PanelKind::Timeseries(_) => Kind::Timeseries,
        PanelKind::Stat(_) => Kind::Stat,
        PanelKind::Gauge(_) => Kind::Gauge,
        PanelKind::BarGauge(_) => Kind::BarGauge,
        PanelKind::Table(_) => Kind::Table,
        PanelKind::Text(_) => Kind::Text,
    }
}

/// The body of a panel.
#[component]
pub(crate) fn PanelBody(
    panel: Memo<Panel>,
    data: PanelData,
    bound: RwSignal<Option<Vec<Bound>>>,
    as_table: RwSignal<bool>,
    on_edit: Option<Callback<()>>,
    /// Errors are shown elsewhere while there is an old picture.
    #[prop(optional)]
    quiet: bool,
) -> impl IntoView {
    let kind = Memo::new(move |_| panel.with(kind));
    let asks =
        Memo::new(move |_| panel.with(|p| p.queries.iter().any(|q| !q.hidden && !q.expr.trim().is_empty())));
    let lines = Memo::new(move |_| data.answers.get().map(|a| Arc::new(Lines::new(a))));
    let phase = Memo::new(move |_| {
        let series = data.answers.with(|a| a.as_ref().map(|a| a.series()));
        let failed = data.errors.with(|e| !e.is_empty());
        match series {
            _ if !asks.get() => Phase::Unasked,
            Some(0) if failed => Phase::Failed,
            Some(0) => Phase::Empty,
            Some(_) => Phase::Data,
            None if failed => Phase::Failed,
            None => Phase::First,
        }
    });
    view! {
        {move || (!quiet && phase.get() == Phase::Data && data.errors.with(|e| !e.is_empty()) && kind.get() != Kind::Text)
            .then(|| view! { <div class="panel-problem">{problems(data)}</div> }.into_any())}
        <div class="panel-body" class:flush=move || kind.get() == Kind::Table>
            {move || match (kind.get(), phase.get()) {
                (Kind::Text, _) => view! { <text::TextPanel panel=panel bound=bound /> }.into_any(),
                (_, Phase::Unasked) => unasked(on_edit),
                (kind, Phase::First) => skeleton(match kind {
                    Kind::Timeseries => SkeletonKind::Chart,
                    Kind::Table | Kind::BarGauge => SkeletonKind::Rows,
                    _ => SkeletonKind::Number,
                }),
                (_, Phase::Failed) => problems(data),
                (_, Phase::Empty) => nothing(data),
                (kind, Phase::Data) => {
                    let lines = Memo::new(move |_| lines.get().unwrap_or_else(|| Arc::new(Lines::new(Arc::new(empty())))));
                    match kind {
                        Kind::Timeseries if as_table.get() => view! { <accessible::PointsTable panel=panel lines=lines /> }.into_any(),
                        Kind::Timeseries => view! { <timeseries::Timeseries panel=panel lines=lines /> }.into_any(),
                        Kind::Stat => view! { <stat::Stat panel=panel lines=lines /> }.into_any(),
                        Kind::Gauge => view! { <gauges::Gauges panel=panel lines=lines /> }.into_any(),
                        Kind::BarGauge => view! { <gauges::BarGauges panel=panel lines=lines /> }.into_any(),
                        Kind::Table | Kind::Text => view! { <table::TablePanel panel=panel lines=lines /> }.into_any(),
                    }
                }
            }}
        </div>
    }
}

fn empty() -> super::data::Answers {
    super::data::Answers { list: Vec::new(), range: model::TimeRange::new(0, 1), took_ms: 0 }
}

fn unasked(on_edit: Option<Callback<()>>) -> AnyView {
    view! {
        <EmptyState title="This panel has no query yet.">
            {on_edit.map(|edit| view! { <Button text="Write a query" on_click=move |_| edit.run(()) /> }.into_any())}
        </EmptyState>
    }
    .into_any()
}

fn nothing(data: PanelData) -> AnyView {
    let time = ViewTime::get();
    let exprs = data.answers.with_untracked(|a| {
        a.iter().flat_map(|a| &a.list).map(|a| a.expr.clone()).collect::<Vec<_>>().join(" · ")
    });
    view! {
        <EmptyState title="No series match in this time range." text="The query is right, but nothing answers to it.">
            <Button text="Widen the range" on_click=move |_| time.zoom_out() />
            <span class="sr-only">{exprs}</span>
        </EmptyState>
    }
    .into_any()
}

/// What failed, each with the place in its query.
fn problems(data: PanelData) -> AnyView {
    let retry = Callback::new(move |()| data.retry());
    let boxes = data.errors.get().into_iter().map(|e| {
        let excerpt = excerpt(&e);
        view! { <ErrorBox message=e.error.message() excerpt=excerpt.unwrap_or_default() on_retry=retry /> }
            .into_any()
    });
    view! { <div class="stack scroll">{boxes.collect_view()}</div> }.into_any()
}

/// The query cut into before, wrong, after; empty without a place.
fn excerpt(e: &PanelError) -> Option<(String, String, String)> {
    let (start, end) = e.error.span()?;
    let at = |i: usize| {
        let mut i = i.min(e.expr.len());
        while !e.expr.is_char_boundary(i) {
            i -= 1;
        }
        i
    };
    let (start, end) = (at(start), at(end.max(start + 1)));
    Some((e.expr[..start].to_owned(), e.expr[start..end].to_owned(), e.expr[end..].to_owned()))
}
