//! The rail on the left; in a narrow window the bar below.

use leptos::prelude::*;
use scene::link;
use ui::{Glyph, MenuItem, Popover, icon, menu_line};

use crate::address::Address;
use crate::session::{Session, ThemeChoice};
use crate::view_time::ViewTime;

/// The rail.
#[component]
pub(crate) fn Rail() -> impl IntoView {
    let session = Session::get();
    let open = RwSignal::new(false);
    view! {
        <header class="rail">
            <a class="rail-logo" href="/dashboards" aria-label="Watchfire, home">{logo()}</a>
            <nav aria-label="Main">
                {place("Dashboards", link::DASHBOARDS, Glyph::Dashboards, &["/dashboards", "/d/"])}
                {place("Explore", link::EXPLORE, Glyph::Explore, &["/explore"])}
                {place("Targets", link::TARGETS, Glyph::Targets, &["/targets"])}
            </nav>
            <div class="rail-foot">
                <Popover label="Settings" open=open class="rail-link" trigger=move || view! {
                    {move || icon(match session.theme.get() {
                        ThemeChoice::Dark => Glyph::Moon,
                        ThemeChoice::Light => Glyph::Sun,
                        ThemeChoice::System => Glyph::Screen,
                    })}
                    <span class="rail-text" aria-hidden="true">"Settings"</span>
                }.into_any()>
                    {ui::menu_title("Theme")}
                    {theme_item("Dark", ThemeChoice::Dark, Glyph::Moon)}
                    {theme_item("Light", ThemeChoice::Light, Glyph::Sun)}
                    {theme_item("System", ThemeChoice::System, Glyph::Screen)}
                    {menu_line()}
                    <MenuItem text="Commands" glyph=Glyph::Search key="Ctrl K" on_click=move |_| session.palette_open.set(true) />
                    <MenuItem text="Keys" glyph=Glyph::Keyboard key="?" on_click=move |_| session.keys_open.set(true) />
                    {move || session.info.get().filter(|i| !i.version.is_empty())
                        .map(|i| view! { <div class="menu-title">{format!("Watchfire {}", i.version)}</div> }.into_any())}
                </Popover>
            </div>
        </header>
    }
}

fn theme_item(text: &'static str, choice: ThemeChoice, glyph: Glyph) -> AnyView {
    let session = Session::get();
    let checked = Signal::derive(move || session.theme.get() == choice);
    view! { <MenuItem text=text glyph=glyph checked=checked on_click=move |_| session.theme.set(choice) /> }
        .into_any()
}

fn place(text: &'static str, href: &'static str, glyph: Glyph, prefixes: &'static [&'static str]) -> AnyView {
    let address = Address::get();
    let time = ViewTime::get();
    let current = move || {
        let here = address.path.with(|p| prefixes.iter().any(|prefix| p.starts_with(prefix)));
        here.then_some("page")
    };
    // Another view of data keeps the time one was looking at.
    let target = move || match href {
        link::EXPLORE => {
            let range = time.raw.get();
            address.query.with(|q| q.time_only().set_range(range).on(href))
        }
        _ => href.to_owned(),
    };
    view! {
        <a class="rail-link" href=target aria-current=current>
            {icon(glyph)} <span class="rail-text">{text}</span>
        </a>
    }
    .into_any()
}

fn logo() -> AnyView {
    view! {
        <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="M12 2c.6 3.400 5.800 6 5.800 11.300A5.800 5.800 0 0 1 12 19a5.800 5.800 0 0 1-5.800-5.700c0-2.600 1.300-4 2.300-5.300c.3 1.700 1 2.500 1.900 2.900C10.200 7.500 10.300 4.500 12 2z" fill="var(--accent)"></path>
            <path d="M5 21.500h14" stroke="var(--muted)" stroke-width="2" stroke-linecap="round"></path>
        </svg>
    }
    .into_any()
}
