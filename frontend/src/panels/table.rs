//! Table panels: series as rows, sorted by a click on a heading; long tables show their beginning.

use std::sync::Arc;

use api::frame::Frame;
use chart::units::Unit;
use dashboard::{Panel, PanelKind, TableOptions};
use leptos::prelude::*;
use scene::rows::{self, Cell, Column, Rows};
use ui::{SortHeader, Sorting};

use super::lines::Lines;

/// Rows that are shown before more are asked for.
const PAGE: usize = 200;

/// A table panel.
#[component]
pub(super) fn TablePanel(panel: Memo<Panel>, lines: Memo<Arc<Lines>>) -> impl IntoView {
    let table = Memo::new(move |_| {
        let options = panel.with(|p| match &p.kind {
            PanelKind::Table(o) => o.clone(),
            _ => TableOptions::default(),
        });
        lines.with(|l| {
            let answers: Vec<(String, &Frame)> =
                l.answers.list.iter().map(|a| (a.query.ref_id.clone(), a.frame.as_ref())).collect();
            rows::build(&answers, &options)
        })
    });
    view! { <DataTable panel=panel table=table /> }
}

/// Rows in the panel's unit.
#[component]
pub(super) fn DataTable(panel: Memo<Panel>, table: Memo<Rows>) -> impl IntoView {
    let sorting: RwSignal<Option<Sorting>> = RwSignal::new(None);
    let shown = RwSignal::new(PAGE);
    let columns = Memo::new(move |_| table.with(|t| t.columns.clone()));
    let sorted = Memo::new(move |_| {
        let mut rows = table.with(|t| t.rows.clone());
        if let Some(s) = sorting.get()
            && columns.with(|c| s.column < c.len())
        {
            rows::sort(&mut rows, s.column, s.ascending);
        }
        rows
    });
    let total = move || sorted.with(Vec::len);
    view! {
        <div class="data-table" tabindex="0" role="region" aria-label="Table">
            <table class="table">
                <thead><tr>
                    {move || columns.get().into_iter().enumerate().map(|(i, c)| view! {
                        <SortHeader text=c.title column=i numeric=c.is_value sorting=sorting />
                    }.into_any()).collect_view()}
                </tr></thead>
                <tbody>
                    {move || {
                        let columns = columns.get();
                        let (unit, decimals) = panel.with(|p| (p.field.unit.clone(), p.field.decimals));
                        let units: Vec<Unit> = columns.iter().map(|c| unit_of(c, &unit)).collect();
                        let cells = |row: &Vec<Cell>| {
                            row.iter().zip(&units).map(|(c, u)| cell(c, u, decimals)).collect_view()
                        };
                        sorted.with(|rows| rows.iter().take(shown.get()).map(|r| view! { <tr>{cells(r)}</tr> }.into_any()).collect_view())
                    }}
                </tbody>
            </table>
            {move || (total() > shown.get()).then(|| view! {
                <div class="more-rows">
                    <button type="button" class="button" on:click=move |_| shown.update(|n| *n += 1_000)>
                        {format!("Show more of {} rows", total())}
                    </button>
                </div>
            }.into_any())}
        </div>
    }
}

fn unit_of(column: &Column, panel: &str) -> Unit {
    Unit::parse(if column.unit.is_empty() { panel } else { &column.unit })
}

fn cell(cell: &Cell, unit: &Unit, decimals: Option<u8>) -> AnyView {
    match cell {
        Cell::Text(text) => view! { <td title=text.clone()>{text.clone()}</td> }.into_any(),
        Cell::Number(n) if n.is_nan() => view! { <td class="num faint">"–"</td> }.into_any(),
        Cell::Number(n) => {
            view! { <td class="num">{super::stat::value_view(&unit.format(*n, decimals))}</td> }.into_any()
        }
    }
}
