//! Refresh: now, every so often, or live.

use leptos::prelude::*;
use scene::refresh::{INTERVALS, Refresh};
use ui::{Glyph, IconButton, MenuItem, Popover, icon, menu_line};

use crate::view_time::ViewTime;

/// The refresh button and its interval.
#[component]
pub(crate) fn RefreshPicker() -> impl IntoView {
    let time = ViewTime::get();
    let open = RwSignal::new(false);
    let text = move || match time.refresh.get() {
        Refresh::Off => "Off".to_owned(),
        Refresh::Live => "Live".to_owned(),
        Refresh::Every(_) => time.refresh.get().print(),
    };
    let label = Signal::derive(move || format!("Refresh interval: {}", text()));
    let choose = move |refresh: Refresh| {
        if refresh == Refresh::Live && !time.raw.get_untracked().follows_now() {
            time.set_range(scene::time::RawRange::default());
        }
        time.set_refresh(refresh);
    };
    let item = move |name: String, refresh: Refresh| {
        let checked = Signal::derive(move || time.refresh.get() == refresh);
        view! { <MenuItem text=name checked=checked on_click=move |_| choose(refresh) /> }.into_any()
    };
    view! {
        <div class="group" role="group" aria-label="Refresh">
            <IconButton label="Refresh" glyph=Glyph::Refresh on_click=move |_| time.again() />
            <Popover label=label open=open end=true trigger=move || view! {
                {move || (time.refresh.get() == Refresh::Live).then(|| view! { <span class="live-dot"></span> }.into_any())}
                {text} {icon(Glyph::ChevronDown)}
            }.into_any()>
                {move || INTERVALS.iter().map(|text| {
                    let refresh = Refresh::parse(text);
                    item(if text.is_empty() { "Off".to_owned() } else { format!("Every {text}") }, refresh)
                }).collect_view()}
                {menu_line()}
                {move || item("Live".to_owned(), Refresh::Live)}
            </Popover>
        </div>
    }
}
