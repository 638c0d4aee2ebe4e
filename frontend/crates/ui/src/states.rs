//! Loading, nothing, failure.

use leptos::prelude::*;

use crate::{Glyph, icon};

/// A sentence that says why there is nothing, and what to do.
#[component]
pub fn EmptyState(
    /// Why.
    #[prop(into)]
    title: String,
    /// More about it.
    #[prop(optional, into)]
    text: String,
    /// Buttons that help.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty" role="status">
            <p class="empty-title">{title}</p>
            {(!text.is_empty()).then(|| view! { <p>{text}</p> }.into_any())}
            {children.map(|c| c().into_any())}
        </div>
    }
}

/// What failed.
#[component]
pub fn ErrorBox(
    /// Message.
    #[prop(into)]
    message: String,
    /// The text in which something is wrong, cut into before, wrong, after.
    #[prop(optional)]
    excerpt: Option<(String, String, String)>,
    /// Tries again.
    #[prop(optional, into)]
    on_retry: Option<Callback<()>>,
) -> impl IntoView {
    view! {
        <div class="error-box" role="alert">
            {icon(Glyph::Error)}
            <div class="error-box-text">
                <p>{message}</p>
                {excerpt.map(|(before, wrong, after)| view! { <pre>{before}<mark>{wrong}</mark>{after}</pre> }.into_any())}
            </div>
            {on_retry.map(|retry| view! {
                <button type="button" class="button button-small" on:click=move |_| retry.run(())>"Retry"</button>
            }.into_any())}
        </div>
    }
}

/// What is expected to appear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkeletonKind {
    /// A chart.
    Chart,
    /// A big number.
    Number,
    /// Lines of text or a table.
    Rows,
}

/// The shape of what will come, before the first answer.
#[must_use]
pub fn skeleton(kind: SkeletonKind) -> AnyView {
    match kind {
        SkeletonKind::Chart => {
            let bars = [34, 46, 40, 58, 52, 66, 48, 60, 72, 64, 56, 68, 50, 62, 44, 54]
                .map(|h| view! { <i style=format!("height:{h}%")></i> })
                .collect_view();
            view! { <div class="skeleton-chart" aria-hidden="true">{bars}</div> }.into_any()
        }
        SkeletonKind::Number => {
            view! { <div class="skeleton-number" aria-hidden="true"><i></i></div> }.into_any()
        }
        SkeletonKind::Rows => {
            let rows = [92, 78, 85, 64, 88, 72]
                .map(|w| view! { <i style=format!("width:{w}%")></i> })
                .collect_view();
            view! { <div class="skeleton-rows" aria-hidden="true">{rows}</div> }.into_any()
        }
    }
}

/// The line at the upper edge of something that is being renewed.
#[must_use]
pub fn progress_line(busy: Signal<bool>) -> AnyView {
    view! { {move || busy.get().then(|| view! { <div class="progress" role="progressbar" aria-label="Loading"></div> }.into_any())} }
        .into_any()
}
