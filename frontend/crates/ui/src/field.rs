//! Form fields: the label above, the help or the error below.

use leptos::prelude::*;

fn frame(
    id: &'static str,
    label: String,
    help: &'static str,
    error: Signal<String>,
    control: AnyView,
) -> AnyView {
    view! {
        <div class="field">
            <label class="field-label" for=id>{label}</label>
            {control}
            {(!help.is_empty()).then(|| view! { <span class="field-help" id=format!("{id}-help")>{help}</span> }.into_any())}
            {move || Some(error.get()).filter(|e| !e.is_empty())
                .map(|e| view! { <span class="field-error" role="alert">{e}</span> }.into_any())}
        </div>
    }
    .into_any()
}

/// A line of text (or several).
#[component]
pub fn TextField(
    /// Id within the page.
    id: &'static str,
    /// Label.
    #[prop(into)]
    label: String,
    /// Text.
    #[prop(into)]
    value: Signal<String>,
    /// Called at each change.
    #[prop(into)]
    on_input: Callback<String>,
    /// A sentence below.
    #[prop(optional)]
    help: &'static str,
    /// Shown while empty.
    #[prop(optional)]
    placeholder: &'static str,
    /// What is wrong, or "".
    #[prop(optional, into)]
    error: Signal<String>,
    /// Rows, for several lines.
    #[prop(optional)]
    rows: u32,
) -> impl IntoView {
    let invalid = move || if error.get().is_empty() { "false" } else { "true" };
    let describedby = (!help.is_empty()).then(|| format!("{id}-help"));
    let control = if rows > 0 {
        view! {
            <textarea class="input" id=id rows=rows placeholder=placeholder aria-invalid=invalid aria-describedby=describedby
                prop:value=move || value.get() on:input=move |e| on_input.run(event_target_value(&e))></textarea>
        }
        .into_any()
    } else {
        view! {
            <input class="input" id=id type="text" placeholder=placeholder aria-invalid=invalid aria-describedby=describedby
                autocomplete="off" spellcheck="false"
                prop:value=move || value.get() on:input=move |e| on_input.run(event_target_value(&e)) />
        }
        .into_any()
    };
    frame(id, label, help, error, control)
}

/// A choice from a short list.
#[component]
pub fn SelectField(
    /// Id within the page.
    id: &'static str,
    /// Label.
    #[prop(into)]
    label: String,
    /// Value and text of each option.
    options: Vec<(String, String)>,
    /// Value.
    #[prop(into)]
    value: Signal<String>,
    /// Called with the new value.
    #[prop(into)]
    on_change: Callback<String>,
) -> impl IntoView {
    let options = options
        .into_iter()
        .map(|(key, text)| {
            let own = key.clone();
            view! { <option value=key selected=move || value.get() == own>{text}</option> }
        })
        .collect_view();
    let control = view! {
        <select class="input" id=id prop:value=move || value.get() on:change=move |e| on_change.run(event_target_value(&e))>
            {options}
        </select>
    };
    frame(id, label, "", Signal::stored(String::new()), control.into_any())
}

/// A yes or no.
#[component]
pub fn CheckField(
    /// Label.
    #[prop(into)]
    label: String,
    /// Value.
    #[prop(into)]
    value: Signal<bool>,
    /// Called with the new value.
    #[prop(into)]
    on_change: Callback<bool>,
) -> impl IntoView {
    view! {
        <label class="check">
            <input type="checkbox" prop:checked=move || value.get() on:change=move |e| on_change.run(event_target_checked(&e)) />
            {label}
        </label>
    }
}
