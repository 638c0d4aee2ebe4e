//! A chart's other form: its points as a table, for those who read rather than look.

use std::sync::Arc;

use dashboard::Panel;
use leptos::prelude::*;
use scene::rows::{Cell, Column, Rows};

use super::lines::Lines;
use super::table::DataTable;
use crate::clock;

/// Most series that become columns.
const COLUMNS_MAX: usize = 24;

/// The points of a chart, newest first.
#[component]
pub(super) fn PointsTable(panel: Memo<Panel>, lines: Memo<Arc<Lines>>) -> impl IntoView {
    let table = Memo::new(move |_| lines.with(|l| build(l)));
    view! { <DataTable panel=panel table=table /> }
}

fn build(lines: &Lines) -> Rows {
    let shown = &lines.list[..lines.list.len().min(COLUMNS_MAX)];
    let column =
        |title: String, is_value| Column { key: title.clone(), title, unit: String::new(), is_value };
    let mut columns = vec![column("Time".to_owned(), false)];
    columns.extend(shown.iter().map(|l| column(l.name.clone(), true)));
    let mut rows = Vec::new();
    if let Some(frame) = lines.answers.list.iter().map(|a| &a.frame).max_by_key(|f| f.steps) {
        for i in (0..frame.steps as usize).rev() {
            let t = frame.time_ms(i);
            let mut row = vec![Cell::Text(clock::local(t))];
            row.extend(shown.iter().map(|l| Cell::Number(lines.value_at(l, t as f64).unwrap_or(f64::NAN))));
            rows.push(row);
        }
    }
    Rows { columns, rows }
}

/// A sentence that says what a chart shows.
pub(super) fn summary(title: &str, lines: &Lines, write: &dyn Fn(f64) -> String) -> String {
    let mut out = format!("{title}: chart of {} series", lines.list.len());
    let range = lines.answers.range;
    out.push_str(&format!(" from {} to {}.", clock::local(range.start_ms), clock::local(range.end_ms)));
    for line in lines.list.iter().take(5) {
        if let Some(s) = scene::reduce::summarise(lines.values(line)) {
            out.push_str(&format!(
                " {}: last {}, least {}, greatest {}.",
                line.name,
                write(s.last),
                write(s.min),
                write(s.max)
            ));
        }
    }
    if lines.list.len() > 5 {
        out.push_str(&format!(" And {} more.", lines.list.len() - 5));
    }
    out
}
