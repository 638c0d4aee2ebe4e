//! The panels on their grid; while editing they are moved and resized by pointer and by arrow keys.

use dashboard::{GridPos, PanelKind};
use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use scene::grid::{GAP_PX, Item, ROW_PX, reading_order};
use ui::{Button, ButtonKind, EmptyState, Glyph, MenuItem, icon, menu_line};
use wasm_bindgen::JsCast;

use super::variable_store::VariableStore;
use super::{OpenDashboard, actions};
use crate::address::Address;
use crate::panels::PanelFrame;

/// All panels, or one alone.
#[component]
pub(super) fn PanelGrid(
    open: OpenDashboard,
    store: VariableStore,
    alone: Memo<Option<u32>>,
    editing: Memo<bool>,
) -> impl IntoView {
    let ids = Memo::new(move |_| {
        open.doc.with(|d| {
            let mut panels: Vec<Item> = d.iter().flat_map(|d| &d.panels).map(|p| (p.id, p.grid)).collect();
            // The order of the elements is the order of the Tab key.
            reading_order(&mut panels);
            panels.into_iter().map(|(id, _)| id).collect::<Vec<u32>>()
        })
    });
    let root = NodeRef::<html::Div>::new();
    view! {
        {move || match alone.get() {
            Some(id) => view! { <div class="view-alone"><PanelItem open=open store=store id=id editing=editing root=root /></div> }.into_any(),
            None if ids.with(Vec::is_empty) => view! {
                <div style="height:50vh">
                    <EmptyState title="This dashboard has no panels yet." text="A panel shows the answer to one or more queries.">
                        <Button text="Add panel" glyph=Glyph::Plus kind=ButtonKind::Primary on_click=move |_| actions::add_panel(open) />
                    </EmptyState>
                </div>
            }.into_any(),
            None => view! {
                <div class="grid" class:is-editing=move || editing.get() node_ref=root>
                    <For each=move || ids.get() key=|id| *id let:id>
                        <PanelItem open=open store=store id=id editing=editing root=root />
                    </For>
                </div>
            }.into_any(),
        }}
    }
}

#[derive(Clone, Copy)]
struct Drag {
    from: (f64, f64),
    start: GridPos,
    resize: bool,
}

#[component]
fn PanelItem(
    open: OpenDashboard,
    store: VariableStore,
    id: u32,
    editing: Memo<bool>,
    root: NodeRef<html::Div>,
) -> impl IntoView {
    let maybe = open.panel(id);
    // A panel that was just deleted is still drawn once.
    let panel = Memo::new(move |old: Option<&Option<dashboard::Panel>>| {
        maybe.get().or_else(|| old.cloned().flatten())
    });
    let there = Memo::new(move |_| panel.with(Option::is_some));
    let place = Memo::new(move |_| panel.with(|p| p.as_ref().map(|p| p.grid)));
    let style = move || {
        place
            .get()
            .map_or(String::new(), |g| format!("--x:{};--y:{};--w:{};--h:{}", g.x + 1, g.y + 1, g.w, g.h))
    };
    let is_text = move || panel.with(|p| p.as_ref().is_some_and(|p| matches!(p.kind, PanelKind::Text(_))));
    let is_narrow = move || place.get().is_some_and(|g| g.w <= 12);
    let drag: RwSignal<Option<Drag>> = RwSignal::new(None);
    let begin = move |e: ev::PointerEvent, resize: bool| {
        let (Some(start), Some(target)) = (place.get_untracked(), e.target()) else { return };
        e.prevent_default();
        if let Ok(element) = target.dyn_into::<web_sys::Element>() {
            let _ = element.set_pointer_capture(e.pointer_id());
        }
        drag.set(Some(Drag { from: (f64::from(e.client_x()), f64::from(e.client_y())), start, resize }));
    };
    let on_move = move |e: ev::PointerEvent| {
        let (Some(d), Some(root)) = (drag.get_untracked(), root.get_untracked()) else { return };
        let column = (f64::from(root.client_width()) + GAP_PX) / f64::from(dashboard::GRID_COLUMNS);
        let dx = ((f64::from(e.client_x()) - d.from.0) / column).round() as i64;
        let dy = ((f64::from(e.client_y()) - d.from.1) / ROW_PX).round() as i64;
        let to = moved(d.start, d.resize, dx, dy);
        if place.get_untracked() != Some(to) {
            actions::place(open, id, to);
        }
    };
    let on_key = move |e: ev::KeyboardEvent, resize: bool| {
        let (dx, dy) = match e.key().as_str() {
            "ArrowLeft" => (-1, 0),
            "ArrowRight" => (1, 0),
            "ArrowUp" => (0, -1),
            "ArrowDown" => (0, 1),
            _ => return,
        };
        e.prevent_default();
        e.stop_propagation();
        if let Some(start) = place.get_untracked() {
            actions::nudge(open, id, |n| moved(start, resize || e.shift_key(), dx * n, dy * n));
        }
    };
    let title = move || panel.with(|p| p.as_ref().map_or(String::new(), |p| p.title.clone()));
    let handles = move || {
        editing.get().then(|| {
            view! {
                <button type="button" class="drag-handle" aria-label=move || format!("Move {}", title())
                    title="Drag to move, or use the arrow keys (with Shift to resize)"
                    on:pointerdown=move |e| begin(e, false) on:pointermove=on_move on:pointerup=move |_| drag.set(None)
                    on:pointercancel=move |_| drag.set(None) on:keydown=move |e| on_key(e, false)>
                    {icon(Glyph::Grip)}
                </button>
            }
            .into_any()
        })
    };
    view! {
        <div class="grid-item" class:is-text=is_text class:is-narrow=is_narrow class:is-moving=move || drag.get().is_some() style=style>
            {move || there.get().then(|| {
                let known = Memo::new(move |_| panel.get().unwrap_or_else(blank));
                view! {
                    <PanelFrame panel=known bound=store.bound before_title=handles menu=move || menu(open, id)
                        on_edit=Callback::new(move |()| actions::edit(open, id)) />
                }.into_any()
            })}
            {move || editing.get().then(|| view! {
                <button type="button" class="resize-handle" aria-label=move || format!("Resize {}", title())
                    on:pointerdown=move |e| begin(e, true) on:pointermove=on_move on:pointerup=move |_| drag.set(None)
                    on:pointercancel=move |_| drag.set(None) on:keydown=move |e| on_key(e, true)>
                    {icon(Glyph::Corner)}
                </button>
            }.into_any())}
        </div>
    }
}

/// A panel with nothing in it.
pub(super) fn blank() -> dashboard::Panel {
    dashboard::Panel {
        id: 0,
        title: String::new(),
        description: String::new(),
        grid: GridPos { x: 0, y: 0, w: 1, h: 1 },
        queries: Vec::new(),
        field: dashboard::FieldConfig::default(),
        kind: PanelKind::Text(dashboard::TextOptions::default()),
    }
}

fn moved(start: GridPos, resize: bool, dx: i64, dy: i64) -> GridPos {
    let add = |a: u32, d: i64| (i64::from(a) + d).max(0) as u32;
    if resize {
        GridPos { w: add(start.w, dx).min(dashboard::GRID_COLUMNS - start.x), h: add(start.h, dy), ..start }
    } else {
        GridPos { x: add(start.x, dx).min(dashboard::GRID_COLUMNS - start.w), y: add(start.y, dy), ..start }
    }
}

/// The menu of a panel; the frame adds what every panel has.
fn menu(open: OpenDashboard, id: u32) -> AnyView {
    let address = Address::get();
    let alone = move || address.query.with(|q| q.get("viewPanel").is_some());
    view! {
        {move || if alone() {
            view! { <MenuItem text="Back to dashboard" glyph=Glyph::ArrowLeft key="Esc" on_click=move |_| address.push(|q| { q.set("viewPanel", ""); }) /> }.into_any()
        } else {
            view! { <MenuItem text="View" glyph=Glyph::View key="v" on_click=move |_| address.push(|q| { q.set("viewPanel", &id.to_string()); }) /> }.into_any()
        }}
        {move || (!open.is_old()).then(|| view! {
            <MenuItem text="Edit" glyph=Glyph::Edit key="Enter" on_click=move |_| actions::edit(open, id) />
            <MenuItem text="Duplicate" glyph=Glyph::Copy on_click=move |_| actions::duplicate(open, id) />
            {menu_line()}
            <MenuItem text="Delete" glyph=Glyph::Delete danger=true on_click=move |_| actions::delete(open, id) />
        }.into_any())}
    }
    .into_any()
}
