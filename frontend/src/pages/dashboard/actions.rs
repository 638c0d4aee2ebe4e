//! What is done to panels: add, duplicate, delete (with undo), move and resize.

use dashboard::{FieldConfig, GridPos, Panel, PanelKind, Query, TimeseriesOptions};
use leptos::prelude::*;
use scene::{grid, link};

use super::OpenDashboard;
use crate::address::Address;
use crate::session::Session;

/// Adds a panel and opens its editor.
pub(super) fn add_panel(open: OpenDashboard) {
    let id = open.add_panel(|id| Panel {
        id,
        title: "New panel".to_owned(),
        description: String::new(),
        grid: GridPos { x: 0, y: 0, w: 12, h: 8 },
        queries: vec![Query {
            ref_id: "A".to_owned(),
            expr: String::new(),
            legend: String::new(),
            instant: false,
            hidden: false,
        }],
        field: FieldConfig::default(),
        kind: PanelKind::Timeseries(TimeseriesOptions::default()),
    });
    edit(open, id);
}

/// Opens the editor of a panel; the time and variables stay.
pub(super) fn edit(open: OpenDashboard, id: u32) {
    let address = Address::get();
    let uid = open.place.with_untracked(|p| p.0.clone());
    let mut query = address.query.get_untracked();
    query.set("viewPanel", "");
    address.go(&query.on(&link::edit_panel(&uid, id)));
}

/// Puts a copy of a panel below all others.
pub(super) fn duplicate(open: OpenDashboard, id: u32) {
    if let Some(panel) = open.panel(id).get_untracked() {
        open.add_panel(|id| Panel { id, ..panel });
    }
}

/// Deletes a panel; can be undone for a while.
pub(super) fn delete(open: OpenDashboard, id: u32) {
    let Some(before) = open.doc.with_untracked(|d| d.as_ref().map(|d| d.panels.clone())) else { return };
    let title = before.iter().find(|p| p.id == id).map_or(String::new(), |p| p.title.clone());
    open.change(|d| d.panels.retain(|p| p.id != id));
    let undo = Callback::new(move |()| {
        let before = before.clone();
        open.change(|d| d.panels = before);
    });
    Session::get().toasts.undoable(format!("Deleted “{title}”."), undo);
}

/// Moves a panel by as many steps as it takes until something changes: panels fall up, so that a single
/// row down would often be none.
pub(super) fn nudge(open: OpenDashboard, id: u32, to: impl Fn(i64) -> GridPos) {
    let Some(mut before) = open.doc.with_untracked(|d| {
        d.as_ref().map(|d| d.panels.iter().map(|p| (p.id, p.grid)).collect::<Vec<grid::Item>>())
    }) else {
        return;
    };
    grid::reading_order(&mut before);
    if let Some(step) = (1..=60).find(|n| grid::place(&before, id, to(*n)) != before) {
        place(open, id, to(step));
    }
}

/// Puts a panel elsewhere; others make room.
pub(super) fn place(open: OpenDashboard, id: u32, to: GridPos) {
    open.change(|d| {
        let items: Vec<grid::Item> = d.panels.iter().map(|p| (p.id, p.grid)).collect();
        for (id, grid) in grid::place(&items, id, to) {
            if let Some(panel) = d.panels.iter_mut().find(|p| p.id == id) {
                panel.grid = grid;
            }
        }
    });
}
