//! A modal dialog, to confirm or to name something; anything larger is a place with an address.

use leptos::html;
use leptos::prelude::*;

/// A dialog on `<dialog>`: the browser keeps focus inside and closes it with Escape.
#[component]
pub fn Dialog(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// Title and name.
    #[prop(into)]
    title: Signal<String>,
    /// Wider than usual.
    #[prop(optional)]
    wide: bool,
    /// Contents; built when it opens.
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = node.get() else { return };
        if open.get() && !dialog.open() {
            // Fails only for an element outside of the document, which a rendered one is not.
            let _ = dialog.show_modal();
        } else if !open.get() && dialog.open() {
            dialog.close();
        }
    });
    let children = StoredValue::new(children);
    let class = if wide { "dialog dialog-wide" } else { "dialog" };
    view! {
        <dialog class=class node_ref=node aria-label=move || title.get() on:close=move |_| open.set(false)
            on:keydown=|e| e.stop_propagation()>
            {move || open.get().then(|| view! {
                <div class="dialog-body">
                    <h2>{move || title.get()}</h2>
                    {children.with_value(|c| c())}
                </div>
            }.into_any())}
        </dialog>
    }
}
