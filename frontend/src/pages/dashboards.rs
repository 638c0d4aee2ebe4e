//! The list of dashboards: search by words in title, description and tags; filter by tag.

use api::dashboards::{DashboardList, DashboardSummary};
use leptos::prelude::*;
use scene::{link, words};
use ui::{EmptyState, ErrorBox, Glyph, SkeletonKind, icon, skeleton};

use crate::address::Address;
use crate::client::{self, ApiError};
use crate::clock;
use crate::shell::TopBar;

/// The page.
#[component]
pub(crate) fn DashboardsPage() -> impl IntoView {
    let address = Address::get();
    let list: RwSignal<Option<Result<DashboardList, ApiError>>> = RwSignal::new(None);
    let load = move || {
        leptos::task::spawn_local(async move {
            let answer = client::dashboards().await;
            list.try_set(Some(answer));
        });
    };
    load();
    let search = Memo::new(move |_| address.query.with(|q| q.get("search").unwrap_or("").to_owned()));
    let tags = Memo::new(move |_| address.query.with(|q| q.get_all("tag")));
    let found = Memo::new(move |_| {
        list.with(|l| match l {
            Some(Ok(l)) => {
                l.dashboards.iter().filter(|d| matches(d, &search.get(), &tags.get())).cloned().collect()
            }
            _ => Vec::new(),
        })
    });
    view! {
        <TopBar title="Dashboards">
            <a class="button button-primary" href="/d/new">{icon(Glyph::Plus)} "New dashboard"</a>
        </TopBar>
        <main class="content" id="content" tabindex="-1">
            <div class="content-narrow">
                <div class="list-tools">
                    <div class="search">
                        {icon(Glyph::Search)}
                        <input class="input" type="search" aria-label="Search dashboards" placeholder="Search by title, description or tag"
                            autocomplete="off" prop:value=move || search.get()
                            on:input=move |e| address.replace(|q| { q.set("search", &event_target_value(&e)); }) />
                    </div>
                    <div class="tags" role="group" aria-label="Tags">
                        {move || list.with(|l| l.as_ref().and_then(|l| l.as_ref().ok()).map(|l| l.tags.clone()))
                            .unwrap_or_default().into_iter().map(|(tag, count)| tag_button(address, tags, tag, count)).collect_view()}
                    </div>
                </div>
                <p class="sr-only" role="status">{move || words::count(found.with(Vec::len), "dashboard")}</p>
                {move || match list.get() {
                    None => view! { <div class="dash-list" style="height:280px">{skeleton(SkeletonKind::Rows)}</div> }.into_any(),
                    Some(Err(e)) => view! { <ErrorBox message=e.message() on_retry=Callback::new(move |()| load()) /> }.into_any(),
                    Some(Ok(l)) if l.dashboards.is_empty() => view! {
                        <EmptyState title="There are no dashboards yet." text="A dashboard shows panels of queries over one time range.">
                            <a class="button button-primary" href="/d/new">"New dashboard"</a>
                        </EmptyState>
                    }.into_any(),
                    Some(Ok(_)) => view! { <Found found=found /> }.into_any(),
                }}
            </div>
        </main>
    }
}

#[component]
fn Found(found: Memo<Vec<DashboardSummary>>) -> impl IntoView {
    let address = Address::get();
    view! {
        {move || found.with(Vec::is_empty).then(|| view! {
            <EmptyState title="No dashboard matches the search.">
                <button type="button" class="button" on:click=move |_| address.replace(|q| { q.set("search", "").set_all("tag", &[]); })>
                    "Clear search"
                </button>
            </EmptyState>
        }.into_any())}
        <ul class="dash-list" aria-label="Dashboards" hidden=move || found.with(Vec::is_empty)>
            <For each=move || found.get() key=|d| (d.uid.clone(), d.version) let:d>
                <li>{row(&d)}</li>
            </For>
        </ul>
    }
}

fn row(d: &DashboardSummary) -> AnyView {
    let tags = d.tags.iter().map(|t| view! { <span class="pill">{t.clone()}</span> }).collect_view();
    let saved = if d.provisioned {
        "Built in".to_owned()
    } else {
        let who = if d.author.is_empty() { String::new() } else { format!(" by {}", d.author) };
        format!("Saved {}{who}", words::ago(d.updated_ms, clock::now_ms()))
    };
    view! {
        <div class="dash-item">
            <span class="dash-mark">{icon(Glyph::Dashboards)}</span>
            <span class="grow">
                <a class="dash-title" href=link::dashboard(&d.uid)>{d.title.clone()}</a>
                <span class="dash-about ellipsis" style="display:block">{d.description.clone()}</span>
            </span>
            <span class="dash-meta">
                <span class="tags">{tags}</span>
                <span title=clock::absolute(d.updated_ms)>{saved}" · "{words::count(d.panels as usize, "panel")}</span>
            </span>
        </div>
    }
    .into_any()
}

fn tag_button(address: Address, tags: Memo<Vec<String>>, tag: String, count: u32) -> AnyView {
    let own = tag.clone();
    let on = move || tags.with(|t| t.contains(&own));
    let pressed = on.clone();
    let toggled = tag.clone();
    view! {
        <button type="button" class="pill pill-button" aria-pressed=move || if pressed() { "true" } else { "false" }
            on:click=move |_| {
                let mut now = tags.get_untracked();
                match now.iter().position(|t| *t == toggled) {
                    Some(at) => { now.remove(at); }
                    None => now.push(toggled.clone()),
                }
                address.replace(|q| { q.set_all("tag", &now); });
            }>
            {tag} <span class="faint">{count}</span>
        </button>
    }
    .into_any()
}

/// Every word must occur somewhere, and every chosen tag be there.
fn matches(d: &DashboardSummary, search: &str, tags: &[String]) -> bool {
    let text = format!("{} {} {}", d.title, d.description, d.tags.join(" ")).to_lowercase();
    search.to_lowercase().split_whitespace().all(|w| text.contains(w))
        && tags.iter().all(|t| d.tags.contains(t))
}
