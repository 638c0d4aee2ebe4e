//! Text panels: the Markdown tree as elements; text never becomes HTML.

use dashboard::{Panel, PanelKind};
use leptos::prelude::*;
use scene::interpolate::{self, Bound};
use scene::markdown::{self, Block, Inline};

/// A text panel.
#[component]
pub(super) fn TextPanel(panel: Memo<Panel>, bound: RwSignal<Option<Vec<Bound>>>) -> impl IntoView {
    let blocks = Memo::new(move |_| {
        panel.with(|p| match &p.kind {
            PanelKind::Text(o) => {
                let text = bound.with(|b| interpolate::title(&o.markdown, b.as_deref().unwrap_or(&[])));
                markdown::parse(&text)
            }
            _ => Vec::new(),
        })
    });
    view! { <div class="text-panel">{move || blocks.get().into_iter().map(block).collect_view()}</div> }
}

fn block(b: Block) -> AnyView {
    match b {
        // The page has its h1 and the panel its h2: the text begins below them.
        Block::Heading(1, line) => {
            view! { <h3 style="font-size:var(--text-16)">{inlines(line)}</h3> }.into_any()
        }
        Block::Heading(2, line) => view! { <h3>{inlines(line)}</h3> }.into_any(),
        Block::Heading(_, line) => view! { <h4>{inlines(line)}</h4> }.into_any(),
        Block::Paragraph(line) => view! { <p>{inlines(line)}</p> }.into_any(),
        Block::List(ordered, items) => {
            let items = items.into_iter().map(|i| view! { <li>{inlines(i)}</li> }).collect_view();
            if ordered {
                view! { <ol>{items}</ol> }.into_any()
            } else {
                view! { <ul>{items}</ul> }.into_any()
            }
        }
        Block::Quote(line) => view! { <blockquote>{inlines(line)}</blockquote> }.into_any(),
        Block::Code(text) => view! { <pre><code>{text}</code></pre> }.into_any(),
        Block::Rule => view! { <hr /> }.into_any(),
    }
}

fn inlines(line: Vec<Inline>) -> Vec<AnyView> {
    line.into_iter()
        .map(|i| match i {
            Inline::Text(t) => t.into_any(),
            Inline::Emphasis(t) => view! { <em>{t}</em> }.into_any(),
            Inline::Strong(t) => view! { <strong>{t}</strong> }.into_any(),
            Inline::Code(t) => view! { <code>{t}</code> }.into_any(),
            Inline::Link { text, href } if href.starts_with('/') => {
                view! { <a href=href>{text}</a> }.into_any()
            }
            Inline::Link { text, href } => {
                view! { <a href=href target="_blank" rel="noopener noreferrer">{text}</a> }.into_any()
            }
        })
        .collect()
}
