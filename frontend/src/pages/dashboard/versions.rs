//! The versions of a dashboard, newest first; an old one is opened read-only.

use api::dashboards::VersionInfo;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use scene::{link, words};
use ui::{ErrorBox, SkeletonKind, skeleton};

use super::OpenDashboard;
use crate::client::{self, ApiError};
use crate::clock;
use crate::shell::TopBar;

/// The page.
#[component]
pub(crate) fn VersionsPage() -> impl IntoView {
    let open = OpenDashboard::get();
    let uid = use_params_map().with_untracked(|p| p.get("uid")).unwrap_or_default();
    open.open(&uid, None);
    let list: RwSignal<Option<Result<Vec<VersionInfo>, ApiError>>> = RwSignal::new(None);
    let asked = uid.clone();
    leptos::task::spawn_local(async move {
        let answer = client::versions(&asked).await.map(|l| l.versions);
        list.try_set(Some(answer));
    });
    let title = move || open.doc.with(|d| d.as_ref().map_or(String::new(), |d| d.title.clone()));
    let above_uid = uid.clone();
    let above = Signal::derive(move || (title(), link::dashboard(&above_uid)));
    let uid = StoredValue::new(uid);
    view! {
        <TopBar title="Versions" above=above>""</TopBar>
        <main class="content" id="content" tabindex="-1">
            <div class="content-narrow">
                {move || match list.get() {
                    None => view! { <div class="card" style="height:240px">{skeleton(SkeletonKind::Rows)}</div> }.into_any(),
                    Some(Err(e)) => view! { <ErrorBox message=e.message() /> }.into_any(),
                    Some(Ok(versions)) => {
                        let newest = versions.iter().map(|v| v.version).max().unwrap_or(0);
                        let rows = versions.into_iter().map(|v| row(&v, newest, &uid.get_value())).collect_view();
                        view! { <ol class="card" aria-label="Versions">{rows}</ol> }.into_any()
                    }
                }}
            </div>
        </main>
    }
}

fn row(v: &VersionInfo, newest: u32, uid: &str) -> AnyView {
    let here = link::dashboard(uid);
    let href = if v.version == newest { here } else { format!("{here}?version={}", v.version) };
    let message = if v.message.is_empty() { "No message".to_owned() } else { v.message.clone() };
    let class = if v.message.is_empty() { "faint" } else { "" };
    view! {
        <li class="version-row">
            <span class="pill">{format!("v{}", v.version)}</span>
            <div>
                <p class=class>{message}</p>
                <p class="muted" title=clock::absolute(v.created_ms)>
                    {format!("{} · {}", v.author, words::ago(v.created_ms, clock::now_ms()))}
                </p>
            </div>
            <a class="button" href=href>
                {format!("Open version {}", v.version)}
            </a>
        </li>
    }
    .into_any()
}
