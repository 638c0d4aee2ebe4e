//! The panel editor: a place of its own, with the panel as it will look above its queries, and its
//! settings beside them.

use dashboard::Query;
use leptos::ev;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use scene::link;
use ui::{
    Button, CheckField, EmptyState, ErrorBox, Glyph, IconButton, SkeletonKind, TextField, icon, skeleton,
};

use super::fields::Fields;
use super::page::follow_address;
use super::save::SaveButton;
use super::store::OpenDashboard;
use super::variable_store::VariableStore;
use super::variables::VariablesRow;
use crate::address::Address;
use crate::dom;
use crate::editor::{Problem, PromqlEditor};
use crate::panels::{self, PanelBody, PanelData};
use crate::shell::{TimeTools, TopBar};

/// How long after the last key the preview follows, in milliseconds.
const SETTLE_MS: u64 = 700;

/// The page.
#[component]
pub(crate) fn EditorPage() -> impl IntoView {
    let open = OpenDashboard::get();
    let address = Address::get();
    follow_address(open);
    let store = VariableStore::start(open);
    let params = use_params_map();
    let id =
        Memo::new(move |_| params.with(|p| p.get("panel")).and_then(|p| p.parse::<u32>().ok()).unwrap_or(0));
    let panel = Memo::new(move |_| open.panel(id.get()).get());
    let back = move || {
        let uid = open.place.with(|p| p.0.clone());
        address.query.with(|q| q.on(&link::dashboard(&uid)))
    };
    // Memos, so that a change of the document does not build the editor anew.
    let read = Memo::new(move |_| open.doc.with(Option::is_some));
    let there = Memo::new(move |_| panel.with(Option::is_some));
    let dirty = Memo::new(move |_| open.is_dirty());
    let title = move || open.doc.with(|d| d.as_ref().map_or(String::new(), |d| d.title.clone()));
    let above = Signal::derive(move || (title(), back()));
    let heading = Signal::derive(move || {
        panel.with(|p| p.as_ref().map_or("Edit panel".to_owned(), |p| format!("Edit {}", p.title)))
    });
    let on_escape = window_event_listener(ev::keydown, move |e| {
        if e.key() == "Escape" && !dom::is_typing(&e) && !e.default_prevented() {
            address.go(&untrack(back));
        }
    });
    on_cleanup(move || on_escape.remove());
    view! {
        <TopBar title=heading above=above>
            {move || dirty.get().then(|| view! { <SaveButton open=open /> }.into_any())}
            <a class="button hide-small" href=back>{icon(Glyph::ArrowLeft)} "Back to dashboard"</a>
            <TimeTools />
        </TopBar>
        <main class="content" id="content" tabindex="-1">
            <VariablesRow store=store />
            {move || match (open.error.get(), read.get(), there.get()) {
                (Some(e), ..) => view! { <ErrorBox message=e.message() on_retry=Callback::new(move |()| open.reload()) /> }.into_any(),
                (None, false, _) => view! { <div style="height:320px">{skeleton(SkeletonKind::Chart)}</div> }.into_any(),
                (None, true, false) => view! {
                    <EmptyState title="This dashboard has no such panel."><a class="button" href=back>"Back to dashboard"</a></EmptyState>
                }.into_any(),
                (None, true, true) => view! { <Editor open=open store=store id=id.get() /> }.into_any(),
            }}
        </main>
    }
}

#[component]
fn Editor(open: OpenDashboard, store: VariableStore, id: u32) -> impl IntoView {
    let maybe = open.panel(id);
    let first = maybe.get_untracked();
    let panel = Memo::new(move |_| maybe.get().or_else(|| first.clone()).unwrap_or_else(super::grid::blank));
    let size = RwSignal::new((0.0, 0.0));
    let visible = RwSignal::new(false);
    let root = NodeRef::<leptos::html::Section>::new();
    Effect::new(move |_| {
        if let Some(element) = root.get() {
            dom::observe(&element, size, visible);
        }
    });
    let data = panels::ask(panel, store.bound, size, visible);
    let as_table = RwSignal::new(false);
    let letters =
        Memo::new(move |_| panel.with(|p| p.queries.iter().map(|q| q.ref_id.clone()).collect::<Vec<_>>()));
    let add = move |_| {
        open.change_panel(id, |p| {
            let next = ('A'..='Z').map(String::from).find(|l| p.queries.iter().all(|q| q.ref_id != *l));
            p.queries.push(Query {
                ref_id: next.unwrap_or_else(|| format!("Q{}", p.queries.len())),
                expr: String::new(),
                legend: String::new(),
                instant: false,
                hidden: false,
            });
        });
    };
    let title = move || panel.with(|p| p.title.clone());
    view! {
        <div class="editor">
            <div class="editor-main">
                <section class="panel editor-preview" aria-label="Preview" node_ref=root>
                    {ui::progress_line(Signal::derive(move || data.loading.get()))}
                    <div class="panel-head">
                        <h2 class="panel-title">{title}</h2>
                        <div class="panel-menu" style="opacity:1">
                            <Button text=Signal::derive(move || if as_table.get() { "Show as chart" } else { "Show as table" }.to_owned())
                                kind=ui::ButtonKind::Quiet on_click=move |_| as_table.update(|t| *t = !*t) />
                        </div>
                    </div>
                    <PanelBody panel=panel data=data bound=store.bound as_table=as_table on_edit=None quiet=true />
                </section>
                {move || letters.get().into_iter().enumerate().map(|(i, _)| view! { <QueryRow open=open panel=panel data=data id=id index=i /> }.into_any()).collect_view()}
                <div><Button text="Add query" glyph=Glyph::Plus on_click=add /></div>
            </div>
            <Fields open=open panel=panel id=id />
        </div>
    }
}

#[component]
fn QueryRow(
    open: OpenDashboard,
    panel: Memo<dashboard::Panel>,
    data: PanelData,
    id: u32,
    index: usize,
) -> impl IntoView {
    let query = Memo::new(move |_| panel.with(|p| p.queries.get(index).cloned()));
    let change = move |f: &dyn Fn(&mut Query)| {
        open.change_panel(id, |p| {
            if let Some(q) = p.queries.get_mut(index) {
                f(q);
            }
        });
    };
    let letter = query.with_untracked(|q| q.as_ref().map_or(String::new(), |q| q.ref_id.clone()));
    let value = Signal::derive(move || query.with(|q| q.as_ref().map_or(String::new(), |q| q.expr.clone())));
    let timer: StoredValue<Option<TimeoutHandle>> = StoredValue::new(None);
    let cancel = move || {
        if let Some(old) = timer.try_update_value(Option::take).flatten() {
            old.clear();
        }
    };
    let commit = move |text: String| {
        cancel();
        if value.get_untracked() != text {
            change(&|q| q.expr.clone_from(&text));
        } else {
            data.retry();
        }
    };
    // The preview follows when the typing has settled, so that half a query is not asked.
    let typed = move |text: String| {
        cancel();
        let wait = std::time::Duration::from_millis(SETTLE_MS);
        let handle = set_timeout_with_handle(
            move || {
                if value.try_get_untracked().is_some_and(|v| v != text) {
                    change(&|q| q.expr.clone_from(&text));
                }
            },
            wait,
        );
        timer.set_value(handle.ok());
    };
    let own = letter.clone();
    let problem = Signal::derive(move || {
        data.errors.with(|e| {
            let error = e.iter().find(|e| e.ref_id == own)?;
            Some(Problem { span: error.span, message: error.error.message() })
        })
    });
    let legend =
        Signal::derive(move || query.with(|q| q.as_ref().map_or(String::new(), |q| q.legend.clone())));
    let hidden = Signal::derive(move || query.with(|q| q.as_ref().is_some_and(|q| q.hidden)));
    let instant = Signal::derive(move || query.with(|q| q.as_ref().is_some_and(|q| q.instant)));
    let legend_id: &'static str = LEGEND_IDS[index.min(LEGEND_IDS.len() - 1)];
    view! {
        <div class="query-row" role="group" aria-label=format!("Query {letter}")>
            <div class="query-head">
                <span class="query-letter" aria-hidden="true">{letter.clone()}</span>
                <span class="grow"></span>
                <CheckField label="Newest moment only" value=instant on_change=move |v| change(&|q| q.instant = v) />
                <CheckField label="Off" value=hidden on_change=move |v| change(&|q| q.hidden = v) />
                <IconButton label=format!("Remove query {letter}") glyph=Glyph::Delete quiet=true small=true
                    on_click=move |_| open.change_panel(id, |p| { p.queries.remove(index); }) />
            </div>
            <PromqlEditor label=format!("Query {letter}") id=format!("query-{index}") value=value on_input=typed on_run=commit problem=problem />
            <TextField id=legend_id label="Legend" value=legend on_input=move |v: String| change(&|q| q.legend.clone_from(&v))
                placeholder="{{label}} and text; empty shows what tells the series apart" />
        </div>
    }
}

/// Ids of the legend fields; a page has few queries.
const LEGEND_IDS: [&str; 10] = [
    "legend-0", "legend-1", "legend-2", "legend-3", "legend-4", "legend-5", "legend-6", "legend-7",
    "legend-8", "legend-9",
];
