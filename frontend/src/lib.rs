//! The browser app: pages and panels over `scene` (what a view is), `chart` (how it is drawn) and `ui`
//! (what controls look like). The only crate that knows the DOM.

#![expect(
    unreachable_pub,
    reason = "the component macro makes its property types `pub`, and nobody imports this crate"
)]

mod address;
mod app;
mod client;
mod clock;
mod dom;
mod editor;
mod pages;
mod panels;
mod session;
mod shell;
mod view_time;

use wasm_bindgen::prelude::wasm_bindgen;

/// Starts the app; called by the page's script.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|info| {
        web_sys::console::error_1(&info.to_string().into());
    }));
    dom::remove_by_id("boot");
    leptos::mount::mount_to_body(app::App);
}
