//! Saving: a message, a name where a copy is made, and what to do when somebody else saved in between.

use api::dashboards::VersionInfo;
use leptos::ev;
use leptos::prelude::*;
use scene::{link, words};
use ui::{Button, ButtonKind, Dialog, ErrorBox, Glyph, TextField};

use super::page::is_saved;
use super::store::OpenDashboard;
use crate::address::Address;
use crate::client::ApiError;
use crate::clock;
use crate::session::Session;

/// The button with its dialog.
#[component]
pub(super) fn SaveButton(open: OpenDashboard) -> impl IntoView {
    let shown = RwSignal::new(false);
    let on_key = window_event_listener(ev::keydown, move |e| {
        if (e.ctrl_key() || e.meta_key()) && e.key() == "s" {
            e.prevent_default();
            shown.set(true);
        }
    });
    on_cleanup(move || on_key.remove());
    view! {
        <Button text="Save" glyph=Glyph::Save kind=ButtonKind::Primary on_click=move |_| shown.set(true) />
        <Dialog open=shown title="Save dashboard">
            <SaveForm open=open shown=shown />
        </Dialog>
    }
}

#[component]
fn SaveForm(open: OpenDashboard, shown: RwSignal<bool>) -> impl IntoView {
    let session = Session::get();
    let address = Address::get();
    let names_it = open.is_provisioned() || !is_saved(open);
    let copies = open.is_provisioned();
    let old_title = open.doc.with_untracked(|d| d.as_ref().map_or(String::new(), |d| d.title.clone()));
    let title = RwSignal::new(if copies { format!("{old_title} (copy)") } else { old_title });
    let message = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<ApiError>);
    let save = move |over: Option<VersionInfo>| {
        if busy.get_untracked() || (names_it && title.with_untracked(|t| t.trim().is_empty())) {
            return;
        }
        busy.set(true);
        error.set(None);
        let name = names_it.then(|| title.get_untracked().trim().to_owned());
        leptos::task::spawn_local(async move {
            let result = open.save(name, message.get_untracked(), over).await;
            busy.try_set(false);
            match result {
                Ok(()) => {
                    shown.set(false);
                    let version = open.record.with_untracked(|r| r.as_ref().map_or(0, |r| r.version.version));
                    session.toasts.good(format!("Saved as version {version}."));
                    if names_it {
                        let uid = open.place.with_untracked(|p| p.0.clone());
                        let mut query = address.query.get_untracked();
                        query.set("edit", "");
                        address.replace_place(&query.on(&link::dashboard(&uid)));
                    }
                }
                Err(e) => error.set(Some(e)),
            }
        });
    };
    let missing = Signal::derive(move || {
        if title.with(|t| t.trim().is_empty()) {
            "A dashboard needs a title.".to_owned()
        } else {
            String::new()
        }
    });
    view! {
        <div class="stack" on:keydown=move |e: ev::KeyboardEvent| {
            if e.key() == "Enter" && (e.ctrl_key() || e.meta_key()) {
                e.prevent_default();
                save(None);
            }
        }>
            {copies.then(|| view! {
                <p class="muted">"This dashboard comes with the program. Your changes are saved as a dashboard of your own."</p>
            }.into_any())}
            {names_it.then(|| view! {
                <TextField id="save-title" label="Title" value=title on_input=move |v| title.set(v) error=missing />
            }.into_any())}
            <TextField id="save-message" label="What changed" value=message on_input=move |v| message.set(v) rows=2
                placeholder="Optional" help="Shown in the list of versions. Ctrl-Enter saves." />
            {move || match error.get() {
                Some(ApiError::Conflict { current }) => view! { <ConflictNote open=open shown=shown current=current.clone() over=Callback::new(move |()| save(Some(current.clone()))) /> }.into_any(),
                Some(e) => view! { <ErrorBox message=e.message() /> }.into_any(),
                None => ().into_any(),
            }}
            <div class="dialog-foot">
                <Button text="Cancel" on_click=move |_| shown.set(false) />
                <Button text=if copies { "Save as" } else { "Save" } kind=ButtonKind::Primary disabled=busy on_click=move |_| save(None) />
            </div>
        </div>
    }
}

/// What to do when somebody else saved in between.
#[component]
fn ConflictNote(
    open: OpenDashboard,
    shown: RwSignal<bool>,
    current: VersionInfo,
    over: Callback<()>,
) -> impl IntoView {
    let author = if current.author.is_empty() { "Somebody".to_owned() } else { current.author.clone() };
    let what =
        if current.message.is_empty() { String::new() } else { format!(": “{}”", current.message) };
    let text = format!(
        "{author} saved version {} {}{what}. Your changes are based on an older version.",
        current.version,
        words::ago(current.created_ms, clock::now_ms())
    );
    view! {
        <div class="error-box" role="alert" aria-label="Conflict">
            {ui::icon(Glyph::Warning)}
            <div class="error-box-text stack">
                <p>{text}</p>
                <div class="row wrap">
                    <Button text="Reload theirs" on_click=move |_| { open.discard(); open.reload(); shown.set(false); } />
                    <Button text="Save over theirs" kind=ButtonKind::Danger on_click=move |_| over.run(()) />
                    <Button text="Keep editing" on_click=move |_| shown.set(false) />
                </div>
                <p class="muted">"“Reload theirs” drops your changes. “Save over theirs” makes yours the newest version; theirs stays in the list of versions."</p>
            </div>
        </div>
    }
}
