//! What stands in menus.

use leptos::ev::MouseEvent;
use leptos::prelude::*;

use crate::{Glyph, icon};

/// An entry of a menu that does something.
#[component]
pub fn MenuItem(
    /// Text and name.
    #[prop(into)]
    text: String,
    /// What it does.
    #[prop(into)]
    on_click: Callback<MouseEvent>,
    /// Icon.
    #[prop(optional, into)]
    glyph: Option<Glyph>,
    /// Of a group of which one is chosen.
    #[prop(optional, into)]
    checked: Option<Signal<bool>>,
    /// The key that does the same.
    #[prop(optional)]
    key: &'static str,
    /// Takes something away.
    #[prop(optional)]
    danger: bool,
) -> impl IntoView {
    let role = if checked.is_some() { "menuitemradio" } else { "menuitem" };
    let class = if danger { "menu-item danger" } else { "menu-item" };
    view! {
        <button type="button" class=class role=role tabindex="-1"
            aria-checked=move || checked.map(|c| if c.get() { "true" } else { "false" })
            on:click=move |e| on_click.run(e)>
            {glyph.map(icon)} <span class="ellipsis">{text}</span>
            {(!key.is_empty()).then(|| view! { <span class="key" aria-hidden="true">{key}</span> }.into_any())}
        </button>
    }
}

/// A line between groups.
#[must_use]
pub fn menu_line() -> AnyView {
    view! { <div class="menu-line" role="separator"></div> }.into_any()
}

/// A group's title.
#[must_use]
pub fn menu_title(text: &str) -> AnyView {
    view! { <div class="menu-title">{text.to_owned()}</div> }.into_any()
}
