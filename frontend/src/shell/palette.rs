//! The command palette: dashboards, places and commands by a few letters.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use scene::link;

use crate::address::Address;
use crate::client;
use crate::session::{Session, ThemeChoice};

#[derive(Clone, PartialEq)]
enum Deed {
    Go(String),
    Theme(ThemeChoice),
    Keys,
}

#[derive(Clone, PartialEq)]
struct Entry {
    text: String,
    kind: &'static str,
    deed: Deed,
}

/// Most entries shown.
const SHOWN_MAX: usize = 12;

fn fixed() -> Vec<Entry> {
    let go = |text: &str, href: &str| Entry {
        text: text.to_owned(),
        kind: "Page",
        deed: Deed::Go(href.to_owned()),
    };
    let theme = |text: &str, t| Entry { text: text.to_owned(), kind: "Command", deed: Deed::Theme(t) };
    vec![
        go("Dashboards", link::DASHBOARDS),
        go("Explore", link::EXPLORE),
        go("Targets", link::TARGETS),
        go("New dashboard", "/d/new"),
        theme("Theme: dark", ThemeChoice::Dark),
        theme("Theme: light", ThemeChoice::Light),
        theme("Theme: system", ThemeChoice::System),
        Entry { text: "Show keys".to_owned(), kind: "Command", deed: Deed::Keys },
    ]
}

/// The palette.
#[component]
pub(super) fn Palette() -> impl IntoView {
    let session = Session::get();
    let address = Address::get();
    let node = NodeRef::<html::Dialog>::new();
    let input = NodeRef::<html::Input>::new();
    let search = RwSignal::new(String::new());
    let active = RwSignal::new(0usize);
    let entries = RwSignal::new(fixed());
    let open = session.palette_open;
    Effect::new(move |_| {
        let Some(dialog) = node.get() else { return };
        if !open.get() {
            dialog.close();
            return;
        }
        search.set(String::new());
        active.set(0);
        let _ = dialog.show_modal();
        if let Some(input) = input.get_untracked() {
            let _ = input.focus();
        }
        leptos::task::spawn_local(async move {
            // Without an answer the palette still has its pages and commands.
            if let Ok(list) = client::dashboards().await {
                let found = list.dashboards.into_iter().map(|d| Entry {
                    deed: Deed::Go(link::dashboard(&d.uid)),
                    text: d.title,
                    kind: "Dashboard",
                });
                entries.set(found.chain(fixed()).collect());
            }
        });
    });
    let found = Memo::new(move |_| {
        let words: Vec<String> = search.get().to_lowercase().split_whitespace().map(str::to_owned).collect();
        let hit = |e: &&Entry| {
            let text = e.text.to_lowercase();
            words.iter().all(|w| text.contains(w.as_str()))
        };
        entries.with(|all| all.iter().filter(hit).take(SHOWN_MAX).cloned().collect::<Vec<_>>())
    });
    let run = move |entry: Entry| {
        open.set(false);
        match entry.deed {
            Deed::Go(href) => address.go(&href),
            Deed::Theme(theme) => session.theme.set(theme),
            Deed::Keys => session.keys_open.set(true),
        }
    };
    let on_keydown = move |e: ev::KeyboardEvent| {
        let count = found.with_untracked(Vec::len);
        match e.key().as_str() {
            "ArrowDown" if count > 0 => active.update(|a| *a = (*a + 1) % count),
            "ArrowUp" if count > 0 => active.update(|a| *a = (*a + count - 1) % count),
            "Enter" => {
                if let Some(entry) = found.with_untracked(|f| f.get(active.get_untracked()).cloned()) {
                    run(entry);
                }
            }
            _ => return,
        }
        e.prevent_default();
    };
    view! {
        <dialog class="dialog palette" node_ref=node aria-label="Go anywhere" on:close=move |_| open.set(false)>
            <input class="palette-input" type="text" role="combobox" aria-expanded="true" aria-controls="palette-list"
                aria-label="Search dashboards and commands" placeholder="Search dashboards and commands" autocomplete="off"
                spellcheck="false" node_ref=input prop:value=move || search.get() on:keydown=on_keydown
                aria-activedescendant=move || format!("palette-{}", active.get())
                on:input=move |e| { search.set(event_target_value(&e)); active.set(0); } />
            <div class="palette-list" role="listbox" id="palette-list" aria-label="Results">
                {move || found.get().into_iter().enumerate().map(|(i, entry)| {
                    let chosen = entry.clone();
                    view! {
                        <div class=move || if active.get() == i { "menu-item active-option" } else { "menu-item" }
                            role="option" id=format!("palette-{i}") aria-selected=move || if active.get() == i { "true" } else { "false" }
                            on:click=move |_| run(chosen.clone())>
                            <span class="ellipsis">{entry.text}</span> <span class="palette-kind">{entry.kind}</span>
                        </div>
                    }.into_any()
                }).collect_view()}
                {move || found.with(Vec::is_empty).then(|| view! { <div class="menu-title">"Nothing matches"</div> }.into_any())}
            </div>
        </dialog>
    }
}
