//! Tabs; the panel they belong to has `role="tabpanel"`.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;

/// A row of tabs; arrows move between them.
#[component]
pub fn Tabs(
    /// Name of the row.
    #[prop(into)]
    label: String,
    /// Key and text of each tab.
    items: Vec<(&'static str, &'static str)>,
    /// Key of the tab that is shown.
    #[prop(into)]
    selected: Signal<String>,
    /// Called with the key.
    #[prop(into)]
    on_select: Callback<String>,
) -> impl IntoView {
    let root = NodeRef::<html::Div>::new();
    let keys: Vec<&'static str> = items.iter().map(|(k, _)| *k).collect();
    let on_keydown = move |e: ev::KeyboardEvent| {
        let at = keys.iter().position(|k| selected.with_untracked(|s| s == k)).unwrap_or(0);
        let next = match e.key().as_str() {
            "ArrowRight" => (at + 1) % keys.len(),
            "ArrowLeft" => (at + keys.len() - 1) % keys.len(),
            _ => return,
        };
        e.prevent_default();
        on_select.run(keys[next].to_owned());
        let tab =
            root.get_untracked().and_then(|r| r.query_selector_all("[role=tab]").ok()?.item(next as u32));
        if let Some(tab) = tab.and_then(|t| t.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = tab.focus();
        }
    };
    let tabs = items
        .into_iter()
        .map(|(key, text)| {
            let on = move || selected.with(|s| s == key);
            view! {
                <button type="button" class="tab" role="tab" aria-selected=move || if on() { "true" } else { "false" }
                    tabindex=move || if on() { "0" } else { "-1" } on:click=move |_| on_select.run(key.to_owned())>
                    {text}
                </button>
            }
        })
        .collect_view();
    view! { <div class="tabs" role="tablist" aria-label=label node_ref=root on:keydown=on_keydown>{tabs}</div> }
}
