//! States with colour, shape and word.

use leptos::prelude::*;

/// The state of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Filled dot.
    Good,
    /// Triangle.
    Warning,
    /// Diamond.
    Critical,
    /// Hollow ring.
    Unknown,
}

/// A state's shape and word in its colour.
#[must_use]
pub fn state_mark(state: State, word: &str) -> AnyView {
    let (class, path, filled) = match state {
        State::Good => ("state state-good", "M6 1.500a4.500 4.500 0 1 0 0 9a4.500 4.500 0 0 0 0-9z", true),
        State::Warning => ("state state-warning", "M6 1l5.500 10h-11z", true),
        State::Critical => ("state state-critical", "M6 .5L11.500 6L6 11.500L.5 6z", true),
        State::Unknown => ("state state-unknown", "M6 2a4 4 0 1 0 0 8a4 4 0 0 0 0-8z", false),
    };
    let (fill, stroke) = if filled { ("currentColor", "none") } else { ("none", "currentColor") };
    view! {
        <span class=class>
            <svg viewBox="0 0 12 12" aria-hidden="true"><path d=path fill=fill stroke=stroke stroke-width="1.5"></path></svg>
            {word.to_owned()}
        </span>
    }
    .into_any()
}
