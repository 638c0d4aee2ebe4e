//! The frame of every panel: title, marks, menu, progress; keys of the focused panel.

use dashboard::{Panel, PanelKind};
use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use scene::interpolate::{self, Bound};
use scene::link;
use ui::{Glyph, MenuItem, Popover, icon, menu_line};

use super::body::PanelBody;
use super::data;
use crate::address::Address;
use crate::dom;
use crate::session::Session;
use crate::view_time::ViewTime;

/// A panel.
#[component]
pub(crate) fn PanelFrame(
    /// The panel.
    panel: Memo<Panel>,
    /// Values of the variables; `None` until they are known.
    bound: RwSignal<Option<Vec<Bound>>>,
    /// Before the title, for a handle.
    #[prop(optional, into)]
    before_title: Option<ViewFn>,
    /// Entries of the menu.
    #[prop(optional, into)]
    menu: Option<ViewFn>,
    /// Opens the editor.
    #[prop(optional, into)]
    on_edit: Option<Callback<()>>,
) -> impl IntoView {
    let address = Address::get();
    let session = Session::get();
    let time = ViewTime::get();
    let root = NodeRef::<html::Section>::new();
    let size = RwSignal::new((0.0, 0.0));
    let visible = RwSignal::new(false);
    Effect::new(move |_| {
        if let Some(element) = root.get() {
            dom::observe(&element, size, visible);
        }
    });
    let data = data::ask(panel, bound, size, visible);
    let as_table = RwSignal::new(false);
    let title = Memo::new(move |_| {
        bound.with(|b| panel.with(|p| interpolate::title(&p.title, b.as_deref().unwrap_or(&[]))))
    });
    let about = Memo::new(move |_| panel.with(|p| p.description.clone()));
    let kind_is = move |f: fn(&PanelKind) -> bool| panel.with(|p| f(&p.kind));
    let is_text = move || kind_is(|k| matches!(k, PanelKind::Text(_)));
    let is_chart = move || kind_is(|k| matches!(k, PanelKind::Timeseries(_)));
    let explore = move || {
        let exprs: Vec<String> = panel.with_untracked(|p| {
            let filled =
                |e: &str| bound.with_untracked(|b| interpolate::query(e, b.as_deref().unwrap_or(&[]), None));
            p.queries.iter().filter(|q| !q.hidden).map(|q| filled(&q.expr)).collect()
        });
        let mut query = address.query.get_untracked();
        query.set_range(time.raw.get_untracked());
        address.go(&link::explore(&exprs, &query));
    };
    let on_keydown = move |e: ev::KeyboardEvent| {
        // Only when the panel itself has the focus, not something in it.
        let own = e.target() == root.get_untracked().map(|r| -> web_sys::EventTarget { r.into() });
        if !own || e.ctrl_key() || e.meta_key() || e.alt_key() {
            return;
        }
        match e.key().as_str() {
            "e" if !is_text() => explore(),
            "v" => {
                let id = panel.with_untracked(|p| p.id).to_string();
                address.push(|q| {
                    q.set("viewPanel", &id);
                });
            }
            "Enter" => {
                if let Some(edit) = on_edit {
                    edit.run(());
                }
            }
            _ => return,
        }
        e.prevent_default();
        e.stop_propagation();
    };
    let warnings =
        Memo::new(move |_| data.answers.with(|a| a.as_ref().map(|a| a.warnings()).unwrap_or_default()));
    let open = RwSignal::new(false);
    let shown_title = move || if title.with(String::is_empty) { "Panel".to_owned() } else { title.get() };
    let bare = move || is_text() && title.with(String::is_empty);
    view! {
        <section class="panel" class:is-bare=bare tabindex="0" aria-label=shown_title node_ref=root on:keydown=on_keydown>
            {ui::progress_line(Signal::derive(move || data.loading.get() && data.answers.with(Option::is_some)))}
            <div class="panel-head">
                {before_title.map(|b| b.run())}
                <h2 class="panel-title" title=move || title.get()>{move || title.get()}</h2>
                <div class="panel-marks">
                    {move || (!about.with(String::is_empty)).then(|| hint("Description", Glyph::Info, about.get()))}
                    {move || (!warnings.with(Vec::is_empty)).then(|| hint("Warnings", Glyph::Warning, warnings.get().join("\n")))}
                </div>
                <div class="panel-menu">
                    <Popover label=Signal::derive(move || format!("Menu of {}", shown_title())) open=open end=true
                        class="button button-icon button-quiet button-small" trigger=|| icon(Glyph::Dots)>
                        {menu.clone().map(|m| m.run())}
                        {move || (!is_text()).then(|| view! {
                            {menu_line()}
                            <MenuItem text="Explore" glyph=Glyph::Explore key="e" on_click=move |_| explore() />
                            {move || is_chart().then(|| view! {
                                <MenuItem text=if as_table.get() { "Show as chart" } else { "Show as table" } glyph=Glyph::Table
                                    on_click=move |_| as_table.update(|t| *t = !*t) />
                            }.into_any())}
                            <MenuItem text="Copy query" glyph=Glyph::Copy on_click=move |_| {
                                dom::copy(&panel.with_untracked(|p| p.queries.iter().map(|q| q.expr.clone()).collect::<Vec<_>>().join("\n")));
                                session.toasts.good("The query is on the clipboard.");
                            } />
                        }.into_any())}
                    </Popover>
                </div>
            </div>
            <PanelBody panel=panel data=data bound=bound as_table=as_table on_edit=on_edit />
        </section>
    }
}

/// A mark that tells more on hover and focus.
fn hint(label: &'static str, glyph: Glyph, text: String) -> AnyView {
    let name = format!("{label}: {text}");
    view! {
        <button type="button" class="panel-hint" aria-label=name>{icon(glyph)}<span aria-hidden="true">{text}</span></button>
    }
    .into_any()
}
