//! The bar above every page: where one is on the left, tools on the right.

use leptos::prelude::*;
use ui::{Glyph, icon};

use super::refresh_picker::RefreshPicker;
use super::time_picker::TimePicker;
use crate::dom;
use crate::session::Session;

/// The bar.
#[component]
pub(crate) fn TopBar(
    /// The page's title.
    #[prop(into)]
    title: Signal<String>,
    /// The place above: text and address.
    #[prop(optional)]
    above: Option<Signal<(String, String)>>,
    /// Marks behind the title.
    #[prop(optional, into)]
    marks: Option<ViewFn>,
    /// Tools.
    children: Children,
) -> impl IntoView {
    let session = Session::get();
    Effect::new(move |_| dom::set_title(&title.get()));
    view! {
        <section class="topbar" aria-label="Page">
            <div class="topbar-title">
                {above.map(|above| view! {
                    <nav class="crumb" aria-label="Breadcrumb">
                        <a href=move || above.get().1>{move || above.get().0}</a> " /"
                    </nav>
                }.into_any())}
                <h1 title=move || title.get()>{move || title.get()}</h1>
                {marks.map(|m| m.run())}
                {move || session.info.with(|i| i.as_ref().is_some_and(|i| i.demo)).then(|| view! {
                    <span class="pill" title="This is the demo: all data comes from a simulated fleet of GPUs and models.">
                        {icon(Glyph::Flask)} "Simulated data"
                    </span>
                }.into_any())}
            </div>
            <div class="topbar-tools" role="toolbar" aria-label="View">{children()}</div>
        </section>
    }
}

/// Time range and refresh.
#[component]
pub(crate) fn TimeTools() -> impl IntoView {
    view! {
        <TimePicker />
        <RefreshPicker />
    }
}
