//! What holds for the whole app: facts about the server, the theme, messages, and what global keys open.

use leptos::prelude::*;
use ui::Toasts;

use crate::{client, clock, dom};

/// Which theme is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ThemeChoice {
    Dark,
    Light,
    System,
}

impl ThemeChoice {
    fn key(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::System => "",
        }
    }
}

/// The session; kept in the context.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    /// Facts about the server; `None` until it has answered.
    pub(crate) info: RwSignal<Option<api::app::AppInfo>>,
    /// Chosen theme.
    pub(crate) theme: RwSignal<ThemeChoice>,
    /// Grows whenever colours have changed, so that canvases are drawn again.
    pub(crate) theme_round: RwSignal<u32>,
    /// Messages.
    pub(crate) toasts: Toasts,
    /// The time picker is open.
    pub(crate) time_open: RwSignal<bool>,
    /// The command palette is open.
    pub(crate) palette_open: RwSignal<bool>,
    /// The list of keys is open.
    pub(crate) keys_open: RwSignal<bool>,
    /// Time under the pointer in any panel, milliseconds since the epoch.
    pub(crate) cursor: RwSignal<Option<f64>>,
}

const THEME_KEY: &str = "watchfire.theme";

impl Session {
    /// Starts the session and asks the server who it is.
    pub(crate) fn start() -> Self {
        let theme = match dom::stored(THEME_KEY).as_deref() {
            Some("dark") => ThemeChoice::Dark,
            Some("light") => ThemeChoice::Light,
            _ => ThemeChoice::System,
        };
        let session = Self {
            info: RwSignal::new(None),
            theme: RwSignal::new(theme),
            theme_round: RwSignal::new(0),
            toasts: Toasts::new(),
            time_open: RwSignal::new(false),
            palette_open: RwSignal::new(false),
            keys_open: RwSignal::new(false),
            cursor: RwSignal::new(None),
        };
        let system = window().match_media("(prefers-color-scheme: light)").ok().flatten();
        let apply = move || {
            let light = match session.theme.get_untracked() {
                ThemeChoice::Dark => false,
                ThemeChoice::Light => true,
                ThemeChoice::System => {
                    let query = window().match_media("(prefers-color-scheme: light)").ok().flatten();
                    query.is_some_and(|q| q.matches())
                }
            };
            if let Some(root) = document().document_element() {
                let _ = root.set_attribute("data-theme", if light { "light" } else { "dark" });
            }
            session.theme_round.update(|r| *r += 1);
        };
        Effect::new(move |_| {
            dom::store(THEME_KEY, session.theme.get().key());
            apply();
        });
        if let Some(system) = system {
            let on_change = wasm_bindgen::prelude::Closure::<dyn FnMut()>::new(apply);
            system.set_onchange(Some(wasm_bindgen::JsCast::unchecked_ref(on_change.as_ref())));
            // The query and its listener live as long as the app.
            on_change.forget();
            std::mem::forget(system);
        }
        // Widths of texts were measured in another font until this one is there.
        let ready = document().fonts().load("12px 'Inter Variable'");
        leptos::task::spawn_local(async move {
            let _ = wasm_bindgen_futures::JsFuture::from(ready).await;
            canvas::reset_metrics();
            session.theme_round.update(|r| *r += 1);
        });
        leptos::task::spawn_local(async move {
            let info = client::app_info()
                .await
                .unwrap_or_else(|_| api::app::AppInfo { scrape_interval_ms: 15_000, ..Default::default() });
            clock::set_server_now(info.now_ms);
            session.info.set(Some(info));
        });
        session
    }

    /// The session of the context.
    pub(crate) fn get() -> Self {
        expect_context()
    }

    /// How often data is collected, in milliseconds; `None` until the server has answered.
    pub(crate) fn scrape_interval_ms(&self) -> Option<i64> {
        self.info.with(|i| i.as_ref().map(|i| i.scrape_interval_ms.max(1)))
    }
}
