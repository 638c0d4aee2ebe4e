//! The menu of the dashboard as a whole, and its title, description, tags and beginning time.

use leptos::prelude::*;
use scene::{link, refresh};
use ui::{Button, Dialog, Glyph, MenuItem, Popover, SelectField, TextField, icon, menu_line};

use super::page::is_saved;
use super::{OpenDashboard, actions};
use crate::address::Address;
use crate::dom;
use crate::session::Session;
use crate::view_time::ViewTime;

/// The menu.
#[component]
pub(super) fn MoreMenu(open: OpenDashboard) -> impl IntoView {
    let address = Address::get();
    let session = Session::get();
    let shown = RwSignal::new(false);
    let settings = RwSignal::new(false);
    let editing = move || address.query.with(|q| q.get("edit").is_some());
    view! {
        <Popover label="Dashboard menu" open=shown class="button button-icon" end=true trigger=|| icon(Glyph::Dots)>
            {move || (!open.is_old()).then(|| view! {
                <MenuItem text="Add panel" glyph=Glyph::Plus on_click=move |_| actions::add_panel(open) />
                {move || if editing() {
                    view! { <MenuItem text="Stop arranging" glyph=Glyph::Check on_click=move |_| address.push(|q| { q.set("edit", ""); }) /> }.into_any()
                } else {
                    view! { <MenuItem text="Arrange panels" glyph=Glyph::Grip on_click=move |_| address.push(|q| { q.set("edit", "1"); }) /> }.into_any()
                }}
                <MenuItem text="Settings" glyph=Glyph::Edit on_click=move |_| settings.set(true) />
                {menu_line()}
            }.into_any())}
            <MenuItem text="Copy link" glyph=Glyph::Link on_click=move |_| {
                dom::copy(&window().location().href().unwrap_or_default());
                session.toasts.good("The link is on the clipboard.");
            } />
            {move || is_saved(open).then(|| view! {
                <MenuItem text="Versions" glyph=Glyph::History on_click=move |_| address.go(&link::versions(&open.place.with_untracked(|p| p.0.clone()))) />
            }.into_any())}
            {move || (open.is_dirty() && !open.is_old()).then(|| view! {
                {menu_line()}
                <MenuItem text="Discard changes" glyph=Glyph::Delete danger=true on_click=move |_| {
                    let before = open.doc.get_untracked();
                    open.discard();
                    session.toasts.undoable("Your changes are discarded.", Callback::new(move |()| {
                        if let Some(before) = before.clone() { open.change(|d| *d = before); }
                    }));
                } />
            }.into_any())}
        </Popover>
        <Dialog open=settings title="Dashboard settings">
            <Form open=open shown=settings />
        </Dialog>
    }
}

#[component]
fn Form(open: OpenDashboard, shown: RwSignal<bool>) -> impl IntoView {
    let time = ViewTime::get();
    let read = move |f: fn(&dashboard::Dashboard) -> String| {
        Signal::derive(move || open.doc.with(|d| d.as_ref().map(f).unwrap_or_default()))
    };
    let intervals =
        refresh::INTERVALS.iter().map(|i| ((*i).to_owned(), if i.is_empty() { "Off" } else { i }.to_owned()));
    view! {
        <div class="stack">
            <TextField id="dash-title" label="Title" value=read(|d| d.title.clone()) on_input=move |v| open.change(|d| d.title = v) />
            <TextField id="dash-about" label="Description" rows=2 value=read(|d| d.description.clone())
                on_input=move |v| open.change(|d| d.description = v) />
            <TextField id="dash-tags" label="Tags" value=read(|d| d.tags.join(", ")) help="Separated by commas"
                on_input=move |v: String| open.change(|d| {
                    d.tags = v.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect();
                }) />
            <SelectField id="dash-refresh" label="Refresh" options=intervals.collect() value=read(|d| d.time.refresh.clone())
                on_change=move |v| open.change(|d| d.time.refresh = v) />
            <div class="row wrap">
                <span class="grow muted">{move || {
                    let (from, to) = (read(|d| d.time.from.clone()).get(), read(|d| d.time.to.clone()).get());
                    let range = scene::time::RawRange::parse(&from, &to).unwrap_or_default();
                    format!("Opens with: {}", range.describe(&crate::clock::zone))
                }}</span>
                <Button text="Open with the present range" on_click=move |_| {
                    let raw = time.raw.get_untracked();
                    open.change(|d| { d.time.from = raw.from.print(); d.time.to = raw.to.print(); });
                } />
            </div>
            <div class="dialog-foot"><Button text="Done" on_click=move |_| shown.set(false) /></div>
        </div>
    }
}
