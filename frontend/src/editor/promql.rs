//! The editor itself. Enter runs, Shift-Enter breaks the line; with the list open Enter or Tab takes the
//! chosen entry, Escape closes it. The list opens only for what is typed, so that Enter keeps its meaning.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use promql_syntax::aggregations::AGGREGATIONS;
use promql_syntax::functions::FUNCTIONS;
use scene::complete::{self, Context, Want};
use scene::highlight;

use super::names;

/// What is wrong with the query.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Problem {
    /// Bytes that are to blame.
    pub(crate) span: Option<(usize, usize)>,
    /// Why.
    pub(crate) message: String,
}

/// An entry of the list.
#[derive(Clone, PartialEq)]
struct Entry {
    text: String,
    help: String,
    /// Put behind the text, with the cursor before its last character if it is a pair.
    tail: &'static str,
}

/// Most entries of the list.
const ENTRIES_MAX: usize = 40;

/// The editor.
#[component]
pub(crate) fn PromqlEditor(
    /// Name.
    #[prop(into)]
    label: Signal<String>,
    /// The query.
    #[prop(into)]
    value: Signal<String>,
    /// Called at each change.
    #[prop(into)]
    on_input: Callback<String>,
    /// Called by Enter, with the query.
    #[prop(into)]
    on_run: Callback<String>,
    /// What is wrong.
    #[prop(into)]
    problem: Signal<Option<Problem>>,
    /// Id of the text area.
    #[prop(into)]
    id: String,
) -> impl IntoView {
    let area = NodeRef::<html::Textarea>::new();
    let list = NodeRef::<html::Div>::new();
    let text = RwSignal::new(value.get_untracked());
    Effect::new(move |_| {
        let outside = value.get();
        if text.with_untracked(|t| *t != outside) {
            text.set(outside);
        }
    });
    // The problem belongs to the text that was asked; it goes when the text changes.
    let wrong = Memo::new(move |_| if text.get() == value.get() { problem.get() } else { None });
    let cursor = RwSignal::new(None::<usize>);
    let active = RwSignal::new(0usize);
    let arrived = RwSignal::new(0u32);
    let offer = Memo::new(move |_| {
        arrived.track();
        let cursor = cursor.get()?;
        let context = text.with(|t| complete::context(t, cursor));
        let entries = entries(&context, arrived);
        (!entries.is_empty()).then_some((
            context.start,
            cursor,
            entries.into_iter().map(Found).collect::<Vec<_>>(),
        ))
    });
    let move_cursor = move || {
        let Some(area) = area.get_untracked() else { return };
        let at = area.selection_start().ok().flatten().unwrap_or(0);
        cursor.set(Some(text.with_untracked(|t| byte_at(t, at))));
        active.set(0);
    };
    let accept = move |index: usize| {
        let Some((start, end, entries)) = offer.get_untracked() else { return };
        let (Some(found), Some(area)) = (entries.get(index), area.get_untracked()) else { return };
        let entry = &found.0;
        let mut now = text.get_untracked();
        // A word that goes on behind the cursor is replaced as a whole.
        let rest = now[end..].bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let tail = if now[end + rest..].starts_with(entry.tail.chars().next().unwrap_or('\u{0}')) {
            ""
        } else {
            entry.tail
        };
        let insert = format!("{}{tail}", entry.text);
        let back = usize::from(tail == "()");
        now.replace_range(start..end + rest, &insert);
        let caret = now[..start + insert.len() - back].encode_utf16().count() as u32;
        area.set_value(&now);
        let _ = area.set_selection_range(caret, caret);
        let _ = area.focus();
        cursor.set(None);
        text.set(now.clone());
        on_input.run(now);
    };
    let run = move || {
        cursor.set(None);
        on_run.run(text.get_untracked());
    };
    let on_keydown = move |e: ev::KeyboardEvent| {
        let count = offer.with_untracked(|o| o.as_ref().map_or(0, |(_, _, e)| e.len()));
        let step = |by: usize| active.update(|a| *a = (*a + by) % count);
        match e.key().as_str() {
            "ArrowDown" if count > 0 => step(1),
            "ArrowUp" if count > 0 => step(count - 1),
            "Enter" if count > 0 && !e.ctrl_key() && !e.meta_key() => accept(active.get_untracked()),
            "Tab" if count > 0 => accept(active.get_untracked()),
            "Escape" if count > 0 => cursor.set(None),
            "Enter" if !e.shift_key() => run(),
            " " if e.ctrl_key() => move_cursor(),
            _ => return,
        }
        e.prevent_default();
        e.stop_propagation();
        request_animation_frame(move || {
            let chosen = list
                .try_get_untracked()
                .flatten()
                .and_then(|l| l.query_selector("[aria-selected=true]").ok().flatten());
            if let Some(option) = chosen {
                option.scroll_into_view_with_bool(false);
            }
        });
    };
    let list_id = StoredValue::new(format!("{id}-list"));
    let error_id = StoredValue::new(format!("{id}-error"));
    view! {
        <div class="promql" class:is-wrong=move || wrong.with(Option::is_some)>
            <div class="promql-area">
                <pre aria-hidden="true">{move || text.with(|t| colored(t, wrong.get().and_then(|p| p.span)))}"\n"</pre>
                <textarea id=id node_ref=area rows="1" spellcheck="false" autocomplete="off" autocapitalize="off"
                    placeholder="Type a metric name or a function" aria-label=move || label.get()
                    aria-autocomplete="list" aria-haspopup="listbox" aria-controls=list_id.get_value()
                    aria-activedescendant=move || offer.with(Option::is_some).then(|| format!("{}-{}", list_id.get_value(), active.get()))
                    aria-invalid=move || if wrong.with(Option::is_some) { "true" } else { "false" }
                    aria-describedby=move || wrong.with(Option::is_some).then(|| error_id.get_value())
                    prop:value=move || text.get() on:keydown=on_keydown
                    on:input=move |e| {
                        let now = event_target_value(&e);
                        text.set(now.clone());
                        move_cursor();
                        on_input.run(now);
                    }
                    on:click=move |_| cursor.set(None) on:blur=move |_| cursor.set(None)></textarea>
            </div>
            {move || wrong.get().map(|p| view! { <div class="promql-error" role="alert" id=error_id.get_value()>{p.message}</div> }.into_any())}
            {move || offer.get().map(|(start, end, entries)| {
                let typed = text.with_untracked(|t| t.get(start..end).unwrap_or("").to_owned());
                let rows = entries.into_iter().enumerate().map(|(i, Found(entry))| view! {
                    <div class="completion-item" role="option" id=format!("{}-{i}", list_id.get_value())
                        aria-selected=move || if active.get() == i { "true" } else { "false" }
                        on:pointerdown=move |e| { e.prevent_default(); accept(i); }>
                        {marked(&entry.text, &typed)} <span class="completion-help">{entry.help}</span>
                    </div>
                }.into_any()).collect_view();
                view! { <div class="completion" role="listbox" aria-label="Completions" id=list_id.get_value() node_ref=list>{rows}</div> }.into_any()
            })}
        </div>
    }
}

#[derive(Clone, PartialEq)]
struct Found(Entry);

/// What may be inserted.
fn entries(context: &Context, arrived: RwSignal<u32>) -> Vec<Entry> {
    let Context { want, prefix, .. } = context;
    // In braces and quotes everything is offered at once; elsewhere only what is typed.
    let eager = matches!(want, Want::Label { .. } | Want::Value { .. } | Want::Duration);
    if *want == Want::Nothing || (prefix.is_empty() && !eager) {
        return Vec::new();
    }
    let names = names::known(want, arrived);
    let mut all: Vec<(&str, String, &'static str)> = Vec::with_capacity(names.len() + 100);
    match want {
        Want::Operand => {
            all.extend(AGGREGATIONS.iter().map(|a| (a.name, a.help.to_owned(), "()")));
            all.extend(FUNCTIONS.iter().map(|f| (f.name, f.help.to_owned(), "()")));
            all.extend(names.iter().map(|n| (n.as_str(), String::new(), "")));
        }
        Want::Operator => all.extend(complete::OPERATORS.iter().map(|(n, h)| (*n, (*h).to_owned(), ""))),
        Want::Duration => all.extend(complete::DURATIONS.iter().map(|(n, h)| (*n, (*h).to_owned(), "]"))),
        Want::Label { .. } => {
            all.extend(
                names
                    .iter()
                    .filter(|n| n.as_str() != model::METRIC_NAME)
                    .map(|n| (n.as_str(), String::new(), "")),
            );
        }
        Want::Value { .. } => all.extend(names.iter().map(|n| (n.as_str(), String::new(), "\""))),
        Want::Nothing => {}
    }
    let texts: Vec<&str> = all.iter().map(|(t, ..)| *t).collect();
    let ranked = complete::rank(&texts, prefix, ENTRIES_MAX);
    // What is typed in full needs no help, and Enter should run the query.
    if ranked.first().is_some_and(|i| texts[*i] == prefix) {
        return Vec::new();
    }
    ranked
        .into_iter()
        .map(|i| {
            let (text, help, tail) = &all[i];
            let text = if matches!(want, Want::Value { .. }) {
                scene::interpolate::escape_string(text)
            } else {
                (*text).to_owned()
            };
            Entry { text, help: help.clone(), tail }
        })
        .collect()
}

/// The query in its colours, with what is wrong underlined.
fn colored(text: &str, wrong: Option<(usize, usize)>) -> AnyView {
    let mut out: Vec<AnyView> = Vec::new();
    let (from, to) = wrong.map_or((usize::MAX, usize::MAX), |(a, b)| {
        // A place at the very end is shown on the last character.
        let at = a.min(text.len().saturating_sub(1));
        (at, b.max(at + 1))
    });
    for piece in highlight::pieces(text) {
        let mut cuts = vec![piece.start];
        cuts.extend(
            [from, to]
                .into_iter()
                .filter(|c| *c > piece.start && *c < piece.end && text.is_char_boundary(*c)),
        );
        cuts.push(piece.end);
        for pair in cuts.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let is_wrong = a >= from && a < to;
            let part = text[a..b].to_owned();
            if piece.class.is_empty() && !is_wrong {
                out.push(part.into_any());
                continue;
            }
            let class = match (piece.class, is_wrong) {
                ("", _) => "squiggle".to_owned(),
                (class, true) => format!("tok-{class} squiggle"),
                (class, false) => format!("tok-{class}"),
            };
            out.push(view! { <span class=class>{part}</span> }.into_any());
        }
    }
    out.into_any()
}

/// The entry with the typed part emphasised.
fn marked(text: &str, typed: &str) -> AnyView {
    let at = text.to_ascii_lowercase().find(&typed.to_ascii_lowercase());
    match at {
        Some(at) if !typed.is_empty() => {
            let end = at + typed.len();
            view! { <span>{text[..at].to_owned()}<b>{text[at..end].to_owned()}</b>{text[end..].to_owned()}</span> }.into_any()
        }
        _ => view! { <span>{text.to_owned()}</span> }.into_any(),
    }
}

/// Byte offset of a UTF-16 offset, as the browser counts.
fn byte_at(text: &str, utf16: u32) -> usize {
    let mut units = 0;
    for (at, c) in text.char_indices() {
        if units >= utf16 as usize {
            return at;
        }
        units += c.len_utf16();
    }
    text.len()
}
