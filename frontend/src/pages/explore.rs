//! Explore: ask freely, as a chart or a table; queries asked before.

use dashboard::{
    Calc, FieldConfig, GridPos, Legend, LegendMode, Panel, PanelKind, Query, TableOptions, TimeseriesOptions,
};
use leptos::html;
use leptos::prelude::*;
use scene::history;
use ui::{Button, ButtonKind, EmptyState, Glyph, IconButton, MenuItem, Popover, Tabs, icon};

use crate::address::Address;
use crate::dom;
use crate::editor::{Problem, PromqlEditor};
use crate::panels::{self, PanelBody, PanelData};
use crate::shell::{TimeTools, TopBar};
use crate::view_time::ViewTime;

const HISTORY_KEY: &str = "watchfire.history";

fn read_history() -> Vec<String> {
    dom::stored(HISTORY_KEY).and_then(|t| serde_json::from_slice(t.as_bytes()).ok()).unwrap_or_default()
}

/// The page.
#[component]
pub(crate) fn ExplorePage() -> impl IntoView {
    let address = Address::get();
    let asked = Memo::new(move |_| address.query.with(|q| q.get_all("expr")));
    let tab = Memo::new(move |_| address.query.with(|q| q.get("tab").unwrap_or("graph").to_owned()));
    // What stands in the editors; becomes the address when it is run.
    let drafts = RwSignal::new(at_least_one(asked.get_untracked()));
    Effect::new(move |_| {
        let asked = at_least_one(asked.get());
        if drafts.get_untracked() != asked {
            drafts.set(asked);
        }
    });
    let time = ViewTime::get();
    time.defaults.set(Default::default());
    let entries = RwSignal::new(read_history());
    let run = move || {
        let exprs: Vec<String> =
            drafts.get_untracked().into_iter().filter(|e| !e.trim().is_empty()).collect();
        entries.update(|h| {
            for expr in &exprs {
                history::remember(h, expr);
            }
            dom::store(HISTORY_KEY, &serde_json::to_string(h).unwrap_or_default());
        });
        if asked.get_untracked() == exprs {
            time.again();
        }
        address.push(|q| {
            q.set_all("expr", &exprs);
        });
    };
    let panel = Memo::new(move |_| panel_of(&asked.get(), tab.get() == "table"));
    let size = RwSignal::new((0.0, 0.0));
    let visible = RwSignal::new(false);
    let bound = RwSignal::new(Some(Vec::new()));
    let data = panels::ask(panel, bound, size, visible);
    let root = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let Some(element) = root.get() {
            dom::observe(&element, size, visible);
        }
    });
    let as_table = RwSignal::new(false);
    let rows = Memo::new(move |_| drafts.with(Vec::len));
    view! {
        <TopBar title="Explore"><TimeTools /></TopBar>
        <main class="content" id="content" tabindex="-1">
            <div class="explore-queries">
                {move || (0..rows.get()).map(|i| view! { <Row index=i drafts=drafts data=data run=Callback::new(move |()| run()) /> }.into_any()).collect_view()}
                <div class="explore-actions">
                    <div class="row">
                        <Button text="Add query" glyph=Glyph::Plus on_click=move |_| drafts.update(|d| if d.len() < 10 { d.push(String::new()); }) />
                        <History entries=entries drafts=drafts run=Callback::new(move |()| run()) />
                    </div>
                    <Button text="Run" glyph=Glyph::Play kind=ButtonKind::Primary on_click=move |_| run() />
                </div>
            </div>
            <div class="card explore-result">
                {ui::progress_line(Signal::derive(move || data.loading.get()))}
                <div class="explore-bar">
                    <Tabs label="Result" items=vec![("graph", "Graph"), ("table", "Table")] selected=tab
                        on_select=move |t: String| address.replace(|q| { q.set("tab", if t == "graph" { "" } else { &t }); }) />
                    <span class="query-stats" role="status">{move || stats(data)}</span>
                </div>
                <div class="plot-box" role="tabpanel" aria-label="Result" node_ref=root>
                    {move || if asked.with(Vec::is_empty) {
                        view! {
                            <EmptyState title="Ask for something to see it here." text="Begin with a metric name; completion knows the rest.">
                                <Suggestions drafts=drafts run=Callback::new(move |()| run()) />
                            </EmptyState>
                        }.into_any()
                    } else {
                        view! { <PanelBody panel=panel data=data bound=bound as_table=as_table on_edit=None quiet=true /> }.into_any()
                    }}
                </div>
            </div>
        </main>
    }
}

fn at_least_one(mut exprs: Vec<String>) -> Vec<String> {
    exprs.truncate(10);
    if exprs.is_empty() {
        exprs.push(String::new());
    }
    exprs
}

fn letter(index: usize) -> String {
    char::from(b'A' + (index % 26) as u8).to_string()
}

fn panel_of(exprs: &[String], table: bool) -> Panel {
    let queries = exprs
        .iter()
        .enumerate()
        .map(|(i, expr)| Query {
            ref_id: letter(i),
            expr: expr.clone(),
            legend: String::new(),
            instant: false,
            hidden: false,
        })
        .collect();
    let legend =
        Legend { mode: LegendMode::Table, calcs: vec![Calc::Last, Calc::Min, Calc::Mean, Calc::Max] };
    let kind = if table {
        PanelKind::Table(TableOptions::default())
    } else {
        PanelKind::Timeseries(TimeseriesOptions { legend, ..TimeseriesOptions::default() })
    };
    Panel {
        id: 0,
        title: "Result".to_owned(),
        description: String::new(),
        grid: GridPos { x: 0, y: 0, w: 24, h: 12 },
        queries,
        field: FieldConfig::default(),
        kind,
    }
}

fn stats(data: PanelData) -> String {
    data.answers.with(|a| match a {
        None => String::new(),
        Some(a) => {
            let points: usize = a.list.iter().map(|x| x.frame.series.len() * x.frame.steps as usize).sum();
            let step = a.list.iter().map(|x| x.frame.step_ms).max().unwrap_or(0);
            let step =
                if step > 0 { format!(" · step {}", model::format_duration(step)) } else { String::new() };
            format!("{} series · {points} points{step} · {} ms", a.series(), a.took_ms)
        }
    })
}

#[component]
fn Row(index: usize, drafts: RwSignal<Vec<String>>, data: PanelData, run: Callback<()>) -> impl IntoView {
    let value = Signal::derive(move || drafts.with(|d| d.get(index).cloned().unwrap_or_default()));
    let set = move |v: String| {
        drafts.update(|d| {
            if let Some(slot) = d.get_mut(index) {
                *slot = v;
            }
        });
    };
    let problem = Signal::derive(move || {
        let letter = letter(index);
        data.errors.with(|e| {
            let error = e.iter().find(|e| e.ref_id == letter && value.with(|v| v.trim() == e.expr.trim()))?;
            Some(Problem { span: error.span, message: error.error.message() })
        })
    });
    view! {
        <div class="row" style="align-items:flex-start">
            <div class="grow">
                <PromqlEditor label=format!("Query {}", letter(index)) id=format!("explore-{index}") value=value on_input=set
                    on_run=move |v| { set(v); run.run(()); } problem=problem />
            </div>
            {move || (drafts.with(Vec::len) > 1).then(|| view! {
                <IconButton label=format!("Remove query {}", letter(index)) glyph=Glyph::Delete quiet=true
                    on_click=move |_| { drafts.update(|d| { d.remove(index); }); run.run(()); } />
            }.into_any())}
        </div>
    }
}

#[component]
fn History(
    entries: RwSignal<Vec<String>>,
    drafts: RwSignal<Vec<String>>,
    run: Callback<()>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    view! {
        <Popover label="History" open=open body_class="sheet" trigger=|| view! { {icon(Glyph::History)} "History" }.into_any()>
            {move || entries.with(Vec::is_empty).then(|| ui::menu_title("Queries you run are kept here, in this browser."))}
            {move || entries.get().into_iter().map(|expr| {
                let text = expr.clone();
                view! {
                    <MenuItem text=text on_click=move |_| {
                        drafts.set(vec![expr.clone()]);
                        run.run(());
                    } />
                }.into_any()
            }).collect_view()}
        </Popover>
    }
}

#[component]
fn Suggestions(drafts: RwSignal<Vec<String>>, run: Callback<()>) -> impl IntoView {
    let offer = ["up", "sum by (job) (scrape_samples_scraped)", "topk(5, scrape_duration_seconds)"];
    view! {
        <div class="row wrap" style="justify-content:center">
            {offer.into_iter().map(|expr| view! {
                <button type="button" class="pill pill-button mono" on:click=move |_| { drafts.set(vec![expr.to_owned()]); run.run(()); }>{expr}</button>
            }.into_any()).collect_view()}
        </div>
    }
}
