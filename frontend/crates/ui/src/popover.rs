//! A button with something that floats below it: menus, pickers, the time range.
//!
//! Closes by Escape (focus returns to the button), by a press outside and when focus leaves. Kept within
//! the window; in a narrow one it may lie on the lower edge like a sheet.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlElement;

/// A button that opens a floating body.
#[component]
#[expect(clippy::needless_pass_by_value, reason = "the component macro owns its properties")]
pub fn Popover(
    /// The button's name; shown as a hint when the button has no text.
    #[prop(into)]
    label: Signal<String>,
    /// The button's contents.
    #[prop(into)]
    trigger: ViewFn,
    /// Whether it is open.
    open: RwSignal<bool>,
    /// The button's class.
    #[prop(default = "button")]
    class: &'static str,
    /// The body's role.
    #[prop(default = "menu")]
    role: &'static str,
    /// Further class of the body.
    #[prop(optional)]
    body_class: &'static str,
    /// Right edges meet.
    #[prop(optional)]
    end: bool,
    /// Contents; built when it opens.
    children: ChildrenFn,
) -> impl IntoView {
    let root = NodeRef::<html::Div>::new();
    let button = NodeRef::<html::Button>::new();
    let body = NodeRef::<html::Div>::new();
    let inside = move |target: Option<web_sys::EventTarget>| {
        let node = target.and_then(|t| t.dyn_into::<web_sys::Node>().ok());
        root.try_get_untracked().flatten().is_some_and(|r| r.contains(node.as_ref()))
    };
    let listener = window_event_listener(ev::pointerdown, move |e| {
        if open.get_untracked() && !inside(e.target()) {
            open.set(false);
        }
    });
    on_cleanup(move || listener.remove());
    Effect::new(move |_| {
        if open.get() {
            request_animation_frame(move || {
                let Some(body) = body.try_get_untracked().flatten() else { return };
                keep_in_window(&body);
                focus_first(&body);
            });
        }
    });
    let on_keydown = move |e: ev::KeyboardEvent| match e.key().as_str() {
        "Escape" if open.get_untracked() => {
            e.stop_propagation();
            open.set(false);
            if let Some(button) = button.get_untracked() {
                let _ = button.focus();
            }
        }
        key @ ("ArrowDown" | "ArrowUp" | "Home" | "End") if open.get_untracked() => {
            if let Some(body) = body.get_untracked()
                && move_focus(&body, key)
            {
                e.prevent_default();
                e.stop_propagation();
            }
        }
        "ArrowDown" => {
            e.prevent_default();
            open.set(true);
        }
        _ => {}
    };
    let children = StoredValue::new(children);
    let body_class =
        if body_class.is_empty() { "pop-body".to_owned() } else { format!("pop-body {body_class}") };
    let body_class = StoredValue::new(body_class);
    view! {
        <div class=if end { "pop pop-end" } else { "pop" } node_ref=root on:keydown=on_keydown
            on:focusout=move |e: ev::FocusEvent| {
                // Also sent while the popover is being removed.
                if root.try_get_untracked().flatten().is_some() && e.related_target().is_some() && !inside(e.related_target()) {
                    open.set(false);
                }
            }>
            <button type="button" class=class node_ref=button aria-label=move || label.get() title=move || label.get()
                aria-haspopup=role aria-expanded=move || if open.get() { "true" } else { "false" }
                on:click=move |_| open.update(|o| *o = !*o)>
                {trigger.run()}
            </button>
            {move || open.get().then(|| view! {
                <div class=body_class.get_value() role=role tabindex="-1" aria-label=move || label.get() node_ref=body
                    on:click=move |e: ev::MouseEvent| {
                        // Choosing a menu entry closes the menu.
                        let item = e.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
                        if role == "menu" && item.and_then(|i| i.closest(".menu-item").ok().flatten()).is_some() {
                            open.set(false);
                        }
                    }>
                    {children.with_value(|c| c())}
                </div>
            }.into_any())}
        </div>
    }
}

/// Moves a body that would leave the window.
fn keep_in_window(body: &HtmlElement) {
    let Some(window) = web_sys::window() else { return };
    let size = |v: Result<JsValue, _>| v.ok().and_then(|v| v.as_f64()).unwrap_or(0.0);
    let (width, height) = (size(window.inner_width()), size(window.inner_height()));
    let rect = body.get_bounding_client_rect();
    let dx = if rect.right() > width - 8.0 {
        (width - 8.0 - rect.right()).max(8.0 - rect.left())
    } else if rect.left() < 8.0 {
        8.0 - rect.left()
    } else {
        0.0
    };
    let dy =
        if rect.bottom() > height - 8.0 { (height - 8.0 - rect.bottom()).max(8.0 - rect.top()) } else { 0.0 };
    if dx != 0.0 || dy != 0.0 {
        let _ = body.set_attribute("style", &format!("transform:translate({dx}px,{dy}px)"));
    }
}

const FOCUSABLE: &str = "input,select,textarea,button:not([disabled]),a[href],[tabindex]";

fn focus_first(body: &HtmlElement) {
    let chosen = body.query_selector("[autofocus],[aria-checked=true],[aria-selected=true]").ok().flatten();
    let first = chosen.or_else(|| body.query_selector(FOCUSABLE).ok().flatten());
    if let Some(element) = first.and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Moves focus among the menu's entries; false if there are none.
fn move_focus(body: &HtmlElement, key: &str) -> bool {
    let Ok(items) = body.query_selector_all(".menu-item") else { return false };
    let count = items.length();
    let active = web_sys::window().and_then(|w| w.document()).and_then(|d| d.active_element());
    let at = (0..count).find(|i| {
        items.item(*i).zip(active.as_ref()).is_some_and(|(item, active)| item.is_same_node(Some(active)))
    });
    let next = match (key, at) {
        _ if count == 0 => return false,
        ("Home", _) | ("ArrowDown", None) => 0,
        ("ArrowDown", Some(at)) => (at + 1) % count,
        ("ArrowUp", Some(at)) if at > 0 => at - 1,
        _ => count - 1,
    };
    if let Some(element) = items.item(next).and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
    true
}
