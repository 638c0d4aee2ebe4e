//! The few things of the DOM that Leptos does not give: observers, storage, focus.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;

/// Removes an element, if it is there.
pub(crate) fn remove_by_id(id: &str) {
    if let Some(element) = document().get_element_by_id(id) {
        element.remove();
    }
}

/// A value of the browser's storage.
pub(crate) fn stored(key: &str) -> Option<String> {
    window().local_storage().ok().flatten()?.get_item(key).ok().flatten()
}

/// Keeps a value; an empty one is removed. A full or forbidden storage is no reason to fail.
pub(crate) fn store(key: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = if value.is_empty() { storage.remove_item(key) } else { storage.set_item(key, value) };
    }
}

/// Sets the window's title.
pub(crate) fn set_title(title: &str) {
    document().set_title(&if title.is_empty() {
        "Watchfire".to_owned()
    } else {
        format!("{title} · Watchfire")
    });
}

/// Device pixels per CSS pixel.
pub(crate) fn pixel_ratio() -> f64 {
    window().device_pixel_ratio().max(0.5)
}

/// Size of the window in CSS pixels.
pub(crate) fn window_size() -> (f64, f64) {
    let number = |v: Result<wasm_bindgen::JsValue, _>| v.ok().and_then(|v| v.as_f64()).unwrap_or(0.0);
    (number(window().inner_width()), number(window().inner_height()))
}

/// Whether the event comes from where text is typed.
pub(crate) fn is_typing(e: &web_sys::KeyboardEvent) -> bool {
    let Some(target) = e.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) else { return false };
    matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
        || target.closest("dialog").ok().flatten().is_some()
}

/// Puts text on the clipboard.
pub(crate) fn copy(text: &str) {
    let _ = window().navigator().clipboard().write_text(text);
}

type OnSize = Closure<dyn FnMut()>;
type OnSight = Closure<dyn FnMut(js_sys::Array)>;

struct Observers {
    size: Option<(web_sys::ResizeObserver, OnSize)>,
    sight: Option<(web_sys::IntersectionObserver, OnSight)>,
}

/// Follows an element's size in CSS pixels and whether it is in or near the window.
pub(crate) fn observe(element: &web_sys::Element, size: RwSignal<(f64, f64)>, visible: RwSignal<bool>) {
    let measured = element.clone();
    let measure = move || {
        let rect = (f64::from(measured.client_width()), f64::from(measured.client_height()));
        if size.try_get_untracked().is_some_and(|old| old != rect) {
            size.set(rect);
        }
    };
    measure();
    let on_size = Closure::<dyn FnMut()>::new(measure);
    let size_observer = web_sys::ResizeObserver::new(on_size.as_ref().unchecked_ref()).ok();
    if let Some(observer) = &size_observer {
        observer.observe(element);
    }
    let on_sight = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let last = entries.pop();
        let seen = last.unchecked_ref::<web_sys::IntersectionObserverEntry>().is_intersecting();
        if visible.try_get_untracked().is_some_and(|old| old != seen) {
            visible.set(seen);
        }
    });
    let options = web_sys::IntersectionObserverInit::new();
    options.set_root_margin("120px");
    let sight_observer =
        web_sys::IntersectionObserver::new_with_options(on_sight.as_ref().unchecked_ref(), &options).ok();
    if let Some(observer) = &sight_observer {
        observer.observe(element);
    } else {
        visible.set(true);
    }
    let kept = StoredValue::new_local(Observers {
        size: size_observer.map(|o| (o, on_size)),
        sight: sight_observer.map(|o| (o, on_sight)),
    });
    on_cleanup(move || {
        kept.try_update_value(|o| {
            if let Some((observer, _)) = o.size.take() {
                observer.disconnect();
            }
            if let Some((observer, _)) = o.sight.take() {
                observer.disconnect();
            }
        });
    });
}

/// A signal of the page being hidden (another tab is in front).
pub(crate) fn hidden_signal() -> RwSignal<bool> {
    let hidden = RwSignal::new(document().hidden());
    let on_change = Closure::<dyn FnMut()>::new(move || hidden.set(document().hidden()));
    let _ =
        document().add_event_listener_with_callback("visibilitychange", on_change.as_ref().unchecked_ref());
    // Lives as long as the app.
    on_change.forget();
    hidden
}
