//! Buttons.

use leptos::ev::MouseEvent;
use leptos::prelude::*;

use crate::{Glyph, icon};

/// How much a button asks for attention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonKind {
    /// With a border.
    #[default]
    Plain,
    /// The one main action of a view.
    Primary,
    /// Without a border.
    Quiet,
    /// Takes something away.
    Danger,
}

impl ButtonKind {
    fn class(self) -> &'static str {
        match self {
            Self::Plain => "button",
            Self::Primary => "button button-primary",
            Self::Quiet => "button button-quiet",
            Self::Danger => "button button-danger",
        }
    }
}

/// A button with text and, if wanted, an icon.
#[component]
pub fn Button(
    /// Text; also its name.
    #[prop(into)]
    text: Signal<String>,
    /// What it does.
    #[prop(into)]
    on_click: Callback<MouseEvent>,
    /// Icon before the text.
    #[prop(optional, into)]
    glyph: Option<Glyph>,
    /// Look.
    #[prop(optional)]
    kind: ButtonKind,
    /// Cannot be used now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
) -> impl IntoView {
    view! {
        <button type="button" class=kind.class() disabled=move || disabled.get() on:click=move |e| on_click.run(e)>
            {glyph.map(icon)} {move || text.get()}
        </button>
    }
}

/// A button that shows only an icon.
#[component]
pub fn IconButton(
    /// Its name, shown as a hint.
    #[prop(into)]
    label: Signal<String>,
    /// Icon.
    glyph: Glyph,
    /// What it does.
    #[prop(into)]
    on_click: Callback<MouseEvent>,
    /// Without a border.
    #[prop(optional)]
    quiet: bool,
    /// Lower than other controls.
    #[prop(optional)]
    small: bool,
    /// Cannot be used now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
) -> impl IntoView {
    let class = match (quiet, small) {
        (true, true) => "button button-icon button-quiet button-small",
        (true, false) => "button button-icon button-quiet",
        (false, true) => "button button-icon button-small",
        (false, false) => "button button-icon",
    };
    view! {
        <button type="button" class=class aria-label=move || label.get() title=move || label.get()
            disabled=move || disabled.get() on:click=move |e| on_click.run(e)>
            {icon(glyph)}
        </button>
    }
}
