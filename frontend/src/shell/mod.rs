//! The frame around every page: rail, messages, palette, global keys; and the parts of its top bar.

mod keys;
mod palette;
mod rail;
mod refresh_picker;
mod time_picker;
mod topbar;

use leptos::prelude::*;
use ui::ToastRegion;

use crate::session::Session;

pub(crate) use topbar::{TimeTools, TopBar};

/// The frame.
#[component]
pub(crate) fn Shell(children: Children) -> impl IntoView {
    let session = Session::get();
    keys::listen(session);
    view! {
        <a class="skip" href="#content" on:click=|e| {
            // The router must not take this for a place.
            e.prevent_default();
            if let Some(content) = document().get_element_by_id("content") {
                let _ = wasm_bindgen::JsCast::unchecked_into::<web_sys::HtmlElement>(content).focus();
            }
        }>"Skip to content"</a>
        <div class="shell">
            <rail::Rail />
            <div class="main">{children()}</div>
        </div>
        <ToastRegion toasts=session.toasts />
        <palette::Palette />
        <keys::KeysDialog />
    }
}
