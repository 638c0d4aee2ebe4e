//! The legend: a quiet list, or a table of calculations. A click shows one series alone, with Shift it is
//! added or taken away.

use std::collections::BTreeSet;
use std::sync::Arc;

use chart::Theme;
use dashboard::{Calc, Legend, LegendMode};
use leptos::prelude::*;
use scene::reduce::{self, Summary};
use ui::{SortHeader, Sorting};

use super::lines::{Line, Lines};
use super::stat::value_view;
use chart::units::Unit;

/// Which series are not drawn.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    hidden: RwSignal<BTreeSet<String>>,
}

impl Shown {
    /// All are drawn.
    pub(super) fn new() -> Self {
        Self { hidden: RwSignal::new(BTreeSet::new()) }
    }

    /// Whether a series is not drawn.
    pub(super) fn is_hidden(&self, key: &str) -> bool {
        self.hidden.with(|h| h.contains(key))
    }

    /// Follows changes.
    pub(super) fn track(&self) {
        self.hidden.track();
    }

    /// A click on a legend entry.
    fn click(&self, key: &str, all: &[Line], toggle: bool) {
        self.hidden.update(|hidden| {
            if toggle {
                if !hidden.remove(key) {
                    hidden.insert(key.to_owned());
                }
                return;
            }
            let alone = !hidden.contains(key) && all.iter().all(|l| l.key == key || hidden.contains(&l.key));
            hidden.clear();
            if !alone {
                hidden.extend(all.iter().filter(|l| l.key != key).map(|l| l.key.clone()));
            }
        });
    }
}

/// Most entries of a list; the rest is said as a number.
const ENTRIES_MAX: usize = 200;

/// What the legend needs.
#[derive(Clone, PartialEq)]
pub(super) struct Setup {
    pub(super) legend: Legend,
    pub(super) unit: String,
    pub(super) decimals: Option<u8>,
}

/// The legend.
#[component]
pub(super) fn LegendView(
    lines: Memo<Arc<Lines>>,
    setup: Memo<Setup>,
    theme: Memo<Theme>,
    shown: Shown,
    focus: RwSignal<Option<usize>>,
) -> impl IntoView {
    let sorting: RwSignal<Option<Sorting>> = RwSignal::new(None);
    view! {
        {move || {
            let setup = setup.get();
            match setup.legend.mode {
                LegendMode::Hidden => ().into_any(),
                LegendMode::List => list(lines, &setup, theme, shown, focus),
                LegendMode::Table => table(lines, &setup, theme, shown, focus, sorting),
            }
        }}
    }
}

fn entry(
    i: usize,
    line: &Line,
    lines: Memo<Arc<Lines>>,
    theme: Memo<Theme>,
    shown: Shown,
    focus: RwSignal<Option<usize>>,
    calcs: AnyView,
) -> AnyView {
    let key = line.key.clone();
    let own = line.key.clone();
    let look = line.look;
    view! {
        <button type="button" class="legend-item" title=line.full.clone()
            aria-pressed=move || if shown.is_hidden(&own) { "false" } else { "true" }
            on:click=move |e| lines.with_untracked(|l| shown.click(&key, &l.list, e.shift_key() || e.ctrl_key() || e.meta_key()))
            on:pointerenter=move |_| focus.set(Some(i)) on:pointerleave=move |_| focus.set(None)>
            <span class="swatch" style=move || format!("--swatch:{}", theme.with(|t| t.slot(look.slot).css()))></span>
            <span class="ellipsis">{line.name.clone()}</span>
            {calcs}
        </button>
    }
    .into_any()
}

fn list(
    lines: Memo<Arc<Lines>>,
    setup: &Setup,
    theme: Memo<Theme>,
    shown: Shown,
    focus: RwSignal<Option<usize>>,
) -> AnyView {
    let unit = Unit::parse(&setup.unit);
    let all = lines.get();
    let items = all
        .list
        .iter()
        .take(ENTRIES_MAX)
        .enumerate()
        .map(|(i, line)| {
            let summary =
                if setup.legend.calcs.is_empty() { None } else { reduce::summarise(all.values(line)) };
            let calcs = setup
                .legend
                .calcs
                .iter()
                .map(|c| calc_text(*c, summary, &unit, setup.decimals))
                .collect_view();
            entry(i, line, lines, theme, shown, focus, calcs.into_any())
        })
        .collect_view();
    let more = all.list.len().saturating_sub(ENTRIES_MAX);
    view! {
        <div class="legend" role="group" aria-label="Legend">
            {items}
            {(more > 0).then(|| view! { <span class="legend-item">{format!("+ {more} more")}</span> }.into_any())}
        </div>
    }
    .into_any()
}

fn calc_text(calc: Calc, summary: Option<Summary>, unit: &Unit, decimals: Option<u8>) -> AnyView {
    let text = summary.map_or("–".to_owned(), |s| unit.format(s.get(calc), decimals).join());
    view! { <span class="legend-calc"><span class="faint">{reduce::calc_name(calc)}" "</span>{text}</span> }
        .into_any()
}

fn table(
    lines: Memo<Arc<Lines>>,
    setup: &Setup,
    theme: Memo<Theme>,
    shown: Shown,
    focus: RwSignal<Option<usize>>,
    sorting: RwSignal<Option<Sorting>>,
) -> AnyView {
    let unit = Unit::parse(&setup.unit);
    let calcs = if setup.legend.calcs.is_empty() { vec![Calc::Last] } else { setup.legend.calcs.clone() };
    let all = lines.get();
    let mut rows: Vec<(usize, Option<Summary>)> =
        all.list.iter().enumerate().map(|(i, l)| (i, reduce::summarise(all.values(l)))).collect();
    if let Some(s) = sorting.get() {
        scene::order::sort_by(&mut rows, |(a, x), (b, y)| {
            let order = match s.column.checked_sub(1).and_then(|c| calcs.get(c)) {
                None => scene::natural::compare(&all.list[*a].name, &all.list[*b].name),
                Some(calc) => {
                    let number = |s: &Option<Summary>| s.map_or(f64::NEG_INFINITY, |s| s.get(*calc));
                    number(x).total_cmp(&number(y))
                }
            };
            if s.ascending { order } else { order.reverse() }
        });
    }
    let body = rows
        .into_iter()
        .take(ENTRIES_MAX)
        .map(|(i, summary)| {
            let line = &all.list[i];
            let key = line.key.clone();
            let cells = calcs
                .iter()
                .map(|c| match summary {
                    Some(s) => {
                        view! { <td class="num">{value_view(&unit.format(s.get(*c), setup.decimals))}</td> }
                            .into_any()
                    }
                    None => view! { <td class="num faint">"–"</td> }.into_any(),
                })
                .collect_view();
            view! {
                <tr class="legend-row" class:is-off=move || shown.is_hidden(&key)>
                    <td>{entry(i, line, lines, theme, shown, focus, ().into_any())}</td>
                    {cells}
                </tr>
            }
            .into_any()
        })
        .collect_view();
    let heads = calcs
        .iter()
        .enumerate()
        .map(|(i, c)| {
            view! { <SortHeader text=reduce::calc_name(*c) column=i + 1 numeric=true sorting=sorting /> }
                .into_any()
        })
        .collect_view();
    view! {
        <div class="legend-table" role="region" aria-label="Legend" tabindex="0">
            <table class="table">
                <thead><tr><SortHeader text="Series" column=0 sorting=sorting /> {heads}</tr></thead>
                <tbody>{body}</tbody>
            </table>
        </div>
    }
    .into_any()
}
