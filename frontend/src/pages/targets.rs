//! Targets: what is scraped, how it goes, and what relabelling made of it.

use api::targets::{DroppedTarget, Pool, Target, TargetList};
use leptos::prelude::*;
use scene::words;
use ui::{EmptyState, ErrorBox, Glyph, IconButton, SkeletonKind, State, icon, skeleton, state_mark};

use crate::address::Address;
use crate::client::{self, ApiError};
use crate::clock;
use crate::dom;
use crate::shell::TopBar;

/// How often the list is asked again, in milliseconds.
const REFRESH_MS: u64 = 5_000;

/// The page.
#[component]
pub(crate) fn TargetsPage() -> impl IntoView {
    let address = Address::get();
    let list: RwSignal<Option<TargetList>> = RwSignal::new(None);
    let error: RwSignal<Option<ApiError>> = RwSignal::new(None);
    let now = RwSignal::new(clock::now_ms());
    let load = move || {
        leptos::task::spawn_local(async move {
            let answer = client::targets().await;
            match answer {
                Ok(answer) => {
                    error.try_set(None);
                    now.try_set(clock::now_ms());
                    if list.try_with_untracked(|l| l.as_ref() != Some(&answer)) == Some(true) {
                        list.set(Some(answer));
                    }
                }
                Err(e) => {
                    error.try_set(Some(e));
                }
            }
        });
    };
    load();
    let timer = set_interval_with_handle(
        move || {
            if !document().hidden() {
                load();
            }
        },
        std::time::Duration::from_millis(REFRESH_MS),
    );
    on_cleanup(move || {
        if let Ok(timer) = timer {
            timer.clear();
        }
    });
    let health = Memo::new(move |_| address.query.with(|q| q.get("health").unwrap_or("").to_owned()));
    let search = Memo::new(move |_| address.query.with(|q| q.get("search").unwrap_or("").to_owned()));
    let count = move |wanted: &str| {
        list.with(|l| {
            l.iter().flat_map(|l| &l.pools).flat_map(|p| &p.active).filter(|t| t.health == wanted).count()
        })
    };
    let names = Memo::new(move |_| {
        list.with(|l| l.iter().flat_map(|l| &l.pools).map(|p| p.name.clone()).collect::<Vec<_>>())
    });
    view! {
        <TopBar title="Targets">
            <IconButton label="Refresh" glyph=Glyph::Refresh on_click=move |_| load() />
        </TopBar>
        <main class="content" id="content" tabindex="-1">
            <div class="list-tools">
                <div class="search">
                    {icon(Glyph::Search)}
                    <input class="input" type="search" aria-label="Search targets" placeholder="Search by address or label" autocomplete="off"
                        prop:value=move || search.get() on:input=move |e| address.replace(|q| { q.set("search", &event_target_value(&e)); }) />
                </div>
                <div class="tags" role="group" aria-label="Health">
                    {[("", "All"), ("up", "Up"), ("down", "Down"), ("unknown", "Unknown")].into_iter().map(|(key, text)| view! {
                        <button type="button" class="pill pill-button" aria-pressed=move || if health.with(|h| h == key) { "true" } else { "false" }
                            on:click=move |_| address.replace(|q| { q.set("health", key); })>
                            {text} {(!key.is_empty()).then(|| view! { <span class="faint">{move || count(key)}</span> }.into_any())}
                        </button>
                    }.into_any()).collect_view()}
                </div>
            </div>
            {move || error.get().map(|e| view! { <ErrorBox message=e.message() on_retry=Callback::new(move |()| load()) /> }.into_any())}
            {move || (list.with(Option::is_none) && error.with(Option::is_none)).then(|| view! {
                <div class="card" style="height:260px">{skeleton(SkeletonKind::Rows)}</div>
            }.into_any())}
            {move || list.with(|l| l.as_ref().is_some_and(|l| l.pools.is_empty())).then(|| view! {
                <EmptyState title="Nothing is scraped yet." text="Add scrape_configs to the configuration file and reload it." />
            }.into_any())}
            <For each=move || names.get() key=|n| n.clone() let:name>
                <PoolView list=list name=name health=health search=search now=now />
            </For>
        </main>
    }
}

#[component]
fn PoolView(
    list: RwSignal<Option<TargetList>>,
    name: String,
    health: Memo<String>,
    search: Memo<String>,
    now: RwSignal<i64>,
) -> impl IntoView {
    let wanted = name.clone();
    let pool = Memo::new(move |_| {
        list.with(|l| l.iter().flat_map(|l| &l.pools).find(|p| p.name == wanted).cloned())
    });
    let shown = Memo::new(move |_| {
        let fits = |t: &Target| {
            (health.with(String::is_empty) || health.with(|h| *h == t.health))
                && search.with(|s| matches(t, s))
        };
        pool.with(|p| {
            p.iter()
                .flat_map(|p| &p.active)
                .filter(|t| fits(t))
                .map(|t| t.scrape_url.clone())
                .collect::<Vec<_>>()
        })
    });
    let read = move |f: fn(&Pool) -> String| pool.with(|p| p.as_ref().map(f).unwrap_or_default());
    let heading = name.clone();
    let filtered = move || !health.with(String::is_empty) || !search.with(String::is_empty);
    view! {
        <section class="card pool" aria-label=name hidden=move || filtered() && shown.with(Vec::is_empty)>
            <div class="pool-head">
                <h2>{heading}</h2>
                {move || pool.with(|p| p.as_ref().map(pool_mark))}
                {move || pool.with(|p| p.as_ref().map_or(0, |p| p.dropped.len() + p.dropped_unlisted as usize)).checked_sub(1)
                    .map(|n| view! { <span class="pill">{format!("{} dropped", n + 1)}</span> }.into_any())}
            </div>
            {move || Some(read(|p| p.error.clone())).filter(|e| !e.is_empty()).map(|e| view! { <div class="panel-problem"><ErrorBox message=e /></div> }.into_any())}
            <For each=move || shown.get() key=|u| u.clone() let:url>
                <TargetView pool=pool url=url now=now />
            </For>
            {move || pool.with(|p| p.as_ref().filter(|p| !p.dropped.is_empty() && !filtered()).map(dropped))}
        </section>
    }
}

fn matches(t: &Target, search: &str) -> bool {
    let text = t.labels.iter().fold(t.scrape_url.to_lowercase(), |mut all, (n, v)| {
        all.push_str(&format!(" {n}={v} {v}").to_lowercase());
        all
    });
    search.to_lowercase().split_whitespace().all(|w| text.contains(w))
}

#[component]
fn TargetView(pool: Memo<Option<Pool>>, url: String, now: RwSignal<i64>) -> impl IntoView {
    let wanted = url.clone();
    let target = Memo::new(move |_| {
        pool.with(|p| p.iter().flat_map(|p| &p.active).find(|t| t.scrape_url == wanted).cloned())
    });
    let last = move || target.with(|t| t.as_ref().map_or(0, |t| t.last_scrape_ms));
    let when = move || if last() > 0 { clock::absolute(last()) } else { String::new() };
    view! {
        <details class="target">
            <summary>
                {icon(Glyph::ChevronRight)}
                {move || target.with(|t| t.as_ref().map(|t| health_mark(&t.health)))}
                <span class="target-url mono">{url.clone()}</span>
                <span class="wide chips">{move || target.with(|t| t.as_ref().map(|t| chips(&t.labels)))}</span>
                <span class="num muted" title=when>
                    {move || if last() > 0 { words::ago(last(), now.get()) } else { "never".to_owned() }}
                </span>
                <span class="wide num muted" title="Duration of the last scrape">
                    {move || target.with(|t| t.as_ref().map(|t| format!("{:.0} ms", t.last_scrape_duration_s * 1000.0)))}
                </span>
                <span class="wide num muted" title="Samples of the last scrape">
                    {move || target.with(|t| t.as_ref().map(|t| chart::units::grouped(t.samples as f64, Some(0))))}
                </span>
                {move || target.with(|t| t.as_ref().filter(|t| !t.last_error.is_empty())
                    .map(|t| view! { <span class="target-error">{t.last_error.clone()}</span> }.into_any()))}
            </summary>
            {move || target.with(|t| t.as_ref().map(details))}
        </details>
    }
}

/// How a pool is as a whole. A target that was not scraped yet says nothing against it.
fn pool_mark(pool: &Pool) -> AnyView {
    let count = |health: &str| pool.active.iter().filter(|t| t.health == health).count();
    let (up, down, all) = (count("up"), count("down"), pool.active.len());
    let state = match (up, down) {
        (_, 0) if up == all => State::Good,
        (_, 0) => State::Unknown,
        (0, _) => State::Critical,
        _ => State::Warning,
    };
    let waiting = all - up - down;
    let more = if waiting > 0 { format!(", {waiting} not scraped yet") } else { String::new() };
    state_mark(state, &format!("{up} of {all} up{more}"))
}

fn health_mark(health: &str) -> AnyView {
    match health {
        "up" => state_mark(State::Good, "Up"),
        "down" => state_mark(State::Critical, "Down"),
        _ => state_mark(State::Unknown, "Unknown"),
    }
}

fn details(t: &Target) -> AnyView {
    let timing = format!(
        "Every {}, timeout {}",
        model::format_duration(t.interval_ms),
        model::format_duration(t.timeout_ms)
    );
    let url = t.scrape_url.clone();
    view! {
        <div class="target-more">
            <div class="stack"><h3>"Labels"</h3>{labels_list(&t.labels)}</div>
            <div class="stack"><h3>"Before relabelling"</h3>{labels_list(&t.discovered)}</div>
            <p class="muted row wrap">
                {timing}
                <button type="button" class="button button-small" on:click=move |_| dom::copy(&url)>{icon(Glyph::Copy)} "Copy address"</button>
            </p>
        </div>
    }
    .into_any()
}

fn labels_list(labels: &[(String, String)]) -> AnyView {
    let rows = labels
        .iter()
        .map(|(n, v)| view! { <dt>{n.clone()}</dt><dd>{v.clone()}</dd> }.into_any())
        .collect_view();
    view! { <dl class="labels-list">{rows}</dl> }.into_any()
}

fn chips(labels: &[(String, String)]) -> Vec<AnyView> {
    labels
        .iter()
        .filter(|(n, _)| n != "job")
        .map(|(n, v)| {
            view! { <span class="chip" title=format!("{n}={v}")>{format!("{n}={v}")}</span> }.into_any()
        })
        .collect()
}

fn dropped(pool: &Pool) -> AnyView {
    let rows = pool.dropped.iter().map(dropped_row).collect_view();
    let total = pool.dropped.len() + pool.dropped_unlisted as usize;
    let rest = (pool.dropped_unlisted > 0).then(|| format!("{} more are not listed.", pool.dropped_unlisted));
    view! {
        <details class="target">
            <summary>
                {icon(Glyph::ChevronRight)}
                <span class="muted" style="grid-column:2/-1">{words::count(total, "target")}" dropped by relabelling"</span>
            </summary>
            <div class="stack" style="padding:0 var(--s4) var(--s4) 52px">{rows}{rest}</div>
        </details>
    }
    .into_any()
}

fn dropped_row(t: &DroppedTarget) -> AnyView {
    let address =
        t.discovered.iter().find(|(n, _)| n == "__address__").map_or("?", |(_, v)| v.as_str()).to_owned();
    let reason = if t.reason.is_empty() {
        "No rule is known to have dropped it.".to_owned()
    } else {
        t.reason.clone()
    };
    view! {
        <details>
            <summary class="row wrap"><span class="mono">{address}</span> <span class="muted">{reason}</span></summary>
            {labels_list(&t.discovered)}
        </details>
    }
    .into_any()
}
