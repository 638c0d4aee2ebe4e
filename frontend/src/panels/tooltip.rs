//! The tooltip of a chart: all series at one moment, greatest first, the nearest bold.

use leptos::html;
use leptos::prelude::*;

use crate::dom;

/// A row.
#[derive(Clone, PartialEq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) color: String,
    pub(super) nearest: bool,
}

/// What is shown and where.
#[derive(Clone, PartialEq)]
pub(super) struct Tip {
    pub(super) time: String,
    pub(super) rows: Vec<Row>,
    pub(super) more: usize,
    /// The pointer in the window, CSS pixels.
    pub(super) at: (f64, f64),
}

/// Most rows.
pub(super) const ROWS_MAX: usize = 12;
/// Distance from the pointer in CSS pixels.
const AWAY: f64 = 14.0;

/// The tooltip; kept within the window and away from the pointer.
#[component]
pub(super) fn Tooltip(tip: RwSignal<Option<Tip>>) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        let (Some(tip), Some(node)) = (tip.get(), node.get()) else { return };
        let (width, height) = dom::window_size();
        let (w, h) = (f64::from(node.offset_width()), f64::from(node.offset_height()));
        let (x, y) = tip.at;
        let left = if x + AWAY + w <= width - 8.0 { x + AWAY } else { x - AWAY - w };
        let top = (y - h / 2.0).clamp(8.0, (height - h - 8.0).max(8.0));
        let _ = web_sys::HtmlElement::style(&node).set_property(
            "transform",
            &format!("translate({:.0}px,{:.0}px)", left.clamp(8.0, (width - w - 8.0).max(8.0)), top),
        );
    });
    view! {
        {move || tip.with(Option::is_some).then(|| view! {
            <div class="tooltip" role="tooltip" node_ref=node>
                {move || tip.get().map(|t| view! {
                    <div class="tooltip-time">{t.time}</div>
                    {t.rows.into_iter().map(|r| view! {
                        <div class="tooltip-row" class:nearest=r.nearest>
                            <span class="swatch" style=format!("--swatch:{}", r.color)></span>
                            <span class="ellipsis">{r.name}</span>
                            <span class="num">{r.value}</span>
                        </div>
                    }.into_any()).collect_view()}
                    {(t.more > 0).then(|| view! { <div class="tooltip-more">{format!("+ {} more", t.more)}</div> }.into_any())}
                }.into_any())}
            </div>
        }.into_any())}
    }
}
