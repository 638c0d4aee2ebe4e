//! Short messages at the lower edge, said aloud by assistive technology, with one action at most.

use std::time::Duration;

use leptos::prelude::*;

use crate::{Glyph, IconButton, State, state_mark};

/// How long a message stays; long enough to read it and to undo.
const SHOWN: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Toast {
    id: u32,
    state: State,
    text: String,
    action: Option<(String, Callback<()>)>,
}

/// The messages that are shown; kept in the context.
#[derive(Clone, Copy)]
pub struct Toasts {
    list: RwSignal<Vec<Toast>>,
    next: RwSignal<u32>,
}

impl Toasts {
    /// No messages yet.
    #[must_use]
    pub fn new() -> Self {
        Self { list: RwSignal::new(Vec::new()), next: RwSignal::new(0) }
    }

    /// Something went well.
    pub fn good(&self, text: impl Into<String>) {
        self.push(State::Good, text.into(), None);
    }

    /// Something failed.
    pub fn failed(&self, text: impl Into<String>) {
        self.push(State::Critical, text.into(), None);
    }

    /// Something was done that can be undone.
    pub fn undoable(&self, text: impl Into<String>, undo: Callback<()>) {
        self.push(State::Good, text.into(), Some(("Undo".to_owned(), undo)));
    }

    fn push(&self, state: State, text: String, action: Option<(String, Callback<()>)>) {
        let id = self.next.get_untracked();
        self.next.set(id + 1);
        self.list.update(|l| {
            l.push(Toast { id, state, text, action });
            // Three at once are the most one reads.
            if l.len() > 3 {
                l.remove(0);
            }
        });
        let this = *self;
        set_timeout(move || this.close(id), SHOWN);
    }

    fn close(&self, id: u32) {
        self.list.try_update(|l| l.retain(|t| t.id != id));
    }
}

impl Default for Toasts {
    fn default() -> Self {
        Self::new()
    }
}

/// Where the messages appear.
#[component]
pub fn ToastRegion(
    /// The messages.
    toasts: Toasts,
) -> impl IntoView {
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || toasts.list.get() key=|t| t.id let:toast>
                <div class="toast">
                    {state_mark(toast.state, "")}
                    <span class="toast-text">{toast.text.clone()}</span>
                    {toast.action.clone().map(|(text, run)| {
                        let id = toast.id;
                        view! {
                            <button type="button" class="button button-small"
                                on:click=move |_| { run.run(()); toasts.close(id); }>{text}</button>
                        }.into_any()
                    })}
                    <IconButton label="Dismiss" glyph=Glyph::Close quiet=true small=true
                        on_click=move |_| toasts.close(toast.id) />
                </div>
            </For>
        </div>
    }
}
