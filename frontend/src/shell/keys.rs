//! Keys that work everywhere, and the dialog that lists them.

use leptos::ev;
use leptos::prelude::*;
use ui::Dialog;

use crate::dom;
use crate::session::Session;
use crate::view_time::ViewTime;

/// All keys with what they do.
const KEYS: &[(&[&str], &str)] = &[
    (&["Ctrl", "K"], "Go anywhere"),
    (&["t"], "Time range"),
    (&["r"], "Refresh"),
    (&["+"], "Zoom out"),
    (&["<"], "Earlier"),
    (&[">"], "Later"),
    (&["v"], "View the focused panel alone"),
    (&["e"], "Explore the focused panel"),
    (&["Enter"], "Edit the focused panel"),
    (&["←", "→"], "Walk along the points of a focused chart"),
    (&["Esc"], "One level up"),
    (&["?"], "These keys"),
];

/// Listens to global keys.
pub(super) fn listen(session: Session) {
    let time = ViewTime::get();
    let handle = window_event_listener(ev::keydown, move |e| {
        if (e.ctrl_key() || e.meta_key()) && e.key() == "k" {
            e.prevent_default();
            session.palette_open.update(|o| *o = !*o);
            return;
        }
        if e.ctrl_key() || e.meta_key() || e.alt_key() || dom::is_typing(&e) {
            return;
        }
        match e.key().as_str() {
            "?" => session.keys_open.set(true),
            "t" => session.time_open.set(true),
            "r" => time.again(),
            "+" => time.zoom_out(),
            "<" => time.shift(-1),
            ">" => time.shift(1),
            _ => return,
        }
        e.prevent_default();
    });
    on_cleanup(move || handle.remove());
}

/// The list of keys.
#[component]
pub(super) fn KeysDialog() -> impl IntoView {
    let open = Session::get().keys_open;
    view! {
        <Dialog open=open title="Keys">
            <dl class="keys-grid">
                {KEYS.iter().map(|(keys, text)| view! {
                    <dt class="row">{keys.iter().map(|k| view! { <kbd>{*k}</kbd> }).collect_view()}</dt>
                    <dd>{*text}</dd>
                }).collect_view()}
            </dl>
            <div class="dialog-foot"><ui::Button text="Close" on_click=move |_| open.set(false) /></div>
        </Dialog>
    }
}
