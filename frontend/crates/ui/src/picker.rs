//! A list to choose from with search: one value or several. An ARIA listbox whose search field keeps the
//! focus; arrows move, Enter chooses.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use crate::{Glyph, icon};

/// A value to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PickerItem {
    /// Key handed to `on_pick`.
    pub key: String,
    /// Text.
    pub text: String,
}

/// Most entries that are shown at once; search narrows the rest.
const SHOWN_MAX: usize = 200;

/// The body of a picker; put it into a [`Popover`](crate::Popover) with the role `dialog`.
#[component]
pub fn Picker(
    /// Name of the list.
    #[prop(into)]
    label: String,
    /// Values.
    #[prop(into)]
    items: Signal<Vec<PickerItem>>,
    /// Keys that are chosen.
    #[prop(into)]
    selected: Signal<Vec<String>>,
    /// Several may be chosen.
    #[prop(optional)]
    multi: bool,
    /// Called with the key.
    #[prop(into)]
    on_pick: Callback<String>,
) -> impl IntoView {
    let search = RwSignal::new(String::new());
    let active = RwSignal::new(0usize);
    let list = NodeRef::<html::Div>::new();
    let id = format!("picker-{}", label.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
    let found = Memo::new(move |_| {
        let needle = search.get().to_lowercase();
        items.with(|items| {
            let hits = items.iter().filter(|i| i.text.to_lowercase().contains(&needle));
            let total = hits.clone().count();
            (hits.take(SHOWN_MAX).cloned().collect::<Vec<_>>(), total)
        })
    });
    let on_keydown = move |e: ev::KeyboardEvent| {
        let count = found.with_untracked(|(f, _)| f.len());
        let at = active.get_untracked();
        match e.key().as_str() {
            "ArrowDown" if count > 0 => active.set((at + 1) % count),
            "ArrowUp" if count > 0 => active.set((at + count - 1) % count),
            "Enter" => {
                if let Some(item) = found.with_untracked(|(f, _)| f.get(at).cloned()) {
                    on_pick.run(item.key);
                }
            }
            _ => return,
        }
        e.prevent_default();
        e.stop_propagation();
        request_animation_frame(move || {
            let Some(list) = list.try_get_untracked().flatten() else { return };
            if let Ok(Some(option)) = list.query_selector(".active-option") {
                // Scrolls the list only when the option is out of sight.
                option.scroll_into_view_with_bool(false);
            }
        });
    };
    let list_id = format!("{id}-list");
    let list_id_2 = list_id.clone();
    let option_prefix = StoredValue::new(id.clone());
    view! {
        <div class="search">
            {icon(Glyph::Search)}
            <input class="input" type="text" role="combobox" aria-expanded="true" aria-controls=list_id autofocus
                aria-label=format!("Search {label}") placeholder="Search" autocomplete="off" spellcheck="false"
                aria-activedescendant=move || format!("{}-{}", option_prefix.get_value(), active.get())
                prop:value=move || search.get() on:keydown=on_keydown
                on:input=move |e| { search.set(event_target_value(&e)); active.set(0); } />
        </div>
        <div class="variable-list" role="listbox" id=list_id_2 aria-label=label aria-multiselectable=multi.to_string() node_ref=list
            // The search field keeps the focus.
            on:mousedown=|e| e.prevent_default()>
            {move || {
                let (hits, total) = found.get();
                let empty = hits.is_empty();
                let rows = hits.into_iter().enumerate().map(|(i, item)| {
                    let key = item.key.clone();
                    let is_selected = move || if selected.with(|s| s.contains(&key)) { "true" } else { "false" };
                    let key = item.key.clone();
                    let hint = item.text.clone();
                    view! {
                        <div role="option" id=format!("{}-{i}", option_prefix.get_value())
                            class=move || if active.get() == i { "menu-item active-option" } else { "menu-item" }
                            aria-selected=is_selected title=hint
                            on:click=move |_| on_pick.run(key.clone()) on:pointermove=move |_| {
                                if active.get_untracked() != i { active.set(i); }
                            }>
                            {multi.then(|| view! { <span class="pick-mark">{icon(Glyph::Check)}</span> }.into_any())}
                            <span class="ellipsis">{item.text}</span>
                            {(!multi).then(|| view! { <span class="key single-mark">{icon(Glyph::Check)}</span> }.into_any())}
                        </div>
                    }.into_any()
                }).collect_view();
                view! {
                    {rows}
                    {empty.then(|| view! { <div class="menu-title">"Nothing matches"</div> }.into_any())}
                    {(total > SHOWN_MAX).then(|| view! {
                        <div class="menu-title">{format!("{} more; search to narrow", total - SHOWN_MAX)}</div>
                    }.into_any())}
                }.into_any()
            }}
        </div>
    }
}
