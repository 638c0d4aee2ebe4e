//! The row of pickers under the top bar.

use leptos::prelude::*;
use scene::variables::{self, ALL};
use ui::{Glyph, Picker, PickerItem, Popover, icon};

use super::variable_store::{Picked, VariableStore};
use crate::address::Address;

/// The row.
#[component]
pub(super) fn VariablesRow(store: VariableStore) -> impl IntoView {
    let names = Memo::new(move |_| {
        store.picked.with(|p| p.iter().map(|p| p.variable.name.clone()).collect::<Vec<_>>())
    });
    view! {
        {move || (!names.with(Vec::is_empty)).then(|| view! {
            <div class="variables" role="group" aria-label="Variables">
                {names.get().into_iter().enumerate().map(|(i, _)| view! { <VariablePicker store=store index=i /> }.into_any()).collect_view()}
            </div>
        }.into_any())}
    }
}

#[component]
fn VariablePicker(store: VariableStore, index: usize) -> impl IntoView {
    let address = Address::get();
    let open = RwSignal::new(false);
    let picked = Memo::new(move |_| store.picked.with(|p| p.get(index).cloned()));
    let read = move |f: fn(&Picked) -> String| picked.with(|p| p.as_ref().map(f).unwrap_or_default());
    let label = Memo::new(move |_| {
        read(|p| if p.variable.label.is_empty() { p.variable.name.clone() } else { p.variable.label.clone() })
    });
    let text = move || read(|p| variables::selected_text(&p.choices, &p.selected));
    let error = move || read(|p| p.error.clone());
    let items = Signal::derive(move || {
        let all = |p: &Picked| {
            p.variable.include_all.then(|| PickerItem { key: ALL.to_owned(), text: "All".to_owned() })
        };
        picked.with(|p| {
            let Some(p) = p else { return Vec::new() };
            let own = p.choices.iter().map(|c| PickerItem { key: c.value.clone(), text: c.text.clone() });
            all(p).into_iter().chain(own).collect()
        })
    });
    let selected =
        Signal::derive(move || picked.with(|p| p.as_ref().map(|p| p.selected.clone()).unwrap_or_default()));
    let multi = picked.with_untracked(|p| p.as_ref().is_some_and(|p| p.variable.multi));
    let pick = move |value: String| {
        let Some(p) = picked.get_untracked() else { return };
        let now = variables::toggled(&p.variable, &p.selected, &value);
        if !p.variable.multi {
            open.set(false);
        }
        address.push(|q| {
            q.set_variable(&p.variable.name, &now);
        });
    };
    view! {
        <div class="variable">
            <span class="variable-label" aria-hidden="true">{move || label.get()}</span>
            <Popover label=Signal::derive(move || format!("{}: {}", label.get(), text())) open=open role="dialog" body_class="variable-body sheet"
                trigger=move || view! {
                    {move || (!error().is_empty()).then(|| icon(Glyph::Warning))}
                    <span class="ellipsis">{text}</span> {icon(Glyph::ChevronDown)}
                }.into_any()>
                {move || Some(error()).filter(|e| !e.is_empty()).map(|e| view! { <ui::ErrorBox message=e /> }.into_any())}
                <Picker label=label.get_untracked() items=items selected=selected multi=multi on_pick=pick />
            </Popover>
        </div>
    }
}
