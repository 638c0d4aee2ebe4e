//! The time range: quick ranges, typed ends, earlier, later, wider.

use leptos::ev;
use leptos::prelude::*;
use scene::time::{self, RawRange};
use ui::{Glyph, IconButton, MenuItem, Popover, TextField, icon};

use crate::clock;
use crate::session::Session;
use crate::view_time::ViewTime;

/// The picker with its neighbours.
#[component]
pub(crate) fn TimePicker() -> impl IntoView {
    let time = ViewTime::get();
    let open = Session::get().time_open;
    let text = Memo::new(move |_| time.raw.get().describe(&clock::zone));
    let label = Signal::derive(move || format!("Time range: {}", text.get()));
    view! {
        <div class="group time-group" role="group" aria-label="Time">
            <IconButton label="Earlier" glyph=Glyph::ChevronLeft on_click=move |_| time.shift(-1) />
            <Popover label=label open=open class="button time-button" role="dialog" body_class="sheet" end=true
                trigger=move || view! { {icon(Glyph::Clock)} <span class="ellipsis">{move || text.get()}</span> }.into_any()>
                <Body open=open />
            </Popover>
            <IconButton label="Later" glyph=Glyph::ChevronRight on_click=move |_| time.shift(1) />
            <IconButton label="Zoom out" glyph=Glyph::ZoomOut on_click=move |_| time.zoom_out() />
        </div>
    }
}

#[component]
fn Body(open: RwSignal<bool>) -> impl IntoView {
    let time = ViewTime::get();
    let raw = time.raw.get_untracked();
    let from = RwSignal::new(time::print_typed(raw.from, &clock::zone));
    let to = RwSignal::new(time::print_typed(raw.to, &clock::zone));
    let tried = RwSignal::new(false);
    let wrong = move |text: &str| match time::parse_typed(text, &clock::zone) {
        Some(_) => String::new(),
        None => "Type now-1h, now/d or 2026-11-21 14:05".to_owned(),
    };
    let error_of = move |field: RwSignal<String>| {
        Signal::derive(move || if tried.get() { field.with(|f| wrong(f)) } else { String::new() })
    };
    let apply = move || {
        tried.set(true);
        let ends = (
            from.with(|f| time::parse_typed(f, &clock::zone)),
            to.with(|t| time::parse_typed(t, &clock::zone)),
        );
        if let (Some(from), Some(to)) = ends {
            open.set(false);
            time.set_range(RawRange { from, to });
        }
    };
    let quick = move |presets: &'static [(&'static str, &'static str, &'static str)]| {
        presets
            .iter()
            .filter_map(|(text, from, to)| Some((*text, RawRange::parse(from, to)?)))
            .map(|(text, range)| {
                let checked = Signal::derive(move || time.raw.get() == range);
                view! {
                    <MenuItem text=text checked=checked on_click=move |_| { open.set(false); time.set_range(range); } />
                }
                .into_any()
            })
            .collect_view()
    };
    view! {
        <div class="time-body" on:keydown=move |e: ev::KeyboardEvent| {
            let typing = crate::dom::is_typing(&e);
            if e.key() == "Enter" && typing {
                e.prevent_default();
                apply();
            }
        }>
            <div class="time-form">
                <TextField id="time-from" label="From" value=from on_input=move |v| from.set(v) error=error_of(from) />
                <TextField id="time-to" label="To" value=to on_input=move |v| to.set(v) error=error_of(to) />
                <ui::Button text="Apply" kind=ui::ButtonKind::Primary on_click=move |_| apply() />
            </div>
            <div class="time-presets" role="menu" aria-label="Quick ranges">
                {quick(time::PRESETS)}
                {ui::menu_line()}
                {quick(time::CALENDAR_PRESETS)}
            </div>
            <div class="time-zone">
                {zone_note()}
            </div>
        </div>
    }
}

/// In which zone times are typed and shown.
fn zone_note() -> String {
    let (name, offset) = (clock::zone_name(), scene::words::zone_text(clock::zone(clock::now_ms())));
    if name.is_empty() || name == offset {
        format!("Times are {offset}.")
    } else {
        format!("Times are {name} ({offset}).")
    }
}
