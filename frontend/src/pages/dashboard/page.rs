//! The page of a dashboard.

use leptos::ev;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use scene::refresh::Refresh;
use scene::time::RawRange;
use scene::{link, words};
use ui::{Button, ButtonKind, EmptyState, ErrorBox, Glyph, SkeletonKind, icon, skeleton};

use super::actions;
use super::grid::PanelGrid;
use super::save::SaveButton;
use super::settings::MoreMenu;
use super::store::{NEW_UID, OpenDashboard};
use super::variable_store::VariableStore;
use super::variables::VariablesRow;
use crate::address::Address;
use crate::clock;
use crate::dom;
use crate::shell::{TimeTools, TopBar};
use crate::view_time::ViewTime;

/// The page.
#[component]
pub(crate) fn DashboardPage() -> impl IntoView {
    let open = OpenDashboard::get();
    let address = Address::get();
    follow_address(open);
    let store = VariableStore::start(open);
    let title = Memo::new(move |_| open.doc.with(|d| d.as_ref().map_or(String::new(), |d| d.title.clone())));
    let alone =
        Memo::new(move |_| address.query.with(|q| q.get("viewPanel").and_then(|v| v.parse::<u32>().ok())));
    let editing = Memo::new(move |_| address.query.with(|q| q.get("edit").is_some()) && !open.is_old());
    let above = Signal::derive(move || match alone.get() {
        Some(_) => (title.get(), address.path.get()),
        None => ("Dashboards".to_owned(), link::DASHBOARDS.to_owned()),
    });
    let heading = Signal::derive(move || match alone.get().and_then(|id| open.panel(id).get()) {
        Some(panel) => {
            store.bound.with(|b| scene::interpolate::title(&panel.title, b.as_deref().unwrap_or(&[])))
        }
        None => title.get(),
    });
    // A memo, so that a change of the document does not build all panels anew.
    let read = Memo::new(move |_| open.doc.with(Option::is_some));
    let on_escape = window_event_listener(ev::keydown, move |e| {
        if e.key() == "Escape" && !dom::is_typing(&e) && !e.default_prevented() {
            address.push(|q| {
                if q.get("viewPanel").is_some() {
                    q.set("viewPanel", "");
                } else {
                    q.set("edit", "");
                }
            });
        }
    });
    on_cleanup(move || on_escape.remove());
    view! {
        <TopBar title=heading above=above marks=move || marks(open)>
            <Tools open=open editing=editing />
            <TimeTools />
            <MoreMenu open=open />
        </TopBar>
        <main class="content" id="content" tabindex="-1">
            {move || notices(open)}
            <VariablesRow store=store />
            {move || match (read.get(), open.error.get()) {
                (_, Some(error)) if error.is_not_found() => view! {
                    <EmptyState title="There is no such dashboard." text="It may have been deleted or renamed.">
                        <a class="button" href=link::DASHBOARDS>"All dashboards"</a>
                    </EmptyState>
                }.into_any(),
                (_, Some(error)) => view! { <ErrorBox message=error.message() on_retry=Callback::new(move |()| open.reload()) /> }.into_any(),
                (false, None) => view! { <div style="height:320px">{skeleton(SkeletonKind::Chart)}</div> }.into_any(),
                (true, None) => view! { <PanelGrid open=open store=store alone=alone editing=editing /> }.into_any(),
            }}
        </main>
    }
}

/// Opens what the address names, with the time it begins with.
pub(super) fn follow_address(open: OpenDashboard) {
    let params = use_params_map();
    let address = Address::get();
    let place = Memo::new(move |_| {
        let uid = params.with(|p| p.get("uid")).unwrap_or_default();
        let version = address.query.with(|q| q.get("version").and_then(|v| v.parse::<u32>().ok()));
        (uid, version)
    });
    Effect::new(move |_| {
        let (uid, version) = place.get();
        open.open(&uid, version);
    });
    let defaults = ViewTime::get().defaults;
    Effect::new(move |_| {
        let begin = open.doc.with(|d| {
            d.as_ref().map(|d| {
                let range = RawRange::parse(&d.time.from, &d.time.to).unwrap_or_default();
                (range, Refresh::parse(&d.time.refresh))
            })
        });
        if let Some(begin) = begin
            && defaults.get_untracked() != begin
        {
            defaults.set(begin);
        }
    });
}

#[component]
fn Tools(open: OpenDashboard, editing: Memo<bool>) -> impl IntoView {
    let address = Address::get();
    let dirty = Memo::new(move |_| open.is_dirty() && !open.is_old());
    view! {
        {move || (!open.is_old() && editing.get()).then(|| view! {
            <Button text="Add panel" glyph=Glyph::Plus on_click=move |_| actions::add_panel(open) />
        }.into_any())}
        {move || dirty.get().then(|| view! { <SaveButton open=open /> }.into_any())}
        {move || (!open.is_old() && editing.get()).then(|| view! {
            <Button text="Done" on_click=move |_| address.push(|q| { q.set("edit", ""); }) />
        }.into_any())}
    }
}

fn marks(open: OpenDashboard) -> AnyView {
    let dirty = Memo::new(move |_| open.is_dirty());
    view! {
        {move || open.is_provisioned().then(|| view! {
            <span class="pill" title="Comes with the program. Changes are saved as a dashboard of your own.">{icon(Glyph::Lock)} <span class="hide-small">"Built in"</span></span>
        }.into_any())}
        {move || dirty.get().then(|| view! { <span class="pill pill-accent">"Not saved"</span> }.into_any())}
    }
    .into_any()
}

fn notices(open: OpenDashboard) -> AnyView {
    let address = Address::get();
    if !open.is_old() {
        return ().into_any();
    }
    let Some(record) = open.record.get() else { return ().into_any() };
    let v = &record.version;
    let text = format!(
        "This is version {} of {}, saved {} by {}.",
        v.version,
        record.latest,
        words::ago(v.created_ms, clock::now_ms()),
        v.author
    );
    let restore = {
        let record = record.clone();
        move |_| {
            // The old text becomes a change upon the newest version.
            let doc = record.dashboard.clone();
            let uid = open.place.with_untracked(|p| p.0.clone());
            leptos::task::spawn_local(async move {
                if let Ok(newest) = crate::client::dashboard(&uid, None).await {
                    open.place.set((uid, None));
                    open.record.set(Some(std::sync::Arc::new(newest)));
                    open.doc.set(Some(doc.clone()));
                    open.change(|d| *d = doc);
                    address.push(|q| {
                        q.set("version", "");
                    });
                }
            });
        }
    };
    view! {
        <div class="notice" role="status">
            {icon(Glyph::History)} <span class="grow">{text}</span>
            <Button text="Use this version" kind=ButtonKind::Primary on_click=restore />
            <Button text="Newest version" on_click=move |_| address.push(|q| { q.set("version", ""); }) />
        </div>
    }
    .into_any()
}

/// Whether the dashboard has an address of its own yet.
pub(super) fn is_saved(open: OpenDashboard) -> bool {
    open.place.with(|p| p.0 != NEW_UID)
}
