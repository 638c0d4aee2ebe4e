//! Headings that sort.

use leptos::prelude::*;

use crate::{Glyph, icon};

/// By which column a table is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sorting {
    /// Column.
    pub column: usize,
    /// Smallest first.
    pub ascending: bool,
}

/// A column heading that sorts its table; `numeric` ones begin with the greatest.
#[component]
pub fn SortHeader(
    /// Text.
    #[prop(into)]
    text: String,
    /// Which column.
    column: usize,
    /// Holds numbers.
    #[prop(optional)]
    numeric: bool,
    /// The table's order.
    sorting: RwSignal<Option<Sorting>>,
) -> impl IntoView {
    let order = move || match sorting.get() {
        Some(s) if s.column == column && s.ascending => "ascending",
        Some(s) if s.column == column => "descending",
        _ => "none",
    };
    let turn = move |_| {
        sorting.update(|s| {
            let ascending = match *s {
                Some(s) if s.column == column => !s.ascending,
                _ => !numeric,
            };
            *s = Some(Sorting { column, ascending });
        });
    };
    view! {
        <th scope="col" class=if numeric { "num" } else { "" } aria-sort=order>
            <button type="button" class="sort" on:click=turn>{text} {icon(Glyph::ArrowDown)}</button>
        </th>
    }
}
